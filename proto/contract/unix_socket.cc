#include "contract/unix_socket.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "contract/descriptors.h"
#include "contract/limits.h"
#include "contract/peer_user.h"

namespace parallax::contract {
namespace {

constexpr size_t kMaxPathBytes = sizeof(sockaddr_un::sun_path) - 1;

std::string UserName(uid_t uid) {
  passwd entry{};
  passwd* found = nullptr;
  char buffer[4096];
  const bool named = getpwuid_r(uid, &entry, buffer, sizeof(buffer), &found) == 0 && found != nullptr;
  return named ? Printable(found->pw_name, 80) : absl::StrCat("uid ", uid);
}

std::string GroupName(gid_t gid) {
  group entry{};
  group* found = nullptr;
  char buffer[4096];
  const bool named = getgrgid_r(gid, &entry, buffer, sizeof(buffer), &found) == 0 && found != nullptr;
  return named ? Printable(found->gr_name, 80) : absl::StrCat("gid ", gid);
}

// The nearest thing on the way to `path` that we may look at, for people who were denied.
std::string WhoseItIs(std::string path, std::string* user) {
  struct stat facts {};
  while (stat(path.c_str(), &facts) != 0) {
    const size_t slash = path.rfind('/');
    if (slash == std::string::npos || path == "/") return "";
    path = slash == 0 ? "/" : path.substr(0, slash);
  }
  *user = UserName(facts.st_uid);
  return absl::StrCat(Printable(path, 200), " is of user ", *user, " and group ", GroupName(facts.st_gid),
                      " with mode ", absl::StrFormat("%04o", facts.st_mode & 07777));
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// What is said to another user's process, a token and passwords among it, is that user's.
absl::Status CheckListener(int fd, const std::string& path) {
  struct stat folder {};
  std::optional<uid_t> keeper;
  if (stat(FolderOf(path).c_str(), &folder) == 0) keeper = folder.st_uid;
  return CheckListenerUser(PeerUser(fd), geteuid(), keeper, path);
}

absl::Status WhyNot(const std::string& path, int error) {
  const std::string shown = Printable(path, 200);
  struct stat facts {};
  const bool there = stat(path.c_str(), &facts) == 0;
  if (there && !S_ISSOCK(facts.st_mode)) {
    return absl::NotFoundError(absl::StrCat(shown,
                                            " is not a socket: name that of an agent, which parallax-agent serve "
                                            "prints when it listens"));
  }
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return absl::NotFoundError(absl::StrCat("there is no socket ", shown,
                                              ": start the agent (parallax-agent serve --listen unix:", shown,
                                              "), or name the socket that it prints when it listens"));
    case ECONNREFUSED:
      return absl::FailedPreconditionError(
          absl::StrCat("nobody listens on ", shown,
                       ": the agent that made it has ended without removing it; start it "
                       "again, it takes the place over"));
    case EACCES:
    case EPERM: {
      std::string user;
      const std::string whose = WhoseItIs(path, &user);
      return absl::PermissionDeniedError(
          absl::StrCat("this user (", UserName(geteuid()), ") may not connect to ", shown, whose.empty() ? "" : ": ",
                       whose, "; run as its user", user.empty() ? "" : absl::StrCat(" (sudo -u ", user, " ...)"),
                       ", or let the agent start with --socket-mode 0660 in a group that you are in"));
    }
    case EAGAIN:
      return absl::UnavailableError(
          absl::StrCat("too many wait at ", shown, " already: does the agent there still run?"));
    default: return absl::UnavailableError(absl::StrCat("cannot connect to ", shown, ": ", strerror(error)));
  }
}

}  // namespace

absl::StatusOr<std::string> ParseUnixAddress(std::string_view text) {
  std::string_view path = text;
  if (path.starts_with(kUnixScheme)) path.remove_prefix(kUnixScheme.size());
  if (path.starts_with("///")) path.remove_prefix(2);
  const std::string shown = Printable(text, 100);
  if (path.empty() || path.starts_with("//") || path.ends_with('/') || path.find('\0') != std::string_view::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", shown, "' names no socket: write unix:PATH, as in unix:/run/parallax-agent/agent.sock"));
  }
  if (path.starts_with('@')) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", shown, "' is an abstract name, to which everybody may connect: write unix:PATH, a file with modes"));
  }
  if (path.size() > kMaxPathBytes) {
    return absl::InvalidArgumentError(absl::StrCat("the socket's path has ", path.size(), " bytes, and ", kMaxPathBytes,
                                                   " are possible: take a shorter one, or a relative one"));
  }
  return std::string(path);
}

absl::Status CheckListenerUser(std::optional<uid_t> listener, uid_t self, std::optional<uid_t> keeper,
                               const std::string& path) {
  if (listener.has_value() && (*listener == self || *listener == 0 || listener == keeper)) return absl::OkStatus();
  const std::string shown = Printable(path, 200);
  if (!listener.has_value()) {
    return absl::UnavailableError(absl::StrCat("this system does not tell whose process listens on ", shown,
                                               ": reach the agent by exec: or over TLS"));
  }
  return absl::PermissionDeniedError(
      absl::StrCat("the process that listens on ", shown, " is of ", UserName(*listener),
                   ", and neither of this user (", UserName(self),
                   ") nor of root nor of the owner of its folder: nothing was said to it. Is it yours? "
                   "Let it listen in a folder of its own user, such as one of mode 0700"));
}

sockaddr_un UnixAddress(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), std::min(path.size(), kMaxPathBytes));
  return address;
}

absl::StatusOr<int> ConnectUnix(const std::string& path) {
  const int fd = OpenSocket(AF_UNIX, SOCK_STREAM);
  if (fd < 0) return absl::UnavailableError(absl::StrCat("no socket can be made: ", strerror(errno)));
  const sockaddr_un address = UnixAddress(path);
  absl::Status status;
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    status = WhyNot(path, errno);
  } else {
    status = CheckListener(fd, path);
  }
  if (status.ok()) return fd;
  close(fd);
  return status;
}

}  // namespace parallax::contract
