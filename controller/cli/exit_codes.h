// What the process ends with, beside 0, 1 and 3 (controller/diagnose/diagnose.h, ExitCode).
#ifndef PARALLAX_CONTROLLER_CLI_EXIT_CODES_H_
#define PARALLAX_CONTROLLER_CLI_EXIT_CODES_H_

namespace parallax::cli {

inline constexpr int kExitHealthy = 0;
inline constexpr int kExitFault = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitCannotTell = 3;
inline constexpr int kExitInterrupted = 130;

}  // namespace parallax::cli

#endif  // PARALLAX_CONTROLLER_CLI_EXIT_CODES_H_
