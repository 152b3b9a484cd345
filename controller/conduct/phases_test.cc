#include "controller/conduct/phases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "contract/names.h"
#include "controller/conduct/fake_dispatcher_for_test.h"
#include "controller/plan/health.h"

namespace parallax::conduct {
namespace {

using support::CarriedBy;
using support::RunBuilder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// What an observer is told, a word a call.
class Diary final : public Observer {
 public:
  void PhaseBegins(const v1::Plan& plan, const std::string& why) override {
    EXPECT_NE(why, "") << plan.phase();
    words.push_back(absl::StrCat("begins ", plan.phase()));
    whys.push_back(why);
  }
  void PhaseEnds(const v1::Run& so_far) override {
    words.push_back(absl::StrCat("ends, ", so_far.phases_size(), " so far"));
  }
  void VerdictSoFar(const v1::Run& run, const v1::Report& report) override {
    EXPECT_EQ(report.targets_size(), run.targets_size());
    words.push_back(absl::StrCat("verdict ", std::string(contract::Name(report.status()))));
  }

  std::vector<std::string> words;
  std::vector<std::string> whys;
};

class PhasesTest : public ::testing::Test {
 protected:
  v1::Run Run(const RunBuilder& builder, bool investigate = false) {
    questions_.options = builder.options;
    questions_.investigate = investigate;
    FakeDispatcher dispatcher(builder);
    dispatcher.before_phase = before_phase_;
    v1::Run run;
    for (const v1::Target& target : builder.options.targets) *run.add_targets() = target;
    dispatcher.Connect(run);
    RunPhases(
        questions_, interrupted_, dispatcher, diary_, [this](const v1::Run& so_far) { kept_.push_back(so_far); }, run);
    return run;
  }
  // Mute on both sides: what serves there is still to be found out.
  static RunBuilder Frozen() {
    RunBuilder builder(support::kTarget, CarriedBy::kRouted);
    builder.Inside().On("postgres", support::Mute(v1::SSL_REQUEST, 0.4));
    builder.Outside().On("postgres", support::Mute(v1::SSL_REQUEST, 40));
    return builder;
  }

  Questions questions_;
  std::atomic<bool> interrupted_{false};
  std::function<void(const std::string&)> before_phase_;
  Diary diary_;
  std::vector<v1::Run> kept_;
};

TEST_F(PhasesTest, NamesThenTheWayThenTheTarget) {
  const v1::Run run = Run(RunBuilder(support::kNamedTarget));
  EXPECT_THAT(diary_.words, ElementsAre("begins names", "ends, 1 so far", "begins locate", "ends, 2 so far",
                                        "begins probe", "ends, 3 so far", "verdict healthy"));
  EXPECT_EQ(run.phases(2).why(), diary_.whys[2]);
}

TEST_F(PhasesTest, APhaseThatWouldAskNothingIsLeftOut) {
  Run(RunBuilder(support::kTarget));
  EXPECT_EQ(diary_.words.front(), "begins locate") << "an address needs no resolver";
}

TEST_F(PhasesTest, TheRunIsKeptAfterEveryPhase) {
  Run(RunBuilder(support::kNamedTarget));
  ASSERT_EQ(kept_.size(), 3U);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(kept_[static_cast<size_t>(i)].phases_size(), i + 1);
  EXPECT_LT(kept_[0].observations_size(), kept_[2].observations_size());
}

TEST_F(PhasesTest, TheInvestigationAsksWhatTheDiagnosisWants) {
  const v1::Run run = Run(Frozen(), true);
  ASSERT_EQ(run.phases_size(), 3) << "locate, probe, investigate";
  EXPECT_THAT(diary_.words,
              ElementsAre("begins locate", "ends, 1 so far", "begins probe", "ends, 2 so far", "verdict both_failed",
                          "begins investigate", "ends, 3 so far", "verdict both_failed"));
  EXPECT_THAT(run.phases(2).why(), HasSubstr("is it PostgreSQL at all"));
}

TEST_F(PhasesTest, WithoutAnInvestigationNothingMoreIsAsked) { EXPECT_EQ(Run(Frozen(), false).phases_size(), 2); }

TEST_F(PhasesTest, OnceInterruptedNoPhaseBegins) {
  before_phase_ = [this](const std::string& phase) { interrupted_ = phase == "locate"; };
  const v1::Run run = Run(RunBuilder(support::kNamedTarget), true);
  EXPECT_EQ(run.phases_size(), 2);
  EXPECT_EQ(kept_.size(), 2U) << "what the interrupted phase gave is kept, too";
}

TEST_F(PhasesTest, InterruptedInTheInvestigationNoneFollows) {
  before_phase_ = [this](const std::string& phase) { interrupted_ = phase == "probe"; };
  EXPECT_EQ(Run(Frozen(), true).phases_size(), 2);
}

TEST_F(PhasesTest, AHealthEndpointIsAskedInAPhaseOfItsOwn) {
  RunBuilder builder;
  const std::string url = "https://api.test/health#/db=up";
  builder.InsideIsHealth(url, {});
  questions_.health.push_back({"inside", *plan::ParseHealthUrl(url)});
  const v1::Run run = Run(builder);
  ASSERT_EQ(run.phases_size(), 3);
  ASSERT_EQ(run.phases(2).sides_size(), 1);
  EXPECT_EQ(run.phases(2).sides(0).side(), "inside");
  for (int phase = 0; phase < 2; ++phase) {
    ASSERT_EQ(run.phases(phase).sides_size(), 1);
    EXPECT_EQ(run.phases(phase).sides(0).side(), "outside");
  }
}

TEST_F(PhasesTest, ASideThatIsLostTakesNothingFromTheOther) {
  RunBuilder builder;
  builder.Inside().LostAfter(1, "the agent ended (exit code 1) while running attempt 2 of 3");
  const v1::Run run = Run(builder);
  EXPECT_EQ(run.phases_size(), 2);
  size_t inside = 0;
  size_t outside = 0;
  for (const v1::SideObservation& seen : run.observations()) {
    if (seen.side() == "inside") EXPECT_EQ(seen.observation().attempt(), 1U);
    ++(seen.side() == "inside" ? inside : outside);
  }
  EXPECT_GT(inside, 0U);
  EXPECT_GT(outside, inside);
  EXPECT_EQ(diary_.words.back(), "verdict cannot_tell");
}

TEST_F(PhasesTest, WithNoSideThereIsNoVerdictAndNoEnd) {
  RunBuilder builder;
  builder.Inside().Missing("it is not there");
  builder.Outside().Missing("it is not there");
  const v1::Run run = Run(builder, true);
  EXPECT_THAT(run.observations(), IsEmpty());
  EXPECT_EQ(diary_.words.back(), "verdict cannot_tell");
}

}  // namespace
}  // namespace parallax::conduct
