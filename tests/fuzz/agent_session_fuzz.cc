// What a controller may send: ControllerMessages, each behind its length in two bytes, into a whole session with a
// runner whose probes touch no network.
#include <mutex>

#include "agent/policy/policy.h"
#include "agent/runner/runner.h"
#include "agent/session/agent_session.h"
#include "tests/fuzz/fuzzed_stream.h"
#include "tests/support/fake_probes.h"

namespace parallax {
namespace {

using fuzz::Require;

// The controller's end; the session ends when the input does. Thread-safe, as the session's writes come from two
// threads.
class FuzzedController final : public session::Stream {
 public:
  explicit FuzzedController(std::string_view input) : input_(input) {}

  bool Read(v1::ControllerMessage* message) override {
    while (input_.size() >= 2) {
      const size_t high = fuzz::TakeByte(&input_);
      const size_t size = std::min<size_t>(high << 8 | fuzz::TakeByte(&input_), input_.size());
      const std::string bytes(input_.substr(0, size));
      input_.remove_prefix(size);
      if (message->ParseFromString(bytes)) return true;  // gRPC would end the stream; the next one may be more telling
    }
    return false;
  }
  bool Write(const v1::AgentMessage& message) override {
    std::lock_guard lock(mutex_);
    Require(wrote_ || message.has_hello());
    wrote_ = true;
    if (message.has_observation()) Require(message.observation().number() == ++last_number_);
    v1::AgentMessage again;
    Require(again.ParseFromString(message.SerializeAsString()));
    return true;
  }
  void Cancel() override {}

 private:
  std::string_view input_;  // of the reader's thread
  std::mutex mutex_;
  bool wrote_ = false;        // guarded by mutex_
  uint64_t last_number_ = 0;  // guarded by mutex_
};

absl::Status Accept(const v1::ProbeSpec& spec) {
  return spec.tcp().endpoint().port() == 1 ? absl::InvalidArgumentError("port 1") : absl::OkStatus();
}

absl::Status Observe(const v1::ProbeSpec& spec, const probes::Context& context, probes::Recorder& recorder) {
  v1::Step* step = recorder.Begin(v1::CONNECT, spec.name());
  recorder.End(step, v1::NONE, spec.why());
  return context.secrets.Resolve(spec.postgres().password().ref()).status();
}

constexpr probes::Probe kProbes[] = {
    {v1::ProbeSpec::kTcp, "tcp", &Accept, &Observe},
    {v1::ProbeSpec::kPostgres, "postgres", &Accept, &Observe},
};

}  // namespace
}  // namespace parallax

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace parallax;  // NOLINT: the entry point has no namespace
  const support::FakeTime time;
  const policy::Policy policy;
  const runner::Runner runner(time, policy, kProbes, 2, time);
  // No files and commands: a reference to a FIFO or to a program that sleeps is not what is looked for here.
  session::AgentSession session(runner, time, session::MakeHello(kProbes), session::SessionOptions());
  FuzzedController controller(fuzz::View(data, size));
  session.Run(controller).IgnoreError();
  return 0;
}
