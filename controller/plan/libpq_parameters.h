// Every parameter that a connection string of libpq can have, through PostgreSQL 18, and what is done of it here: one
// table. A test holds it against the list of the installed libpq. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_PLAN_LIBPQ_PARAMETERS_H_
#define PARALLAX_CONTROLLER_PLAN_LIBPQ_PARAMETERS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace parallax::plan {

enum class Treatment {
  kHonoured,  // it becomes part of the target
  kHarmless,  // it cannot change whether and how a connection comes about: ignored, and the report says so and why
  kRefused,   // it can, and is not done here: an error says so, with the nearest form that works
};

struct LibpqParameter {
  std::string_view name;
  std::string_view variable;  // of the environment; "" none
  Treatment treatment;
  std::string_view values;    // all that may stand there, apart by '|'; "int"; "" anything
  std::string_view harmless;  // of a refused one: values that ask for nothing, apart by '|'
  std::string_view words;     // why, and what to write; "" of honoured ones
};

// In the order of the manual.
const std::vector<LibpqParameter>& LibpqParameters();
const LibpqParameter* FindLibpqParameter(std::string_view name);

// Whether `value`, not empty, can be taken, and how. InvalidArgument names the parameter and what to write; the value
// is repeated only when `may_show`.
absl::Status CheckLibpqValue(const LibpqParameter& parameter, std::string_view value, bool may_show);

// What is done of this value of a parameter that CheckLibpqValue() takes: kHonoured or kHarmless.
Treatment TreatmentOf(const LibpqParameter& parameter);

// Why a parameter that is not libpq's, but known of applications and their libraries, changes nothing on the path;
// "" for one that nobody knows.
std::string_view WhyForeignIsHarmless(std::string_view name);

}  // namespace parallax::plan

#endif  // PARALLAX_CONTROLLER_PLAN_LIBPQ_PARAMETERS_H_
