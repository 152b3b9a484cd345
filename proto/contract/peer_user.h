// Whose process is at the other end of a unix socket. For both programs. Thread-safe.
#ifndef PARALLAX_CONTRACT_PEER_USER_H_
#define PARALLAX_CONTRACT_PEER_USER_H_

#include <sys/types.h>

#include <optional>

namespace parallax::contract {

// The effective user of the process at the other end of the connected unix socket `fd`, when it called listen(2). No
// value where the system does not tell.
std::optional<uid_t> PeerUser(int fd);

}  // namespace parallax::contract

#endif  // PARALLAX_CONTRACT_PEER_USER_H_
