// The two roles of a view: one side, the subject, is judged against another, the reference. The command line names its
// sides; here is the one place of this room that knows which of them plays which role. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_COMPARE_ROLES_H_
#define PARALLAX_CONTROLLER_COMPARE_ROLES_H_

#include <string>
#include <vector>

#include "parallax/v1/comparison.pb.h"

namespace parallax::compare {

inline constexpr char kReference[] = "inside";
inline constexpr char kSubject[] = "outside";

struct Roles {
  std::string subject = kSubject;
  std::string reference = kReference;
};

// Of N sides the N-1 views. The first is the one that the comparison's own status and first difference are of; a
// witness is the subject of one of the others.
std::vector<Roles> RolesOf(const v1::Comparison& comparison);

}  // namespace parallax::compare

#endif  // PARALLAX_CONTROLLER_COMPARE_ROLES_H_
