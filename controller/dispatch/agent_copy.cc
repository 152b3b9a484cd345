#include "controller/dispatch/agent_copy.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "contract/digest.h"
#include "contract/limits.h"
#include "controller/dispatch/elf_file.h"
#include "controller/dispatch/now.h"
#include "controller/dispatch/ssh_script.h"

namespace parallax::dispatch {
namespace {

constexpr int kPollMs = 40;  // how often `interrupted` is looked at

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
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  if (!file || !(bytes << file.rdbuf())) {
    return absl::NotFoundError(absl::StrCat("cannot read '", contract::Printable(path, 200), "'"));
  }
  ProgramFile program{std::move(name), std::move(bytes).str()};
  if (const auto elf = ReadElf(program.bytes); !elf.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", contract::Printable(path, 200), "': ", std::string(elf.status().message())));
  }
  return program;
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

}  // namespace parallax::dispatch
