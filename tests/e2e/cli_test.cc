// The real `parallax` with real agents on a loopback of their own: what it prints, keeps, and never says.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>

#include "parallax/v1/run.pb.h"
#include "tests/e2e/cli_fixture.h"

namespace parallax::e2e {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST_F(CliTest, ComparesAndKeepsAndShowsAgain) {
  const ChildResult compared = Run(Compare());
  EXPECT_EQ(compared.exit, 1) << compared.err;
  EXPECT_THAT(compared.out, AllOf(HasSubstr("tcp://127.0.0.1:1"), HasSubstr("on both sides"), HasSubstr("refused"),
                                  HasSubstr("VERDICT")));
  EXPECT_THAT(compared.err, IsEmpty());
  EXPECT_THAT(compared.out, Not(HasSubstr("\x1b")));
  const ChildResult shown = Run({"show", "last"});
  EXPECT_EQ(shown.out, compared.out);
  EXPECT_EQ(shown.exit, compared.exit);
  const ChildResult again = Run({"diagnose", "last"});
  EXPECT_EQ(again.out, compared.out);
  EXPECT_EQ(again.exit, compared.exit);
  EXPECT_THAT(Run({"history"}).out, HasSubstr("tcp://127.0.0.1:1"));
  EXPECT_EQ(json::parse(Run({"history", "--format", "json"}).out).size(), 1U);
}

TEST_F(CliTest, JsonIsExactlyOneDocument) {
  const ChildResult result = Run(Compare({"--format", "json"}));
  const json document = json::parse(result.out, nullptr, false);
  ASSERT_FALSE(document.is_discarded()) << result.out;
  EXPECT_EQ(document["exitCode"], result.exit);
  EXPECT_EQ(document["sides"].size(), 2U);
  EXPECT_EQ(document["digestsAgree"], true);
  EXPECT_THAT(result.err, IsEmpty());
}

TEST_F(CliTest, WitnessesAndConnectToAreReported) {
  const ChildResult result = Run(Compare({"--witness", "third=exec:" PARALLAX_AGENT " stdio", "--connect-to",
                                          "outside:127.0.0.1:1:127.0.0.1:2", "--format", "json"}));
  const json document = json::parse(result.out, nullptr, false);
  ASSERT_FALSE(document.is_discarded());
  ASSERT_EQ(document["sides"].size(), 3U);
  EXPECT_EQ(document["sides"][2]["name"], "third");
  EXPECT_EQ(document["sides"][1]["connectTo"][0]["toPort"], 2);
}

TEST_F(CliTest, AMissingAgentIsAMissingSide) {
  const ChildResult result = Run(
      {"compare", "tcp://127.0.0.1:1", "--inside", "exec:/nonexistent/agent", "--repeats", "1", "--format", "json"});
  const json document = json::parse(result.out, nullptr, false);
  ASSERT_FALSE(document.is_discarded()) << result.out;
  EXPECT_EQ(document["sides"][0]["present"], false);
  EXPECT_THAT(document["sides"][0]["missing"].get<std::string>(), HasSubstr("No such file"));
  EXPECT_NE(document["sides"][0]["missingRemedy"], "");
  EXPECT_EQ(document["sides"][1]["present"], true);
  EXPECT_EQ(document["status"], "cannot_tell");
  EXPECT_EQ(result.exit, 3);
  EXPECT_THAT(Run({"show", "last"}).out, HasSubstr("MISSING: "));
}

TEST_F(CliTest, NoSecretAnywhere) {
  options_.environment["PGPASSWORD"] = "hunter2-environment";
  std::string said;
  for (const char* format : {"text", "json"}) {
    for (const auto& arguments : std::vector<std::vector<std::string>>{
             {"compare", "postgres://app:hunter2-url@127.0.0.1:1/db", "--inside", "exec:" PARALLAX_AGENT " stdio"},
             {"compare", "postgres://app@127.0.0.1:1/db", "--inside", "exec:" PARALLAX_AGENT " stdio",
              "--password-from", "env:PGPASSWORD"},
             {"compare", "postgres://app@127.0.0.1:1/db", "--inside",
              "exec:env PGPASSWORD=hunter2-vantage " PARALLAX_AGENT " stdio", "--password-from", "env:PGPASSWORD"},
             {"compare", "postgres://app@127.0.0.1:1/db", "--inside",
              "exec:sh -c 'echo $PGPASSWORD; echo $PGPASSWORD >&2'", "--password-from", "env:PGPASSWORD"}}) {
      std::vector<std::string> all = arguments;
      all.insert(all.end(), {"--repeats", "1", "--format", format, "--output", home_ + "/report"});
      const ChildResult result = Run(all);
      EXPECT_NE(result.exit, 2) << result.err;
      said += result.out + result.err + ReadFile(home_ + "/report");
      said += Run({"diagnose", "last", "--golden", home_ + "/golden"}).out;
    }
  }
  EXPECT_THAT(said, HasSubstr("postgres://app@127.0.0.1:1/db"));
  EXPECT_THAT(said, HasSubstr("the password in the URL"));
  EXPECT_THAT(said, Not(HasSubstr("hunter2")));
  EXPECT_THAT(AllFiles(), Not(HasSubstr("hunter2")));
}

TEST_F(CliTest, AnOutputFileAppearsWhole) {
  const std::string path = home_ + "/out/report.json";
  WriteFile(path, "old");
  const ChildResult result = Run(Compare({"--format", "json", "--output", path}));
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_FALSE(json::parse(ReadFile(path), nullptr, false).is_discarded());
  int files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(home_ + "/out")) ++files;
  EXPECT_EQ(files, 1) << "a temporary file was left";
}

TEST_F(CliTest, AnOutputThatIsFullSaysWhereTheRunIs) {
  const ChildResult result = Run(Compare({"--store", home_ + "/x.db", "--output", "/dev/full"}));
  EXPECT_EQ(result.exit, 2);
  EXPECT_THAT(result.err, AllOf(HasSubstr("free some space, or name a file elsewhere"), HasSubstr("The run is kept: "),
                                HasSubstr(" --store " + home_ + "/x.db")));
}

TEST_F(CliTest, AReaderThatWentAwayIsNoCrash) {
  options_.stdout_is_gone = true;
  EXPECT_EQ(Run(Compare()).exit, 1);
  EXPECT_EQ(Run({"history"}).exit, 0);
}

TEST_F(CliTest, ACorruptStoreThatWasNamedIsRefusedBeforeAnythingStarts) {
  WriteFile(home_ + "/my.db", "not a database at all, but precious");
  const ChildResult result = Run(Compare({"--store", home_ + "/my.db"}));
  EXPECT_EQ(result.exit, 2);
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(result.err, AllOf(HasSubstr(home_ + "/my.db"), HasSubstr("left as it is")));
  EXPECT_EQ(ReadFile(home_ + "/my.db"), "not a database at all, but precious");
}

TEST_F(CliTest, ACorruptDefaultStoreCostsAWarning) {
  WriteFile(Store(), "not a database at all, but precious");
  const ChildResult result = Run(Compare());
  EXPECT_EQ(result.exit, 1);
  EXPECT_THAT(result.out, HasSubstr("VERDICT"));
  EXPECT_THAT(result.err, AllOf(HasSubstr("warning"), HasSubstr(Store()), HasSubstr("not kept")));
  EXPECT_EQ(ReadFile(Store()), "not a database at all, but precious");
  EXPECT_EQ(Run({"show", "last"}).exit, 2);
}

TEST_F(CliTest, AFullDiskUnderTheStoreCostsAWarning) {
  EXPECT_EQ(Run({"history"}).exit, 0);  // makes the store
  options_.max_file_bytes = 24 * 1024;
  const ChildResult result = Run(Compare());
  EXPECT_EQ(result.exit, 1) << result.err;
  EXPECT_THAT(result.out, HasSubstr("VERDICT"));
  EXPECT_THAT(result.err, AllOf(HasSubstr("not kept"), HasSubstr(Store()), HasSubstr("free some space")));
}

TEST_F(CliTest, NoStoreKeepsNothing) {
  EXPECT_EQ(Run(Compare({"--no-store"})).exit, 1);
  EXPECT_FALSE(std::filesystem::exists(Store()));
}

TEST_F(CliTest, AGoldenCaseSaysWhatTheReportSays) {
  ASSERT_EQ(Run(Compare()).exit, 1);
  const ChildResult result =
      Run({"diagnose", "last", "--golden", home_ + "/cases", "--name", "refused", "--format", "json"});
  const json report = json::parse(result.out);
  const json expected = json::parse(ReadFile(home_ + "/cases/refused.expect.json"));
  EXPECT_EQ(expected["status"], report["status"]);
  EXPECT_EQ(expected["cause"], report["verdict"]["cause"]);
  EXPECT_EQ(expected["exitCode"], result.exit);
  EXPECT_EQ(expected["rungs"]["inside"], report["sides"][0]["rung"]);
  v1::Run run;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(ReadFile(home_ + "/cases/refused.run.txtpb"), &run));
  EXPECT_EQ(run.id(), report["run"]);
  EXPECT_EQ(Run({"diagnose", "last", "--golden", home_ + "/cases"}).exit, 1);
  WriteFile(home_ + "/file", "x");
  EXPECT_EQ(Run({"diagnose", "last", "--golden", home_ + "/file/cases"}).exit, 2);
  EXPECT_EQ(Run({"diagnose", "last", "--golden", home_, "--name", "../x"}).exit, 2);
}

TEST_F(CliTest, RunsThatAreNotThere) {
  for (const char* run : {"last", "abcdef012345", "ab", "postgres://u:hunter2@h/db"}) {
    const ChildResult result = Run({"show", run});
    EXPECT_EQ(result.exit, 2) << run;
    EXPECT_THAT(result.err, AllOf(HasSubstr("history"), Not(HasSubstr("hunter2"))));
  }
  EXPECT_THAT(Run({"history"}).out, HasSubstr("no runs to show"));
  const ChildResult elsewhere = Run({"history", "--store", home_ + "/typo.db"});
  EXPECT_EQ(elsewhere.exit, 2);
  EXPECT_THAT(elsewhere.err, HasSubstr("there is no store at " + home_ + "/typo.db"));
  EXPECT_FALSE(std::filesystem::exists(home_ + "/typo.db"));
}

TEST_F(CliTest, TheCatalogue) {
  const ChildResult all = Run({"causes"});
  EXPECT_EQ(all.exit, 0);
  EXPECT_THAT(all.out, HasSubstr("tunnel.carrier_dead"));
  EXPECT_THAT(all.out, HasSubstr("* not told yet"));
  const ChildResult one = Run({"causes", "tunnel.carrier_dead"});
  EXPECT_THAT(one.out, AllOf(HasSubstr("means"), HasSubstr("told apart"), HasSubstr("do  ")));
  const ChildResult stale = Run({"causes", "tunnel.bastion_unreachable"});
  EXPECT_THAT(stale.out, AllOf(HasSubstr("Values=BASTION_HOST"), Not(HasSubstr("{"))));
  EXPECT_EQ(json::parse(Run({"causes", "tunnel.carrier_dead", "--format", "json"}).out)["cause"],
            "tunnel.carrier_dead");
  const ChildResult near = Run({"causes", "tunel.carrier_ded"});
  EXPECT_EQ(near.exit, 2);
  EXPECT_THAT(near.err, HasSubstr("did you mean tunnel.carrier_dead?"));
}

TEST_F(CliTest, AnInterruptKeepsWhatThereIs) {
  const std::string fifo = home_ + "/started";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  Child child(Words({"compare", "tcp://127.0.0.1:1", "--inside", "exec:sh -c 'echo > " + fifo + "; exec sleep 50'"}),
              options_);
  // Opens once the inside command runs, or never: the alarm of the child closes it then.
  const int started = open(fifo.c_str(), O_RDONLY);
  ASSERT_GE(started, 0);
  kill(child.pid(), SIGINT);
  const ChildResult result = child.Wait();
  close(started);
  EXPECT_EQ(result.exit, 130) << result.err;
  EXPECT_THAT(result.out, HasSubstr("INTERRUPTED"));
  EXPECT_THAT(Run({"show", "last"}).out, HasSubstr("INTERRUPTED"));
}

TEST_F(CliTest, AKilledControllerLosesNoPhaseThatWasOver) {
  // A hundred repeats: far from over when the first phase is kept.
  Child child(Words({"compare", "tcp://127.0.0.1:1", "--inside", "exec:" PARALLAX_AGENT " stdio", "--repeats", "100"}),
              options_);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  ChildResult history;
  while (std::chrono::steady_clock::now() < deadline && history.out.find("tcp://") == std::string::npos) {
    if (std::filesystem::exists(Store())) history = Run({"history"});
  }
  kill(child.pid(), SIGKILL);
  child.Wait();
  EXPECT_THAT(history.out, HasSubstr("tcp://127.0.0.1:1"));
  EXPECT_THAT(Run({"show", "last"}).out, HasSubstr("INTERRUPTED"));
}

}  // namespace
}  // namespace parallax::e2e
