// What a deployed health endpoint says for a side that has no agent. Pure; thread-safe.
//
// It is one word of the application about its own connection: no stage, no control and no identity is in it. Whoever
// reads it must not conclude more.
#ifndef PARALLAX_CONTROLLER_COMPARE_HEALTH_H_
#define PARALLAX_CONTROLLER_COMPARE_HEALTH_H_

#include <string>

#include "parallax/v1/comparison.pb.h"
#include "parallax/v1/run.pb.h"

namespace parallax::compare {

enum class HealthWord {
  kUnreached,     // no answer came to this host, which says nothing about the target
  kSaysNothing,   // it answers, and not what was asked: another page, a login, a pointer that is not there
  kConnected,     // what was expected held, in every attempt
  kNotConnected,  // it answers with another value, or with an error (5xx) that can be nobody else's
};

struct HealthReading {
  HealthWord word = HealthWord::kUnreached;
  v1::HealthSays says;
  std::string why;  // of kUnreached and kSaysNothing, in words for people
};

// From the run's HEALTH probes and what `side`, whose health_url is set, observed of them.
HealthReading ReadHealth(const v1::Run& run, const v1::Side& side);

}  // namespace parallax::compare

#endif  // PARALLAX_CONTROLLER_COMPARE_HEALTH_H_
