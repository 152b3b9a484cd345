// Runs a program of ours to its end and keeps what it said. For the tests of whole programs.
//
// One thread at a time.
#ifndef PARALLAX_TESTS_E2E_CHILD_RUN_H_
#define PARALLAX_TESTS_E2E_CHILD_RUN_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace parallax::e2e {

struct ChildOptions {
  std::map<std::string, std::string> environment;  // all of it: nothing is inherited
  bool own_network = false;                        // a network namespace with nothing but loopback
  bool stdout_is_gone = false;                     // a pipe that nobody reads
  bool stdout_is_full = false;                     // a pipe that nobody empties
  int64_t max_file_bytes = -1;                     // RLIMIT_FSIZE
  std::map<int, int64_t> limits;                   // other resources of setrlimit(2)
  uid_t user = 0;                                  // 0: as who runs the tests. Limits on processes spare root
  int seconds = 60;                                // then SIGALRM ends it
};

struct ChildResult {
  int exit = -1;  // exit code; 128 + signal when it was killed
  std::string out;
  std::string err;
};

// A child under way.
class Child {
 public:
  Child(const std::vector<std::string>& words, const ChildOptions& options);
  ChildResult Wait();  // to be called once
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  int out_ = -1;  // unlinked files: nothing can fill up and block
  int err_ = -1;
};

// exit 77: own_network was asked for and this machine gives none.
inline constexpr int kNoNetworkOfOurOwn = 77;

ChildResult RunChild(const std::vector<std::string>& words, const ChildOptions& options);

}  // namespace parallax::e2e

#endif  // PARALLAX_TESTS_E2E_CHILD_RUN_H_
