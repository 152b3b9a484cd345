// What the command line refuses: each with a sentence that says what, where and what to do, and exit code 2.
#include <gmock/gmock.h>

#include "tests/e2e/cli_fixture.h"

namespace parallax::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class CliUsageTest : public CliTest {
 protected:
  void ExpectUsage(const std::vector<std::string>& arguments, const ::testing::Matcher<std::string>& words) const {
    const ChildResult result = Run(arguments);
    EXPECT_EQ(result.exit, 2) << result.err;
    EXPECT_THAT(result.out, IsEmpty());
    EXPECT_THAT(result.err, words);
    EXPECT_LT(result.err.size(), 2500U);
    EXPECT_THAT(result.err, Not(HasSubstr("hunter2")));
    EXPECT_FALSE(std::filesystem::exists(Store())) << "nothing may have been started";
  }
};

TEST_F(CliUsageTest, NoCommand) { ExpectUsage({}, HasSubstr("parallax compare TARGET")); }
TEST_F(CliUsageTest, AnUnknownCommand) { ExpectUsage({"compre"}, HasSubstr("did you mean compare?")); }

TEST_F(CliUsageTest, AnUnknownFlag) {
  ExpectUsage({"compare", "tcp://127.0.0.1:1", "--insde", "local"},
              AllOf(HasSubstr("'--insde'"), HasSubstr("did you mean --inside?"), HasSubstr("--help")));
  ExpectUsage({"compare", "tcp://127.0.0.1:1", "--password=hunter2"}, HasSubstr("did you mean --password-from?"));
  ExpectUsage({"show", "last", "--frobnicate"}, HasSubstr("'--frobnicate'"));
  ExpectUsage({"--frobnicate"}, HasSubstr("'--frobnicate'"));
}

TEST_F(CliUsageTest, ArgumentsTooManyOrTooFew) {
  ExpectUsage({"show"}, HasSubstr("RUN"));
  ExpectUsage({"show", "last", "other"}, HasSubstr("one argument too many"));
  ExpectUsage({"history", "postgres://u:hunter2@h/db"}, HasSubstr("one argument too many"));
  ExpectUsage({"compare", "--inside", "local"}, HasSubstr("there is no target"));
  ExpectUsage({"compare", "tcp://127.0.0.1:1"}, HasSubstr("--inside is missing"));
  ExpectUsage({"compare", "tcp://127.0.0.1:1", "--inside"}, HasSubstr("--inside"));
}

TEST_F(CliUsageTest, VantagesThatCannotBe) {
  const auto compare = [](const std::string& flag, const std::string& vantage) {
    std::vector<std::string> words = {"compare", "tcp://127.0.0.1:1", flag, vantage};
    if (flag != "--inside") words.insert(words.end(), {"--inside", "local"});
    return words;
  };
  ExpectUsage(compare("--outside", "https://api.test/health"), HasSubstr("a health endpoint dials nothing"));
  ExpectUsage(compare("--inside", "https://me:hunter2@api.test/health"), HasSubstr("without credentials"));
  ExpectUsage(compare("--inside", "https://api.test/health#database"), HasSubstr("--inside"));
  ExpectUsage(compare("--inside", "grpc://192.0.2.1:7411"), AllOf(HasSubstr("plaintext"), HasSubstr("grpcs://")));
  ExpectUsage(compare("--witness", "api=ssh:-oProxyCommand=x"), HasSubstr("ssh:USER@HOST"));
  std::vector<std::string> files = compare("--inside", "grpcs://127.0.0.1:7411");
  files.insert(files.end(), {"--tls-ca", "/nowhere/ca.pem"});
  ExpectUsage(files, AllOf(HasSubstr("--tls-ca"), HasSubstr("/nowhere/ca.pem")));
  for (const char* flag : {"--tls-ca", "--tls-cert", "--tls-key", "--tls-name"}) {
    std::vector<std::string> plaintext = compare("--inside", "grpc://127.0.0.1:7411");
    plaintext.insert(plaintext.end(), {flag, "agent.test"});
    ExpectUsage(plaintext, AllOf(HasSubstr(flag), HasSubstr("grpcs://HOST:PORT")));
  }
  std::vector<std::string> many = compare("--inside", "local");
  for (int i = 0; i < 63; ++i) many.insert(many.end(), {"--witness", "w" + std::to_string(i) + "=local"});
  ExpectUsage(many, AllOf(HasSubstr("65 sides"), HasSubstr("at most 64")));
}

TEST_F(CliUsageTest, MalformedUrls) {
  for (const char* url :
       {"nonsense", "postgres://", "tcp://127.0.0.1", "tcp://127.0.0.1:0", "tcp://127.0.0.1:70000",
        "postgres://u:hunter2@h:port/db", "ftp://h:1", "tcp://[::1:1", "", "postgres://u:hunter2@/db?sslmode=maybe"}) {
    ExpectUsage({"compare", url, "--inside", "local"}, HasSubstr("TARGET"));
  }
  ExpectUsage({"compare", "tcp://127.0.0.1:1", "--inside", "local", "--control", "nonsense"}, HasSubstr("--control"));
}

TEST_F(CliUsageTest, ValuesOfFlags) {
  const auto with = [&](const std::string& flag, const std::string& value) { return Compare({flag, value}); };
  ExpectUsage(with("--timeout", "5"), HasSubstr("write 5s"));
  ExpectUsage({"history", "--limit", "0"}, HasSubstr("--limit: 0 runs"));
  ExpectUsage(with("--repeats", "0"), HasSubstr("--repeats"));
  ExpectUsage({"compare", "tcp://127.0.0.1:1", "--inside", "local", "--repeats", "many"}, HasSubstr("--repeats"));
  ExpectUsage(with("--format", "yaml"), HasSubstr("--format"));
  ExpectUsage(with("--color", "blue"), HasSubstr("--color"));
  ExpectUsage(with("--connect-to", "outside:h:1"), HasSubstr("SIDE:HOST:PORT:TOHOST:TOPORT"));
  ExpectUsage(with("--connect-to", "elsewhere:h:1:i:2"),
              HasSubstr("no side 'elsewhere'; this run has: inside, outside"));
  ExpectUsage({"probe", "tcp://127.0.0.1:1", "--connect-to", "inside:127.0.0.1:1:127.0.0.1:2"},
              HasSubstr("no side 'inside'; this run has: outside"));
  ExpectUsage(with("--connect-to", "outside:other:1:127.0.0.1:2"), HasSubstr("no target is other:1"));
  ExpectUsage(with("--witness", "bastion"), HasSubstr("NAME=VANTAGE"));
  ExpectUsage(with("--outside", "ftp:host"), HasSubstr("exec:"));
  ExpectUsage(with("--outside", "exec:'open"), HasSubstr("quote"));
  ExpectUsage(with("--password-from", "hunter2"), HasSubstr("reference"));
  ExpectUsage(with("--password-from", "controller:NOT_SET_HERE"), HasSubstr("NOT_SET_HERE"));
  ExpectUsage(with("--store", "postgresql://u:hunter2@h/db"), HasSubstr("later release"));
}

TEST_F(CliUsageTest, NamesOf10000Characters) {
  const std::string name(10'000, 'x');
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {name},
           {"--" + name},
           {"compare", "--" + name},
           {"compare", name, "--inside", "local"},
           {"compare", "tcp://" + name + ":1", "--inside", "local"},
           {"compare", "postgres://" + name + "@h/db", "--inside", "local"},
           {"compare", "tcp://127.0.0.1:1", "--inside", name},
           {"compare", "tcp://127.0.0.1:1", "--inside", "local", "--witness", name + "=local"},
           {"compare", "tcp://127.0.0.1:1", "--inside", "local", "--connect-to", name + ":h:1:i:1"},
           {"compare", "tcp://127.0.0.1:1", "--inside", "local", "--connect-to", "inside:" + name + ":1:i:1"},
           {"compare", "tcp://127.0.0.1:1", "--inside", "local", "--control", "tcp://" + name + ":1"},
           {"compare", "tcp://127.0.0.1:1", "--inside", "local", "--output", name},
           {"compare", "tcp://127.0.0.1:1", "--inside", "local", "--store", name},
           {"compare", "tcp://127.0.0.1:1", "--inside", "local", "--timeout", name},
           {"causes", name}}) {
    ExpectUsage(arguments, Not(IsEmpty()));
  }
  EXPECT_EQ(Run({"show", name}).exit, 2);
  EXPECT_EQ(Run({"diagnose", "last", "--name", name, "--golden", home_}).exit, 2);
}

TEST_F(CliUsageTest, OutputsThatCannotBeWritten) {
  ExpectUsage(Compare({"--output", home_ + "/no/such/folder/x"}),
              AllOf(HasSubstr("--output"), HasSubstr("No such file")));
  ExpectUsage(Compare({"--output", home_}), HasSubstr("Is a directory"));
}

TEST_F(CliUsageTest, AMissingLocalAgentSaysWhereItLooked) {
  std::filesystem::create_directories(home_ + "/bin");
  std::filesystem::copy_file(PARALLAX_PROGRAM, home_ + "/bin/parallax");
  options_.environment["PATH"] = home_;
  const std::string program = home_ + "/bin/parallax";
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {program, "compare", "tcp://127.0.0.1:1", "--inside", "local"}, {program, "probe", "tcp://127.0.0.1:1"}}) {
    const ChildResult result = RunChild(words, options_);
    EXPECT_EQ(result.exit, 2);
    EXPECT_THAT(result.err,
                AllOf(HasSubstr(program + "-agent"), HasSubstr("default of --outside and of probe's --from")));
  }
}

TEST_F(CliUsageTest, HelpIsNoError) {
  for (const char* command : {"compare", "probe", "run", "show", "history", "diagnose", "export", "diff", "causes"}) {
    const ChildResult result = Run({command, "-h"});
    EXPECT_EQ(result.exit, 0);
    EXPECT_THAT(result.out, HasSubstr("--format"));
    std::istringstream lines(result.out);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80U) << line;
  }
  for (const char* command : {"history", "causes", "export"}) {
    EXPECT_THAT(Run({command, "--help"}).out,
                AllOf(HasSubstr("Exit codes: 0 it is written"), Not(HasSubstr("1 a fault"))));
  }
  EXPECT_THAT(RunChild({PARALLAX_AGENT, "serve", "--help"}, options_).out, HasSubstr("--drain DURATION=30s"));
  EXPECT_THAT(Run({"--help"}).out, HasSubstr("Exit codes"));
  EXPECT_THAT(Run({"--version"}).out, HasSubstr("parallax "));
}

}  // namespace
}  // namespace parallax::e2e
