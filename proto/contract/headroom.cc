#include "contract/headroom.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace parallax::contract {
namespace {

std::string LimitText(decltype(RLIMIT_NOFILE) resource) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return "no limit of this process";
  return absl::StrCat("the limit is ", static_cast<uint64_t>(limit.rlim_cur));
}

absl::Status CheckDescriptors(int needed) {
  std::vector<int> taken;
  int error = 0;
  while (error == 0 && static_cast<int>(taken.size()) < needed) {
    const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
      error = errno;
    } else {
      taken.push_back(fd);
    }
  }
  for (const int fd : taken) close(fd);
  if (error != EMFILE && error != ENFILE) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("only ", taken.size(), " descriptors can be had, and a session needs ", needed, " (",
                   LimitText(RLIMIT_NOFILE), "): raise it, as by ulimit -n 1024 or systemd's LimitNOFILE"));
}

void* WaitForLatch(void* latch) {
  auto* mutex = static_cast<pthread_mutex_t*>(latch);
  pthread_mutex_lock(mutex);
  pthread_mutex_unlock(mutex);
  return nullptr;
}

absl::Status CheckThreads(int needed) {
  // All at once: they wait until the last has started.
  pthread_mutex_t latch = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&latch);
  std::vector<pthread_t> started;
  int error = 0;
  while (error == 0 && static_cast<int>(started.size()) < needed) {
    pthread_t thread{};
    error = pthread_create(&thread, nullptr, &WaitForLatch, &latch);
    if (error == 0) started.push_back(thread);
  }
  pthread_mutex_unlock(&latch);
  for (const pthread_t thread : started) pthread_join(thread, nullptr);
  if (error == 0) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("only ", started.size(), " threads can be had, and a session needs ", needed, " (",
                   LimitText(RLIMIT_NPROC), " for all processes of this user; memory: ", LimitText(RLIMIT_AS),
                   "): raise it, as by ulimit -u, ulimit -v, systemd's TasksMax or a container's limit on pids"));
}

// Both at once: what the threads take is not there for the rest. Each alone may be had where both cannot.
absl::Status CheckMemoryAndThreads(size_t bytes, int threads) {
  if (bytes == 0) return CheckThreads(threads);
  void* const place = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (place != MAP_FAILED) {
    absl::Status status = CheckThreads(threads);
    munmap(place, bytes);
    return status;
  }
  return absl::ResourceExhaustedError(absl::StrCat("there is no memory for a session, which needs ", bytes >> 20,
                                                   " MiB of addresses (", LimitText(RLIMIT_AS),
                                                   "): raise it, as by ulimit -v unlimited"));
}

}  // namespace

void EndInWordsWithoutMemory(const char* program, int exit_code) {
  struct Last {
    const char* program = "";
    int exit_code = 1;
  };
  static Last last;  // a handler takes no argument
  last = {program, exit_code};
  std::set_new_handler([] {
    constexpr char kWords[] = ": there is no memory left: raise the limit (ulimit -v, a container's), or free some\n";
    // Nothing here may allocate.
    if (write(STDERR_FILENO, last.program, std::strlen(last.program)) >= 0 &&
        write(STDERR_FILENO, kWords, sizeof(kWords) - 1) >= 0) {
    }
    _exit(last.exit_code);
  });
}

void RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

absl::Status CheckHeadroom(const Headroom& needed) {
  if (absl::Status status = CheckDescriptors(needed.descriptors); !status.ok()) return status;
  return CheckMemoryAndThreads(needed.bytes, needed.threads);
}

}  // namespace parallax::contract
