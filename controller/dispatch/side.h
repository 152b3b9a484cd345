// One side of a run: its command, its link, and how far it came. Plain state that the dispatcher steps; nothing blocks
// but CopyAgent, Settle and Close. Used from the dispatcher's thread only.
#ifndef PARALLAX_CONTROLLER_DISPATCH_SIDE_H_
#define PARALLAX_CONTROLLER_DISPATCH_SIDE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/dispatch/agent_copy.h"
#include "controller/dispatch/agent_link.h"
#include "controller/dispatch/bell.h"
#include "controller/dispatch/child_process.h"
#include "controller/dispatch/dispatcher.h"
#include "controller/dispatch/missing.h"
#include "controller/dispatch/preamble.h"
#include "controller/dispatch/reach.h"
#include "controller/dispatch/scrub.h"
#include "controller/dispatch/ssh_script.h"
#include "controller/dispatch/vantage.h"

namespace parallax::dispatch {

class Side {
 public:
  enum class Stage {
    kNew,
    kPreamble,
    kAbsent,  // ssh: is there, the agent of this release is not, and the host waits for one
    kHello,
    kClock,
    kReady,
    kLost,
  };

  // `reach` and `bell` are borrowed.
  Side(SideConfig config, Vantage vantage, const Reach& reach, Bell& bell);

  // Connecting, in this order. Start: kPreamble, or kHello where the agent listens, or kLost. ReadPreamble, when
  // preamble_fd() is readable: kHello when the magic line came, kAbsent when ssh found no agent. Then every message
  // goes through Greet, until kReady.
  void Start();
  int preamble_fd() const;
  void ReadPreamble();
  void Greet(const std::string& run_id, const Received& received);

  // Lost because ssh could not log in without asking, where a person could be asked. StartAsking begins anew, and ssh
  // asks.
  bool NeedsPerson();
  void StartAsking();

  // kAbsent: what a copy would be put where, as a question; "" when none can be made, which is as good as DeclineCopy.
  std::string ProposeCopy();
  // Copies, and is kPreamble again, or lost. Blocks, at most to `deadline_ns` or until `interrupted`.
  void CopyAgent(int64_t deadline_ns, const std::atomic<bool>* interrupted);
  // kPreamble again where another agent is there that can be used all the same, or lost.
  void DeclineCopy();

  // A message, if one came; nullopt also when the link ended, which loses the side.
  std::optional<Received> Next(const std::string& doing);

  // Sends the assignment with this side's secrets and --connect-to. Until Done or a loss, running() is its id.
  void Assign(v1::Assignment assignment);
  void Ack(uint64_t number);
  void Cancel(const std::string& why);
  void Done() { running_ = 0; }
  uint64_t running() const { return running_; }

  // This side gives no more observations. The first loss counts. `doing`: what it was at, in words.
  void Lose(Loss loss, const std::string& doing, const std::string& detail = "");

  // Words for the loss, once the exit code and stderr are there; waits up to 300 ms for them. Nothing when not lost.
  void Settle();
  // Writes agent, missing, missing_remedy and the clock.
  void Publish(v1::Side& record) const;

  // Bye. Then CloseLink, then End with the time that is left.
  void SayBye();
  void CloseLink(std::chrono::milliseconds grace);
  void EndProcess(std::chrono::milliseconds grace);

  Stage stage() const { return stage_; }
  bool ready() const { return stage_ == Stage::kReady; }
  const std::string& name() const { return config_.name; }
  const std::string& vantage() const { return shown_vantage_; }
  const std::string& health_url() const { return vantage_.health_url; }
  const SideConfig& config() const { return config_; }
  const Scrub& scrub() const { return scrub_; }
  const std::string& missing() const { return missing_.reason; }
  const v1::Hello& hello() const { return hello_; }
  int64_t clock_offset_ns() const { return clock_offset_ns_; }
  int64_t clock_uncertainty_ns() const { return clock_uncertainty_ns_; }

 private:
  void Ping();
  void OnHello(const std::string& run_id, v1::Hello hello);
  void OnPong(const v1::ClockPong& pong, const Received& received);

  void StartCommand(const std::vector<std::string>& words, ChildProcess::Terminal terminal);
  void OpenSocket();
  void StartSsh(ChildProcess::Terminal terminal);
  void OnMarker();
  void DoWithoutCopy(Loss loss, const std::string& detail);

  SideConfig config_;
  const Vantage vantage_;
  const Reach& reach_;
  const Scrub scrub_;
  const std::string shown_vantage_;
  Bell& bell_;

  Stage stage_ = Stage::kNew;
  std::unique_ptr<ChildProcess> child_;
  Preamble preamble_;
  Absence absence_;                  // kAbsent
  std::vector<ProgramFile> copies_;  // kAbsent: what may be put there
  std::unique_ptr<AgentLink> link_;
  v1::Hello hello_;
  uint64_t running_ = 0;

  uint64_t pings_ = 0;
  int64_t ping_sent_ns_ = 0;  // monotonic
  int64_t ping_sent_unix_ns_ = 0;
  int64_t clock_offset_ns_ = 0;
  int64_t clock_uncertainty_ns_ = 0;

  std::optional<Symptoms> loss_;  // set until settled
  Missing missing_;
};

}  // namespace parallax::dispatch

#endif  // PARALLAX_CONTROLLER_DISPATCH_SIDE_H_
