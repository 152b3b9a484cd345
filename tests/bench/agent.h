// A real `parallax-agent stdio`, and the controller's end of its session: what the bench measures.
//
// Used from one thread. Owns the process and the session.
#ifndef PARALLAX_TESTS_BENCH_AGENT_H_
#define PARALLAX_TESTS_BENCH_AGENT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/dispatch/agent_link.h"
#include "controller/dispatch/bell.h"
#include "parallax/v1/plan.pb.h"
#include "tests/bench/process.h"

namespace parallax::bench {

class Agent {
 public:
  // Starts the program, and returns when its Hello is there and answered.
  static absl::StatusOr<std::unique_ptr<Agent>> Start(const std::string& program);
  ~Agent();  // says Bye first

  // From before the start of the process to its Hello in our hands.
  double hello_ms() const { return hello_ms_; }
  const Process& process() const { return *process_; }

  // Runs a plan, acking as the controller does. Any error of the session, of the assignment or of an
  // observation is an error here: what is measured must have worked.
  absl::Status Run(const v1::Plan& plan, const std::function<void(const v1::Observation&)>& seen);
  // The value of "controller:password" from here on.
  void set_password(std::string password) { password_ = std::move(password); }

 private:
  Agent() = default;
  absl::StatusOr<v1::AgentMessage> Next();

  dispatch::Bell bell_;
  std::unique_ptr<Process> process_;
  std::unique_ptr<dispatch::AgentLink> link_;
  std::string password_;
  uint64_t assignments_ = 0;
  uint64_t unacked_ = 0;  // the last observation that was not acked yet; 0: none
  double hello_ms_ = 0;
};

}  // namespace parallax::bench

#endif  // PARALLAX_TESTS_BENCH_AGENT_H_
