// `parallax` with agents that listen, and `parallax-agent check`: what people see, and that no token is in it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "tests/e2e/cli_fixture.h"
#include "tests/e2e/served_agent.h"

namespace parallax::e2e {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class CliServedTest : public CliTest {
 protected:
  CliServedTest() { options_.own_network = false; }  // the agent's loopback is ours

  ChildResult CompareWith(const std::string& inside, std::vector<std::string> more = {}) const {
    more.insert(more.begin(),
                {"compare", "tcp://127.0.0.1:1", "--inside", inside, "--repeats", "1", "--no-investigate"});
    return Run(more);
  }
  ChildResult Check(std::vector<std::string> words) const {
    words.insert(words.begin(), {PARALLAX_AGENT, "check"});
    return RunChild(words, options_);
  }
  std::string TokenFile(const std::string& token = kAgentToken) const {
    const std::string path = home_ + "/../parallax_token_" + std::to_string(getpid());
    WriteFile(path, token + "\n");
    chmod(path.c_str(), 0600);
    return path;
  }
  const std::string socket_ = "unix:" + home_ + "/agent.sock";
};

TEST_F(CliServedTest, ComparesThroughAUnixSocket) {
  const ServedAgent agent(PARALLAX_AGENT, {"--listen", socket_});
  const ChildResult result = CompareWith(socket_, {"--format", "json"});
  const json document = json::parse(result.out, nullptr, false);
  ASSERT_FALSE(document.is_discarded()) << result.out << result.err;
  EXPECT_EQ(document["sides"][0]["present"], true) << result.out;
  EXPECT_EQ(document["sides"][0]["vantage"], socket_);
  EXPECT_EQ(document["status"], "both_failed");
  EXPECT_THAT(Run({"probe", "tcp://127.0.0.1:1", "--from", socket_, "--repeats", "1"}).out, HasSubstr(socket_));
  const ChildResult witness = CompareWith("local", {"--witness", "third=" + socket_, "--format", "json"});
  const json three = json::parse(witness.out, nullptr, false);
  ASSERT_FALSE(three.is_discarded()) << witness.err;
  EXPECT_EQ(three["sides"].size(), 3U);
  EXPECT_EQ(three["sides"][2]["present"], true) << witness.out;
}

TEST_F(CliServedTest, AnExperimentTakesOneToo) {
  const ServedAgent agent(PARALLAX_AGENT);
  options_.environment["AGENT_TOKEN"] = kAgentToken;
  WriteFile(home_ + "/two.yaml",
            "targets: [tcp://127.0.0.1:1, tcp://127.0.0.1:2]\nrounds: 2\nsides: {inside: \"grpc://" + agent.address() +
                "\", outside: local}\n");
  const ChildResult result =
      Run({"run", home_ + "/two.yaml", "--agent-token-from", "env:AGENT_TOKEN", "--format", "json"});
  EXPECT_NE(result.exit, 2) << result.err;
  EXPECT_THAT(result.out + result.err, AllOf(Not(HasSubstr("does not let us in")), Not(HasSubstr(kAgentToken))));
}

TEST_F(CliServedTest, TheTokenIsShownToTheAgentAndToNobodyElse) {
  const ServedAgent agent(PARALLAX_AGENT);
  const std::string vantage = "grpc://" + agent.address();
  options_.environment["AGENT_TOKEN"] = kAgentToken;
  std::string said;
  for (const std::string& ref :
       {std::string("env:AGENT_TOKEN"), "file:" + TokenFile(), std::string("inside=env:AGENT_TOKEN")}) {
    for (const char* format : {"text", "json"}) {
      const ChildResult result = CompareWith(vantage, {"--agent-token-from", ref, "--format", format});
      EXPECT_EQ(result.exit, 1) << result.out << result.err;
      EXPECT_THAT(result.out, Not(HasSubstr("does not let us in")));
      said += result.out + result.err;
    }
  }
  // The command of a vantage does not find it in its environment.
  const ChildResult beside =
      CompareWith("exec:sh -c 'echo [$AGENT_TOKEN] >&2; exit 3'",
                  {"--witness", "third=" + vantage, "--agent-token-from", "third=env:AGENT_TOKEN"});
  EXPECT_THAT(beside.out, HasSubstr("[]"));
  said += beside.out + beside.err;
  said += Run({"show", "last"}).out + Run({"export", "last", "--output", home_ + "/run.txtpb"}).out +
          Run({"export", "last", "--format", "json", "--output", home_ + "/run.json"}).out +
          Run({"diagnose", "last", "--golden", home_ + "/golden"}).out + Run({"history"}).out;
  unlink(TokenFile().c_str());
  EXPECT_THAT(said, Not(HasSubstr(kAgentToken)));
  EXPECT_THAT(AllFiles(), AllOf(HasSubstr(agent.address()), Not(HasSubstr(kAgentToken))));
}

TEST_F(CliServedTest, WithoutItTheReportSaysWhichFlagIsMissing) {
  const ServedAgent agent(PARALLAX_AGENT);
  const ChildResult none = CompareWith("grpc://" + agent.address(), {"--format", "json"});
  EXPECT_EQ(none.exit, 3);
  EXPECT_THAT(none.out, AllOf(HasSubstr("wants a token"), HasSubstr("--agent-token-from")));
  options_.environment["AGENT_TOKEN"] = std::string(40, 'o');
  const ChildResult wrong =
      CompareWith("grpc://" + agent.address(), {"--agent-token-from", "env:AGENT_TOKEN", "--format", "json"});
  EXPECT_EQ(wrong.exit, 3);
  EXPECT_THAT(wrong.out, AllOf(HasSubstr("wants another token"), Not(HasSubstr("oooo"))));
}

TEST_F(CliServedTest, TokensThatDoNotFitAreUsageErrors) {
  options_.environment["AGENT_TOKEN"] = kAgentToken;
  options_.environment["SHORT"] = "hunter2";
  const auto refused = [&](const std::string& inside, std::vector<std::string> more) {
    const ChildResult result = CompareWith(inside, std::move(more));
    EXPECT_EQ(result.exit, 2) << result.out;
    EXPECT_THAT(result.err, AllOf(HasSubstr("--agent-token-from"), Not(HasSubstr("hunter2"))));
    return result.err;
  };
  EXPECT_THAT(refused("local", {"--agent-token-from", "env:AGENT_TOKEN"}), HasSubstr("for agents that listen"));
  EXPECT_THAT(refused("unix:/a", {"--agent-token-from", "outside=env:AGENT_TOKEN"}), HasSubstr("no side 'outside'"));
  EXPECT_THAT(refused("unix:/a", {"--agent-token-from", "env:NOT_SET"}), HasSubstr("NOT_SET, which is not set"));
  EXPECT_THAT(refused("unix:/a", {"--agent-token-from", "env:SHORT"}), HasSubstr("openssl rand"));
  EXPECT_THAT(refused("unix:/a", {"--agent-token-from", "hunter2"}), HasSubstr("env:NAME or file:PATH"));
  const std::string file = TokenFile();
  chmod(file.c_str(), 0644);
  EXPECT_THAT(refused("unix:/a", {"--agent-token-from", "file:" + file}), HasSubstr("chmod 600"));
  unlink(file.c_str());
  EXPECT_THAT(CompareWith("grpc://192.0.2.1:7411", {"--agent-token-from", "env:AGENT_TOKEN"}).err,
              HasSubstr("plaintext"));
}

TEST_F(CliServedTest, CheckTellsAWellAgentFromOneThatDoesNotAnswer) {
  ServedAgent on_socket(PARALLAX_AGENT, {"--listen", socket_});
  EXPECT_EQ(Check({socket_}).exit, 0);
  on_socket.Signal(SIGSTOP);  // a process that is there and does not work
  const ChildResult hung = Check({socket_});
  EXPECT_EQ(hung.exit, 1);
  EXPECT_THAT(hung.err, HasSubstr("within"));
  on_socket.Signal(SIGCONT);
  EXPECT_EQ(Check({socket_}).exit, 0);

  const ServedAgent agent(PARALLAX_AGENT);
  const std::string file = TokenFile();
  options_.environment["AGENT_TOKEN"] = kAgentToken;
  EXPECT_EQ(Check({agent.address(), "--token-file", file}).exit, 0);
  EXPECT_EQ(Check({agent.address(), "--token-from", "env:AGENT_TOKEN"}).exit, 0);
  const ChildResult stranger = Check({agent.address()});
  EXPECT_EQ(stranger.exit, 1);
  EXPECT_THAT(stranger.err, AllOf(HasSubstr("does not let us in"), HasSubstr("--token-file")));
  EXPECT_EQ(Check({agent.address(), "--token-file", file, "--token-from", "env:AGENT_TOKEN"}).exit, 2);
  unlink(file.c_str());
}

TEST_F(CliServedTest, ServeSaysHowItsCallersAreToBeKnown) {
  const auto serve = [&](std::vector<std::string> flags) {
    flags.insert(flags.begin(), {PARALLAX_AGENT, "serve"});
    const ChildResult result = RunChild(flags, options_);
    EXPECT_EQ(result.exit, 2) << result.out;
    return result.err;
  };
  EXPECT_THAT(serve({"--listen", "127.0.0.1:0"}),
              AllOf(HasSubstr("--listen unix:PATH"), HasSubstr("--token-file"), HasSubstr("--tls-client-ca")));
  EXPECT_THAT(serve({"--listen", socket_, "--socket-mode", "0666"}), HasSubstr("every user of this host"));
  EXPECT_THAT(serve({"--listen", socket_, "--socket-mode", "rw"}), HasSubstr("octal"));
  EXPECT_THAT(serve({"--listen", socket_, "--allow-secret", "PGPASSWORD"}), HasSubstr("env:NAME"));
  EXPECT_THAT(serve({"--listen", socket_, "--token-from", "env:NOT_SET"}), HasSubstr("NOT_SET"));
  chmod(home_.c_str(), 0777);
  EXPECT_THAT(serve({"--listen", socket_}), HasSubstr("others could put a socket"));
  chmod(home_.c_str(), 0700);
}

}  // namespace
}  // namespace parallax::e2e
