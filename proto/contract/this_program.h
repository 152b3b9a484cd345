// Where the file of the running program is. For both programs. Thread-safe.
#ifndef PARALLAX_CONTRACT_THIS_PROGRAM_H_
#define PARALLAX_CONTRACT_THIS_PROGRAM_H_

#include <optional>
#include <string>

namespace parallax::contract {

// Absolute, without links; no value where the system does not tell.
std::optional<std::string> PathOfThisProgram();

// Starts this very program anew in this process, also where its file was replaced or removed. Returns only when it
// cannot.
void StartAnew(char** argv);

}  // namespace parallax::contract

#endif  // PARALLAX_CONTRACT_THIS_PROGRAM_H_
