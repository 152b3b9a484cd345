#include "contract/this_program.h"

namespace parallax::contract {

std::optional<std::string> PathOfThisProgram() { return std::nullopt; }

void StartAnew(char** /*argv*/) {}

}  // namespace parallax::contract
