// parallax-agent-client: one probe with a real client library, in a process of its own. Started by the agent (see
// agent/probes/client_process.h): an assignment on stdin, observations on stdout, and then it ends.
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <string>

#include "agent/clients/http_client.h"
#include "agent/clients/reporter.h"
#include "agent/clients/sql_client.h"
#include "agent/net/clock.h"
#include "agent/net/end_with_parent.h"
#include "agent/policy/policy.h"
#include "agent/policy/secrets.h"
#include "agent/probes/client_frames.h"
#include "agent/probes/probe.h"
#include "contract/limits.h"
#include "contract/no_core_file.h"
#include "parallax/v1/plan.pb.h"

namespace parallax::clients {
namespace {

constexpr int kExitUsage = 2;

bool ReadAssignment(v1::Assignment* assignment) {
  std::string bytes;
  std::array<char, 16 * 1024> buffer;
  for (;;) {
    const probes::Framed framed = probes::TakeFrame(&bytes, assignment);
    if (framed != probes::Framed::kNone) return framed == probes::Framed::kWhole;
    const ssize_t got = read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    bytes.append(buffer.data(), static_cast<size_t>(got));
  }
}

int Main() {
  // Never outlives the agent; the thread that started us waits for our end. Where the agent was gone before this call,
  // the pipe tells.
  net::EndWithParent();
  contract::BeUnreadable();  // secrets are in here: no core file of it, no other process of the user that looks
  v1::Assignment assignment;
  v1::Plan plan;
  if (!ReadAssignment(&assignment) || !plan.ParseFromString(assignment.plan()) || plan.probes_size() != 1) {
    std::fputs(
        "parallax-agent-client: started by parallax-agent, which writes it an assignment; it is of no use by hand\n",
        stderr);
    return kExitUsage;
  }
  const v1::ProbeSpec& spec = plan.probes(0);
  const net::Clock& clock = net::SystemClock();
  const net::CancelToken never;  // whoever wants us to end says so by a signal
  const policy::Policy policy;
  const policy::Secrets secrets(assignment, {});  // the agent has resolved what there is to resolve
  const std::vector<v1::ConnectTo> connect_to(assignment.connect_to().begin(), assignment.connect_to().end());
  const probes::Context context = {clock,
                                   never,
                                   policy,
                                   secrets,
                                   connect_to,
                                   clock.MonotonicNs() + spec.timeout_ms() * net::kMs,
                                   spec.step_timeout_ms() * net::kMs};
  v1::Observation observation;
  Reporter reporter(clock, &observation, STDOUT_FILENO);
  if (spec.has_http()) {
    RunHttp(spec.http(), context, reporter);
  } else if (spec.has_sql()) {
    RunSql(spec.sql(), context, reporter);
  } else {
    std::fputs("parallax-agent-client: a kind of probe that it does not know: is it of another release?\n", stderr);
    return kExitUsage;
  }
  reporter.Tell();
  return 0;
}

}  // namespace
}  // namespace parallax::clients

#ifdef __SANITIZE_ADDRESS__
// libpqxx 6.4 drops, and leaks, the answer to a statement after which the server hung up.
extern "C" const char* __lsan_default_suppressions() { return "leak:libpqxx-6.4.so"; }
#endif

int main() { return parallax::clients::Main(); }
