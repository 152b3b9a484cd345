#include "agent/probes/client_process.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/net/child_process.h"
#include "agent/net/poll.h"
#include "agent/probes/client_frames.h"
#include "agent/probes/erase_secret.h"
#include "contract/descriptors.h"
#include "contract/limits.h"
#include "contract/names.h"
#include "contract/regular_file.h"
#include "contract/steps.h"
#include "contract/this_program.h"

namespace parallax::probes {
namespace {

constexpr size_t kMaxStderrBytes = 512;
// The process watches its own deadlines where its libraries let it; this much later it is ended.
constexpr int64_t kGraceNs = 200 * net::kMs;
constexpr int64_t kDyingNs = 500 * net::kMs;  // from SIGTERM to SIGKILL

// All that the process inherits. PG* variables, proxies, .netrc switches and the like would make the same probe another
// one on each side; and the agent's environment holds secrets.
constexpr const char* kKeptVariables[] = {"PATH",          "HOME",          "TMPDIR",      "LD_LIBRARY_PATH",
                                          "SSL_CERT_FILE", "SSL_CERT_DIR",  "LOCALDOMAIN", "RES_OPTIONS",
                                          "ASAN_OPTIONS",  "UBSAN_OPTIONS", "TSAN_OPTIONS"};

class ClientProcess {
 public:
  ClientProcess(const Context& context, Recorder& recorder) : context_(context), recorder_(recorder) {}

  absl::Status Start(const std::string& program);
  // Writes the assignment and reads what comes, until the process ends or has to be ended.
  void Run(std::string assignment);
  // Ends what it had begun, and puts all into the recorder's observation.
  void Finish(std::string_view secret, std::string_view origin);

 private:
  // When the process has to be ended if nothing more comes: the deadline of the step at hand, or of the probe.
  int64_t KillAt() const;
  bool HasOpenStep() const;
  // The step at hand is one whose bytes may have come all the time, and only the process could have said.
  bool MayHaveBeenFed() const;
  void ReadObservations();
  void ReadStderr();
  void Write(std::string* left);
  std::string HowItEnded() const;

  const Context& context_;
  Recorder& recorder_;
  net::ChildProcess child_;
  std::string bytes_;  // of stdout, not yet a message
  std::string stderr_;
  bool broken_ = false;   // stdout made no sense
  bool more_ = true;      // stdout is open
  bool late_ = false;     // we ended it, for its time was up
  v1::Observation seen_;  // the last that it told
  int64_t told_ns_ = 0;   // when
};

absl::Status ClientProcess::Start(const std::string& program) {
  net::ChildOptions options;
  options.path = program;
  options.argv = {kClientProgram};
  options.environment = {"LC_ALL=C"};  // messages of libraries and errno in one language on every side
  for (const char* name : kKeptVariables) {
    if (const char* value = std::getenv(name); value != nullptr) {
      options.environment->push_back(absl::StrCat(name, "=", value));
    }
  }
  options.feed_stdin = true;
  options.read_stderr = true;
  const int error = child_.Start(options);
  if (error == 0) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("cannot start ", program, ": ", std::strerror(error)));
}

bool ClientProcess::HasOpenStep() const {
  return seen_.steps_size() > 0 && seen_.steps(seen_.steps_size() - 1).failure() == v1::FAILURE_UNSPECIFIED;
}

bool ClientProcess::MayHaveBeenFed() const {
  if (!HasOpenStep()) return false;
  return contract::AboutStep(seen_.steps(seen_.steps_size() - 1).kind()).moves_much;
}

int64_t ClientProcess::KillAt() const {
  if (!HasOpenStep()) return context_.deadline_ns;
  return std::min(context_.deadline_ns, told_ns_ + context_.step_timeout_ns + kGraceNs);
}

void ClientProcess::Run(std::string assignment) {
  while (more_ && !broken_) {
    const int64_t left_ns = KillAt() - context_.clock.MonotonicNs();
    late_ = left_ns <= 0;
    if (late_ || context_.cancel.cancelled()) break;
    // Without a descriptor to wake us, look every 50 ms.
    const int64_t wait_ns = context_.cancel.fd() < 0 ? std::min(left_ns, 50 * net::kMs) : left_ns;
    pollfd fds[4] = {{child_.stdout_fd(), POLLIN, 0},
                     {child_.stderr_fd(), POLLIN, 0},
                     {context_.cancel.fd(), POLLIN, 0},
                     {assignment.empty() ? -1 : child_.stdin_fd(), POLLOUT, 0}};
    if (net::PollFor(fds, 4, wait_ns) <= 0) continue;
    if (fds[3].revents != 0) Write(&assignment);
    if (fds[1].revents != 0) ReadStderr();
    if (fds[0].revents != 0) ReadObservations();
  }
  // Once it has said all it is about to end; else it has to be told.
  const net::WaitLimit dying = {net::SystemClock().MonotonicNs() + kDyingNs, nullptr, -1};
  if (more_ || broken_ || !child_.AwaitEnd(dying)) child_.Terminate(kDyingNs);
  ReadStderr();
}

void ClientProcess::Write(std::string* left) {
  // What is not written for the process is gone is no loss: its stdout tells the rest.
  const ssize_t written = contract::SendSome(child_.stdin_fd(), *left);
  if (written < 0 && (errno == EAGAIN || errno == EINTR)) return;
  left->erase(0, written < 0 ? left->size() : static_cast<size_t>(written));
  if (left->empty()) child_.CloseStdin();
}

void ClientProcess::ReadObservations() {
  std::array<char, 64 * 1024> buffer;
  const ssize_t got = read(child_.stdout_fd(), buffer.data(), buffer.size());
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  more_ = got > 0;
  if (got > 0) bytes_.append(buffer.data(), static_cast<size_t>(got));
  for (;;) {
    v1::Observation told;
    const Framed framed = TakeFrame(&bytes_, &told);
    broken_ = framed == Framed::kBroken;
    if (framed != Framed::kWhole) return;
    seen_ = std::move(told);
    told_ns_ = context_.clock.MonotonicNs();
  }
}

void ClientProcess::ReadStderr() {
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t got = child_.stderr_fd() < 0 ? 0 : read(child_.stderr_fd(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) child_.CloseStderr();  // its end: no more to poll for
    if (got <= 0) return;
    const size_t room = kMaxStderrBytes - std::min(kMaxStderrBytes, stderr_.size());
    stderr_.append(buffer.data(), std::min(room, static_cast<size_t>(got)));
  }
}

std::string ClientProcess::HowItEnded() const {
  if (broken_) return "wrote what is no observation";
  const int status = child_.status();  // some systems' macros take its address
  if (WIFSIGNALED(status)) {
    return absl::StrCat("died by signal ", WTERMSIG(status), " (", strsignal(WTERMSIG(status)), ")");
  }
  return absl::StrCat("ended with exit code ", WEXITSTATUS(status));
}

// The client got its secret from us: only we know where it came from.
void SetOrigin(const std::string& origin, v1::Step* step) {
  if (step->has_client() && !origin.empty()) step->mutable_client()->set_secret_origin(origin);
  if (!step->http().secret_origin().empty()) step->mutable_http()->set_secret_origin(origin);
}

void ClientProcess::Finish(std::string_view secret, std::string_view origin) {
  v1::Observation* observation = recorder_.observation();
  const bool cancelled = context_.cancel.cancelled();
  const int status = child_.status();
  const bool ended_well = !more_ && !broken_ && WIFEXITED(status) && WEXITSTATUS(status) == 0 && !HasOpenStep() &&
                          seen_.outcome() != v1::FAILURE_UNSPECIFIED;
  std::string when = "before it told anything";
  if (!seen_.steps().empty()) when = absl::StrCat("after ", contract::Name(seen_.steps(seen_.steps_size() - 1).kind()));
  // Its clock is ours; its steps count from its own start.
  const int64_t started_ns = seen_.started_unix_ns() - observation->started_unix_ns();
  const int64_t shift_ns = std::clamp<int64_t>(started_ns, 0, recorder_.Now());
  const bool silent = late_ && !cancelled && !MayHaveBeenFed();
  for (v1::Step& step : *seen_.mutable_steps()) {
    step.set_start_ns(step.start_ns() + shift_ns);
    SetOrigin(std::string(origin), &step);
    v1::Step* kept = observation->add_steps();
    *kept = step;
    if (step.failure() != v1::FAILURE_UNSPECIFIED) continue;
    if (cancelled || late_) {
      recorder_.End(kept, cancelled ? v1::CANCELLED : v1::TIMED_OUT, kept->text());
      if (silent) kept->set_end(v1::SILENCE);
    } else {
      recorder_.End(kept, v1::LOCAL_RESOURCE, "the helper process ended here");
      when = absl::StrCat("after the beginning of ", contract::Name(kept->kind()));
    }
  }
  for (v1::Connection& connection : *seen_.mutable_connections()) {
    connection.set_opened_ns(connection.opened_ns() + shift_ns);
    if (connection.ended_ns() > 0) connection.set_ended_ns(connection.ended_ns() + shift_ns);
    if (connection.end() == v1::END_UNSPECIFIED) {
      connection.set_end(silent ? v1::SILENCE : v1::CLOSED_BY_US);
      connection.set_ended_ns(recorder_.Now());
    }
    *observation->add_connections() = std::move(connection);
  }
  observation->set_address(seen_.address());
  observation->set_via_connect_to(seen_.via_connect_to());
  observation->set_steps_dropped(seen_.steps_dropped());
  observation->set_error(seen_.error());
  if (ended_well) {
    observation->set_outcome(seen_.outcome());
  } else if (cancelled || late_) {
    observation->set_outcome(cancelled ? v1::CANCELLED : v1::TIMED_OUT);
  } else {
    observation->set_outcome(v1::LOCAL_RESOURCE);
    observation->set_error(
        contract::Printable(absl::StrCat("the helper process ", kClientProgram, " ", HowItEnded(), " ", when,
                                         stderr_.empty() ? "" : absl::StrCat("; it said: ", stderr_))));
  }
  // Of what peers and libraries said; names and addresses of ours stay.
  for (v1::Step& step : *observation->mutable_steps()) EraseSecret(secret, &step);
  v1::Step words;
  words.set_text(observation->error());
  EraseSecret(secret, &words);
  observation->set_error(words.text());
}

// The path of the program, or why there is none that can be started, of a probe of that kind.
absl::StatusOr<std::string> Find(const std::vector<std::string>& folders, std::string_view kind) {
  std::string there;
  for (const std::string& folder : folders) {
    std::string path = absl::StrCat(folder, "/", kClientProgram);
    if (access(path.c_str(), X_OK) == 0) return path;
    if (there.empty() && access(path.c_str(), F_OK) == 0) there = std::move(path);
  }
  const std::string what(kind);
  if (!there.empty()) {
    return absl::UnimplementedError(
        absl::StrCat(there, ", which speaks ", what, ", is there, but not executable: chmod +x ", there));
  }
  return absl::UnimplementedError(absl::StrCat(kClientProgram, ", which speaks ", what,
                                               ", is not installed: looked in ", absl::StrJoin(folders, " and "),
                                               "; copy it from the agent's release to beside the agent"));
}

// The client libraries open the file themselves, and would wait at a FIFO until the probe's time is up.
absl::Status CheckRootCert(const v1::ProbeSpec& spec) {
  const std::string& path = spec.has_sql() ? spec.sql().ssl_root_cert() : spec.http().ssl_root_cert();
  if (spec.has_sql() && path == "system") return absl::OkStatus();  // no path, but the system's store
  absl::Status status = contract::CheckOpensAtOnce(path);
  if (status.ok()) return status;
  return absl::FailedPreconditionError(absl::StrCat(
      "cannot read root certificates from ", contract::Printable(path, 200), ": ", std::string(status.message())));
}

}  // namespace

std::vector<std::string> ClientFolders() {
  constexpr std::string_view kPackaged = "/usr/libexec/parallax";
  std::vector<std::string> folders;
  if (const std::optional<std::string> path = contract::PathOfThisProgram()) {
    const std::filesystem::path self = *path;
    folders.push_back(self.parent_path().string());
    folders.push_back((self.parent_path().parent_path() / "libexec/parallax").string());
  }
  if (folders.empty() || folders.back() != kPackaged) folders.emplace_back(kPackaged);
  return folders;
}

absl::Status RunInClient(v1::ProbeSpec spec, v1::SecretRef* (*secret_of)(v1::ProbeSpec*), const Context& context,
                         Recorder& recorder, const std::vector<std::string>& folders) {
  if (absl::Status status = CheckRootCert(spec); !status.ok()) return status;
  const absl::StatusOr<std::string> program = Find(folders, contract::KindOf(spec));
  if (!program.ok()) return program.status();
  v1::Assignment assignment;
  policy::Secret secret;
  v1::SecretRef* reference = secret_of(&spec);
  if (!reference->ref().empty()) {
    auto resolved = context.secrets.Resolve(reference->ref(), context.Patience());
    if (!resolved.ok()) return resolved.status();
    secret = *std::move(resolved);
    reference->set_ref("controller:resolved");
    assignment.add_secrets()->set_ref(reference->ref());
    assignment.mutable_secrets(0)->set_value(secret.value);
    for (const std::string& target : secret.only_to) {
      v1::SecretValue* narrowed = assignment.add_secrets();
      narrowed->set_ref(absl::StrCat(std::string(policy::kOnlyTo), reference->ref()));
      narrowed->set_value(target);
    }
  }
  const int64_t left_ms = (context.deadline_ns - context.clock.MonotonicNs() - kGraceNs) / net::kMs;
  spec.set_timeout_ms(std::max<int64_t>(1, left_ms));
  spec.set_step_timeout_ms(std::min(spec.timeout_ms(), std::max<int64_t>(1, context.step_timeout_ns / net::kMs)));
  v1::Plan plan;
  plan.set_version(contract::kPlanVersion);
  plan.set_attempts(1);
  *plan.add_probes() = std::move(spec);
  assignment.set_plan(plan.SerializeAsString());
  assignment.mutable_connect_to()->Add(context.connect_to.begin(), context.connect_to.end());

  ClientProcess process(context, recorder);
  if (absl::Status started = process.Start(*program); !started.ok()) return started;
  process.Run(Frame(assignment));
  process.Finish(secret.value, secret.origin);
  return absl::OkStatus();
}

}  // namespace parallax::probes
