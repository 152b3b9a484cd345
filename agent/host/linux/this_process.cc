#include "agent/host/this_process.h"

#include <sys/stat.h>

#include "agent/host/host_files.h"
#include "agent/host/linux/proc_files.h"

namespace parallax::host {

std::optional<bool> IsPrivileged() {
  const std::string status = ReadSmallFile("/proc/self/status");
  if (status.empty()) return std::nullopt;
  return IsPrivileged(status);
}

std::optional<std::string> NetworkNamespace() {
  struct stat entry {};
  if (stat("/proc/self/ns/net", &entry) != 0) return std::nullopt;
  return std::to_string(entry.st_ino);
}

}  // namespace parallax::host
