#include "controller/cli/output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "contract/limits.h"

namespace parallax::cli {
namespace {

absl::Status FileError(const std::string& path, std::string_view doing, int error) {
  const bool full = error == ENOSPC || error == EDQUOT;
  return absl::InvalidArgumentError(absl::StrCat(
      "--output: cannot ", std::string(doing), " ", contract::Printable(path, 200), " (", std::strerror(error),
      "): ", full ? "free some space, or name a file elsewhere" : "name a file in a folder that you may write to"));
}

absl::Status WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return absl::ErrnoToStatus(errno, "");
    bytes.remove_prefix(static_cast<size_t>(wrote));
  }
  return absl::OkStatus();
}

mode_t Umask() {
  const mode_t mask = umask(0);
  umask(mask);
  return mask;
}

}  // namespace

Output::Output(Output&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, "")),
      fd_(std::exchange(other.fd_, -1)) {}

Output::~Output() {
  if (!temporary_.empty()) unlink(temporary_.c_str());
  if (fd_ > STDERR_FILENO) close(fd_);
}

absl::StatusOr<Output> Output::Open(const std::string& path) {
  Output output;
  if (path.empty()) {
    output.fd_ = STDOUT_FILENO;
    return output;
  }
  output.path_ = path;
  struct stat facts {};
  const bool there = stat(path.c_str(), &facts) == 0;
  if (there && S_ISDIR(facts.st_mode)) return FileError(path, "write to", EISDIR);
  if (there && !S_ISREG(facts.st_mode)) {
    output.fd_ = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (output.fd_ < 0) return FileError(path, "write to", errno);
    return output;
  }
  // Through a link to the file that it names; beside it, so that the rename stays in one file system.
  std::error_code failed;
  if (there) {
    const auto real = std::filesystem::canonical(path, failed);
    if (!failed) output.path_ = real.string();
  }
  output.temporary_ = output.path_ + ".XXXXXX";
  output.fd_ = mkostemp(output.temporary_.data(), O_CLOEXEC);
  if (output.fd_ < 0) {
    output.temporary_.clear();
    return FileError(path, "make", errno);
  }
  fchmod(output.fd_, there ? facts.st_mode & 0777 : 0666 & ~Umask());
  return output;
}

absl::Status Output::Write(std::string_view bytes) {
  if (const auto status = WriteAll(fd_, bytes); !status.ok()) {
    const int error = errno;
    if (is_stdout() && error == EPIPE) return absl::OkStatus();
    if (is_stdout())
      return absl::InvalidArgumentError(absl::StrCat("cannot write to stdout (", std::strerror(error), ")"));
    return FileError(path_, "write to", error);
  }
  if (temporary_.empty()) return absl::OkStatus();
  if (fsync(fd_) != 0) return FileError(path_, "write to", errno);
  if (rename(temporary_.c_str(), path_.c_str()) != 0) return FileError(path_, "make", errno);
  temporary_.clear();
  return absl::OkStatus();
}

}  // namespace parallax::cli
