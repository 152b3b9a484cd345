// A real `parallax-agent serve` on a port of its own; ended with the object. One thread.
#ifndef PARALLAX_TESTS_E2E_SERVED_AGENT_H_
#define PARALLAX_TESTS_E2E_SERVED_AGENT_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace parallax::e2e {

class ServedAgent {
 public:
  // Blocks until it listens; a test failure when it does not. `program` is the agent's path, `flags` come behind serve.
  explicit ServedAgent(const std::string& program, const std::vector<std::string>& flags = {});
  ~ServedAgent();
  ServedAgent(const ServedAgent&) = delete;
  ServedAgent& operator=(const ServedAgent&) = delete;

  const std::string& address() const { return address_; }  // "127.0.0.1:40001"
  void Signal(int signal) const;
  int Wait();  // its exit code; 128 + signal when it was killed

 private:
  pid_t pid_ = -1;
  std::string address_;
};

}  // namespace parallax::e2e

#endif  // PARALLAX_TESTS_E2E_SERVED_AGENT_H_
