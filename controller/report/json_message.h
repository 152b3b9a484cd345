// Any message of the contract as JSON, by reflection: for the details of steps, which the report shows as they are.
// Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_REPORT_JSON_MESSAGE_H_
#define PARALLAX_CONTROLLER_REPORT_JSON_MESSAGE_H_

#include <google/protobuf/message.h>

#include <cstdint>
#include <nlohmann/json.hpp>

#include "absl/status/status.h"

namespace parallax::report {

// lowerCamelCase names, defaults printed, absent messages null; enums as contract::Name; `foo_ns` becomes `fooMs`, a
// double; bytes as lower-case hex; a oneof member is there only when it is set.
nlohmann::ordered_json MessageJson(const google::protobuf::Message& message);

// The way back: fills `message` from what MessageJson made of it. Keys that it does not have are passed over. Times
// went through a double: durations come back as they were, a time of day to within a microsecond. InvalidArgument names
// the key.
absl::Status MessageFromJson(const nlohmann::ordered_json& json, google::protobuf::Message* message);

double Milliseconds(int64_t ns);

}  // namespace parallax::report

#endif  // PARALLAX_CONTROLLER_REPORT_JSON_MESSAGE_H_
