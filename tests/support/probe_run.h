// Runs one probe as the runner does, for tests that look at the observation.
#ifndef PARALLAX_TESTS_SUPPORT_PROBE_RUN_H_
#define PARALLAX_TESTS_SUPPORT_PROBE_RUN_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/net/cancel.h"
#include "agent/policy/policy.h"
#include "agent/policy/secrets.h"
#include "agent/probes/probe.h"
#include "parallax/v1/observation.pb.h"

namespace parallax::support {

struct ProbeRun {
  std::vector<v1::ConnectTo> connect_to;
  v1::Assignment secrets;  // values that the controller sent
  int64_t timeout_ms = 10'000;
  int64_t step_timeout_ms = 5'000;
  net::CancelToken cancel;
  policy::Policy policy;

  void AddSecret(const std::string& ref, const std::string& value);
  // A test failure when the question could not be asked.
  v1::Observation Run(const probes::Probe& probe, const v1::ProbeSpec& spec);
};

// The steps in order: "connect ssl_request:closed_before_first_byte", with the variant in brackets when there is one.
std::string Steps(const v1::Observation& observation);
// The n-th step of the kind and variant (0-based); a test failure and an empty step when there is none.
const v1::Step& StepOf(const v1::Observation& observation, v1::StepKind kind, std::string_view variant = "", int n = 0);
// True when the secret stands anywhere in the message: its bytes as serialized, and its text form.
bool Holds(const google::protobuf::Message& message, std::string_view secret);

}  // namespace parallax::support

#endif  // PARALLAX_TESTS_SUPPORT_PROBE_RUN_H_
