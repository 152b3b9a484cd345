#include "contract/steps.h"

#include <gtest/gtest.h>

#include <set>

namespace parallax::contract {
namespace {

TEST(Steps, HaveOneRowForEachKind) {
  std::set<v1::StepKind> kinds;
  std::set<std::string_view> labels;
  for (const StepInfo& step : Steps()) {
    EXPECT_TRUE(kinds.insert(step.kind).second) << step.label;
    EXPECT_TRUE(labels.insert(step.label).second) << step.label;
    EXPECT_EQ(&AboutStep(step.kind), &step);
  }
  EXPECT_EQ(kinds.size(), static_cast<size_t>(v1::StepKind_ARRAYSIZE - 1)) << "a kind without a row";
  EXPECT_FALSE(kinds.contains(v1::STEP_KIND_UNSPECIFIED));
}

TEST(Steps, AKindOfTheFutureIsNothingSpecial) {
  const StepInfo& unknown = AboutStep(static_cast<v1::StepKind>(99));
  EXPECT_EQ(unknown.label, "");
  EXPECT_FALSE(unknown.staged || unknown.by_client || unknown.compared || unknown.measured);
}

}  // namespace
}  // namespace parallax::contract
