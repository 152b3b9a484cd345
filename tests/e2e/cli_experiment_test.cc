// `parallax run`, `probe`, `export` and `diff` with real agents on a loopback where nobody listens.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "tests/e2e/cli_fixture.h"

namespace parallax::e2e {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ExperimentTest : public CliTest {
 protected:
  // Two agents on one host, and a port where nobody listens.
  static std::string Experiment(const std::string& more) {
    return absl::StrCat("name: refused\ntargets: tcp://127.0.0.1:1\nsides:\n  inside: exec:", PARALLAX_AGENT,
                        " stdio\n  outside: local\nrepeats: 1\ninvestigate: false\n", more);
  }
  ChildResult RunText(const std::string& text, std::vector<std::string> flags = {}) {
    WriteFile(File(), text);
    flags.insert(flags.begin(), {"run", File()});
    return Run(flags);
  }
  std::string File() const { return home_ + "/x.yaml"; }
};

TEST_F(ExperimentTest, ExpectationsDecideTheExitCode) {
  const ChildResult met = RunText(Experiment("expect: {cause: target.down}\n"));
  EXPECT_EQ(met.exit, 0) << met.out << met.err;
  EXPECT_THAT(met.out, AllOf(HasSubstr("refused"), HasSubstr("target.down"), HasSubstr("1 of 1 expectations met")));
  EXPECT_THAT(met.err, IsEmpty());
  const ChildResult unmet = RunText(Experiment("expect: healthy\n"));
  EXPECT_EQ(unmet.exit, 1);
  EXPECT_THAT(unmet.out, AllOf(HasSubstr("NOT MET"), HasSubstr("status is healthy; seen: both_failed")));
  const ChildResult missing =
      RunText(Experiment("expect: healthy\n"), {"--set", "sides.inside=exec:/nonexistent/agent"});
  EXPECT_EQ(missing.exit, 3) << missing.out;
  EXPECT_THAT(missing.out, HasSubstr("UNDECIDED"));
}

TEST_F(ExperimentTest, EveryPointAndRoundIsRunKeptAndToldInJson) {
  const ChildResult result =
      RunText(Experiment("matrix: {target: ['tcp://127.0.0.1:1', 'tcp://127.0.0.1:2']}\nrounds: 2\n"
                         "expect: {cause: target.down, outside.connect.failures: '== 2'}\n"),
              {"--format", "json"});
  EXPECT_EQ(result.exit, 0) << result.out << result.err;
  const json document = json::parse(result.out, nullptr, false);
  ASSERT_FALSE(document.is_discarded()) << result.out;
  EXPECT_EQ(document["exitCode"], 0);
  ASSERT_EQ(document["points"].size(), 2U);
  EXPECT_EQ(document["points"][1]["label"], "target=tcp://127.0.0.1:2");
  ASSERT_EQ(document["points"][1]["runs"].size(), 2U);
  EXPECT_EQ(document["points"][1]["runs"][0]["status"], "both_failed");
  EXPECT_EQ(json::parse(Run({"history", "--format", "json"}).out).size(), 4U);
  const std::string run = document["points"][1]["runs"][0]["run"];
  EXPECT_THAT(Run({"show", run}).out, HasSubstr("tcp://127.0.0.1:2"));
}

TEST_F(ExperimentTest, BeforeAndAfterTheChangeAreComparedAsSuch) {
  const ChildResult result = RunText(
      Experiment("rounds: 5\nchange:\n  - command: touch " + home_ + "/changed\nexpect: {cause: target.down}\n"));
  EXPECT_EQ(result.exit, 0) << result.out << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("after against before"), HasSubstr("10 runs"),
                                HasSubstr("no difference shown"), HasSubstr("2 of 2 expectations met")));
  EXPECT_TRUE(std::filesystem::exists(home_ + "/changed"));
}

TEST_F(ExperimentTest, AStepThatFailsOrHangsEndsItAndNothingIsLost) {
  const ChildResult failed = RunText(
      Experiment("rounds: 1\nchange:\n  - command: sh -c 'echo the NAT says no; exit 3'\nafter:\n  - command: touch " +
                 home_ + "/mended\n"));
  EXPECT_EQ(failed.exit, 3) << failed.out;
  EXPECT_THAT(failed.out,
              AllOf(HasSubstr("STOPPED"), HasSubstr("exit code 3: the NAT says no"), HasSubstr("1 runs of 2 planned")));
  EXPECT_TRUE(std::filesystem::exists(home_ + "/mended")) << "the steps after are carried out all the same";
  EXPECT_THAT(Run({"history"}).out, HasSubstr("tcp://127.0.0.1:1"));

  const ChildResult hung = RunText(Experiment("before:\n  - {command: sleep 600, timeout: 200ms}\n"));
  EXPECT_EQ(hung.exit, 3);
  EXPECT_THAT(hung.out, HasSubstr("it had not ended after 200ms"));
  const ChildResult absent = RunText(Experiment("before:\n  - command: /nonexistent/toggle\n"));
  EXPECT_THAT(absent.out, HasSubstr("cannot be started"));
}

TEST_F(ExperimentTest, WithoutAPersonAPauseIsAnErrorAndNoHang) {
  const ChildResult result = RunText(Experiment("change:\n  - pause: toggle the NAT, then press enter\nrounds: 1\n"));
  EXPECT_EQ(result.exit, 3) << result.out;
  EXPECT_THAT(result.out, HasSubstr("nobody can press enter"));
  EXPECT_THAT(Run({"history"}).out, HasSubstr("no runs")) << "nothing is measured that would be for nothing";
  const ChildResult absent = RunText(Experiment("change:\n  - command: /nonexistent/toggle\n"));
  EXPECT_EQ(absent.exit, 3);
  EXPECT_THAT(absent.out, HasSubstr("cannot be started"));
  EXPECT_THAT(Run({"history"}).out, HasSubstr("no runs"));
}

TEST_F(ExperimentTest, ErrorsInTheFileHaveAPlaceAndStartNothing) {
  const ChildResult result = RunText(Experiment("expct: healthy\n"));
  EXPECT_EQ(result.exit, 2);
  EXPECT_THAT(result.err, HasSubstr("x.yaml:8:1: unknown key 'expct'; did you mean 'expect'?"));
  EXPECT_THAT(result.out, IsEmpty());
  const ChildResult vantage = RunText("targets: tcp://127.0.0.1:1\nsides: {inside: 'shs:app-host'}\n");
  EXPECT_EQ(vantage.exit, 2);
  EXPECT_THAT(vantage.err, HasSubstr("x.yaml:2:17: the vantage 'shs:...' is not known"));
  EXPECT_THAT(Run({"run", home_ + "/none.yaml"}).err, HasSubstr("cannot read"));
  EXPECT_THAT(Run({"run", home_}).err,
              HasSubstr("cannot read " + home_ + " (it is a directory, and must be a plain file)"));
  EXPECT_THAT(RunText(Experiment(""), {"--set", "rounds=abc"}).err,
              HasSubstr("error: --set rounds: 'abc' is no whole number"));
}

TEST_F(ExperimentTest, ADryRunPrintsThePlanAndRunsNothing) {
  WriteFile(File(), Experiment("matrix: {target: ['tcp://127.0.0.1:1', 'tcp://db.internal:2']}\nrounds: 3\n"));
  const ChildResult result = Run({"run", File(), "--dry-run"});
  EXPECT_EQ(result.exit, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("2 points x 3 rounds = 6"), HasSubstr("interleaved: 1 2, then 2 1"),
                                HasSubstr("tcp 127.0.0.1:1"), HasSubstr("must-not-connect")));
  const json document = json::parse(Run({"run", File(), "--dry-run", "--format", "json"}).out, nullptr, false);
  EXPECT_EQ(document["runs"], 6);
  EXPECT_EQ(document["points"][1]["probes"][0], "dns db.internal");
  EXPECT_THAT(Run({"history"}).out, HasSubstr("no runs"));
  EXPECT_THAT(RunText(Experiment("change: {pause: toggle the NAT}\n"), {"--dry-run"}).out,
              HasSubstr("healthy after the change, since nothing else is said"));
  const ChildResult junit = Run({"run", File(), "--dry-run", "--format", "junit"});
  EXPECT_EQ(junit.exit, 2);
  EXPECT_THAT(junit.err, HasSubstr("--format junit is of results"));
}

TEST_F(ExperimentTest, OnlyRunsThatAreKeptAreToBeShown) {
  const std::string text = Experiment("expect: {cause: target.down}\n");
  EXPECT_THAT(RunText(text, {"--no-store"}).out, AllOf(HasSubstr("target.down"), Not(HasSubstr("parallax show"))));
  EXPECT_THAT(RunText(text, {"--store", home_ + "/x.db"}).out, HasSubstr(" --store " + home_ + "/x.db\n"));
}

TEST_F(ExperimentTest, AMissingSideIsSaidInItsRun) {
  const ChildResult result = RunText(Experiment("expect: {outside.connect.failures: '== 1'}\n"),
                                     {"--set", "sides.inside=exec:/nonexistent/agent", "--format", "json"});
  const json document = json::parse(result.out, nullptr, false);
  ASSERT_FALSE(document.is_discarded()) << result.out << result.err;
  EXPECT_THAT(document["points"][0]["runs"][0]["missing"].get<std::string>(), HasSubstr("inside: "));
}

TEST_F(ExperimentTest, JUnitIsForWhatRunsTests) {
  const ChildResult result = RunText(Experiment("expect:\n  - {cause: target.down}\n  - {status: healthy}\n"),
                                     {"--format", "junit", "--output", home_ + "/results.xml"});
  EXPECT_EQ(result.exit, 1);
  EXPECT_THAT(ReadFile(home_ + "/results.xml"),
              AllOf(HasSubstr("<testsuite name=\"refused\" tests=\"2\" failures=\"1\" errors=\"0\""),
                    HasSubstr("name=\"cause is target.down"), HasSubstr("message=\"seen: both_failed\"")));
}

TEST_F(ExperimentTest, ASoakGoesOnForItsDuration) {
  const ChildResult result = RunText(
      Experiment("duration: 1s\nevery: 300ms\nprobes: [tunnel]\nexpect: {cause: target.down}\n"), {"--format", "json"});
  const json document = json::parse(result.out, nullptr, false);
  ASSERT_FALSE(document.is_discarded()) << result.out << result.err;
  EXPECT_GE(document["points"][0]["runs"].size(), 1U);
  EXPECT_LE(document["points"][0]["runs"].size(), 4U) << "one every 300 ms";
}

TEST_F(ExperimentTest, ADeadlineEndsItAndSaysSo) {
  const ChildResult result = RunText(Experiment("rounds: 1000\ndeadline: 1s\npause: 100ms\n"));
  EXPECT_EQ(result.exit, 1);  // what was seen was not healthy
  EXPECT_THAT(result.out, HasSubstr("its deadline of 1s was reached"));
}

TEST_F(ExperimentTest, ProbeAsksFromOnePlace) {
  const ChildResult refused = Run({"probe", "tcp://127.0.0.1:1", "--repeats", "1"});
  EXPECT_EQ(refused.exit, 1) << refused.err;
  EXPECT_THAT(refused.out, AllOf(HasSubstr("refused"), HasSubstr("one side"), Not(HasSubstr("is missing"))));
  const ChildResult missing = Run({"probe", "tcp://127.0.0.1:1", "--from", "exec:/nonexistent/agent"});
  EXPECT_EQ(missing.exit, 3) << missing.out;
  EXPECT_EQ(Run({"probe"}).exit, 2);
}

TEST_F(ExperimentTest, AnExportedRunCanBeShownDiagnosedAndDiffed) {
  ASSERT_EQ(Run(Compare()).exit, 1);
  ASSERT_EQ(Run({"export", "last", "--output", home_ + "/run.txtpb"}).exit, 0);
  const ChildResult shown = Run({"show", home_ + "/run.txtpb"});
  EXPECT_EQ(shown.exit, 1) << shown.err;
  EXPECT_EQ(shown.out, Run({"show", "last"}).out);
  EXPECT_EQ(Run({"diagnose", home_ + "/run.txtpb"}).exit, 1);
  const ChildResult same = Run({"diff", "last", home_ + "/run.txtpb"});
  EXPECT_EQ(same.exit, 0) << same.out << same.err;
  EXPECT_THAT(same.out, HasSubstr("The runs tell the same."));
  const json exported = json::parse(Run({"export", "last", "--format", "json"}).out, nullptr, false);
  ASSERT_FALSE(exported.is_discarded());
  EXPECT_EQ(exported["phases"][0]["plan"]["phase"], "locate");
  WriteFile(home_ + "/run.json", exported.dump());
  EXPECT_EQ(Run({"show", home_ + "/run.json"}).out, shown.out);
  EXPECT_EQ(Run({"diff", "last", home_ + "/run.json"}).exit, 0);
  WriteFile(home_ + "/report.json", Run({"show", "last", "--format", "json"}).out);
  EXPECT_THAT(Run({"show", home_ + "/report.json"}).err, HasSubstr("is no exported run (it has no id)"));
  WriteFile(home_ + "/broken.json", "{\"id\": 7}");
  EXPECT_THAT(Run({"show", home_ + "/broken.json"}).err, HasSubstr("is no exported run ('id' cannot be read)"));
  WriteFile(home_ + "/broken.txtpb", "id: \"x\nnothing");
  EXPECT_THAT(Run({"show", home_ + "/broken.txtpb"}).err, HasSubstr("is no exported run (line 1"));
}

TEST_F(ExperimentTest, DiffSaysWhatIsOtherwise) {
  ASSERT_EQ(Run(Compare()).exit, 1);
  ASSERT_EQ(Run({"export", "last", "--output", home_ + "/first.txtpb"}).exit, 0);
  ASSERT_EQ(Run({"compare", "tcp://127.0.0.1:1", "--inside", "exec:/nonexistent/agent", "--repeats", "1"}).exit, 3);
  const ChildResult result = Run({"diff", home_ + "/first.txtpb", "last", "--format", "json"});
  EXPECT_EQ(result.exit, 1) << result.err;
  const json document = json::parse(result.out, nullptr, false);
  ASSERT_FALSE(document.is_discarded());
  EXPECT_EQ(document["differ"], true);
  EXPECT_EQ(document["targets"][0]["lines"][0]["before"], "both_failed");
  EXPECT_EQ(document["targets"][0]["lines"][0]["after"], "cannot_tell");
}

TEST_F(ExperimentTest, DiffSetsNoTimesOfOtherTargetsAgainstEachOther) {
  for (const char* target : {"tcp://127.0.0.1:1", "tcp://127.0.0.1:2"}) {
    ASSERT_EQ(Run({"probe", target, "--repeats", "1"}).exit, 1);
    ASSERT_EQ(Run({"export", "last", "--output", absl::StrCat(home_, "/", target + 16, ".txtpb")}).exit, 0);
  }
  const ChildResult same = Run({"diff", home_ + "/1.txtpb", home_ + "/1.txtpb"});
  EXPECT_THAT(same.out, AllOf(HasSubstr("medians of the steps"), HasSubstr("it never succeeded in the first")));
  const ChildResult others = Run({"diff", home_ + "/1.txtpb", home_ + "/2.txtpb"});
  EXPECT_EQ(others.exit, 1) << others.err;
  EXPECT_THAT(others.out, AllOf(HasSubstr("Not the same targets"), Not(HasSubstr("medians of the steps"))));
  const json document =
      json::parse(Run({"diff", home_ + "/1.txtpb", home_ + "/2.txtpb", "--format", "json"}).out, nullptr, false);
  EXPECT_EQ(document["sameTargets"], false);
  EXPECT_TRUE(document["changes"].empty());
}

}  // namespace
}  // namespace parallax::e2e
