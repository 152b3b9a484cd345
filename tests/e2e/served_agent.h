// A real `parallax-agent serve` at a place of its own; ended with the object. One thread.
#ifndef PARALLAX_TESTS_E2E_SERVED_AGENT_H_
#define PARALLAX_TESTS_E2E_SERVED_AGENT_H_

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

namespace parallax::e2e {

// What callers of a ServedAgent on TCP show, unless its flags say otherwise.
inline constexpr char kAgentToken[] = "a-token-that-only-these-tests-know-0123456789";

class ServedAgent {
 public:
  // Blocks until it listens; a test failure when it does not. `program` is the agent's path, `flags` come behind serve.
  // Without a --listen it takes a port of the loopback; without --tls-client-ca and a flag about tokens, kAgentToken.
  // `environment` is added to ours.
  explicit ServedAgent(const std::string& program, const std::vector<std::string>& flags = {},
                       const std::map<std::string, std::string>& environment = {});
  ~ServedAgent();
  ServedAgent(const ServedAgent&) = delete;
  ServedAgent& operator=(const ServedAgent&) = delete;

  const std::string& address() const { return address_; }  // "127.0.0.1:40001", "unix:/tmp/..."
  pid_t pid() const { return pid_; }
  void Signal(int signal) const;
  int Wait();  // its exit code; 128 + signal when it was killed

 private:
  pid_t pid_ = -1;
  std::string address_;
};

}  // namespace parallax::e2e

#endif  // PARALLAX_TESTS_E2E_SERVED_AGENT_H_
