// Records steps, and tells the agent of each as it begins and as it ends, so that nothing is lost with this process.
// Not thread-safe.
#ifndef PARALLAX_AGENT_CLIENTS_REPORTER_H_
#define PARALLAX_AGENT_CLIENTS_REPORTER_H_

#include <string>
#include <string_view>
#include <utility>

#include "agent/probes/recorder.h"
#include "contract/limits.h"

namespace parallax::clients {

class Reporter {
 public:
  // Borrowed; `out_fd` takes framed observations (agent/probes/client_frames.h).
  Reporter(const net::Clock& clock, v1::Observation* observation, int out_fd);

  // What goes to a peer, and may be echoed by it: in no text that ends a step or that is shown, wherever that is cut.
  void KeepSecret(std::string secret) { secret_ = std::move(secret); }
  std::string WithoutSecret(std::string_view text) const;
  // What a peer said, as a text of a message: without the secret, printable and bounded.
  std::string Shown(std::string_view text, size_t max_bytes = contract::kMaxTextBytes) const;

  v1::Step* Begin(v1::StepKind kind, std::string_view variant = "");
  void End(v1::Step* step, v1::Failure failure, std::string_view text = "");
  // All that is known now. An agent that is gone ends this process, by SIGPIPE.
  void Tell();

  probes::Recorder& recorder() { return recorder_; }
  v1::Observation* observation() { return recorder_.observation(); }

 private:
  probes::Recorder recorder_;
  const int out_fd_;
  std::string secret_;
};

}  // namespace parallax::clients

#endif  // PARALLAX_AGENT_CLIENTS_REPORTER_H_
