// What is to be run, as flags or an experiment say it, checked before anything is started.
#ifndef PARALLAX_CONTROLLER_CONDUCT_REQUEST_H_
#define PARALLAX_CONTROLLER_CONDUCT_REQUEST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/conduct/phases.h"
#include "controller/conduct/secret_values.h"
#include "controller/dispatch/dispatcher.h"
#include "controller/dispatch/reach.h"
#include "controller/plan/planner.h"
#include "parallax/v1/run.pb.h"

namespace parallax::conduct {

struct NamedVantage {
  std::string name;     // "inside", "outside", or a witness's
  std::string vantage;  // as the user wrote it
};

// How vantages are reached, where that is asked for.
struct ReachRequest {
  bool copy_agent = false;             // to where an ssh: vantage finds none, without asking
  std::string agent_binary;            // what is copied there; "" the agent beside us
  dispatch::TlsFiles tls;              // of grpcs: vantages
  dispatch::AgentTokens tokens;        // of agents that listen
  decltype(dispatch::Reach::ask) ask;  // the person who may be asked; null: nobody
};

struct RunRequest {
  std::vector<std::string> targets;  // URLs
  std::string address;               // every target is probed there, whatever its name says; "" : where it leads
  std::vector<NamedVantage> sides;
  std::vector<std::string> connect_to;  // SIDE:HOST:PORT:TOHOST:TOPORT
  std::vector<std::string> controls;    // URLs
  std::string password_from;
  std::string ssl_root_cert;
  int64_t step_timeout_ms = 5000;
  uint32_t repeats = 3;
  std::optional<plan::ClientQuestions> client;
  uint32_t parallel = 1;
  int64_t hold_ms = 0;
  bool locate = true;
  bool try_controls = true;
  bool investigate = true;
  std::string title;
  v1::ExperimentPlace place;  // empty: a run of its own
  ReachRequest reach;
};

inline constexpr size_t kMaxTargets = 32;
inline constexpr uint32_t kMaxRepeats = 100;
inline constexpr size_t kMaxSides = 64;  // what an agent accepts, too

// Everything that is needed before anything is started.
struct Prepared {
  Questions questions;
  TargetSecrets secrets;
  std::vector<dispatch::SideConfig> sides;
  dispatch::Reach reach;
  std::string title;
  v1::ExperimentPlace place;
  std::vector<std::string> warnings;  // what the user should know before it begins; no secrets
};

// InvalidArgument when nothing can stand there: the vantage is not understood, or the side cannot be such a one.
absl::Status CheckSide(const std::string& name, const std::string& vantage);

// InvalidArgument or NotFound, naming the flag and what a right one looks like.
absl::StatusOr<Prepared> Prepare(const RunRequest& request);

}  // namespace parallax::conduct

#endif  // PARALLAX_CONTROLLER_CONDUCT_REQUEST_H_
