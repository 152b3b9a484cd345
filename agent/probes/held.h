// A session that is held open and idle, as a pool holds its connections, and what is told where the server ends it
// before its time. Pure; thread-safe.
#ifndef PARALLAX_AGENT_PROBES_HELD_H_
#define PARALLAX_AGENT_PROBES_HELD_H_

#include <cstdint>
#include <string>

#include "parallax/v1/observation.pb.h"

namespace parallax::probes {

// The variant of the step QUERY that fails then. A hold that lasts is no step: nothing was asked.
inline constexpr char kHeldVariant[] = "held";

// "the session was ended after 2.9 s of 6 s idle", or, where the server said so, that it did, and its last word.
std::string EndedWhileHeld(int64_t after_ns, int64_t of_ns, const v1::ServerError& last_word);

}  // namespace parallax::probes

#endif  // PARALLAX_AGENT_PROBES_HELD_H_
