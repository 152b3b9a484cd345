#include "agent/runner/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <set>
#include <thread>

#include "tests/support/fake_probes.h"

namespace parallax::runner {
namespace {

using support::FakeProbes;
using support::FakeTime;
using support::PlanOf;
using support::Theatre;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int64_t kStart = 1'000'000'000;  // of FakeTime

class RunnerTest : public ::testing::Test {
 protected:
  absl::Status Run(const Job& job, uint32_t max_parallelism = 8) {
    const Runner runner(time_, policy_, FakeProbes(), max_parallelism, time_);
    std::atomic<int> inside{0};
    return runner.Run(job, cancel_, [&](v1::Observation observation) {
      EXPECT_EQ(++inside, 1) << "never at the same time";
      observations_.push_back(std::move(observation));
      --inside;
    });
  }
  Job JobOf(const std::vector<std::string>& acts, uint32_t attempts = 1) {
    Job job;
    job.plan = PlanOf(acts, attempts);
    return job;
  }
  // "p1/2 none" for probe p1, attempt 2; in the order in which they were emitted.
  std::vector<std::string> Emitted() const {
    std::vector<std::string> emitted;
    for (const v1::Observation& observation : observations_) {
      emitted.push_back(observation.probe() + "/" + std::to_string(observation.attempt()) + " " +
                        v1::Failure_Name(observation.outcome()));
    }
    return emitted;
  }

  FakeTime time_;
  Theatre theatre_;
  policy::Policy policy_;
  net::CancelToken cancel_;
  std::vector<v1::Observation> observations_;
};

TEST_F(RunnerTest, RunsEveryProbeOfEveryAttemptInOrder) {
  Job job = JobOf({"", "refused"}, 2);
  job.first_attempt = 3;
  ASSERT_TRUE(Run(job, 1).ok());
  EXPECT_THAT(Emitted(), ElementsAre("p1/3 NONE", "p2/3 REFUSED", "p1/4 NONE", "p2/4 REFUSED"));
  EXPECT_GT(observations_[0].started_unix_ns(), FakeTime::kUnixMinusMonotonic);
}

TEST_F(RunnerTest, AnAttemptIsOverBeforeTheNextBegins) {
  Job job = JobOf({"", "", "", "", "", "", "", ""}, 20);
  ASSERT_TRUE(Run(job).ok());
  ASSERT_THAT(observations_, SizeIs(160));
  for (size_t i = 0; i < observations_.size(); ++i) EXPECT_EQ(observations_[i].attempt(), i / 8 + 1);
}

TEST_F(RunnerTest, TheJobsAttemptsGoBeforeThePlans) {
  Job job = JobOf({""}, 5);
  job.attempts = 1;
  ASSERT_TRUE(Run(job).ok());
  EXPECT_THAT(observations_, SizeIs(1));
}

TEST_F(RunnerTest, TheSidesGoFirstInTurn) {
  // Side 0 of 2 waits in attempt 1, and goes first in attempt 2; side 1 the other way round.
  for (const auto& [side, first_ms, second_ms] : {std::tuple(0, 300, 0), std::tuple(1, 0, 300)}) {
    FakeTime time;
    const Runner runner(time, policy_, FakeProbes(), 1, time);
    Job job = JobOf({""}, 2);
    job.plan.set_stagger_ms(300);
    job.side_count = 2;
    job.side_index = static_cast<uint32_t>(side);
    ASSERT_TRUE(runner.Run(job, cancel_, [](v1::Observation) {}).ok());
    EXPECT_THAT(time.waits(), ElementsAre(kStart + first_ms * net::kMs, kStart + (first_ms + second_ms) * net::kMs));
  }
}

TEST_F(RunnerTest, ThreeSidesGoFirstInTurnToo) {
  std::vector<std::set<int64_t>> starts(4);
  for (uint32_t side = 0; side < 3; ++side) {
    for (uint32_t attempt = 1; attempt <= 3; ++attempt) {
      FakeTime time;
      const Runner runner(time, policy_, FakeProbes(), 1, time);
      Job job = JobOf({""});
      job.plan.set_stagger_ms(100);
      job.side_count = 3;
      job.side_index = side;
      job.first_attempt = attempt;
      ASSERT_TRUE(runner.Run(job, cancel_, [](v1::Observation) {}).ok());
      starts[attempt].insert((time.waits()[0] - kStart) / net::kMs);
    }
  }
  for (uint32_t attempt = 1; attempt <= 3; ++attempt) EXPECT_THAT(starts[attempt], ElementsAre(0, 100, 200));
}

TEST_F(RunnerTest, ProbesOfAnAttemptStartApart) {
  Job job = JobOf({"", "", ""}, 2);
  job.plan.set_spacing_ms(25);
  ASSERT_TRUE(Run(job, 1).ok());
  ASSERT_EQ(theatre_.seen().size(), 6U);
  for (size_t i = 0; i < 6; ++i) {
    // The second attempt begins when the first is over, at 50 ms.
    const int64_t due_ms = i < 3 ? static_cast<int64_t>(i) * 25 : 50 + static_cast<int64_t>(i - 3) * 25;
    EXPECT_EQ(theatre_.seen()[i].now_ns, kStart + due_ms * net::kMs) << i;
  }
}

TEST_F(RunnerTest, BeginsWhenTheControllerSays) {
  Job job = JobOf({""});
  job.start_at_unix_ns = time_.UnixNs() + 700 * net::kMs;
  ASSERT_TRUE(Run(job).ok());
  EXPECT_EQ(theatre_.seen()[0].now_ns, kStart + 700 * net::kMs);
}

TEST_F(RunnerTest, AStartThatIsPastIsNow) {
  Job job = JobOf({""});
  job.start_at_unix_ns = time_.UnixNs() - 3'600'000 * net::kMs;
  ASSERT_TRUE(Run(job).ok());
  EXPECT_EQ(theatre_.seen()[0].now_ns, kStart);
}

TEST_F(RunnerTest, GivesEachProbeItsDeadlines) {
  Job job = JobOf({"", ""});
  job.plan.mutable_probes(0)->set_timeout_ms(2000);
  job.plan.mutable_probes(0)->set_step_timeout_ms(500);
  ASSERT_TRUE(Run(job, 1).ok());
  const auto seen = theatre_.seen();
  EXPECT_EQ(seen[0].deadline_ns, kStart + 2000 * net::kMs);
  EXPECT_EQ(seen[0].step_timeout_ns, 500 * net::kMs);
  EXPECT_EQ(seen[1].step_timeout_ns, 1000 * net::kMs) << "the probe's own, where none is given";
}

TEST_F(RunnerTest, HandsOverSecretsAndConnectTo) {
  Job job = JobOf({""});
  v1::Assignment assignment;
  assignment.add_secrets()->set_ref("controller:P");
  assignment.mutable_secrets(0)->set_value("hunter2");
  job.secrets = policy::Secrets(assignment, {});
  v1::ConnectTo* entry = &job.connect_to.emplace_back();
  entry->set_host("db");
  entry->set_port(1);
  entry->set_to_host("127.0.0.1");
  entry->set_to_port(65535);
  ASSERT_TRUE(Run(job).ok());
  EXPECT_EQ(theatre_.seen()[0].secret, "hunter2");
  EXPECT_EQ(theatre_.seen()[0].connect_to, 1U);
}

TEST_F(RunnerTest, NeverRunsMoreAtOnceThanThePlanSays) {
  Job job = JobOf(std::vector<std::string>(12, "gate"));
  job.plan.set_parallelism(3);
  std::thread run([&] { EXPECT_TRUE(Run(job).ok()); });
  EXPECT_TRUE(theatre_.AwaitAtGate(3));
  theatre_.Open();
  run.join();
  EXPECT_THAT(observations_, SizeIs(12));
  EXPECT_EQ(theatre_.most_at_once(), 3);
}

TEST_F(RunnerTest, NorThanTheAgentAllows) {
  Job job = JobOf(std::vector<std::string>(8, "gate"));
  job.plan.set_parallelism(1000);
  std::thread run([&] { EXPECT_TRUE(Run(job, 2).ok()); });
  EXPECT_TRUE(theatre_.AwaitAtGate(2));
  theatre_.Open();
  run.join();
  EXPECT_EQ(theatre_.most_at_once(), 2);
}

TEST_F(RunnerTest, CancelledBeforeItBeganItSaysSoForEveryProbeOfOneAttempt) {
  cancel_.Cancel();
  ASSERT_TRUE(Run(JobOf({"", "gate"}, 1000), 1).ok());
  EXPECT_THAT(Emitted(), ElementsAre("p1/1 CANCELLED", "p2/1 CANCELLED")) << "and nothing of the other 999";
  EXPECT_THAT(theatre_.seen(), IsEmpty());
}

TEST_F(RunnerTest, CancelledMidwayItKeepsWhatWasObserved) {
  std::thread run([&] { EXPECT_TRUE(Run(JobOf({"", "gate", "", ""}, 1000), 1).ok()); });
  EXPECT_TRUE(theatre_.AwaitAtGate(1));
  cancel_.Cancel();
  run.join();
  EXPECT_THAT(Emitted(), ElementsAre("p1/1 NONE", "p2/1 CANCELLED", "p3/1 CANCELLED", "p4/1 CANCELLED"));
  EXPECT_THAT(theatre_.seen(), SizeIs(2));
}

TEST_F(RunnerTest, AKindThatIsNotKnownIsUnsupportedAlone) {
  Job job = JobOf({"", "", ""});
  job.plan.mutable_probes(0)->mutable_dns()->set_name("db");
  job.plan.mutable_probes(1)->clear_spec();  // a newer controller's kind
  ASSERT_TRUE(Run(job, 1).ok());
  EXPECT_THAT(Emitted(), ElementsAre("p1/1 UNSUPPORTED", "p2/1 UNSUPPORTED", "p3/1 NONE"));
  EXPECT_THAT(observations_[0].error(), HasSubstr("does not know"));
  EXPECT_THAT(observations_[0].error(), HasSubstr("'p1'"));
  EXPECT_THAT(observations_[2].error(), IsEmpty());
}

TEST_F(RunnerTest, ASpecThatIsWrongIsUnsupportedAlone) {
  Job job = JobOf({"", ""});
  job.plan.mutable_probes(0)->mutable_tls();
  ASSERT_TRUE(Run(job, 1).ok());
  EXPECT_THAT(Emitted(), ElementsAre("p1/1 UNSUPPORTED", "p2/1 NONE"));
  EXPECT_THAT(observations_[0].error(), HasSubstr("tls.endpoint"));
}

// What is answered must not tell whether the file is there.
TEST_F(RunnerTest, AFileOfRootsThatIsNotAllowedIsDeniedWhateverIsThere) {
  std::set<std::string> errors;
  for (const char* path : {"/etc/passwd", "/nowhere/roots.pem", "/", "/dev/zero"}) {
    Job job = JobOf({"", "", "", ""});
    job.any_root_cert = false;
    job.root_certs = {"/etc/ssl/db-ca.pem"};
    job.plan.mutable_probes(0)->mutable_postgres()->set_ssl_root_cert(path);
    job.plan.mutable_probes(1)->mutable_sql()->set_ssl_root_cert(path);
    job.plan.mutable_probes(2)->mutable_http()->set_ssl_root_cert(path);
    job.plan.mutable_probes(3)->mutable_postgres()->set_ssl_root_cert("/etc/ssl/db-ca.pem");
    observations_.clear();
    ASSERT_TRUE(Run(job, 1).ok());
    EXPECT_THAT(Emitted(),
                ElementsAre("p1/1 DENIED_BY_POLICY", "p2/1 DENIED_BY_POLICY", "p3/1 DENIED_BY_POLICY", "p4/1 NONE"));
    for (size_t i = 0; i < 3; ++i) errors.insert(observations_[i].error());
  }
  EXPECT_THAT(errors, SizeIs(1));
  EXPECT_THAT(*errors.begin(), HasSubstr("--allow-root-cert"));
}

TEST_F(RunnerTest, TheSystemsRootsAreNoFileToBeAllowed) {
  Job job = JobOf({"", ""});
  job.any_root_cert = false;
  job.plan.mutable_probes(0)->mutable_postgres()->set_ssl_root_cert("system");
  job.plan.mutable_probes(1)->mutable_sql()->set_ssl_root_cert("system");
  ASSERT_TRUE(Run(job, 1).ok());
  EXPECT_THAT(Emitted(), ElementsAre("p1/1 NONE", "p2/1 NONE"));
}

TEST_F(RunnerTest, AQuestionThatCannotBeAskedIsAnError) {
  ASSERT_TRUE(Run(JobOf({"denied by rule 7", "broken\x1b[31m pipe"}), 1).ok());
  EXPECT_THAT(Emitted(), ElementsAre("p1/1 DENIED_BY_POLICY", "p2/1 LOCAL_RESOURCE"));
  EXPECT_EQ(observations_[0].error(), "denied by rule 7");
  EXPECT_EQ(observations_[1].error(), "broken?[31m pipe");
}

TEST_F(RunnerTest, NothingToDoIsDone) {
  EXPECT_TRUE(Run(JobOf({}, 3)).ok());
  EXPECT_TRUE(Run(JobOf({""}, 0)).ok());
  EXPECT_THAT(observations_, IsEmpty());
}

TEST_F(RunnerTest, WhatIsOutsideTheLimitsIsRefusedWhole) {
  std::vector<Job> bad;
  const auto add = [&](const std::function<void(Job&)>& spoil) {
    bad.push_back(JobOf({"", ""}));
    spoil(bad.back());
  };
  add([](Job& job) { job.plan.set_version(contract::kPlanVersion + 1); });
  add([](Job& job) { job.plan.set_attempts(contract::kMaxAttempts + 1); });
  add([](Job& job) { job.plan.mutable_probes(1)->set_name("p1"); });
  add([](Job& job) { job.plan.mutable_probes(1)->set_timeout_ms(0); });
  add([](Job& job) { job.plan.set_stagger_ms(-1); });
  add([](Job& job) { job.plan.set_spacing_ms(-1); });
  add([](Job& job) { job.plan.set_spacing_ms(1001); });
  add([](Job& job) { job.plan.set_stagger_ms(3'600'000); });
  add([](Job& job) { job.attempts = contract::kMaxAttempts + 1; });
  add([](Job& job) {  // each is allowed, and all of them together are not
    for (int i = 3; i <= 200; ++i) (*job.plan.add_probes() = job.plan.probes(0)).set_name("p" + std::to_string(i));
    job.attempts = contract::kMaxAttempts;
  });
  add([](Job& job) { job.first_attempt = 0; });
  add([](Job& job) { job.first_attempt = 0xFFFFFFFF; });
  add([](Job& job) { job.side_index = 1; });
  add([](Job& job) { job.side_count = 65; });
  add([this](Job& job) { job.start_at_unix_ns = time_.UnixNs() + 3'600'000 * net::kMs; });
  add([](Job& job) { job.start_at_unix_ns = std::numeric_limits<int64_t>::max(); });
  add([](Job& job) { job.connect_to.emplace_back().set_to_port(70'000); });
  for (const Job& job : bad) {
    const absl::Status status = Run(job);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  }
  EXPECT_THAT(observations_, IsEmpty());
  EXPECT_THAT(theatre_.seen(), IsEmpty());
}

TEST(SystemWaiterTest, WaitsForTheInstantOrTheCancellation) {
  net::CancelToken cancel;
  const int64_t begin_ns = net::SystemClock().MonotonicNs();
  EXPECT_TRUE(SystemWaiter().WaitUntil(begin_ns - 1, cancel));
  EXPECT_TRUE(SystemWaiter().WaitUntil(begin_ns + 20 * net::kMs, cancel));
  EXPECT_GE(net::SystemClock().MonotonicNs(), begin_ns + 20 * net::kMs);
  std::thread canceller([&] { cancel.Cancel(); });
  EXPECT_FALSE(SystemWaiter().WaitUntil(begin_ns + 3'600'000 * net::kMs, cancel));
  canceller.join();
}

}  // namespace
}  // namespace parallax::runner
