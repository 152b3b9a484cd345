#include "contract/regular_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace parallax::contract {
namespace {

std::string_view KindOf(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

absl::Status NotRegular(mode_t mode) {
  return absl::FailedPreconditionError(absl::StrCat("it is ", std::string(KindOf(mode)), ", and must be a plain file"));
}

absl::Status Failed(int error) {
  const char* words = std::strerror(error);
  if (error == EACCES || error == EPERM) return absl::PermissionDeniedError(words);
  return absl::NotFoundError(words);
}

}  // namespace

absl::StatusOr<std::string> ReadRegularFile(const std::string& path, size_t max_bytes) {
  // Without O_NONBLOCK a FIFO would hold us here until somebody writes; without O_NOCTTY a terminal could become ours.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) {
    const int error = errno;
    struct stat facts {};
    if (error == ENXIO && stat(path.c_str(), &facts) == 0) return NotRegular(facts.st_mode);  // a socket
    return Failed(error);
  }
  struct stat facts {};
  absl::Status status;
  std::string bytes;
  if (fstat(fd, &facts) != 0) {
    status = Failed(errno);
  } else if (!S_ISREG(facts.st_mode)) {
    status = NotRegular(facts.st_mode);
  }
  // By what read(2) gives and not by the size: files of /proc have none.
  size_t size = 0;
  while (status.ok()) {
    if (bytes.size() == size) bytes.resize(std::min(max_bytes + 1, std::max<size_t>(64 * 1024, 2 * size)));
    const ssize_t got = read(fd, bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) status = Failed(errno);
    if (got <= 0) break;
    size += static_cast<size_t>(got);
    if (size > max_bytes) {
      status = absl::OutOfRangeError(absl::StrCat("it is larger than ", max_bytes, " bytes"));
    }
  }
  close(fd);
  if (!status.ok()) return status;
  bytes.resize(size);
  return bytes;
}

absl::Status CheckOpensAtOnce(const std::string& path) {
  struct stat facts {};
  if (stat(path.c_str(), &facts) != 0 || S_ISREG(facts.st_mode) || S_ISDIR(facts.st_mode)) return absl::OkStatus();
  return NotRegular(facts.st_mode);
}

}  // namespace parallax::contract
