// fake_agent MODE: an agent that does one thing wrong, with the real session around it.
//   other-protocol  says Hello in a protocol of its own
//   stuck           its probes hear neither deadline nor cancel
//   leaky           its probes tell the secret "controller:P" in their error and their texts
//   nameless        observes probes that nobody asked for
#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>

#include "agent/net/clock.h"
#include "agent/policy/policy.h"
#include "agent/runner/runner.h"
#include "agent/session/agent_session.h"
#include "agent/session/stdio_carrier.h"
#include "contract/limits.h"

namespace parallax {
namespace {

absl::Status Valid(const v1::ProbeSpec&) { return absl::OkStatus(); }

absl::Status Stick(const v1::ProbeSpec&, const probes::Context&, probes::Recorder&) {
  std::fputs("stuck\n", stderr);
  for (;;) pause();
}

absl::Status Leak(const v1::ProbeSpec&, const probes::Context& context, probes::Recorder& recorder) {
  const auto secret = context.secrets.Resolve("controller:P");
  if (!secret.ok()) return secret.status();
  v1::Step* step = recorder.Begin(v1::AUTHENTICATION);
  step->mutable_server_error()->set_message("you said " + secret->value);
  recorder.End(step, v1::SERVER_ERROR, "the password is " + secret->value + "!");
  return absl::InternalError("with " + secret->value);
}

absl::Status Rename(const v1::ProbeSpec&, const probes::Context&, probes::Recorder& recorder) {
  recorder.observation()->set_probe("never asked");
  return absl::OkStatus();
}

constexpr probes::Probe kStuck[] = {{v1::ProbeSpec::kTcp, "tcp", &Valid, &Stick}};
constexpr probes::Probe kLeaky[] = {{v1::ProbeSpec::kTcp, "tcp", &Valid, &Leak}};
constexpr probes::Probe kNameless[] = {{v1::ProbeSpec::kTcp, "tcp", &Valid, &Rename}};

int Main(std::string_view mode) {
  std::span<const probes::Probe> table = kStuck;
  if (mode == "leaky") table = kLeaky;
  if (mode == "nameless") table = kNameless;
  v1::Hello hello = session::MakeHello(table);
  if (mode == "other-protocol") {
    hello.set_protocol(contract::kProtocolVersion + 1);
    hello.set_agent_version("99.9");
  }
  const policy::Policy policy;
  const runner::Runner runner(net::SystemClock(), policy, table);
  session::AgentSession session(runner, net::SystemClock(), hello);
  const bool ok = session::ServeStdio(session, STDIN_FILENO, STDOUT_FILENO, -1).ok();
  return ok ? 0 : 1;
}

}  // namespace
}  // namespace parallax

int main(int argc, char** argv) { return parallax::Main(argc > 1 ? argv[1] : ""); }
