#include "controller/diagnose/diagnose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "contract/names.h"
#include "controller/diagnose/catalogue.h"
#include "controller/diagnose/rule_rows.h"

namespace parallax::diagnose {
namespace {

using support::RunBuilder;
using support::Way;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string Told(const v1::Report& report) {
  std::string told = "status " + contract::Name(report.status());
  for (const v1::TargetReport& target : report.targets()) {
    told += "\n  verdict '" + target.diagnosis().verdict().cause() + "'";
    for (const v1::Finding& finding : target.diagnosis().findings()) {
      told += "\n    " + finding.cause() + " (" + contract::Name(finding.severity()) + ", " +
              std::to_string(finding.confidence()).substr(0, 4) +
              (finding.explained_by().empty() ? "" : ", by " + finding.explained_by()) + ") " + finding.summary();
    }
    for (const v1::SideSummary& side : target.comparison().sides()) {
      told += "\n    " + side.name() + ": " + contract::Name(side.rung()) + ", " + contract::Name(side.locality()) +
              " (" + side.locality_why() + ")";
    }
  }
  return told;
}

const v1::Finding* FindingOf(const v1::Diagnosis& diagnosis, std::string_view cause) {
  for (const v1::Finding& finding : diagnosis.findings()) {
    if (finding.cause() == cause) return &finding;
  }
  return nullptr;
}

class Row : public ::testing::TestWithParam<size_t> {
 protected:
  const RuleRow& row() const { return RuleRows()[GetParam()]; }
};

TEST_P(Row, Holds) {
  const v1::Report report = MakeReport(row().build().Build());
  ASSERT_EQ(report.targets_size(), 1);
  const v1::Diagnosis& diagnosis = report.targets(0).diagnosis();
  SCOPED_TRACE(std::string(row().cause) + ": " + std::string(row().sentence) + "\n" + Told(report));
  EXPECT_EQ(contract::Name(report.status()), contract::Name(row().status));
  const v1::Finding* finding = FindingOf(diagnosis, row().cause);
  if (row().says == Says::kSilent) {
    EXPECT_EQ(finding, nullptr);
    return;
  }
  ASSERT_NE(finding, nullptr);
  EXPECT_FALSE(finding->evidence().empty()) << "no claim without evidence";
  EXPECT_NE(finding->summary(), "");
  switch (row().says) {
    case Says::kVerdict: EXPECT_EQ(diagnosis.verdict().cause(), row().cause); break;
    case Says::kExplained: EXPECT_NE(finding->explained_by(), ""); break;
    default: EXPECT_NE(diagnosis.verdict().cause(), row().cause); break;
  }
}

INSTANTIATE_TEST_SUITE_P(Rules, Row, ::testing::Range<size_t>(0, RuleRows().size()), [](const auto& param) {
  std::string name(RuleRows()[param.param].cause);
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return std::to_string(param.param) + "_" + name;
});

TEST(Rows, EveryRuleHasOneWhereItFiresAndOneWhereItIsSilent) {
  std::map<std::string_view, std::set<bool>> seen;
  for (const RuleRow& row : RuleRows()) {
    ASSERT_NE(FindCause(row.cause), nullptr) << row.cause;
    seen[row.cause].insert(row.says == Says::kSilent);
  }
  for (const Rule& rule : Catalogue()) {
    if (rule.match == nullptr) continue;
    EXPECT_TRUE(seen[rule.cause].contains(false)) << rule.cause << " has no row where it fires";
    EXPECT_TRUE(seen[rule.cause].contains(true)) << rule.cause << " has no row where it is silent";
  }
}

TEST(Rows, NoRemedyHasAPlaceholderLeft) {
  for (const RuleRow& row : RuleRows()) {
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
