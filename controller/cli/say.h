// Words on stderr, for people: errors and warnings. Thread-safe.
#ifndef PARALLAX_CONTROLLER_CLI_SAY_H_
#define PARALLAX_CONTROLLER_CLI_SAY_H_

#include <string>
#include <string_view>

namespace parallax::cli {

void SetUpLog();  // once, at the start

// "parallax: error: ..."; gives kExitUsage, so that a command can return it.
int UsageError(std::string_view text);
void Warn(std::string_view text);

}  // namespace parallax::cli

#endif  // PARALLAX_CONTROLLER_CLI_SAY_H_
