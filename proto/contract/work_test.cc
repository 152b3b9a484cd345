#include "contract/work.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "contract/limits.h"

namespace parallax::contract {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

v1::Plan PlanOf(int probes, int64_t timeout_ms) {
  v1::Plan plan;
  plan.set_version(kPlanVersion);
  for (int i = 0; i < probes; ++i) {
    v1::ProbeSpec* probe = plan.add_probes();
    probe->set_name("p" + std::to_string(i));
    probe->set_timeout_ms(timeout_ms);
  }
  return plan;
}

std::string Refusal(v1::Plan plan, uint32_t attempts) {
  plan.set_attempts(attempts);
  const absl::Status status = ValidatePlan(plan);
  EXPECT_EQ(CheckWork(plan, attempts), status);
  return std::string(status.message());
}

TEST(CheckWork, WhatExperimentsAskForPasses) {
  EXPECT_EQ(Refusal(PlanOf(60, 12'000), 1000), "") << "the most attempts of a large plan";
  EXPECT_EQ(Refusal(PlanOf(40, 75'000), 3), "") << "a pool of twenty connections, held for a minute";
  EXPECT_EQ(Refusal(PlanOf(static_cast<int>(kMaxPlanProbes), kMaxProbeTimeoutMs), 3), "")
      << "all that one plan can hold, with the default repeats";
  v1::Plan bytes = PlanOf(4, 60'000);
  for (v1::ProbeSpec& probe : *bytes.mutable_probes()) {
    probe.mutable_sql()->set_download_bytes(1 << 20);
    probe.mutable_sql()->set_upload_bytes(1 << 20);
  }
  EXPECT_EQ(Refusal(bytes, 1000), "") << "a megabyte each way, again and again";
}

TEST(CheckWork, TooManyObservationsAreRefusedWithTheNumberAndTheBound) {
  EXPECT_EQ(Refusal(PlanOf(100, 1), 1000), "");
  EXPECT_THAT(Refusal(PlanOf(101, 1), 1000),
              AllOf(HasSubstr("101000 observations"), HasSubstr("101 probes x 1000 attempts"), HasSubstr("100000")));
}

TEST(CheckWork, TooLongAWorkIsRefusedWithTheNumberAndTheBound) {
  EXPECT_THAT(Refusal(PlanOf(40, kMaxProbeTimeoutMs), 100), AllOf(HasSubstr("667 hours"), HasSubstr("at most 500")));
}

TEST(CheckWork, TooManyBytesAreRefusedWithTheNumberAndTheBound) {
  v1::Plan plan = PlanOf(1, 60'000);
  plan.mutable_probes(0)->mutable_sql()->set_download_bytes(kMaxClientBytes);
  EXPECT_EQ(Refusal(plan, 256), "");
  EXPECT_THAT(Refusal(plan, 1000), AllOf(HasSubstr("63 GiB"), HasSubstr("1 probe x 1000"), HasSubstr("at most 16")));
  plan.mutable_probes(0)->mutable_sql()->set_download_bytes(UINT64_MAX);
  plan.mutable_probes(0)->mutable_sql()->set_upload_bytes(UINT64_MAX);
  EXPECT_NE(Refusal(plan, 1000), "") << "a sum that overflows is none that is small";
}

}  // namespace
}  // namespace parallax::contract
