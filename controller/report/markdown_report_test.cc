#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "controller/report/incident_for_test.h"
#include "controller/report/markdown/markdown.h"

namespace parallax::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Markdown, TheIncidentForATicket) {
  const v1::Run run = IncidentRun();
  const v1::Report report = IncidentReport();
  const std::string text = Markdown(MakeSheet(run, report));
  if (std::getenv("PARALLAX_SHOW") != nullptr) std::puts(text.c_str());
  EXPECT_THAT(text, HasSubstr("## the tunnel's bastion does not answer"));
  EXPECT_THAT(text, HasSubstr("`tunnel.bastion_unreachable`, confidence 0.98"));
  EXPECT_THAT(text, HasSubstr("| **ssl request: first difference** | S in 0.9 ms |"));
  EXPECT_THAT(text, HasSubstr("```\naws ec2 describe-instances"));
  EXPECT_THAT(text, HasSubstr("- outside: this laptop to"));
}

TEST(Markdown, WhatAPeerSaidIsNeverMarkup) {
  const v1::Run run = IncidentRun();
  v1::Report report = IncidentReport();
  v1::Finding* verdict = report.mutable_targets(0)->mutable_diagnosis()->mutable_verdict();
  verdict->set_summary("<b>x</b> [a](http://b) | @all `c` *d*\n# e");
  verdict->set_cause("a```b");
  const std::string text = Markdown(MakeSheet(run, report));
  EXPECT_THAT(text, Not(HasSubstr("<b>")));
  EXPECT_THAT(text, Not(HasSubstr("[a](")));
  EXPECT_THAT(text, Not(HasSubstr("@all")));
  EXPECT_THAT(text, Not(HasSubstr("\n# e")));
  EXPECT_THAT(text, HasSubstr("```` a```b ````"));
}

}  // namespace
}  // namespace parallax::report
