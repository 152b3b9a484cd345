#include "contract/this_program.h"

#include <unistd.h>

#include <climits>

namespace parallax::contract {

std::optional<std::string> PathOfThisProgram() {
  char path[PATH_MAX];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof(path));
  if (size <= 0) return std::nullopt;
  return std::string(path, static_cast<size_t>(size));
}

void StartAnew(char** argv) { execv("/proc/self/exe", argv); }

}  // namespace parallax::contract
