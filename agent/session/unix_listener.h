// A listening unix socket whose file modes say who may connect. Owns its descriptor and its file: both end with it.
//
// Used from one thread. POSIX only; no gRPC.
#ifndef PARALLAX_AGENT_SESSION_UNIX_LISTENER_H_
#define PARALLAX_AGENT_SESSION_UNIX_LISTENER_H_

#include <sys/stat.h>
#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace parallax::session {

class UnixListener {
 public:
  // Listens at `path`, which came from contract::ParseUnixAddress. The file has `mode` from its first instant, or less.
  // A socket on which nobody listens any more is replaced; one that somebody listens on, and whatever else lies there,
  // is not: Unavailable. InvalidArgument for a folder in which others could put something else in its place (its own or
  // one above it: another user's, or one that everybody may write and that is not sticky).
  static absl::StatusOr<std::unique_ptr<UnixListener>> Open(const std::string& path, mode_t mode);
  ~UnixListener();  // removes the file, if it still is ours
  UnixListener(const UnixListener&) = delete;
  UnixListener& operator=(const UnixListener&) = delete;

  int fd() const { return fd_; }  // readable: somebody waits
  // The next connection, non-blocking and close-on-exec; -1 when there is none, or no descriptor for it (errno).
  int Accept() const;

 private:
  UnixListener(int fd, std::string path, const struct stat& file) : fd_(fd), path_(std::move(path)), file_(file) {}

  const int fd_;
  const std::string path_;  // absolute, without links
  const struct stat file_;
};

}  // namespace parallax::session

#endif  // PARALLAX_AGENT_SESSION_UNIX_LISTENER_H_
