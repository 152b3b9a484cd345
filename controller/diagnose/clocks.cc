#include "controller/diagnose/clocks.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "controller/compare/outcomes.h"
#include "controller/diagnose/sameness.h"

namespace parallax::diagnose {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;
constexpr int64_t kDayS = 86'400;
// Nearer than this two clocks are one: a handshake does not happen on both sides at the same instant.
constexpr int64_t kApartS = 300;

const v1::SideSummary* SideNamed(const v1::Comparison& comparison, const std::string& name) {
  for (const v1::SideSummary& side : comparison.sides()) {
    if (side.name() == name) return &side;
  }
  return nullptr;
}

bool Measured(const v1::SideSummary& side) { return side.has_agent() && side.clock_uncertainty_ns() > 0; }
int64_t OffsetS(const v1::SideSummary& side) { return side.clock_offset_ns() / kSecondNs; }
// `local` stands on the controller's own host.
bool HasOwnClock(const v1::SideSummary& side) { return side.vantage() != "local"; }

// By this clock every certificate that was shown is valid, and stays so for `for_s`.
bool ValidAt(const v1::TlsDetails& tls, int64_t unix_s, int64_t for_s) {
  return std::all_of(tls.chain().begin(), tls.chain().end(), [&](const v1::Certificate& certificate) {
    const bool dated = certificate.not_before_unix() != 0 || certificate.not_after_unix() != 0;
    return dated && certificate.not_before_unix() <= unix_s && unix_s + for_s <= certificate.not_after_unix();
  });
}

struct OtherClock {
  std::string whose;
  int64_t unix_s = 0;
};

// The clocks of others at the moment of this handshake. One clock counts once.
std::vector<OtherClock> OtherClocks(const v1::Comparison& comparison, const v1::SideSummary& own, int64_t own_unix_s) {
  std::vector<OtherClock> others;
  for (const v1::SideSummary& side : comparison.sides()) {
    if (side.name() == own.name() || !Measured(side) || OnOneHost(side, own)) continue;
    others.push_back({absl::StrCat("the ", side.name()), own_unix_s - OffsetS(own) + OffsetS(side)});
  }
  const bool is_a_sides = std::any_of(comparison.sides().begin(), comparison.sides().end(),
                                      [](const v1::SideSummary& side) { return Measured(side) && !HasOwnClock(side); });
  if (!is_a_sides) others.push_back({"the controller", own_unix_s - OffsetS(own)});
  return others;
}

}  // namespace

std::optional<ClockFault> WrongClock(const v1::Comparison& comparison, const std::string& side,
                                     const v1::TlsDetails& tls) {
  const v1::SideSummary* own = SideNamed(comparison, side);
  if (own == nullptr || !Measured(*own) || tls.clock_unix() == 0) return std::nullopt;
  // What is wrong with it is not among the certificates that were shown.
  if (ValidAt(tls, tls.clock_unix(), 0)) return std::nullopt;
  ClockFault fault;
  fault.side = side;
  size_t agree = 1;
  for (const OtherClock& other : OtherClocks(comparison, *own, tls.clock_unix())) {
    const int64_t ahead_s = tls.clock_unix() - other.unix_s;
    const bool apart = std::abs(ahead_s) > kApartS;
    // One that is about to expire is to be renewed, whatever the clock of this side.
    if (apart && ValidAt(tls, other.unix_s, ahead_s > 0 ? kDayS : 0)) {
      fault.ahead_s = ahead_s;
      fault.valid_by.push_back(other.whose);
    } else {
      ++agree;
    }
  }
  if (fault.valid_by.empty() || fault.valid_by.size() < agree) return std::nullopt;
  // A server does not use a certificate before it was issued: a clock that is before that is behind.
  fault.certain = fault.valid_by.size() > agree || fault.ahead_s < 0;
  return fault;
}

std::string SpanWords(int64_t seconds) {
  const int64_t span = std::abs(seconds);
  if (span >= 2 * kDayS) return absl::StrCat((span + kDayS / 2) / kDayS, " days");
  if (span >= 2 * 3600) return absl::StrCat((span + 1800) / 3600, " hours");
  return absl::StrCat((span + 30) / 60, " minutes");
}

}  // namespace parallax::diagnose
