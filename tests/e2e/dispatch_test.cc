// The dispatcher with real agents: every way in which a side comes, stays away, or dies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "contract/digest.h"
#include "controller/dispatch/dispatcher.h"

namespace parallax::dispatch {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

v1::Plan TcpPlan(int probes, uint32_t attempts) {
  v1::Plan plan;
  plan.set_version(1);
  plan.set_phase("probe");
  plan.set_attempts(attempts);
  for (int i = 0; i < probes; ++i) {
    v1::ProbeSpec* probe = plan.add_probes();
    probe->set_name("tcp " + std::to_string(i));
    probe->set_timeout_ms(1000);
    probe->set_step_timeout_ms(500);
    probe->mutable_tcp()->mutable_endpoint()->set_host("127.0.0.1");
    probe->mutable_tcp()->mutable_endpoint()->set_address("127.0.0.1");
    probe->mutable_tcp()->mutable_endpoint()->set_port(9);
  }
  return plan;
}

TEST(Dispatch, RunsTheSamePlanOnTwoSides) {
  auto dispatcher =
      Dispatcher::Create({{"inside", "exec:" PARALLAX_AGENT " stdio", {}, {}}, {"outside", "local", {}, {}}},
                         PARALLAX_AGENT, "run-1", nullptr, nullptr);
  ASSERT_TRUE(dispatcher.ok()) << dispatcher.status();
  v1::Run run;
  (*dispatcher)->Connect(run);
  ASSERT_EQ(run.sides_size(), 2);
  for (const v1::Side& side : run.sides()) {
    EXPECT_THAT(side.missing(), IsEmpty());
    EXPECT_EQ(side.agent().protocol(), 1U);
    EXPECT_GT(side.clock_uncertainty_ns(), 0);
  }
  (*dispatcher)->RunPhase(TcpPlan(3, 2), "why", run);
  EXPECT_EQ(run.observations_size(), 2 * 3 * 2);
  ASSERT_EQ(run.phases_size(), 1);
  EXPECT_EQ(run.phases(0).sides_size(), 2);
  for (const v1::PhaseDigest& digest : run.phases(0).sides()) EXPECT_EQ(digest.digest(), run.phases(0).digest());
  (*dispatcher)->Close();
}

}  // namespace
}  // namespace parallax::dispatch
