// Ends the process when its own end takes too long: a thread that waits for what no deadline reaches (a disk that does
// not answer, a library) must not keep an agent alive after its controller left or its host asked it to end.
//
// Of the process: one at a time, armed and disarmed by the thread that ends it. Uses SIGALRM and no thread, so that it
// works where no thread can be had.
#ifndef PARALLAX_AGENT_SESSION_LAST_RESORT_H_
#define PARALLAX_AGENT_SESSION_LAST_RESORT_H_

#include <chrono>

namespace parallax::session {

class LastResort {
 public:
  static constexpr int kExitCode = 1;

  // From here on it lives at most for `left`: then it says so on stderr and _exits with kExitCode. Disarmed by the
  // destructor.
  explicit LastResort(std::chrono::milliseconds left);
  ~LastResort();
  LastResort(const LastResort&) = delete;
  LastResort& operator=(const LastResort&) = delete;
};

}  // namespace parallax::session

#endif  // PARALLAX_AGENT_SESSION_LAST_RESORT_H_
