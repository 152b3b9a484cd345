// Builds a Run as a real one would have become: the phases are those of controller/conduct, and each side's world
// answers.
//
// By default all is well in each side's world. A test changes what its case is about and calls Build(), which may be
// called again. One builder a test; no threads.
#ifndef PARALLAX_TESTS_SUPPORT_RUN_BUILDER_H_
#define PARALLAX_TESTS_SUPPORT_RUN_BUILDER_H_

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/dispatch/dispatcher.h"
#include "controller/plan/planner.h"
#include "parallax/v1/run.pb.h"
#include "tests/support/attempts.h"
#include "tests/support/side_world.h"

namespace parallax::support {

inline constexpr char kTarget[] = "postgres://app@10.0.4.172:5432/app?sslmode=require";
inline constexpr char kNamedTarget[] = "postgres://app@db.internal:5432/app?sslmode=require";

class RunBuilder {
 public:
  explicit RunBuilder(const std::string& url = kTarget, CarriedBy outside = CarriedBy::kSst, double rtt_ms = 40);

  RunBuilder& AddTarget(const std::string& url);
  RunBuilder& Control(const std::string& url);
  RunBuilder& WithoutCredentials();
  RunBuilder& Repeats(uint32_t repeats);
  // Asks what the diagnosis wants to know, as the command line does.
  RunBuilder& Investigate();
  // The inside is a health endpoint, and no agent: this is what it answers, attempt by attempt.
  RunBuilder& InsideIsHealth(const std::string& url, std::vector<Attempt> answers);
  SideWorld& Inside() { return worlds_[0]; }
  SideWorld& Outside() { return worlds_[1]; }
  // References stay valid.
  SideWorld& Witness(const std::string& name, CarriedBy way, double rtt_ms);

  plan::Options options;
  v1::Run Build() const;
  // What Build asks. It answers for all agents, and must not outlive this.
  std::unique_ptr<dispatch::Dispatcher> Agents() const;

 private:
  std::deque<SideWorld> worlds_;
  bool investigate_ = false;
  std::vector<Attempt> health_answers_;
};

}  // namespace parallax::support

#endif  // PARALLAX_TESTS_SUPPORT_RUN_BUILDER_H_
