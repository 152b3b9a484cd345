#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "contract/digest.h"
#include "controller/report/html/embedded_run.h"
#include "controller/report/html/html.h"
#include "controller/report/incident_for_test.h"

namespace parallax::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr size_t kPlenty = 1 << 20;

std::string PageOf(const v1::Run& run, const v1::Report& report) { return Html(MakeSheet(run, report)); }

size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

std::string Between(const std::string& text, const std::string& begin, const std::string& end) {
  const size_t at = text.find(begin);
  if (at == std::string::npos) return "";
  return text.substr(at + begin.size(), text.find(end, at + begin.size()) - at - begin.size());
}

TEST(Html, SaysTheVerdictFirstAndTheRestInOrder) {
  const std::string page = PageOf(IncidentRun(), IncidentReport());
  if (std::getenv("PARALLAX_SHOW") != nullptr) std::puts(page.c_str());
  size_t at = 0;
  for (const char* part : {"The tunnel&#39;s bastion does not answer", "tunnel.bastion_unreachable", "confidence 0.98",
                           "The path", "Step by step", "first difference", "What was proved", "Because", "Against",
                           "Could also be", "What would settle it", "What to do", "aws ec2 describe-instances",
                           "parallax compare", "Each connection", "The sides", "parallax-run"}) {
    const size_t found = page.find(part, at);
    ASSERT_NE(found, std::string::npos) << part;
    at = found;
  }
  EXPECT_LT(page.size(), kMaxPageBytes);
}

TEST(Html, AsksNothingOfTheNetworkAndRunsNothing) {
  const std::string page = PageOf(IncidentRun(), IncidentReport());
  for (const char* word :
       {"<script", "<img", "<iframe", "@import", "url(", " style=", " onload", "http://", "https://"}) {
    EXPECT_THAT(page, Not(HasSubstr(word)));
  }
  EXPECT_THAT(page, HasSubstr("default-src &#39;none&#39;"));
  EXPECT_THAT(page, Not(HasSubstr("unsafe")));
  const std::string style = Between(page, "<style>", "</style>");
  const std::string digest = absl::Base64Escape(absl::HexStringToBytes(contract::Digest(style)));
  EXPECT_THAT(page, HasSubstr(absl::StrCat("sha256-", digest)));
}

TEST(Html, EvidenceLeadsToItsStep) {
  const std::string page = PageOf(IncidentRun(), IncidentReport());
  const std::string before = page.substr(0, page.find("a fresh connection to 198.51.100.24:22 got no answer"));
  const std::string place = Between(before.substr(before.rfind("href=\"#")), "href=\"#", "\"");
  ASSERT_FALSE(place.empty());
  EXPECT_THAT(Between(page, absl::StrCat("id=\"", place, "\""), "</tr>"), HasSubstr("bastion"));
}

TEST(Html, ThePictureBreaksWhereTheVerdictDoes) {
  const v1::Report report = IncidentReport();
  const std::vector<Path> paths = Paths(report.targets(0));
  const Path& path = paths[1];
  ASSERT_EQ(path.stops.size(), 5U);
  EXPECT_EQ(path.legs[0].crossing, Crossing::kAccepted);
  EXPECT_EQ(path.legs[1].crossing, Crossing::kBroken);
  EXPECT_EQ(path.legs[2].crossing, Crossing::kUnseen);
  EXPECT_EQ(path.legs[3].crossing, Crossing::kUnseen);
  for (const Leg& leg : paths[0].legs) EXPECT_EQ(leg.crossing, Crossing::kProved);
  EXPECT_THAT(PageOf(IncidentRun(), report), HasSubstr("The path from outside. this laptop to"));
}

TEST(Html, WhatAPeerSaidIsNeverMarkup) {
  const std::string evil = "\"'><script>alert(1)</script><!--&amp;\xE2\x80\xAE\x01";
  v1::Report report = IncidentReport();
  v1::Comparison* comparison = report.mutable_targets(0)->mutable_comparison();
  comparison->mutable_target()->set_url(evil);
  for (v1::SideSummary& side : *comparison->mutable_sides()) {
    side.set_name(evil);
    side.set_vantage(evil);
    side.mutable_carrier()->set_summary(evil);
    side.mutable_carrier()->mutable_holder()->set_name(evil);
  }
  for (v1::Pair& pair : *comparison->mutable_pairs()) {
    pair.set_probe(evil);
    pair.set_address(evil);
    for (v1::SideOutcome& outcome : *pair.mutable_sides()) outcome.set_error(evil);
  }
  v1::Finding* verdict = report.mutable_targets(0)->mutable_diagnosis()->mutable_verdict();
  verdict->set_cause(evil);
  verdict->set_title(evil);
  verdict->set_summary(evil);
  verdict->add_remedy(evil);
  for (v1::Evidence& evidence : *verdict->mutable_evidence()) evidence.set_text(evil);
  v1::Run run = IncidentRun();
  run.set_title(evil);
  run.set_id(evil);
  const std::string page = PageOf(run, report);
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("<!--")));
  EXPECT_THAT(page, Not(HasSubstr("\xE2\x80\xAE")));
  EXPECT_EQ(Count(page, "<style"), 1U);
}

TEST(EmbeddedRun, ComesOutAsItWentIn) {
  const v1::Run run = IncidentRun();
  const std::string page = PageOf(run, IncidentReport());
  EXPECT_TRUE(LooksLikePage(page));
  const auto read = RunInPage(page, kPlenty);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->SerializeAsString(), run.SerializeAsString());
}

TEST(EmbeddedRun, GarbageIsRefusedInWords) {
  for (const char* text : {"", "<!doctype html>", "<!doctype html><p id=\"parallax-run\"",
                           "<!doctype html><data id=\"parallax-run\" value=\"!!\"></data>",
                           "<!doctype html><data id=\"parallax-run\" data-sha256=\"\" value=\"AAAA\" hidden></data>"}) {
    EXPECT_FALSE(RunInPage(text, kPlenty).ok()) << text;
  }
  // The digest is right, and what it is of is no gzip, or no run.
  for (const std::string& bytes : {std::string("no gzip"), std::string("\x1f\x8b\x08", 3)}) {
    const std::string page =
        absl::StrCat("<!doctype html><data id=\"parallax-run\" data-sha256=\"", contract::Digest(bytes), "\" value=\"",
                     absl::Base64Escape(bytes), "\" hidden></data>");
    EXPECT_FALSE(RunInPage(page, kPlenty).ok());
  }
}

TEST(EmbeddedRun, EveryTruncationIsRefused) {
  const std::string page = PageOf(IncidentRun(), IncidentReport());
  const size_t end = page.find("hidden></data>");
  ASSERT_NE(end, std::string::npos);
  for (size_t size = 0; size < end; size += 97) EXPECT_FALSE(RunInPage(page.substr(0, size), kPlenty).ok()) << size;
}

TEST(EmbeddedRun, ASmallFileThatUnpacksToALargeOneIsRefused) {
  v1::Run run = IncidentRun();
  run.set_title(std::string(8 << 20, 'x'));
  const PackedRun packed = PackRun(run);
  ASSERT_LT(packed.base64.size(), 64U << 10);
  const std::string page = absl::StrCat("<!doctype html><data id=\"parallax-run\" data-sha256=\"", packed.digest,
                                        "\" value=\"", packed.base64, "\" hidden></data>");
  EXPECT_FALSE(RunInPage(page, kPlenty).ok());
  EXPECT_TRUE(RunInPage(page, 16 << 20).ok());
}

}  // namespace
}  // namespace parallax::report
