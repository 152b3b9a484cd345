#include "agent/session/unix_listener.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "contract/descriptors.h"
#include "contract/limits.h"
#include "contract/unix_socket.h"

namespace parallax::session {
namespace {

using contract::Descriptor;

constexpr int kBacklog = 64;

absl::Status Failed(const std::string& path, std::string_view doing) {
  const int error = errno;
  return absl::UnavailableError(absl::StrCat("cannot ", std::string(doing), " ", contract::Printable(path, 200), ": ",
                                             strerror(error), "; name another place with --listen unix:PATH"));
}

// OK when nobody but us and root can put something else where `folder` (absolute, without links) is.
absl::Status CheckFolder(std::string folder) {
  for (;;) {
    struct stat facts {};
    if (stat(folder.c_str(), &facts) != 0) return Failed(folder, "look at");
    const bool of_another = facts.st_uid != 0 && facts.st_uid != geteuid();
    const bool open = (facts.st_mode & S_IWOTH) != 0 && (facts.st_mode & S_ISVTX) == 0;
    if (of_another || open) {
      return absl::InvalidArgumentError(
          absl::StrCat("others could put a socket of theirs in the place of this agent's: the folder ",
                       contract::Printable(folder, 200), " has mode ", absl::StrFormat("%04o", facts.st_mode & 07777),
                       " and is of uid ", facts.st_uid, ". Listen in a folder that this user (uid ", geteuid(),
                       ") or root alone can write, such as one of mode 0700: --listen unix:FOLDER/agent.sock"));
    }
    if (folder == "/") return absl::OkStatus();
    const size_t slash = folder.rfind('/');
    folder = slash == 0 ? "/" : folder.substr(0, slash);
  }
}

// `named`, absolute and without links. A link on the way counts as what it leads to, so that the folder that holds it
// must be as safe as the last one, and in a sticky folder the link itself must be ours or root's.
absl::StatusOr<std::string> ResolveFolder(const std::string& named) {
  char start[PATH_MAX];
  if (!named.starts_with('/') && getcwd(start, sizeof(start)) == nullptr) return Failed(named, "find the folder");
  std::string left = named.starts_with('/') ? named : absl::StrCat(start, "/", named);
  std::string at;  // "" is the root
  for (int links = 0; !left.empty();) {
    const size_t slash = left.find('/');
    const std::string part = left.substr(0, slash);
    left = slash == std::string::npos ? "" : left.substr(slash + 1);
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      at = at.substr(0, at.empty() ? 0 : at.rfind('/'));
      continue;
    }
    const std::string next = absl::StrCat(at, "/", part);
    struct stat facts {};
    if (lstat(next.c_str(), &facts) != 0) return Failed(next, "find the folder");
    if (!S_ISLNK(facts.st_mode)) {
      at = next;
      continue;
    }
    if (absl::Status status = CheckFolder(at.empty() ? "/" : at); !status.ok()) return status;
    if (facts.st_uid != 0 && facts.st_uid != geteuid()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the link ", contract::Printable(next, 200), " is of uid ", facts.st_uid,
                       ", who can let it lead elsewhere: name the folder itself with --listen unix:FOLDER/agent.sock"));
    }
    char target[PATH_MAX];
    const ssize_t size = readlink(next.c_str(), target, sizeof(target));
    errno = size >= 0 ? ELOOP : errno;
    if (size < 0 || ++links > 40) return Failed(named, "find the folder");  // 40: as path_resolution(7)
    const std::string to(target, static_cast<size_t>(size));
    if (to.starts_with('/')) at.clear();
    left = left.empty() ? to : absl::StrCat(to, "/", left);
  }
  return at.empty() ? "/" : at;
}

// Makes room at `path` where only a socket lies that nobody listens on.
absl::Status RemoveStale(const std::string& path) {
  struct stat facts {};
  if (lstat(path.c_str(), &facts) != 0) return errno == ENOENT ? absl::OkStatus() : Failed(path, "look at");
  const std::string shown = contract::Printable(path, 200);
  if (!S_ISSOCK(facts.st_mode)) {
    return absl::UnavailableError(
        absl::StrCat("there is something else than a socket at ", shown, ": remove it, or name another --listen"));
  }
  const auto connected = contract::ConnectUnix(path);
  if (connected.ok()) close(*connected);
  const bool dead = absl::IsFailedPrecondition(connected.status());
  if (!dead) {
    return absl::UnavailableError(absl::StrCat(
        "another agent listens on ", shown, " already: end that one, or listen elsewhere with --listen unix:PATH",
        connected.ok() ? "" : absl::StrCat(" (", std::string(connected.status().message()), ")")));
  }
  return unlink(path.c_str()) == 0 ? absl::OkStatus() : Failed(path, "remove the dead socket");
}

}  // namespace

absl::StatusOr<std::unique_ptr<UnixListener>> UnixListener::Open(const std::string& path, mode_t mode) {
  const size_t slash = path.rfind('/');
  const std::string named = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  auto resolved = ResolveFolder(named);
  if (!resolved.ok()) return resolved.status();
  const std::string folder = *std::move(resolved);
  if (absl::Status status = CheckFolder(folder); !status.ok()) return status;
  const std::string file = slash == std::string::npos ? path : path.substr(slash + 1);
  auto whole = contract::ParseUnixAddress(absl::StrCat(folder == "/" ? "" : folder, "/", file));
  if (!whole.ok()) return whole.status();

  // Held until we listen: of two agents that start at once, neither takes the other's socket, bound and not yet
  // listening, for a dead one.
  const Descriptor lock(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (lock.get() < 0) return Failed(folder, "open the folder");
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return absl::UnavailableError(absl::StrCat("another process has locked the folder ",
                                               contract::Printable(folder, 200),
                                               "; does a second agent start there just now? Try again, or listen in a "
                                               "folder of its own: --listen unix:PATH"));
  }
  Descriptor socket(contract::OpenSocket(AF_UNIX, SOCK_STREAM));
  if (socket.get() < 0) return Failed(*whole, "make a socket for");
  // bind(2) gives the file the modes of the descriptor, less the umask: it is never open wider than asked.
  if (fchmod(socket.get(), mode) != 0) return Failed(*whole, "set the modes of");
  const sockaddr_un address = contract::UnixAddress(*whole);
  const auto bound = [&] {
    return bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  };
  if (!bound()) {
    if (errno != EADDRINUSE) return Failed(*whole, "listen on");
    if (absl::Status status = RemoveStale(*whole); !status.ok()) return status;
    if (!bound()) return Failed(*whole, "listen on");
  }
  struct stat facts {};
  const bool ours = lstat(whole->c_str(), &facts) == 0 && S_ISSOCK(facts.st_mode);
  // What the umask took is given back: the mode was asked for by name.
  if (!ours || chmod(whole->c_str(), mode) != 0 || listen(socket.get(), kBacklog) != 0) {
    const absl::Status status = Failed(*whole, "listen on");
    if (ours) unlink(whole->c_str());
    return status;
  }
  return std::unique_ptr<UnixListener>(new UnixListener(socket.Release(), *std::move(whole), facts));
}

UnixListener::~UnixListener() {
  struct stat now {};
  const bool ours = lstat(path_.c_str(), &now) == 0 && now.st_dev == file_.st_dev && now.st_ino == file_.st_ino;
  if (ours) unlink(path_.c_str());
  close(fd_);
}

int UnixListener::Accept() const { return contract::AcceptOn(fd_); }

}  // namespace parallax::session
