// What was observed, in the few words that fit a cell of the table. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_COMPARE_WORDS_H_
#define PARALLAX_CONTROLLER_COMPARE_WORDS_H_

#include <cstdint>
#include <string>

#include "parallax/v1/comparison.pb.h"

namespace parallax::compare {

// "0.4 ms", "41 ms", "5.0 s", "3 min".
std::string Duration(int64_t ns);

// "10.0.4.172:5432", "[fd00::5]:5432"; the address alone when there is no port.
std::string HostPort(const std::string& host, uint32_t port);

// "by the first eight hex digits": "9c41d2ab" of a digest or a fingerprint; "" stays "".
std::string ShortDigest(const std::string& hex);

// What the step says on the row of its kind: "0.4 ms", "S in 0.9 ms", "closed in 0.4 ms, 0 bytes", "silent for 5.0 s".
// Attempts that disagree are counted: "refused in 41 ms (2 of 3)".
std::string StepCell(const v1::StepSummary& step);

// Of a control: "refused", "silent", "accepted".
std::string ControlCell(const v1::SideOutcome& outcome);

// The row's label for a step: "ssl request", "tls".
std::string StepLabel(v1::StepKind kind);

// The summary of that step (and variant) on that side of the pair; nullptr when it was not attempted.
// The variant of the QUERY step of a session that was held open and that the server ended before its time.
inline constexpr char kHeld[] = "held";

const v1::StepSummary* FindStep(const v1::SideOutcome& outcome, v1::StepKind kind, const std::string& variant);
const v1::SideOutcome* FindSide(const v1::Pair& pair, const std::string& side);

}  // namespace parallax::compare

#endif  // PARALLAX_CONTROLLER_COMPARE_WORDS_H_
