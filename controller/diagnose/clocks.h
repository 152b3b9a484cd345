// Whether a certificate is out of date, or the clock of the side that looked. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_DIAGNOSE_CLOCKS_H_
#define PARALLAX_CONTROLLER_DIAGNOSE_CLOCKS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "parallax/v1/comparison.pb.h"

namespace parallax::diagnose {

struct ClockFault {
  std::string side;                   // whose clock
  int64_t ahead_s = 0;                // of the others'; negative: behind
  std::vector<std::string> valid_by;  // by whose clocks the certificate is valid: "the inside", "the controller"
  bool certain = false;               // more than one clock against another
};

// The dates of `tls`, which this side holds for wrong, are right by as many other clocks as they are wrong by, and this
// side's clock is apart from those. nullopt: the certificate itself is out of date, or nothing tells.
std::optional<ClockFault> WrongClock(const v1::Comparison& comparison, const std::string& side,
                                     const v1::TlsDetails& tls);

// "400 days", "3 hours", "12 minutes".
std::string SpanWords(int64_t seconds);

}  // namespace parallax::diagnose

#endif  // PARALLAX_CONTROLLER_DIAGNOSE_CLOCKS_H_
