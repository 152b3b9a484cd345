#include "controller/conduct/run_once.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "controller/conduct/fake_dispatcher_for_test.h"

namespace parallax::conduct {
namespace {

using support::RunBuilder;
using ::testing::ElementsAre;

class RunOnceTest : public ::testing::Test {
 protected:
  RunOnceTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "parallax_once_XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    auto keeper = Keeper::Open(folder_ + "/runs.db");
    EXPECT_TRUE(keeper.ok()) << keeper.status();
    keeper_ = *std::move(keeper);
  }
  ~RunOnceTest() override {
    keeper_.reset();
    std::filesystem::remove_all(folder_);
  }

  absl::StatusOr<FinishedRun> Run(const RunBuilder& builder) {
    Prepared prepared;
    prepared.questions.options = builder.options;
    prepared.title = "the demo";
    prepared.sides.push_back({"inside", "local", {}, {}});
    const dispatch::MakeDispatcher make =
        [&](std::vector<dispatch::SideConfig> sides, const dispatch::Reach&, const std::string& run_id,
            const std::atomic<bool>* interrupted,
            dispatch::SideObserver&) -> absl::StatusOr<std::unique_ptr<dispatch::Dispatcher>> {
      EXPECT_EQ(sides.size(), 1U);
      EXPECT_EQ(interrupted, &interrupted_);
      if (!refused_.ok()) return refused_;
      run_id_ = run_id;
      auto dispatcher = std::make_unique<FakeDispatcher>(builder);
      dispatcher->before_phase = before_phase_;
      dispatcher->on_close = [this] { ++closed_; };
      return dispatcher;
    };
    return RunOnce(prepared, {make, interrupted_, events_, keeper_.get()});
  }
  v1::Run Stored() {
    const std::atomic<bool> never{false};
    EXPECT_EQ(keeper_->Finish(never), "");
    auto store = store::OpenStore(folder_ + "/runs.db");
    auto run = (*store)->Get("last");
    EXPECT_TRUE(run.ok()) << run.status();
    return run.ok() ? *std::move(run) : v1::Run();
  }

  struct Events final : Observer {
    void RunBegins(const v1::Run& run) override { begun.push_back(run.id()); }
    void RunEnds(const v1::Run& run, const v1::Report& report) override {
      ended.push_back(run.id());
      status = report.status();
    }
    std::vector<std::string> begun;
    std::vector<std::string> ended;
    v1::Status status = v1::STATUS_UNSPECIFIED;
  };

  std::string folder_;
  std::unique_ptr<Keeper> keeper_;
  std::atomic<bool> interrupted_{false};
  absl::Status refused_;
  std::function<void(const std::string&)> before_phase_;
  Events events_;
  std::string run_id_;
  int closed_ = 0;
};

TEST_F(RunOnceTest, ARunIsMadeClosedKeptAndTold) {
  const auto finished = Run(RunBuilder());
  ASSERT_TRUE(finished.ok()) << finished.status();
  EXPECT_EQ(finished->run.id(), run_id_);
  EXPECT_EQ(finished->run.title(), "the demo");
  EXPECT_GT(finished->run.started_unix_ns(), 0);
  EXPECT_EQ(finished->report.status(), v1::HEALTHY);
  EXPECT_GT(closed_, 0);
  EXPECT_THAT(events_.begun, ElementsAre(run_id_));
  EXPECT_THAT(events_.ended, ElementsAre(run_id_));
  EXPECT_EQ(events_.status, v1::HEALTHY);
  EXPECT_EQ(Stored().SerializeAsString(), finished->run.SerializeAsString());
}

TEST_F(RunOnceTest, InterruptedItKeepsWhatWasObservedAndSaysSo) {
  before_phase_ = [this](const std::string& phase) { interrupted_ = phase == "probe"; };
  const auto finished = Run(RunBuilder(support::kNamedTarget));
  ASSERT_TRUE(finished.ok()) << finished.status();
  EXPECT_TRUE(finished->run.interrupted());
  EXPECT_GT(finished->run.observations_size(), 0);
  EXPECT_GT(closed_, 0) << "no agent is left behind";
  EXPECT_EQ(Stored().observations_size(), finished->run.observations_size());
}

TEST_F(RunOnceTest, WhoIsKilledMidwayHasKeptThePhasesBefore) {
  before_phase_ = [this](const std::string& phase) {
    if (phase == "probe") EXPECT_TRUE(keeper_->IsKept(run_id_));
  };
  ASSERT_TRUE(Run(RunBuilder(support::kNamedTarget)).ok());
}

TEST_F(RunOnceTest, ASideThatIsMissingIsDataAndNoError) {
  RunBuilder builder;
  builder.Inside().Missing("ssh: connect to host app-host port 22: Connection refused");
  const auto finished = Run(builder);
  ASSERT_TRUE(finished.ok()) << finished.status();
  EXPECT_EQ(finished->report.status(), v1::CANNOT_TELL);
}

TEST_F(RunOnceTest, WhatCannotBeReachedAtAllBeginsNoRun) {
  refused_ = absl::InvalidArgumentError("side inside: no such vantage");
  EXPECT_EQ(Run(RunBuilder()).status(), refused_);
  EXPECT_THAT(events_.begun, ElementsAre());
}

}  // namespace
}  // namespace parallax::conduct
