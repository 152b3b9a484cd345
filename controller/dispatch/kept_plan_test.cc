#include "controller/dispatch/kept_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parallax::dispatch {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(KeptPlan, HoldsNoCommandThatGivesASecret) {
  v1::Plan plan;
  plan.set_version(1);
  plan.add_probes()->mutable_postgres()->mutable_password()->set_ref("exec:vault read hunter2");
  plan.add_probes()->mutable_sql()->mutable_password()->set_ref("exec:vault read hunter2");
  plan.add_probes()->mutable_http()->mutable_bearer()->set_ref("exec:vault read hunter2");
  const std::string kept = KeptPlan(plan, plan.SerializeAsString());
  EXPECT_THAT(kept, Not(HasSubstr("hunter2")));
  v1::Plan read;
  ASSERT_TRUE(read.ParseFromString(kept));
  EXPECT_EQ(read.probes_size(), 3);
  EXPECT_EQ(read.probes(0).postgres().password().ref(), "exec:vault ...");
}

TEST(KeptPlan, IsByteForByteWhatWasSentWhereNothingIsHidden) {
  v1::Plan plan;
  plan.add_probes()->mutable_postgres()->mutable_password()->set_ref("env:PGPASSWORD");
  EXPECT_EQ(KeptPlan(plan, "the bytes"), "the bytes");
}

}  // namespace
}  // namespace parallax::dispatch
