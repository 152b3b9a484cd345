// Reads a whole file whose path came from outside: from a plan, a flag, an experiment. Never blocks on what is no plain
// file (a FIFO without a writer blocks open(2), a terminal blocks read(2)). Stateless; thread-safe. A target of its
// own, so that files stay out of the core.
#ifndef PARALLAX_CONTRACT_REGULAR_FILE_H_
#define PARALLAX_CONTRACT_REGULAR_FILE_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace parallax::contract {

// The bytes of the regular file `path`. Messages are one phrase without the path, for the caller to put behind it:
// NotFound or PermissionDenied as open(2) says it ("No such file or directory"), FailedPrecondition for what is no
// regular file ("it is a directory", "it is a FIFO"), OutOfRange for one of more than `max_bytes`.
absl::StatusOr<std::string> ReadRegularFile(const std::string& path, size_t max_bytes);

// OK unless something is at `path` that is no regular file and would block who opens it. What is not there is OK too:
// whoever opens it says so.
absl::Status CheckOpensAtOnce(const std::string& path);

}  // namespace parallax::contract

#endif  // PARALLAX_CONTRACT_REGULAR_FILE_H_
