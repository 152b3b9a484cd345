#include "contract/peer_user.h"

namespace parallax::contract {

std::optional<uid_t> PeerUser(int /*fd*/) { return std::nullopt; }

}  // namespace parallax::contract
