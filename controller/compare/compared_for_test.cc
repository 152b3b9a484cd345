#include "controller/compare/compared_for_test.h"

#include <gtest/gtest.h>

#include <utility>

#include "controller/compare/compare.h"
#include "controller/compare/outcomes.h"

namespace parallax::compare {

v1::Comparison Compared(const support::RunBuilder& builder) {
  const std::vector<v1::Comparison> all = Compare(builder.Build());
  EXPECT_EQ(all.size(), 1U);
  return all.empty() ? v1::Comparison() : all.front();
}

v1::SideSummary SideOf(const v1::Comparison& comparison, const std::string& name) {
  for (const v1::SideSummary& side : comparison.sides()) {
    if (side.name() == name) return side;
  }
  ADD_FAILURE() << "no side " << name;
  return {};
}

v1::Pair PairOf(const v1::Comparison& comparison, const std::string& probe) {
  for (const v1::Pair& pair : comparison.pairs()) {
    if (pair.probe() == probe) return pair;
  }
  ADD_FAILURE() << "no pair " << probe;
  return {};
}

v1::SideOutcome Summary(std::vector<support::Attempt> attempts) {
  std::vector<const v1::Observation*> all;
  uint32_t number = 0;
  for (support::Attempt& attempt : attempts) {
    attempt.set_attempt(++number);
    all.push_back(&attempt);
  }
  return Summarize("outside", all);
}

}  // namespace parallax::compare
