// Reads a certificate's or a key's file for the checks of pem.h. Stateless; thread-safe. A target of its own, so that
// files stay out of the core.
#ifndef PARALLAX_CONTRACT_PEM_FILE_H_
#define PARALLAX_CONTRACT_PEM_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "contract/pem.h"

namespace parallax::contract {

// NotFound names the file and says why it cannot be read: not there, a folder, empty.
absl::StatusOr<PemFile> ReadPemFile(const std::string& path);

}  // namespace parallax::contract

#endif  // PARALLAX_CONTRACT_PEM_FILE_H_
