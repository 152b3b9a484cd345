#include "contract/limits.h"

#include <gtest/gtest.h>

namespace parallax::contract {
namespace {

v1::Plan OneProbe() {
  v1::Plan plan;
  plan.set_version(kPlanVersion);
  v1::ProbeSpec* probe = plan.add_probes();
  probe->set_name("tcp");
  probe->set_timeout_ms(1000);
  return plan;
}

TEST(ValidatePlan, AcceptsAPlainPlan) { EXPECT_TRUE(ValidatePlan(OneProbe()).ok()); }

TEST(ValidatePlan, NamesTheProbeAndTheBound) {
  v1::Plan plan = OneProbe();
  plan.mutable_probes(0)->set_timeout_ms(kMaxProbeTimeoutMs + 1);
  const absl::Status status = ValidatePlan(plan);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("tcp"), std::string::npos);
  EXPECT_NE(status.message().find("600000"), std::string::npos);
}

TEST(ValidatePlan, RefusesTwoOfOneName) {
  v1::Plan plan = OneProbe();
  *plan.add_probes() = plan.probes(0);
  EXPECT_FALSE(ValidatePlan(plan).ok());
}

TEST(ValidatePlan, RefusesANewerPlan) {
  v1::Plan plan = OneProbe();
  plan.set_version(kPlanVersion + 1);
  EXPECT_FALSE(ValidatePlan(plan).ok());
}

TEST(ValidatePlan, RefusesTooManyProbes) {
  v1::Plan plan = OneProbe();
  for (size_t i = 0; i < kMaxPlanProbes; ++i) {
    *plan.add_probes() = plan.probes(0);
    plan.mutable_probes(plan.probes_size() - 1)->set_name("tcp " + std::to_string(i));
  }
  EXPECT_FALSE(ValidatePlan(plan).ok());
}

TEST(Printable, KeepsTextAndUtf8) { EXPECT_EQ(Printable("caf\xC3\xA9"), "caf\xC3\xA9"); }

TEST(Printable, ReplacesControlsAndBrokenUtf8) {
  EXPECT_EQ(Printable("a\x1b[31mb\n"), "a?[31mb?");
  EXPECT_EQ(Printable("\xff\xfe"), "??");
  EXPECT_EQ(Printable("\xC2\x9B"
                      "x"),
            "?x");
  EXPECT_EQ(Printable("\xed\xa0\x80"), "???");
}

TEST(Printable, CutsAtABoundary) {
  EXPECT_EQ(Printable("abcdefgh", 6), "abc...");
  EXPECT_EQ(Printable("abcdef", 6), "abcdef");
  const std::string cut = Printable(std::string("ab\xC3\xA9\xC3\xA9\xC3\xA9"), 6);
  EXPECT_EQ(cut, "ab...");
}

}  // namespace
}  // namespace parallax::contract
