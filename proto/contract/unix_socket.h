// Unix sockets by path: what may be one, and the way to one that listens, with errors for people. For both programs.
// Stateless; thread-safe.
#ifndef PARALLAX_CONTRACT_UNIX_SOCKET_H_
#define PARALLAX_CONTRACT_UNIX_SOCKET_H_

#include <sys/socket.h>
#include <sys/un.h>

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace parallax::contract {

inline constexpr std::string_view kUnixScheme = "unix:";

// The path of "unix:PATH" and "unix:///PATH". InvalidArgument for none, for one that sockaddr_un(7) has no room for,
// and for an abstract name ("@..."), which has no file modes and so lets everybody in.
absl::StatusOr<std::string> ParseUnixAddress(std::string_view text);

// `path` must have come from ParseUnixAddress.
sockaddr_un UnixAddress(const std::string& path);

// Whether to speak to a process that listens at `path`: one of this user (`self`), of root, or of the owner of the
// socket's folder (`keeper`), who decides what lies there. PermissionDenied says whose it is; Unavailable: nobody
// knows.
absl::Status CheckListenerUser(std::optional<uid_t> listener, uid_t self, std::optional<uid_t> keeper,
                               const std::string& path);

// A connected, non-blocking descriptor, close-on-exec, to a process that CheckListenerUser lets be. NotFound,
// PermissionDenied or Unavailable say what is there, whose it is and what to do; FailedPrecondition: a socket on which
// nobody listens any more. Never blocks.
absl::StatusOr<int> ConnectUnix(const std::string& path);

}  // namespace parallax::contract

#endif  // PARALLAX_CONTRACT_UNIX_SOCKET_H_
