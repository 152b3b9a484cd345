// The proof ladder: how far a side proved its way to the target, and whether that is far enough. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_COMPARE_LADDER_H_
#define PARALLAX_CONTROLLER_COMPARE_LADDER_H_

#include <set>
#include <string>

#include "parallax/v1/comparison.pb.h"

namespace parallax::compare {

// The highest rung that `side` proved in `pair`, which is a target's. `side` has its controls and locality; `reference`
// is the reference's outcome of the same pair, or null.
v1::Rung RungOf(const v1::Pair& pair, const v1::SideSummary& side, const v1::SideOutcome* reference);

// Spoken to directly, the tunnel's own SOCKS port connects to this endpoint and to no negative control: it dials before
// it answers, so the endpoint was reached from beyond the tunnel, whatever became of the conversation.
bool SocksReaches(const v1::SideSummary& side, const std::string& endpoint);

// Every attempt went as far as health demands for this kind of target.
bool HealthyAt(const v1::Pair& pair, const v1::SideSummary& side);

// The address is of IPv6, and this side's own kernel has no way to it, in any attempt.
bool LacksIpv6(const v1::Pair& pair, const v1::SideSummary& side);

// The certificates (SHA-256 of the DER) that the target's port showed, over all attempts.
std::set<std::string> Certificates(const v1::SideOutcome& outcome);

// What a query said about the server: its system identifier, or else its address. Over all attempts.
std::set<std::string> ServerIdentities(const v1::SideOutcome& outcome, bool by_address);

// True when both sides saw an identity and none of one side is among the other's.
bool IdentitiesDiffer(const v1::SideOutcome& reference, const v1::SideOutcome& subject);

}  // namespace parallax::compare

#endif  // PARALLAX_CONTROLLER_COMPARE_LADDER_H_
