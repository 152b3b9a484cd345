#include "tests/support/probe_run.h"

#include <gtest/gtest.h>

#include "agent/net/clock.h"
#include "agent/probes/recorder.h"
#include "contract/names.h"

namespace parallax::support {

void ProbeRun::AddSecret(const std::string& ref, const std::string& value) {
  v1::SecretValue* secret = secrets.add_secrets();
  secret->set_ref(ref);
  secret->set_value(value);
}

v1::Observation ProbeRun::Run(const probes::Probe& probe, const v1::ProbeSpec& spec) {
  v1::Observation observation;
  const absl::Status valid = probe.validate(spec);
  EXPECT_TRUE(valid.ok()) << valid;
  if (!valid.ok()) return observation;
  const policy::Secrets resolved(secrets, policy::AllowedSecrets::Everything());
  const net::Clock& clock = net::SystemClock();
  const probes::Context context = {clock,
                                   cancel,
                                   policy,
                                   resolved,
                                   connect_to,
                                   clock.MonotonicNs() + timeout_ms * net::kMs,
                                   step_timeout_ms * net::kMs};
  probes::Recorder recorder(clock, &observation);
  const absl::Status asked = probe.run(spec, context, recorder);
  EXPECT_TRUE(asked.ok()) << asked;
  return observation;
}

std::string Steps(const v1::Observation& observation) {
  std::string text;
  for (const v1::Step& step : observation.steps()) {
    text += (text.empty() ? "" : " ") + contract::Name(step.kind());
    if (!step.variant().empty()) text += "[" + step.variant() + "]";
    if (step.failure() != v1::NONE) text += ":" + contract::Name(step.failure());
  }
  return text;
}

const v1::Step& StepOf(const v1::Observation& observation, v1::StepKind kind, std::string_view variant, int n) {
  for (const v1::Step& step : observation.steps()) {
    if (step.kind() == kind && step.variant() == variant && n-- == 0) return step;
  }
  ADD_FAILURE() << "no step " << contract::Name(kind) << "[" << variant << "] in: " << Steps(observation);
  return v1::Step::default_instance();
}

bool Holds(const google::protobuf::Message& message, std::string_view secret) {
  return message.SerializeAsString().find(secret) != std::string::npos ||
         message.DebugString().find(secret) != std::string::npos;
}

}  // namespace parallax::support
