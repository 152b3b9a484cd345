// Which endpoints are tried beside a target: negative controls, which must not connect, and positive ones, which must
// answer. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_PLAN_CONTROLS_H_
#define PARALLAX_CONTROLLER_PLAN_CONTROLS_H_

#include <string>
#include <vector>

#include "controller/plan/planner.h"

namespace parallax::plan {

struct Control {
  std::string host;     // for names that --control gave; else the address
  std::string address;  // "" when only a name is known
  uint32_t port = 0;
  v1::Role role = v1::NEGATIVE_CONTROL;
};

// Two unlikely ports on the target's address, and the last usable address of its subnet on the target's port.
std::vector<Control> NegativeControls(const v1::Target& target, const std::string& address, const v1::Run& run);

// The inside host's resolvers (TCP 53) and its own sshd (22), if there is an inside that said Hello, and what --control
// names. Never the target itself.
std::vector<Control> PositiveControls(const Options& options, const v1::Target& target, const v1::Run& run);

// What makes that endpoint say something: a DNS query, an SSLRequest, an HTTP line; listening for ssh.
v1::TcpProbe QuestionFor(const Control& control, int64_t step_timeout_ms);

}  // namespace parallax::plan

#endif  // PARALLAX_CONTROLLER_PLAN_CONTROLS_H_
