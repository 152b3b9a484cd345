// Secret references of one comparison, and the values that may be sent to the sides.
//
// Holds values; they go nowhere but into SideConfig.secrets.
#ifndef PARALLAX_CONTROLLER_CONDUCT_SECRET_VALUES_H_
#define PARALLAX_CONTROLLER_CONDUCT_SECRET_VALUES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "parallax/v1/run.pb.h"
#include "parallax/v1/session.pb.h"

namespace parallax::conduct {

struct TargetSecrets {
  std::vector<std::string> refs;         // parallel to the targets; "" none
  std::vector<v1::SecretValue> to_send;  // to every side: local and exec carriers are private
};

// What a target brings itself.
struct TargetPassword {
  std::string password;
  bool written = false;  // in the URL: then it goes before --password-from
  std::string ref;       // what it is called by, as in "controller:PGPASSWORD"
};

// `own` are parallel to the targets; `ref` is --password-from, "" none. A password in a URL goes before `ref`, and
// `ref` before what psql would have found elsewhere. env: references are sent when this process has them set: agents
// look in their own environment first. InvalidArgument for a controller:NAME that is not set here.
absl::StatusOr<TargetSecrets> ResolveSecrets(const std::vector<TargetPassword>& own, const std::string& ref);

// Which value was used, as the agents said, on each side of the run.
void NoteSecretOrigins(const TargetSecrets& secrets, v1::Run& run);

}  // namespace parallax::conduct

#endif  // PARALLAX_CONTROLLER_CONDUCT_SECRET_VALUES_H_
