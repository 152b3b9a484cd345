#include "controller/dispatch/agent_copy.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "contract/digest.h"
#include "contract/limits.h"
#include "contract/regular_file.h"
#include "controller/dispatch/elf_file.h"
#include "controller/dispatch/now.h"
#include "controller/dispatch/ssh_script.h"

namespace parallax::dispatch {
namespace {

constexpr size_t kMaxProgramBytes = size_t{512} << 20;
constexpr int kPollMs = 40;  // how often `interrupted` is looked at

namespace fs = std::filesystem;

// As ReadElf has it; "" where there is no program.
std::string MachineOf(const std::string& path) {
  if (!contract::CheckOpensAtOnce(path).ok()) return "";
  std::string header(4096, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(header.data(), static_cast<std::streamsize>(header.size()));
  header.resize(static_cast<size_t>(file.gcount()));
  const auto elf = ReadElf(header);
  return elf.ok() ? elf->machine : "";
}

class Conversation {
 public:
  Conversation(int socket, Preamble& preamble, int64_t deadline_ns, const std::atomic<bool>* interrupted)
      : socket_(socket), preamble_(preamble), deadline_ns_(deadline_ns), interrupted_(interrupted) {}

  absl::Status Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent > 0) {
        bytes.remove_prefix(static_cast<size_t>(sent));
      } else if (errno == EAGAIN) {
        // What stops reading has a reason, and says it.
        if (absl::Status status = Wait(POLLIN | POLLOUT); !status.ok()) return status;
        if (preamble_.ReadFrom(socket_) != Preamble::State::kReading) return Reply("");
      } else if (errno != EINTR) {
        return Reply("");  // nobody reads any more; there may be a word of why
      }
    }
    return absl::OkStatus();
  }

  // OK when the next reply is `wanted`.
  absl::Status Reply(std::string_view wanted) {
    while (preamble_.ReadFrom(socket_) == Preamble::State::kReading) {
      if (absl::Status status = Wait(POLLIN); !status.ok()) return status;
    }
    if (preamble_.state() != Preamble::State::kMarker) return absl::UnavailableError("the session ended");
    const std::string line = preamble_.marker();
    std::string_view reply = line;
    if (!reply.starts_with(kCopyMarker)) return absl::UnavailableError("the host answered something else");
    reply.remove_prefix(kCopyMarker.size());
    const size_t bar = reply.find('|');
    if (reply.substr(0, bar) == wanted) {
      preamble_.Resume();
      return absl::OkStatus();
    }
    return absl::FailedPreconditionError(
        contract::Printable(bar == std::string_view::npos ? reply : reply.substr(bar + 1), 300));
  }

 private:
  absl::Status Wait(short events) {
    if (interrupted_ != nullptr && interrupted_->load()) return absl::CancelledError("interrupted");
    if (MonotonicNs() >= deadline_ns_) return absl::DeadlineExceededError("the copy took too long");
    pollfd wait = {socket_, events, 0};
    poll(&wait, 1, kPollMs);
    return absl::OkStatus();
  }

  const int socket_;
  Preamble& preamble_;
  const int64_t deadline_ns_;
  const std::atomic<bool>* const interrupted_;
};

}  // namespace

absl::StatusOr<ProgramFile> ReadProgram(const std::string& path, std::string name) {
  auto bytes = contract::ReadRegularFile(path, kMaxProgramBytes);
  if (!bytes.ok()) {
    return absl::NotFoundError(
        absl::StrCat("cannot read '", contract::Printable(path, 200), "': ", std::string(bytes.status().message())));
  }
  ProgramFile program{std::move(name), *std::move(bytes)};
  if (const auto elf = ReadElf(program.bytes); !elf.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", contract::Printable(path, 200), "': ", std::string(elf.status().message())));
  }
  return program;
}

std::string CompanionOf(const std::string& agent, bool installed) {
  const std::string machine = MachineOf(agent);
  if (machine.empty()) return "";
  // An installation may give the agent further names, as symbolic links.
  std::error_code ignored;
  const fs::path folder = fs::weakly_canonical(agent, ignored).parent_path();
  std::vector<fs::path> folders = {folder};
  if (installed) folders.insert(folders.end(), {folder / "../libexec/parallax", "/usr/libexec/parallax"});
  for (const fs::path& candidate : folders) {
    const std::string path = (candidate / kCompanionName).lexically_normal().string();
    if (MachineOf(path) == machine) return path;
  }
  return "";
}

absl::Status CopyPrograms(int socket, Preamble& preamble, const std::vector<ProgramFile>& programs, int64_t deadline_ns,
                          const std::atomic<bool>* interrupted) {
  Conversation host(socket, preamble, deadline_ns, interrupted);
  preamble.Resume();
  for (const ProgramFile& program : programs) {
    const std::string header =
        absl::StrCat("put ", program.bytes.size(), " ", contract::Digest(program.bytes), " ", program.name, "\n");
    // The host is first asked whether it takes the file at all: bytes that nobody reads would block both ends.
    if (absl::Status status = host.Send(header); !status.ok()) return status;
    if (absl::Status status = host.Reply("go"); !status.ok()) return status;
    if (absl::Status status = host.Send(program.bytes); !status.ok()) return status;
    if (absl::Status status = host.Reply("done"); !status.ok()) return status;
  }
  return host.Send("run\n");
}

bool UseThere(int socket, Preamble& preamble) {
  constexpr std::string_view kUse = "use\n";
  preamble.Resume();
  return send(socket, kUse.data(), kUse.size(), MSG_DONTWAIT | MSG_NOSIGNAL) == static_cast<ssize_t>(kUse.size());
}

}  // namespace parallax::dispatch
