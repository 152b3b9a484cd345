// The files of /proc/PID (proc(5)). Pure; thread-safe.
#ifndef PARALLAX_AGENT_HOST_LINUX_PROC_FILES_H_
#define PARALLAX_AGENT_HOST_LINUX_PROC_FILES_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace parallax::host {

// The fields of /proc/PID/stat that are used here; false when `text` is no such file. `start_ticks` since boot.
struct ProcStat {
  std::string name;
  char state = '?';
  int32_t parent = 0;
  uint64_t start_ticks = 0;
};
bool ParseProcStat(std::string_view text, ProcStat* stat);
// The word for a state letter.
std::string StateWord(char letter);

// Whether a process with this /proc/PID/status may look into other users' processes: effective uid 0, or CAP_SYS_PTRACE
// and CAP_NET_ADMIN in effect.
bool IsPrivileged(std::string_view status);

}  // namespace parallax::host

#endif  // PARALLAX_AGENT_HOST_LINUX_PROC_FILES_H_
