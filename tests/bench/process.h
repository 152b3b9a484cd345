// A program that the bench started and measures: its CPU time and its resident memory, as the kernel counts them.
//
// Owns the process: the destructor ends and reaps it. Not thread-safe.
#ifndef PARALLAX_TESTS_BENCH_PROCESS_H_
#define PARALLAX_TESTS_BENCH_PROCESS_H_

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace parallax::bench {

class Process {
 public:
  // Starts `words` without a shell. `stdio_fd` becomes its stdin and stdout; -1: /dev/null. Its stderr goes to
  // `stderr_path`, or where ours goes when that is "".
  static absl::StatusOr<std::unique_ptr<Process>> Start(const std::vector<std::string>& words, int stdio_fd,
                                                        const std::string& stderr_path);
  ~Process();  // SIGKILL: nothing that the bench starts has anything to lose
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // User and system time of all its threads so far, clock_getcpuclockid(3). 0 when it is gone.
  double CpuSeconds() const;
  // Resident memory now, private and shared pages alike: Rss of /proc/PID/smaps_rollup, which is exact where statm is
  // not. 0 when it is gone.
  size_t ResidentKb() const;
  // Blocks until it ends by itself; its exit code, 128 + the signal when one ended it.
  int Wait();

 private:
  explicit Process(pid_t pid) : pid_(pid) {}

  pid_t pid_;  // 0 once reaped
};

}  // namespace parallax::bench

#endif  // PARALLAX_TESTS_BENCH_PROCESS_H_
