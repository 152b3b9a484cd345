// Progress in words, for the one line of the terminal.
#ifndef PARALLAX_CONTROLLER_CLI_PROGRESS_H_
#define PARALLAX_CONTROLLER_CLI_PROGRESS_H_

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "controller/conduct/observer.h"

namespace parallax::cli {

// Makes the words. `show` gets each line; an empty one says that the terminal is about to be somebody else's.
class ProgressWords final : public conduct::Observer {
 public:
  explicit ProgressWords(std::function<void(std::string_view line)> show) : show_(std::move(show)) {}

  void SideStarts(const std::string& side, const std::string& vantage) override;
  void SideIsReady(const std::string& side, const std::string& agent_version) override;
  void SideIsMissing(const std::string& side, const std::string& reason) override;
  void PersonIsAsked(const std::string& side) override;
  void AgentIsCopied(const std::string& side) override;
  void AttemptBegins(const dispatch::AttemptNumber& attempt) override;
  void ProbeIsAnswered(const dispatch::ProbeAnswer& answer) override;
  void ExperimentRunBegins(const conduct::RunNumber& run) override;
  void StepBegins(const v1::ExperimentStep& step, const std::string& part) override;

 private:
  void Tell(const std::string& text) const;

  const std::function<void(std::string_view line)> show_;
  std::string run_;  // which one of the experiment; "" outside of one
};

}  // namespace parallax::cli

#endif  // PARALLAX_CONTROLLER_CLI_PROGRESS_H_
