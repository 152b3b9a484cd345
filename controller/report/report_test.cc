#include "controller/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "controller/report/incident_for_test.h"
#include "controller/report/layout.h"

namespace parallax::report {
namespace {

using nlohmann::json;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string LineWith(const std::string& text, const std::string& part) {
  for (const std::string& line : Lines(text)) {
    if (line.find(part) != std::string::npos) return line;
  }
  return "";
}

void ExpectFits(const std::string& text, size_t columns) {
  for (const std::string& line : Lines(text)) EXPECT_LE(Width(line), columns) << line;
}

TEST(Text, TheIncidentAtAGlance) {
  const std::string text = Text(IncidentRun(), IncidentReport(), {});
  if (std::getenv("PARALLAX_SHOW") != nullptr) std::puts(text.c_str());
  ExpectFits(text, 80);
  EXPECT_THAT(text, HasSubstr("postgres://app@db.internal:5432/app"));
  EXPECT_THAT(text, HasSubstr("run 7f3a00c0ffee   plan 9c41d2ab on both sides"));
  EXPECT_THAT(text, HasSubstr("api-1 10.0.8.50"));
  EXPECT_THAT(text, HasSubstr("this laptop"));
  EXPECT_THAT(text, HasSubstr("carrier: sst (pid 4711) -> 198.51.100.24:22, SYN-SENT for 41 s"));
  EXPECT_THAT(LineWith(text, "  connect "), HasSubstr("by this laptop: proves nothing"));
  EXPECT_THAT(LineWith(text, "must not connect"), ContainsRegex("refused, silent +accepted"));
  EXPECT_THAT(LineWith(text, "must answer"), ContainsRegex("10.0.0.2:53 yes +closed in 0.4 ms"));
  EXPECT_THAT(LineWith(text, "ssl request"),
              ContainsRegex("^> .*S in 0.9 ms +closed in 0.4 ms, 0 bytes  FIRST DIFFERENCE$"));
  EXPECT_THAT(LineWith(text, "  tls "), ContainsRegex("TLSv1.3 41:9c.* -$"));
  EXPECT_THAT(LineWith(text, "proved"), ContainsRegex("query +syn_ack"));
  EXPECT_THAT(LineWith(text, "VERDICT"), ContainsRegex("tunnel.bastion_unreachable +confidence 0.98"));
  EXPECT_THAT(text, HasSubstr("  because  a fresh connection to 198.51.100.24:22 got no answer in 5.0 s"));
  EXPECT_THAT(text, HasSubstr("  against  the tunnel's process is alive"));
  EXPECT_THAT(text, HasSubstr("could also be  tunnel.carrier_dead"));
  EXPECT_THAT(text, HasSubstr("explained by tunnel.bastion_unreachable"));
  EXPECT_THAT(text, HasSubstr("tunnel.local_accept (note)"));
  EXPECT_THAT(text, HasSubstr("asked    fresh connections to the bastion"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(Text, TheFirstDifferenceIsMarkedOnce) {
  const std::string text = Text(IncidentRun(), IncidentReport(), {});
  EXPECT_EQ(text.find("FIRST DIFFERENCE"), text.rfind("FIRST DIFFERENCE"));
  EXPECT_THAT(Text(IncidentRun(), HealthyReport(), {}), Not(HasSubstr("FIRST DIFFERENCE")));
}

TEST(Text, HealthyIsShortAndClear) {
  const std::string text = Text(IncidentRun(), HealthyReport(), {});
  if (std::getenv("PARALLAX_SHOW") != nullptr) std::puts(text.c_str());
  ExpectFits(text, 80);
  EXPECT_THAT(text, HasSubstr("VERDICT  healthy"));
  EXPECT_THAT(text, HasSubstr("each logged in and ran a query. Nothing differs."));
  EXPECT_THAT(text, Not(HasSubstr("because")));
}

TEST(Text, HealthyWithoutThePasswordSaysWhy) {
  v1::Report report = HealthyReport();
  v1::Comparison* comparison = report.mutable_targets(0)->mutable_comparison();
  comparison->mutable_target()->set_credentials(true);
  for (v1::SideSummary& side : *comparison->mutable_sides()) side.set_rung(v1::AUTHENTICATED_STAGE);
  for (v1::Pair& pair : *comparison->mutable_pairs()) {
    if (pair.role() != v1::TARGET) continue;
    for (v1::SideOutcome& side : *pair.mutable_sides()) {
      side.set_last_good_step(v1::AUTHENTICATION);
      for (v1::StepSummary& step : *side.mutable_steps()) {
        if (step.kind() == v1::AUTHENTICATION) step.mutable_sample()->set_text("it would travel without TLS");
      }
    }
  }
  EXPECT_THAT(Text(IncidentRun(), report, {}), HasSubstr("not sent: it would travel"));
}

TEST(Text, AMissingSideSaysWhyAndWhatToDo) {
  v1::Run run = IncidentRun();
  run.mutable_sides(0)->clear_agent();
  run.mutable_sides(0)->set_missing("ssh: connect to host bastion port 22: Connection timed out");
  run.mutable_sides(0)->set_missing_remedy("try the command by itself: ssh bastion ./parallax-agent stdio");
  v1::Report report = IncidentReport();
  v1::TargetReport* target = report.mutable_targets(0);
  target->mutable_comparison()->mutable_sides(0)->set_present(false);
  target->mutable_comparison()->mutable_sides(0)->set_missing(run.sides(0).missing());
  target->mutable_diagnosis()->clear_verdict();
  target->mutable_diagnosis()->set_status(v1::CANNOT_TELL);
  target->mutable_comparison()->set_status_why("the inside gave no observation");
  const std::string text = Text(run, report, {});
  ExpectFits(text, 80);
  EXPECT_THAT(text, HasSubstr("MISSING: ssh: connect to host bastion port 22"));
  EXPECT_THAT(text, HasSubstr("do: try the command by itself"));
  EXPECT_THAT(text, HasSubstr("VERDICT  cannot tell"));
  EXPECT_THAT(text, HasSubstr("the inside gave no observation"));
  EXPECT_THAT(text, HasSubstr("on one side"));
}

TEST(Text, PlansThatDifferAreSaidAloud) {
  v1::Report report = IncidentReport();
  report.mutable_targets(0)->mutable_comparison()->set_digests_agree(false);
  EXPECT_THAT(Text(IncidentRun(), report, {}), HasSubstr("NOT THE SAME on every side"));
}

TEST(Text, NothingIsWiderThanAskedNorDrivesTheTerminal) {
  v1::Run run = IncidentRun();
  v1::Report report = IncidentReport();
  v1::Comparison* comparison = report.mutable_targets(0)->mutable_comparison();
  const std::string evil = "\x1b]0;x\a\x1b[31m\xff" + std::string(10'000, 'x') + "\n\r\xc2\x9b";
  comparison->mutable_target()->set_url("postgres://" + evil);
  comparison->mutable_sides(0)->set_vantage("exec:" + evil);
  comparison->mutable_sides(0)->set_name(evil);
  comparison->mutable_sides(1)->mutable_carrier()->set_summary(evil);
  for (v1::Pair& pair : *comparison->mutable_pairs()) {
    pair.mutable_sides(0)->set_side(evil);
    pair.set_probe(evil);
    for (v1::StepSummary& step : *pair.mutable_sides(1)->mutable_steps()) {
      step.set_failure(v1::SERVER_ERROR);
      step.mutable_sample()->mutable_server_error()->set_message(evil);
    }
  }
  v1::Finding* verdict = report.mutable_targets(0)->mutable_diagnosis()->mutable_verdict();
  verdict->set_cause(evil);
  verdict->set_summary(evil);
  verdict->add_remedy("aws " + evil);
  verdict->mutable_evidence(0)->set_text(evil);
  run.mutable_sides(1)->set_missing(evil);
  run.set_title(evil);
  for (const int columns : {60, 80, 200}) {
    const std::string text = Text(run, report, {.columns = columns});
    ExpectFits(text, static_cast<size_t>(columns));
    for (const char c : text) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
  }
}

TEST(Text, EveryWidthFits) {
  for (int columns = 60; columns < 130; ++columns) {
    ExpectFits(Text(IncidentRun(), IncidentReport(), {.columns = columns}), static_cast<size_t>(columns));
  }
}

TEST(Text, WitnessesGetAColumnOfTheirOwn) {
  v1::Report report = IncidentReport();
  v1::Comparison* comparison = report.mutable_targets(0)->mutable_comparison();
  for (int i = 0; i < 4; ++i) {
    v1::SideSummary* witness = comparison->add_sides();
    witness->set_name("witness" + std::to_string(i));
    witness->set_present(true);
  }
  const std::string text = Text(IncidentRun(), report, {});
  ExpectFits(text, 80);
  EXPECT_THAT(text, HasSubstr("witness3"));
}

// The most that there can be: tables of three under each other, and what is said of the two sides is said once.
TEST(Text, ManyWitnessesStayReadable) {
  v1::Report report = IncidentReport();
  v1::Comparison* comparison = report.mutable_targets(0)->mutable_comparison();
  for (int i = 0; i < 62; ++i) {
    const std::string name = "witness" + std::to_string(i);
    v1::SideSummary* witness = comparison->add_sides();
    witness->set_name(name);
    witness->set_present(true);
    witness->set_rung(v1::QUERY_RUNG);
    for (v1::Pair& pair : *comparison->mutable_pairs()) {
      if (pair.role() != v1::TARGET && pair.role() != v1::POSITIVE_CONTROL) continue;
      const v1::SideOutcome inside = pair.sides(0);
      *pair.add_sides() = inside;
      pair.mutable_sides(pair.sides_size() - 1)->set_side(name);
    }
  }
  const std::string text = Text(IncidentRun(), report, {});
  ExpectFits(text, 80);
  EXPECT_THAT(LineWith(text, "witness61"), Not(HasSubstr("witness58")));
  size_t differences = 0;
  size_t subjects = 0;
  size_t bastions = 0;
  for (const std::string& line : Lines(text)) {
    differences += line.find("FIRST DIFFERENCE") == std::string::npos ? 0 : 1;
    subjects += line.find("10.0.0.2:53") == std::string::npos ? 0 : 1;
    bastions += line.find("  bastion ") == 0 ? 1 : 0;
  }
  EXPECT_EQ(differences, 1U);
  EXPECT_EQ(subjects, 22U) << "every table says which control it was";
  EXPECT_LE(bastions, 1U) << "a row of dashes tells nothing";
}

TEST(Text, AHealthEndpointIsNoAgentAndTheReportSaysHowMuchLess) {
  v1::Report report = IncidentReport();
  v1::SideSummary* inside = report.mutable_targets(0)->mutable_comparison()->mutable_sides(0);
  const std::string name = inside->name();
  inside->Clear();
  inside->set_name(name);
  inside->set_vantage("https://api.example.com/health#/database/status=connected");
  inside->set_present(true);
  inside->set_healthy(true);
  inside->mutable_health()->set_answered(3);
  inside->mutable_health()->set_says("status 200, /database/status is connected");
  const std::string text = Text(IncidentRun(), report, {});
  ExpectFits(text, 80);
  EXPECT_THAT(text, HasSubstr("a health endpoint, no agent: no stage, no control and no identity"));
  EXPECT_THAT(LineWith(text, "health says"), HasSubstr("status 200"));
  EXPECT_THAT(LineWith(text, "proved"), ContainsRegex("- +syn_ack"));
  const json side = json::parse(Json(IncidentRun(), report))["sides"][0];
  EXPECT_EQ(side["health"]["says"], "status 200, /database/status is connected");
  EXPECT_EQ(json::parse(Json(IncidentRun(), report))["sides"][1]["health"], nullptr);
}

TEST(Text, SeveralTargetsGetABlockEachAndASummary) {
  v1::Report report = IncidentReport();
  *report.add_targets() = HealthyReport().targets(0);
  const std::string text = Text(IncidentRun(), report, {});
  ExpectFits(text, 80);
  EXPECT_THAT(text, HasSubstr("2 targets: 1 healthy, 1 diverged"));
  EXPECT_THAT(text, HasSubstr("VERDICT  healthy"));
  EXPECT_THAT(text, HasSubstr("VERDICT  tunnel.bastion_unreachable"));
}

TEST(Text, ColourAddsNothingButColour) {
  std::string coloured = Text(IncidentRun(), IncidentReport(), {.colour = true});
  EXPECT_THAT(coloured, HasSubstr("\x1b[1;31m"));
  std::string stripped;
  for (size_t i = 0; i < coloured.size(); ++i) {
    if (coloured[i] == '\x1b') {
      i = coloured.find('m', i);
    } else {
      stripped += coloured[i];
    }
  }
  EXPECT_EQ(stripped, Text(IncidentRun(), IncidentReport(), {}));
}

v1::Report WithNotes() {
  v1::Report report = HealthyReport();
  v1::Comparison* comparison = report.mutable_targets(0)->mutable_comparison();
  comparison->mutable_target()->set_host("db.internal");
  for (int kind = v1::PASSWORD_NOT_ASKED; kind <= v1::SIDES_SEEM_SWAPPED; ++kind) {
    v1::Note* note = comparison->add_notes();
    note->set_kind(static_cast<v1::NoteKind>(kind));
    note->set_side("outside");
    note->add_facts("outside goes there directly");
  }
  for (int i = 0; i < 6; ++i) comparison->mutable_addresses()->add_probed("10.0.4." + std::to_string(i));
  for (int i = 6; i < 30; ++i) comparison->mutable_addresses()->add_left_out("10.0.4." + std::to_string(i));
  return report;
}

TEST(Text, NotesStandBelowTheVerdict) {
  const std::string text = Text(IncidentRun(), WithNotes(), {});
  ExpectFits(text, 80);
  std::string flat;
  for (const std::string& line : Lines(text))
    flat += line.substr(std::min(line.find_first_not_of(' '), line.size())) + " ";
  EXPECT_THAT(flat, HasSubstr("let the user in without asking for one"));
  EXPECT_THAT(flat, HasSubstr("6 of the 30 addresses of db.internal were probed"));
  EXPECT_THAT(flat, HasSubstr("10.0.4.11 and 18 more"));
  EXPECT_THAT(flat, HasSubstr("Are inside and outside exchanged? outside goes there directly."));
  EXPECT_THAT(text, Not(HasSubstr("password_not_asked"))) << "a kind without a sentence";
  EXPECT_LT(text.find("VERDICT"), text.find("note"));
}

TEST(Text, WhatCannotBeSeenIsNotCalledDirect) {
  v1::Report report = HealthyReport();
  v1::CarrierDetails* carrier = report.mutable_targets(0)->mutable_comparison()->mutable_sides(1)->mutable_carrier();
  carrier->set_kind(v1::CARRIER_UNKNOWN);
  carrier->set_routed_direct(true);
  carrier->set_summary("interface eth0 is no tunnel, and no process can be seen");
  carrier->set_not_permitted(true);
  carrier->set_not_permitted_why("/proc is not mounted here");
  const std::string text = Text(IncidentRun(), report, {});
  EXPECT_THAT(text, HasSubstr("cannot see what carries it: interface eth0"));
  EXPECT_THAT(text, HasSubstr("/proc is not mounted here"));
}

TEST(Json, NotesAndAddressesAreData) {
  const json document = json::parse(Json(IncidentRun(), WithNotes()));
  EXPECT_EQ(document["notes"].size(), 5U);
  EXPECT_EQ(document["notes"][0]["note"], "password_not_asked");
  EXPECT_EQ(document["notes"][0]["side"], "outside");
  EXPECT_NE(document["notes"][0]["text"], "");
  EXPECT_EQ(document["addressChoice"]["probed"].size(), 6U);
  EXPECT_EQ(document["addressChoice"]["leftOut"].size(), 24U);
  EXPECT_EQ(json::parse(Json(IncidentRun(), HealthyReport()))["addressChoice"], nullptr);
}

TEST(Json, IsTheContract) {
  const std::string text = Json(IncidentRun(), IncidentReport());
  ASSERT_TRUE(text.ends_with("}\n"));
  const json document = json::parse(text);
  EXPECT_EQ(document["run"], "7f3a00c0ffee");
  EXPECT_EQ(document["status"], "diverged");
  EXPECT_EQ(document["exitCode"], 1);
  EXPECT_EQ(document["verdict"]["cause"], "tunnel.bastion_unreachable");
  EXPECT_EQ(document["verdict"]["alternatives"], json({"tunnel.carrier_dead"}));
  EXPECT_EQ(document["verdict"]["evidence"][0]["step"], "banner");
  EXPECT_EQ(document["findings"][0]["cause"], "tunnel.bastion_unreachable");
  EXPECT_EQ(document["findings"][2]["explainedBy"], "tunnel.bastion_unreachable");
  EXPECT_EQ(document["sides"][0]["rung"], "query");
  EXPECT_EQ(document["sides"][1]["rung"], "syn_ack");
  EXPECT_EQ(document["sides"][1]["carrier"]["holder"]["pid"], 4711);
  EXPECT_EQ(document["firstDifference"]["step"], "ssl_request");
  EXPECT_EQ(document["targets"].size(), 1U);
  EXPECT_EQ(document["targets"][0]["verdict"], document["verdict"]);
  const json& pair = document["pairs"].back();
  EXPECT_EQ(pair["judgement"], "only_outside_failed");
  EXPECT_EQ(pair["attempts"], 3);
  EXPECT_EQ(pair["firstDifference"]["inside"], "S in 0.9 ms");
  EXPECT_EQ(pair["sides"][0]["steps"][0]["step"], "connect");
  EXPECT_DOUBLE_EQ(pair["sides"][0]["steps"][0]["medianMs"].get<double>(), 0.4);
  EXPECT_EQ(document["started"], "2023-11-14T22:13:20.123Z");
}

TEST(Json, DefaultsArePrinted) {
  const json document = json::parse(Json(IncidentRun(), HealthyReport()));
  EXPECT_EQ(document["verdict"]["cause"], "");
  EXPECT_EQ(document["verdict"]["confidence"], 0.0);
  EXPECT_EQ(document["verdict"]["alternatives"], json::array());
  EXPECT_TRUE(document["firstDifference"].is_null());
  EXPECT_EQ(document["exitCode"], 0);
  EXPECT_TRUE(json::accept(Json(v1::Run(), v1::Report())));
}

TEST(Json, TheTopLevelIsTheWorstTarget) {
  v1::Report report = HealthyReport();
  *report.add_targets() = IncidentReport().targets(0);
  report.set_worst(1);
  report.set_status(v1::DIVERGED);
  const json document = json::parse(Json(IncidentRun(), report));
  EXPECT_EQ(document["status"], "diverged");
  EXPECT_EQ(document["targets"][0]["status"], "healthy");
  EXPECT_EQ(document["targets"][1]["status"], "diverged");
}

TEST(Json, IsUtf8WhateverCameFromTheWire) {
  v1::Report report = IncidentReport();
  report.mutable_targets(0)->mutable_diagnosis()->mutable_verdict()->set_summary("a\xff\xfe b\x1b[0m");
  const std::string text = Json(IncidentRun(), report);
  EXPECT_TRUE(json::accept(text));
  EXPECT_THAT(text, Not(HasSubstr("\xff")));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

void CollectKeys(const json& value, std::set<std::string>* keys) {
  if (value.is_object()) {
    for (const auto& [key, inner] : value.items()) {
      keys->insert(key);
      CollectKeys(inner, keys);
    }
  } else if (value.is_array()) {
    for (const json& inner : value) CollectKeys(inner, keys);
  }
}

TEST(Json, EveryFieldIsInTheReadme) {
  std::ifstream in(PARALLAX_SOURCE_DIR "/controller/report/README.md");
  std::stringstream readme;
  readme << in.rdbuf();
  ASSERT_FALSE(readme.str().empty());
  std::set<std::string> keys;
  CollectKeys(json::parse(Json(IncidentRun(), IncidentReport())), &keys);
  EXPECT_GT(keys.size(), 100U);
  for (const std::string& key : keys) {
    EXPECT_THAT(readme.str(), HasSubstr("`" + key + "`")) << "the report has a field that its README does not name";
  }
}

}  // namespace
}  // namespace parallax::report
