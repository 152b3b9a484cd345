// The last line of defence: a secret that a server or a library echoed, taken out of every text of a message.
// Thread-safe: no state.
#ifndef PARALLAX_AGENT_PROBES_ERASE_SECRET_H_
#define PARALLAX_AGENT_PROBES_ERASE_SECRET_H_

#include <string>
#include <string_view>

#include "google/protobuf/message.h"

namespace parallax::probes {

// `text` with "***" for each occurrence. An empty secret is nowhere. A text that is going to be cut passes through here
// before: of a secret at the cut a part would stay.
std::string WithoutSecret(std::string_view secret, std::string_view text);

// The same in all string and bytes fields, at any depth.
void EraseSecret(std::string_view secret, google::protobuf::Message* message);

}  // namespace parallax::probes

#endif  // PARALLAX_AGENT_PROBES_ERASE_SECRET_H_
