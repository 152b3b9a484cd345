#include "controller/compare/roles.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "controller/compare/compared_for_test.h"
#include "tests/support/run_builder.h"

namespace parallax::compare {
namespace {

using support::CarriedBy;
using support::RunBuilder;

RunBuilder OfSides(int sides) {
  RunBuilder builder;
  for (int i = 2; i < sides; ++i) builder.Witness("witness" + std::to_string(i), CarriedBy::kRouted, 1);
  return builder;
}

TEST(Views, OfNSidesAreNLessOne) {
  for (const int sides : {2, 3, 8}) {
    const v1::Comparison comparison = Compared(OfSides(sides));
    ASSERT_EQ(comparison.views_size(), sides - 1);
    EXPECT_EQ(comparison.views(0).subject(), "outside");
    std::set<std::string> subjects;
    for (const v1::ViewSummary& view : comparison.views()) {
      EXPECT_EQ(view.reference(), "inside");
      EXPECT_EQ(view.status(), v1::HEALTHY) << view.subject() << ": " << view.status_why();
      subjects.insert(view.subject());
    }
    EXPECT_EQ(subjects.size(), static_cast<size_t>(sides - 1));
  }
}

// More sides are more outcomes of the same pairs, and nothing that grows with their square.
TEST(Views, OfMoreSidesCostNoMoreASide) {
  const v1::Comparison two = Compared(OfSides(2));
  const v1::Comparison eight = Compared(OfSides(8));
  EXPECT_EQ(eight.pairs_size(), two.pairs_size());
  for (const v1::Pair& pair : eight.pairs()) EXPECT_EQ(pair.sides_size(), 8) << pair.probe();
  EXPECT_LE(eight.ByteSizeLong(), 5 * two.ByteSizeLong());
}

TEST(Views, EachHasItsOwnStatusAndFirstDifference) {
  RunBuilder builder;
  builder.Witness("bastion", CarriedBy::kRouted, 0.3).On("postgres", support::NoConnect(v1::REFUSED, 0.3));
  const v1::Comparison comparison = Compared(builder);
  ASSERT_EQ(comparison.views_size(), 2);
  EXPECT_EQ(comparison.status(), v1::DIVERGED) << "the first view speaks for all";
  EXPECT_EQ(comparison.views(1).status(), v1::DIVERGED);
  EXPECT_EQ(comparison.views(1).first_difference().step(), v1::CONNECT);
  EXPECT_FALSE(comparison.has_first_difference()) << "outside and inside are alike";
}

}  // namespace
}  // namespace parallax::compare
