// Every case of the catalogue.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "contract/names.h"
#include "controller/diagnose/catalogue.h"
#include "controller/diagnose/diagnose.h"
#include "controller/diagnose/found_for_test.h"
#include "tests/support/cause_cases.h"

namespace parallax::diagnose {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Row : public ::testing::TestWithParam<size_t> {
 protected:
  const support::CauseCase& row() const { return support::CauseCases()[GetParam()]; }
};

TEST_P(Row, Holds) {
  const v1::Report report = MakeReport(row().build().Build());
  ASSERT_EQ(report.targets_size(), 1);
  const v1::Diagnosis& diagnosis = report.targets(0).diagnosis();
  SCOPED_TRACE(std::string(row().cause) + ": " + std::string(row().sentence) + "\n" + Everything(report));
  EXPECT_EQ(contract::Name(report.status()), contract::Name(row().status));
  const v1::Finding* finding = FindingOf(diagnosis, row().cause);
  if (row().standing == support::Standing::kAbsent) {
    EXPECT_EQ(finding, nullptr);
    return;
  }
  ASSERT_NE(finding, nullptr);
  EXPECT_FALSE(finding->evidence().empty()) << "no claim without evidence";
  EXPECT_NE(finding->summary(), "");
  switch (row().standing) {
    case support::Standing::kVerdict: EXPECT_EQ(diagnosis.verdict().cause(), row().cause); break;
    case support::Standing::kExplained: EXPECT_NE(finding->explained_by(), ""); break;
    default: EXPECT_NE(diagnosis.verdict().cause(), row().cause); break;
  }
}

INSTANTIATE_TEST_SUITE_P(Rules, Row, ::testing::Range<size_t>(0, support::CauseCases().size()), [](const auto& param) {
  std::string name(support::CauseCases()[param.param].cause);
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return std::to_string(param.param) + "_" + name;
});

TEST(Rows, EveryCauseHasOneWhereItFiresAndOneWhereItIsSilent) {
  std::map<std::string_view, std::set<bool>> seen;
  for (const support::CauseCase& row : support::CauseCases()) {
    ASSERT_NE(FindCause(row.cause), nullptr) << row.cause;
    seen[row.cause].insert(row.standing == support::Standing::kAbsent);
  }
  for (const Cause& cause : Catalogue()) {
    if (!cause.IsTold()) continue;
    EXPECT_TRUE(seen[cause.id].contains(false)) << cause.id << " has no row where it fires";
    EXPECT_TRUE(seen[cause.id].contains(true)) << cause.id << " has no row where it is silent";
  }
}

TEST(Rows, NoRemedyHasAPlaceholderLeft) {
  for (const support::CauseCase& row : support::CauseCases()) {
    const v1::Report report = MakeReport(row.build().Build());
    for (const v1::Finding& finding : report.targets(0).diagnosis().findings()) {
      for (const std::string& line : finding.remedy()) {
        EXPECT_THAT(line, Not(HasSubstr("{"))) << finding.cause() << " in: " << row.sentence;
      }
    }
  }
}

}  // namespace
}  // namespace parallax::diagnose
