// The last line of defence: a secret that a server or a library echoed, taken out of every text of a message.
// Thread-safe: no state.
#ifndef PARALLAX_AGENT_PROBES_ERASE_SECRET_H_
#define PARALLAX_AGENT_PROBES_ERASE_SECRET_H_

#include <string_view>

#include "google/protobuf/message.h"

namespace parallax::probes {

// Replaces each occurrence in string and bytes fields, at any depth, by "***". An empty secret is nowhere.
void EraseSecret(std::string_view secret, google::protobuf::Message* message);

}  // namespace parallax::probes

#endif  // PARALLAX_AGENT_PROBES_ERASE_SECRET_H_
