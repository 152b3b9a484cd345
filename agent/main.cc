// parallax-agent: executes plans and nothing else. Flags, signals and wiring.
#include <fcntl.h>
#include <malloc.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/net/clock.h"
#include "agent/policy/policy.h"
#include "agent/probes/registry.h"
#include "agent/runner/runner.h"
#include "agent/session/agent_session.h"
#include "agent/session/health_check.h"
#include "agent/session/listen_carrier.h"
#include "agent/session/stdio_carrier.h"
#include "contract/headroom.h"
#include "contract/standard_streams.h"

namespace parallax {
namespace {

constexpr int kExitSession = 1;
constexpr int kExitUsage = 2;
// What gRPC and one session with a plan of the default parallelism take, with room to spare.
constexpr contract::Headroom kHeadroom = {48, 16, size_t{64} << 20};

int Failed(const absl::Status& status) {
  std::fprintf(stderr, "parallax-agent: %s\n", std::string(status.message()).c_str());
  return absl::IsInvalidArgument(status) || absl::IsNotFound(status) ? kExitUsage : kExitSession;
}

// The session's descriptors, out of reach of anything that reads 0 or prints to 1: a library that writes to stdout must
// not break the session, so 1 becomes stderr.
struct SessionDescriptors {
  int in = -1;
  int out = -1;
};

bool SessionStreamsAreOpen() { return contract::CarriesBytes(STDIN_FILENO) && contract::CarriesBytes(STDOUT_FILENO); }

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
  const bool both_open = SessionStreamsAreOpen();
  const int end_signals = both_open ? EndSignals() : -1;
  SessionDescriptors stdio;
  if (!both_open || !TakeStdio(&stdio)) {
    std::fputs("parallax-agent: stdin or stdout is closed: they must be open, they carry the session\n", stderr);
    return kExitUsage;
  }
  if (absl::Status room = contract::CheckHeadroom(kHeadroom); !room.ok()) return Failed(room);
  const policy::Policy policy;
  const runner::Runner runner(net::SystemClock(), policy, probes::AllProbes());
  session::SessionOptions options;
  options.allow_files_and_commands = true;  // whoever started us can read the same files
  options.any_root_cert = true;
  session::AgentSession session(runner, net::SystemClock(), session::MakeHello(probes::AllProbes()), options);
  const absl::Status status = session::ServeStdio(session, stdio.in, stdio.out, end_signals);
  if (status.ok()) return 0;
  spdlog::warn("the session ended: {}", std::string(status.message()));
  return kExitSession;
}

struct ServeFlags {
  session::ListenOptions options;
  double drain_seconds = 30;
  std::vector<std::string> root_certs;
};

int Serve(ServeFlags flags) {
  contract::RaiseDescriptorLimit();
  const int end_signals = EndSignals();
  if (absl::Status room = contract::CheckHeadroom(kHeadroom); !room.ok()) return Failed(room);
  const policy::Policy policy;
  const runner::Runner runner(net::SystemClock(), policy, probes::AllProbes());
  // Not its starter's rights: who connects need not be who started us, so files and commands stay closed.
  session::SessionOptions options;
  options.root_certs = flags.root_certs;
  session::AgentSession session(runner, net::SystemClock(), session::MakeHello(probes::AllProbes()), options);
  flags.options.drain_ms = static_cast<int64_t>(flags.drain_seconds * 1000);
  flags.options.on_listening = [&flags](const std::string& address) {
    std::printf("parallax-agent: listening on %s (%s)\n", address.c_str(),
                flags.options.tls_cert.empty()        ? "plaintext, this host only"
                : flags.options.tls_client_ca.empty() ? "TLS"
                                                      : "mutual TLS");
    std::fflush(stdout);
  };
  const absl::Status status = session::ServeListen(session, flags.options, end_signals);
  return status.ok() ? 0 : Failed(status);
}

int Check(const session::HealthCheckOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);
  if (absl::Status room = contract::CheckHeadroom(kHeadroom); !room.ok()) return Failed(room);
  const absl::Status status = session::CheckHealth(options);
  return status.ok() ? 0 : Failed(status);
}

int RefuseJoin() {
  std::fputs(
      "parallax-agent: 'join' is not in this release yet.\n"
      "Use stdio: the controller starts the agent, --inside 'exec:ssh HOST parallax-agent stdio'\n",
      stderr);
  return kExitUsage;
}

void AddServe(CLI::App& app, ServeFlags& flags) {
  CLI::App* serve = app.add_subcommand("serve", "Listen for controllers, on this host's loopback only");
  serve->add_option("--listen", flags.options.address, "Where; port 0 takes any that is free")
      ->type_name("ADDRESS:PORT")
      ->capture_default_str();
  serve->add_option("--tls-cert", flags.options.tls_cert, "Certificate chain (PEM); read again while serving")
      ->type_name("FILE");
  serve->add_option("--tls-key", flags.options.tls_key, "Its key (PEM, no pass phrase)")->type_name("FILE");
  serve
      ->add_option("--tls-client-ca", flags.options.tls_client_ca,
                   "Controllers must show a certificate of these authorities (PEM)")
      ->type_name("FILE");
  serve
      ->add_option("--allow-root-cert", flags.root_certs,
                   "Root certificates (PEM) that plans may name, exactly so; may be repeated")
      ->type_name("FILE")
      ->allow_extra_args(false);
  // The descriptions of the validators would stand in the help behind the type.
  CLI::Validator seconds = CLI::AsNumberWithUnit(std::map<std::string, double>{{"ms", 0.001}, {"s", 1}, {"m", 60}},
                                                 CLI::AsNumberWithUnit::CASE_SENSITIVE);
  serve
      ->add_option("--drain", flags.drain_seconds,
                   "The attempt at hand may take so long to end after SIGTERM; at most 60m")
      ->type_name("DURATION")
      ->transform(seconds.description(""))
      ->check(CLI::Range(0.0, 3600.0).description(""))
      ->default_str("30s");
}

void AddCheck(CLI::App& app, session::HealthCheckOptions& options) {
  CLI::App* check = app.add_subcommand("check", "Is an agent serving there? Exit code 0 says yes");
  check->add_option("ADDRESS", options.address, "Where it listens")
      ->type_name("")
      ->default_str(session::kDefaultListen);
  check->add_option("--tls-ca", options.tls_ca, "Authorities of the agent's certificate (PEM), the system's by default")
      ->type_name("FILE");
  check->add_option("--tls-cert", options.tls_cert, "Certificate to show to it (PEM)")->type_name("FILE");
  check->add_option("--tls-key", options.tls_key, "Its key (PEM)")->type_name("FILE");
  check->add_option("--tls-name", options.tls_name, "The name in the agent's certificate")->type_name("NAME");
}

int Main(int argc, char** argv) {
#ifdef __GLIBC__
  // With an arena a thread, memory grows with the number of threads that ever allocated. Two are enough for what runs
  // at once here.
  mallopt(M_ARENA_MAX, 2);
#endif
  // stdout belongs to the session.
  spdlog::set_default_logger(std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::stderr_sink_mt>()));
  spdlog::set_pattern("parallax-agent: %l: %v");

  CLI::App app("Runs network probes for a parallax controller.", "parallax-agent");
  app.set_version_flag("--version", "parallax-agent " PARALLAX_VERSION);
  CLI::App* stdio = app.add_subcommand("stdio", "Serve one controller over stdin and stdout, which it started us with");
  ServeFlags serve;
  AddServe(app, serve);
  session::HealthCheckOptions check;
  check.address = session::kDefaultListen;
  AddCheck(app, check);
  CLI::App* join = app.add_subcommand("join", "Attach to a hub (comes later)")->allow_extras();
  app.require_subcommand(1);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& shown) {  // --help, --version
    return app.exit(shown);
  } catch (const CLI::ParseError& wrong) {
    std::fprintf(stderr, "parallax-agent: on the command line: %s\nTry: parallax-agent --help\n", wrong.what());
    return kExitUsage;
  }
  // A session over /dev/null would be none: of stdio's streams Stdio() says that they are closed.
  if (!*stdio || SessionStreamsAreOpen()) contract::CompleteStandardStreams(argv);
  if (app.got_subcommand("serve")) return Serve(std::move(serve));
  if (app.got_subcommand("check")) return Check(check);
  if (*join) return RefuseJoin();
  return *stdio ? Stdio() : kExitUsage;
}

}  // namespace
}  // namespace parallax

int main(int argc, char** argv) { return parallax::Main(argc, argv); }
