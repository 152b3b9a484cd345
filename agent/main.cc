// parallax-agent: executes plans and nothing else. Flags, signals and wiring.
#include <fcntl.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agent/host/memory.h"
#include "agent/net/clock.h"
#include "agent/net/signals.h"
#include "agent/policy/policy.h"
#include "agent/probes/registry.h"
#include "agent/runner/runner.h"
#include "agent/session/agent_session.h"
#include "agent/session/health_check.h"
#include "agent/session/listen_address.h"
#include "agent/session/listen_carrier.h"
#include "agent/session/stdio_carrier.h"
#include "contract/agent_token.h"
#include "contract/headroom.h"
#include "contract/no_core_file.h"
#include "contract/standard_streams.h"

namespace parallax {
namespace {

constexpr int kExitSession = 1;
constexpr int kExitUsage = 2;
// What gRPC and one session with a plan of the default parallelism take, with room to spare.
constexpr contract::Headroom kHeadroom = {48, 16, size_t{64} << 20};

int Failed(const absl::Status& status) {
  std::fprintf(stderr, "parallax-agent: %s\n", std::string(status.message()).c_str());
  const bool usage = absl::IsInvalidArgument(status) || absl::IsNotFound(status) || absl::IsPermissionDenied(status);
  return usage ? kExitUsage : kExitSession;
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
  std::signal(SIGPIPE, SIG_IGN);
  return net::OpenSignals({SIGTERM, SIGINT, SIGHUP});
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
  options.any_root_cert = true;
  options.secrets = policy::AllowedSecrets::Everything();  // whoever started us can read the same
  session::AgentSession session(runner, net::SystemClock(), session::MakeHello(probes::AllProbes()), options);
  const absl::Status status = session::ServeStdio(session, stdio.in, stdio.out, end_signals);
  if (status.ok()) return 0;
  spdlog::warn("the session ended: {}", std::string(status.message()));
  return kExitSession;
}

int CodeOf(const absl::Status& status) { return status.ok() ? 0 : Failed(status); }

// Where the token is; at most one of the two.
struct TokenFlags {
  std::string file;
  std::string from;
};

absl::StatusOr<std::string> Token(const TokenFlags& flags) {
  if (!flags.file.empty() && !flags.from.empty()) {
    return absl::InvalidArgumentError("there is one token: give either --token-file or --token-from");
  }
  if (!flags.file.empty()) return contract::ReadTokenFile(flags.file);
  if (flags.from.empty()) return "";
  if (!flags.from.starts_with("env:")) {
    return absl::InvalidArgumentError("--token-from: write env:NAME; a file is named with --token-file");
  }
  return contract::TakeToken(flags.from);
}

struct ServeFlags {
  session::ListenOptions options;
  TokenFlags token;
  std::string socket_mode = "0600";
  std::vector<std::string> allow_secret;
  double drain_seconds = 30;
  std::vector<std::string> root_certs;
};

// Octal, as for chmod(1).
std::optional<mode_t> ReadMode(const std::string& text) {
  unsigned mode = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return mode;
}

std::string HowCallersAreKnown(const session::ListenOptions& options) {
  const std::string token = options.token.empty() ? "" : " and a token";
  if (options.address.starts_with("unix:")) return absl::StrFormat("mode %04o%s", options.socket_mode, token);
  if (options.tls_cert.empty()) return "plaintext, this host only, a token";
  return absl::StrCat(options.tls_client_ca.empty() ? "TLS" : "mutual TLS", token);
}

absl::Status Serve(ServeFlags flags, int end_signals) {
  contract::RaiseDescriptorLimit();
  if (absl::Status room = contract::CheckHeadroom(kHeadroom); !room.ok()) return room;
  const auto mode = ReadMode(flags.socket_mode);
  if (!mode.has_value()) {
    return absl::InvalidArgumentError(
        "--socket-mode: write an octal mode: 0600 (this user alone) or 0660 (its group too)");
  }
  flags.options.socket_mode = *mode;
  auto token = Token(flags.token);
  if (!token.ok()) return token.status();
  flags.options.token = *std::move(token);
  session::SessionOptions of_session;  // not its starter's rights: who connects need not be who started us
  of_session.root_certs = flags.root_certs;
  for (const std::string& flag : flags.allow_secret) {
    if (absl::Status status = of_session.secrets.Add(flag); !status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("--allow-secret: ", std::string(status.message())));
    }
  }
  if (flags.options.address.empty()) {
    flags.options.address = session::DefaultListen();
    if (geteuid() == 0) mkdir("/run/parallax-agent", 0755);  // what is wrong with it is said when it is used
  }
  const policy::Policy policy;
  const runner::Runner runner(net::SystemClock(), policy, probes::AllProbes());
  session::AgentSession session(runner, net::SystemClock(), session::MakeHello(probes::AllProbes()), of_session);
  flags.options.drain_ms = static_cast<int64_t>(flags.drain_seconds * 1000);
  flags.options.log = [](const std::string& line) { spdlog::warn("{}", line); };
  flags.options.on_listening = [&flags](const std::string& address) {
    std::printf("parallax-agent: listening on %s (%s)\n", address.c_str(), HowCallersAreKnown(flags.options).c_str());
    std::fflush(stdout);
  };
  return session::ServeListen(session, flags.options, end_signals);
}

absl::Status Check(session::HealthCheckOptions options, const TokenFlags& flags) {
  std::signal(SIGPIPE, SIG_IGN);
  if (absl::Status room = contract::CheckHeadroom(kHeadroom); !room.ok()) return room;
  auto token = Token(flags);
  if (!token.ok()) return token.status();
  options.token = *std::move(token);
  if (options.address.empty()) options.address = session::DefaultListen();
  return session::CheckHealth(options);
}

int RefuseJoin() {
  std::fputs(
      "parallax-agent: 'join' is not in this release yet.\n"
      "Use stdio: the controller starts the agent, --inside 'exec:ssh HOST parallax-agent stdio'\n",
      stderr);
  return kExitUsage;
}

void AddToken(CLI::App* command, TokenFlags& flags, const char* what) {
  command->add_option("--token-file", flags.file, what)->type_name("FILE");
  command->add_option("--token-from", flags.from, "... or in this variable of the environment: env:NAME")
      ->type_name("REF");
}

void AddServe(CLI::App& app, ServeFlags& flags) {
  CLI::App* serve = app.add_subcommand("serve", "Listen for controllers, on this host only");
  serve
      ->add_option("--listen", flags.options.address,
                   "unix:PATH, or ADDRESS:PORT of the loopback (port 0: any that is free), which needs a token or "
                   "--tls-client-ca; default: unix:$XDG_RUNTIME_DIR/parallax-agent.sock, or "
                   "unix:/run/parallax-agent/agent.sock")
      ->type_name("ADDRESS");
  serve->add_option("--socket-mode", flags.socket_mode, "Who may connect to the unix socket, as for chmod")
      ->type_name("MODE")
      ->capture_default_str();
  AddToken(serve, flags.token, "Callers must show the token in this file, which its user alone can read");
  serve
      ->add_option("--allow-secret", flags.allow_secret,
                   "Plans may name this secret of the agent (env:NAME, file:PATH, exec:COMMAND), sent to any target "
                   "or to that one only (repeatable); default: none")
      ->type_name("REF[@HOST[:PORT]]")
      ->allow_extra_args(false)
      ->take_all();
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

void AddCheck(CLI::App& app, session::HealthCheckOptions& options, TokenFlags& token) {
  CLI::App* check = app.add_subcommand("check", "Does an agent serve there, and work? Exit code 0 says yes");
  check->add_option("ADDRESS", options.address, "Where it listens: unix:PATH or ADDRESS:PORT; default: as for serve")
      ->type_name("");
  AddToken(check, token, "The token to show to it: a file that its user alone can read");
  check->add_option("--tls-ca", options.tls_ca, "Authorities of the agent's certificate (PEM), the system's by default")
      ->type_name("FILE");
  check->add_option("--tls-cert", options.tls_cert, "Certificate to show to it (PEM)")->type_name("FILE");
  check->add_option("--tls-key", options.tls_key, "Its key (PEM)")->type_name("FILE");
  check->add_option("--tls-name", options.tls_name, "The name in the agent's certificate")->type_name("NAME");
}

int Main(int argc, char** argv) {
  contract::LeaveNoCoreFile();  // passwords are in here
  host::ShareFreedMemory();
  contract::EndInWordsWithoutMemory("parallax-agent", kExitSession);
  // stdout belongs to the session.
  spdlog::set_default_logger(std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::stderr_sink_mt>()));
  spdlog::set_pattern("parallax-agent: %l: %v");

  CLI::App app("Runs network probes for a parallax controller.", "parallax-agent");
  app.set_version_flag("--version", "parallax-agent " PARALLAX_VERSION);
  CLI::App* stdio = app.add_subcommand("stdio", "Serve one controller over stdin and stdout, which it started us with");
  ServeFlags serve;
  AddServe(app, serve);
  session::HealthCheckOptions check;
  TokenFlags check_token;
  AddCheck(app, check, check_token);
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
  if (app.got_subcommand("serve")) return CodeOf(Serve(std::move(serve), EndSignals()));
  if (app.got_subcommand("check")) return CodeOf(Check(std::move(check), check_token));
  if (*join) return RefuseJoin();
  return *stdio ? Stdio() : kExitUsage;
}

}  // namespace
}  // namespace parallax

int main(int argc, char** argv) { return parallax::Main(argc, argv); }
