// parallax-agent: executes plans and nothing else. Flags, signals and wiring.
#include <fcntl.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <memory>

#include "agent/net/clock.h"
#include "agent/policy/policy.h"
#include "agent/probes/registry.h"
#include "agent/runner/runner.h"
#include "agent/session/agent_session.h"
#include "agent/session/stdio_carrier.h"

namespace parallax {
namespace {

constexpr int kExitSession = 1;
constexpr int kExitUsage = 2;

// The session's descriptors, out of reach of anything that reads 0 or prints to 1: a library that writes to stdout must
// not break the session, so 1 becomes stderr.
struct SessionDescriptors {
  int in = -1;
  int out = -1;
};

// False for a descriptor that was closed when we were started, also when an eventfd took its number since: libraries
// open some before main.
bool CarriesBytes(int fd) {
  struct stat about {};
  return fstat(fd, &about) == 0 && (about.st_mode & S_IFMT) != 0;
}

bool TakeStdio(SessionDescriptors* taken) {
  taken->in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
  taken->out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const bool taken_both = taken->in >= 0 && taken->out >= 0 && null >= 0;
  if (taken_both) {
    dup2(null, STDIN_FILENO);
    dup2(STDERR_FILENO, STDOUT_FILENO);
  }
  if (null >= 0) close(null);
  return taken_both;
}

// A descriptor that is readable once we are asked to end. Blocks the signals, so it comes before any thread.
int EndSignals() {
  sigset_t ends;
  sigemptyset(&ends);
  for (int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&ends, signal);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
}

int Stdio() {
  if (isatty(STDIN_FILENO) != 0 || isatty(STDOUT_FILENO) != 0) {
    std::fputs(
        "parallax-agent: stdin or stdout is a terminal, and the session needs plain bytes.\n"
        "A controller starts this command: parallax compare TARGET --inside 'exec:ssh HOST parallax-agent stdio'\n"
        "(ssh without -t, docker exec -i and kubectl exec -i without -t).\n",
        stderr);
    return kExitUsage;
  }
  const bool both_open = CarriesBytes(STDIN_FILENO) && CarriesBytes(STDOUT_FILENO);
  const int end_signals = both_open ? EndSignals() : -1;
  SessionDescriptors stdio;
  if (!both_open || !TakeStdio(&stdio)) {
    std::fputs("parallax-agent: stdin or stdout is closed: they must be open, they carry the session\n", stderr);
    return kExitUsage;
  }
  const policy::Policy policy;
  const runner::Runner runner(net::SystemClock(), policy, probes::AllProbes());
  session::SessionOptions options;
  options.allow_files_and_commands = true;  // whoever started us can read the same files
  session::AgentSession session(runner, net::SystemClock(), session::MakeHello(probes::AllProbes()), options);
  const absl::Status status = session::ServeStdio(session, stdio.in, stdio.out, end_signals);
  if (status.ok()) return 0;
  spdlog::warn("the session ended: {}", std::string(status.message()));
  return kExitSession;
}

int Refuse(const char* command) {
  std::fprintf(stderr,
               "parallax-agent: '%s' is not in this release yet.\n"
               "Use stdio: the controller starts the agent, --inside 'exec:ssh HOST parallax-agent stdio'\n",
               command);
  return kExitUsage;
}

int Main(int argc, char** argv) {
  // stdout belongs to the session.
  spdlog::set_default_logger(std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::stderr_sink_mt>()));
  spdlog::set_pattern("parallax-agent: %l: %v");

  CLI::App app("Runs network probes for a parallax controller.", "parallax-agent");
  app.set_version_flag("--version", "parallax-agent " PARALLAX_VERSION);
  CLI::App* stdio = app.add_subcommand("stdio", "Serve one controller over stdin and stdout, which it started us with");
  CLI::App* serve = app.add_subcommand("serve", "Listen for controllers (comes later)");
  CLI::App* join = app.add_subcommand("join", "Attach to a hub (comes later)");
  for (CLI::App* later : {serve, join}) later->allow_extras();
  app.require_subcommand(1);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& shown) {  // --help, --version
    return app.exit(shown);
  } catch (const CLI::ParseError& wrong) {
    std::fprintf(stderr, "parallax-agent: on the command line: %s\nTry: parallax-agent --help\n", wrong.what());
    return kExitUsage;
  }
  if (*serve) return Refuse("serve");
  if (*join) return Refuse("join");
  return *stdio ? Stdio() : kExitUsage;
}

}  // namespace
}  // namespace parallax

int main(int argc, char** argv) { return parallax::Main(argc, argv); }
