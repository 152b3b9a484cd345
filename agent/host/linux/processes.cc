#include "agent/host/processes.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "agent/host/host_files.h"
#include "agent/host/linux/proc_files.h"
#include "agent/net/clock.h"
#include "contract/limits.h"

namespace parallax::host {
namespace {

constexpr size_t kMaxDescriptors = 65536;  // of one process
constexpr size_t kMaxArguments = 256;

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

std::optional<std::string> ReadLink(const std::string& path) {
  char target[256];
  const ssize_t size = readlink(path.c_str(), target, sizeof(target));
  if (size < 0) return std::nullopt;
  return std::string(target, static_cast<size_t>(size));
}

template <typename Number>
bool ToNumber(std::string_view text, Number* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

// Of errno: the kernel refused. Anything else means that what we looked at has ended meanwhile.
bool Refused(int error) { return error == EACCES || error == EPERM; }

// Sockets, and the TUNs ("iff:" in fdinfo; only for descriptors of /dev/net/tun, the rest are many). False: not
// permitted.
bool ReadDescriptors(const std::string& base, Process* process) {
  const Folder folder(opendir((base + "/fd").c_str()));
  if (folder == nullptr) return !Refused(errno);
  size_t seen = 0;
  bool permitted = true;
  while (const dirent* entry = readdir(folder.get())) {
    if (entry->d_name[0] == '.') continue;
    if (++seen > kMaxDescriptors) break;
    const std::optional<std::string> target = ReadLink(absl::StrCat(base, "/fd/", entry->d_name));
    if (!target.has_value()) {
      if (Refused(errno)) permitted = false;
      continue;
    }
    std::string_view text = *target;
    if (text.starts_with("socket:[") && text.ends_with("]")) {
      uint64_t inode = 0;
      if (ToNumber(text.substr(8, text.size() - 9), &inode)) process->sockets.push_back(inode);
    } else if (text.ends_with("/tun") || text.ends_with("/tap")) {
      const std::string info = ReadSmallFile(absl::StrCat(base, "/fdinfo/", entry->d_name), 4096);
      for (const std::string& line : std::vector<std::string>(absl::StrSplit(info, '\n'))) {
        const std::vector<std::string> words = absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
        if (words.size() == 2 && words[0] == "iff:") process->tun_interfaces.push_back(words[1]);
      }
    }
  }
  return permitted;
}

int64_t SinceBootNs() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

ProcessTable ProcessTable::Read(int64_t deadline_ns) {
  std::vector<Process> processes;
  const Folder proc(opendir("/proc"));
  if (proc == nullptr || !ReadLink("/proc/self").has_value()) {
    return ProcessTable({}, false, "/proc is not mounted here, or cannot be read: no process can be seen",
                        /*blind=*/true);
  }
  const std::optional<std::string> ours = ReadLink("/proc/self/ns/net");
  const int64_t tick_ns = 1'000'000'000 / std::max(1L, sysconf(_SC_CLK_TCK));
  size_t hidden = 0;
  bool late = false;
  while (const dirent* entry = readdir(proc.get())) {
    Process process;
    if (!ToNumber(std::string_view(entry->d_name), &process.pid)) continue;
    if (net::SystemClock().MonotonicNs() > deadline_ns) {
      late = true;
      break;
    }
    const std::string base = absl::StrCat("/proc/", entry->d_name);
    ProcStat stat;
    if (!ParseProcStat(ReadSmallFile(base + "/stat", 4096), &stat)) continue;  // it has ended
    const std::optional<std::string> theirs = ReadLink(base + "/ns/net");
    const bool refused = !theirs.has_value() && Refused(errno);
    if (theirs.has_value() && ours.has_value() && *theirs != *ours) continue;
    process.parent = stat.parent;
    process.name = contract::Printable(stat.name, 64);
    process.state = StateWord(stat.state);
    process.start_ticks = stat.start_ticks;
    process.age_ns = std::max<int64_t>(0, SinceBootNs() - static_cast<int64_t>(stat.start_ticks) * tick_ns);
    process.argv = absl::StrSplit(ReadSmallFile(base + "/cmdline"), '\0', absl::SkipEmpty());
    if (process.argv.size() > kMaxArguments) process.argv.resize(kMaxArguments);
    // A zombie and a kernel thread hold nothing.
    const bool holds_nothing = stat.state == 'Z' || stat.state == 'X' || process.argv.empty();
    if (!theirs.has_value()) {  // hidden, perhaps of another namespace; or it has ended
      if (refused && !holds_nothing) ++hidden;
      continue;
    }
    if (!ReadDescriptors(base, &process) && !holds_nothing) ++hidden;
    processes.push_back(std::move(process));
  }
  std::string why;
  if (hidden > 0) {
    why = absl::StrCat("the descriptors of ", hidden, " processes are hidden from uid ", geteuid(),
                       ": run the agent as root, or as the user that the tunnel runs as");
  } else if (struct stat first{}; geteuid() != 0 && stat("/proc/1", &first) != 0) {
    why = absl::StrCat("/proc hides the processes of others from uid ", geteuid(),
                       " (hidepid): run the agent as root, or as the user that the tunnel runs as");
  } else if (late) {
    why = "there are too many processes to look at all of them in time";
  }
  const bool complete = why.empty();
  return ProcessTable(std::move(processes), complete, std::move(why));
}

}  // namespace parallax::host
