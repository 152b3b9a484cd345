// Probes that do as their spec says, and a clock that moves when somebody waits: for tests of the runner and the
// session.
//
// A spec is a tcp probe whose `send` names the act:
//   ""        ends well, at once
//   "gate"    waits until Theatre::Open() or cancellation (then outcome CANCELLED)
//   "huge"    records more than one message holds
//   "refused" ends well and records outcome REFUSED
//   else      the question cannot be asked: a status whose message is the act, "denied..." PermissionDenied,
//             "broken..." Internal
// A postgres, sql or http probe ends well, at once. A tls probe is never valid. The other kinds are not known.
#ifndef PARALLAX_TESTS_SUPPORT_FAKE_PROBES_H_
#define PARALLAX_TESTS_SUPPORT_FAKE_PROBES_H_

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "agent/net/clock.h"
#include "agent/probes/probe.h"
#include "agent/runner/waiter.h"
#include "parallax/v1/plan.pb.h"

namespace parallax::support {

// What the fake probes saw. Thread-safe. One at a time: the newest that lives.
class Theatre {
 public:
  Theatre();
  ~Theatre();
  Theatre(const Theatre&) = delete;
  Theatre& operator=(const Theatre&) = delete;

  void Open();
  // Blocks until so many probes stand at the gate; false after 20 s.
  bool AwaitAtGate(int count);
  int most_at_once() const;
  struct Seen {
    std::string probe;
    int64_t now_ns = 0;
    int64_t deadline_ns = 0;
    int64_t step_timeout_ns = 0;
    std::string secret;  // of "controller:P"
    size_t connect_to = 0;
  };
  std::vector<Seen> seen() const;

  absl::Status Act(const v1::ProbeSpec& spec, const probes::Context& context, probes::Recorder& recorder);

 private:
  mutable std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  bool open_ = false;
  int at_gate_ = 0;
  int running_ = 0;
  int most_ = 0;
  std::vector<Seen> seen_;
};

std::span<const probes::Probe> FakeProbes();

// "p1", "p2", ... with these acts.
v1::Plan PlanOf(const std::vector<std::string>& acts, uint32_t attempts = 1);

// Both the clock and the waiter: waiting moves the clock. Thread-safe.
class FakeTime final : public net::Clock, public runner::Waiter {
 public:
  static constexpr int64_t kUnixMinusMonotonic = 1'700'000'000'000'000'000;
  int64_t MonotonicNs() const override;
  int64_t UnixNs() const override { return MonotonicNs() + kUnixMinusMonotonic; }
  bool WaitUntil(int64_t monotonic_ns, const net::CancelToken& cancel) const override;
  // The instants that were waited for.
  std::vector<int64_t> waits() const;

 private:
  mutable std::mutex mutex_;  // guards all below
  mutable int64_t now_ns_ = 1'000'000'000;
  mutable std::vector<int64_t> waits_;
};

}  // namespace parallax::support

#endif  // PARALLAX_TESTS_SUPPORT_FAKE_PROBES_H_
