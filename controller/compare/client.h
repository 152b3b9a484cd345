// The real client (probes with role CLIENT) beside the target's own probes: a pair apart, which never enters a side's
// health. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_COMPARE_CLIENT_H_
#define PARALLAX_CONTROLLER_COMPARE_CLIENT_H_

#include <string>

#include "parallax/v1/comparison.pb.h"

namespace parallax::compare {

// What the real client met on one side, over every address that the side dials.
struct ClientSays {
  bool asked = false;              // it ran, in every attempt
  bool failed = false;             // and met a failure of the server's or of the way there
  std::string why_not;             // it was to run, and could not
  const v1::Pair* pair = nullptr;  // the first with a failure, else the first; null when no client was asked for
};
ClientSays ReadClient(const v1::Comparison& comparison, const v1::SideSummary& side);

}  // namespace parallax::compare

#endif  // PARALLAX_CONTROLLER_COMPARE_CLIENT_H_
