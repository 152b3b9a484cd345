// What a dispatcher tells, as lines of text that a test can look into, and act upon while they come.
#ifndef PARALLAX_TESTS_E2E_EVENT_LINES_H_
#define PARALLAX_TESTS_E2E_EVENT_LINES_H_

#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "controller/dispatch/side_observer.h"

namespace parallax::e2e {

class EventLines final : public dispatch::SideObserver {
 public:
  void SideStarts(const std::string& side, const std::string& vantage) override {
    Add(absl::StrCat(side, ": starting ", vantage));
  }
  void SideIsReady(const std::string& side, const std::string& version) override {
    Add(absl::StrCat(side, ": ready, ", version));
  }
  void SideIsMissing(const std::string& side, const std::string& reason) override {
    Add(absl::StrCat(side, ": missing: ", reason));
  }
  void PersonIsAsked(const std::string& side) override { Add(absl::StrCat(side, ": asking")); }
  void AgentIsCopied(const std::string& side) override { Add(absl::StrCat(side, ": copying")); }
  void AttemptBegins(const dispatch::AttemptNumber& attempt) override {
    Add(absl::StrCat(attempt.phase, ": attempt ", attempt.number, " of ", attempt.of));
  }
  void ProbeIsAnswered(const dispatch::ProbeAnswer& answer) override {
    Add(absl::StrCat(answer.side, ": ", answer.probe, ": ", answer.answers, " of ", answer.expected, " answers"));
  }

  std::string text;
  std::function<void(const std::string& line)> on_line;

 private:
  void Add(const std::string& line) {
    text += line + "\n";
    if (on_line) on_line(line);
  }
};

}  // namespace parallax::e2e

#endif  // PARALLAX_TESTS_E2E_EVENT_LINES_H_
