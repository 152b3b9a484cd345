// Stands in for the dispatcher: the worlds of a RunBuilder answer, and a test may act before each phase.
#ifndef PARALLAX_CONTROLLER_CONDUCT_FAKE_DISPATCHER_FOR_TEST_H_
#define PARALLAX_CONTROLLER_CONDUCT_FAKE_DISPATCHER_FOR_TEST_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "controller/dispatch/dispatcher.h"
#include "tests/support/run_builder.h"

namespace parallax::conduct {

class FakeDispatcher final : public dispatch::Dispatcher {
 public:
  explicit FakeDispatcher(const support::RunBuilder& builder) : agents_(builder.Agents()) {}

  void Connect(v1::Run& run) override { agents_->Connect(run); }
  void RunPhase(const v1::Plan& plan, std::string why, v1::Run& run) override {
    if (before_phase) before_phase(plan.phase());
    agents_->RunPhase(plan, std::move(why), run);
  }
  void RunHealthPhase(const std::string& side, const v1::Plan& plan, std::string why, v1::Run& run) override {
    if (before_phase) before_phase(plan.phase());
    agents_->RunHealthPhase(side, plan, std::move(why), run);
  }
  void Close() override {
    if (on_close) on_close();
  }

  std::function<void(const std::string& phase)> before_phase;
  std::function<void()> on_close;

 private:
  const std::unique_ptr<dispatch::Dispatcher> agents_;
};

}  // namespace parallax::conduct

#endif  // PARALLAX_CONTROLLER_CONDUCT_FAKE_DISPATCHER_FOR_TEST_H_
