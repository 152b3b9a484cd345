#include "agent/clients/reporter.h"

#include <unistd.h>

#include <cerrno>
#include <string>

#include "agent/probes/client_frames.h"
#include "agent/probes/erase_secret.h"

namespace parallax::clients {

Reporter::Reporter(const net::Clock& clock, v1::Observation* observation, int out_fd)
    : recorder_(clock, observation), out_fd_(out_fd) {}

std::string Reporter::WithoutSecret(std::string_view text) const { return probes::WithoutSecret(secret_, text); }

std::string Reporter::Shown(std::string_view text, size_t max_bytes) const {
  return contract::Printable(WithoutSecret(text), max_bytes);
}

v1::Step* Reporter::Begin(v1::StepKind kind, std::string_view variant) {
  v1::Step* step = recorder_.Begin(kind, variant);
  Tell();
  return step;
}

void Reporter::End(v1::Step* step, v1::Failure failure, std::string_view text) {
  recorder_.End(step, failure, WithoutSecret(text));
  Tell();
}

void Reporter::Tell() {
  const std::string frame = probes::Frame(*recorder_.observation());
  for (size_t at = 0; at < frame.size();) {
    const ssize_t written = write(out_fd_, frame.data() + at, frame.size() - at);
    if (written < 0 && errno != EINTR) return;
    at += written < 0 ? 0 : static_cast<size_t>(written);
  }
}

}  // namespace parallax::clients
