// The dispatcher with real agents: every way in which a side comes, stays away, or dies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "contract/digest.h"
#include "contract/limits.h"
#include "controller/dispatch/agent_dispatcher.h"
#include "controller/dispatch/agent_link.h"
#include "controller/dispatch/bell.h"
#include "controller/dispatch/child_process.h"
#include "controller/dispatch/preamble.h"
#include "tests/e2e/event_lines.h"
#include "tests/support/scripted_server.h"

namespace parallax::dispatch {
namespace {

using support::Peer;
using support::ScriptedServer;
using support::TempFile;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kAgent[] = "exec:" PARALLAX_AGENT " stdio";

v1::ProbeSpec* AddTcp(v1::Plan& plan, uint16_t port, uint32_t listen_ms = 0) {
  v1::ProbeSpec* probe = plan.add_probes();
  probe->set_name("tcp " + std::to_string(plan.probes_size()));
  probe->set_timeout_ms(60'000);
  probe->set_step_timeout_ms(500);
  probe->mutable_tcp()->mutable_endpoint()->set_host("127.0.0.1");
  probe->mutable_tcp()->mutable_endpoint()->set_address("127.0.0.1");
  probe->mutable_tcp()->mutable_endpoint()->set_port(port);
  probe->mutable_tcp()->set_listen_ms(listen_ms);
  return probe;
}

v1::Plan EmptyPlan(uint32_t attempts = 1) {
  v1::Plan plan;
  plan.set_version(1);
  plan.set_phase("probe");
  plan.set_attempts(attempts);
  return plan;
}

v1::Plan TcpPlan(int probes, uint32_t attempts) {
  v1::Plan plan = EmptyPlan(attempts);
  for (int i = 0; i < probes; ++i) AddTcp(plan, 9)->set_timeout_ms(1000);
  return plan;
}

class DispatchTest : public ::testing::Test {
 protected:
  // Connects the sides, runs the plan when there is one, closes.
  v1::Run RunSides(const std::vector<std::string>& vantages, const v1::Plan* plan = nullptr) {
    std::vector<SideConfig> sides;
    for (const std::string& vantage : vantages) {
      sides.push_back({"side" + std::to_string(sides.size()), vantage, {}, secrets_});
    }
    auto dispatcher = MakeAgentDispatcher(sides, reach_, "run-1", &interrupted_, events_);
    EXPECT_TRUE(dispatcher.ok()) << dispatcher.status();
    v1::Run run;
    (*dispatcher)->Connect(run);
    if (plan != nullptr) (*dispatcher)->RunPhase(*plan, "why", run);
    (*dispatcher)->Close();
    (*dispatcher)->Close();
    // Whatever became of the agents: all are reaped.
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
    return run;
  }
  v1::Run Run(const std::string& vantage, const v1::Plan* plan = nullptr) { return RunSides({vantage}, plan); }
  static Reach LocalReach() {
    Reach reach;
    reach.local_agent = PARALLAX_AGENT;
    return reach;
  }
  // A vantage that runs this shell script.
  std::string Script(const std::string& text) {
    scripts_.push_back(std::make_unique<TempFile>(text));
    return "exec:sh " + scripts_.back()->path();
  }

  std::atomic<bool> interrupted_{false};
  Reach reach_ = LocalReach();
  std::vector<v1::SecretValue> secrets_;
  e2e::EventLines events_;
  std::vector<std::unique_ptr<TempFile>> scripts_;
};

// --- sides that come

TEST_F(DispatchTest, RunsTheSamePlanOnTwoSides) {
  const v1::Plan plan = TcpPlan(3, 2);
  const v1::Run run = RunSides({kAgent, "local"}, &plan);
  ASSERT_EQ(run.sides_size(), 2);
  for (const v1::Side& side : run.sides()) {
    EXPECT_THAT(side.missing(), IsEmpty());
    EXPECT_EQ(side.agent().protocol(), 1U);
    EXPECT_GT(side.clock_uncertainty_ns(), 0);
  }
  EXPECT_EQ(run.observations_size(), 2 * 3 * 2);
  ASSERT_EQ(run.phases_size(), 1);
  EXPECT_EQ(run.phases(0).digest(), contract::Digest(run.phases(0).plan_bytes()));
  EXPECT_EQ(run.phases(0).sides_size(), 2);
  for (const v1::PhaseDigest& digest : run.phases(0).sides()) EXPECT_EQ(digest.digest(), run.phases(0).digest());
  EXPECT_FALSE(run.interrupted());
}

TEST_F(DispatchTest, AHealthEndpointIsAskedItsOwnQuestionAndNoOther) {
  std::vector<SideConfig> sides(3);
  for (size_t i = 0; i < sides.size(); ++i) sides[i].name = "side" + std::to_string(i);
  sides[0].vantage = "https://api.test/health#/db=up";
  sides[1].vantage = "local";
  sides[2].vantage = "http://other.test/health?token=hunter2";
  auto dispatcher = MakeAgentDispatcher(sides, reach_, "run-1", nullptr, events_);
  ASSERT_TRUE(dispatcher.ok()) << dispatcher.status();
  v1::Run run;
  (*dispatcher)->Connect(run);
  const v1::Plan main = TcpPlan(1, 1);
  (*dispatcher)->RunPhase(main, "main", run);
  v1::Plan health = TcpPlan(1, 1);
  health.mutable_probes(0)->set_name("health");
  (*dispatcher)->RunHealthPhase("side0", health, "health", run);
  (*dispatcher)->RunHealthPhase("side1", health, "no endpoint", run);
  (*dispatcher)->Close();

  EXPECT_EQ(run.sides(0).health_url(), sides[0].vantage);
  EXPECT_FALSE(run.sides(0).has_agent()) << "the agent that asks stands here, and is nothing of that side's";
  EXPECT_EQ(run.sides(1).health_url(), "");
  EXPECT_THAT(run.sides(2).health_url() + run.sides(2).vantage(), Not(HasSubstr("hunter2")));
  ASSERT_EQ(run.observations_size(), 2);
  EXPECT_EQ(run.observations(0).side(), "side1");
  EXPECT_EQ(run.observations(0).observation().probe(), "tcp 1");
  EXPECT_EQ(run.observations(1).side(), "side0");
  EXPECT_EQ(run.observations(1).observation().probe(), "health");
  ASSERT_EQ(run.phases_size(), 3);
  EXPECT_EQ(run.phases(1).sides_size(), 1);
  EXPECT_EQ(run.phases(2).sides_size(), 0);
}

TEST_F(DispatchTest, NoiseAndAMotdBeforeTheMagicLineArePassedOver) {
  const v1::Plan plan = TcpPlan(1, 1);
  const v1::Run run = Run(Script("echo '*** Welcome to bastion ***'\n"
                                 "printf '\\033[31mPARALLAX-AGENT/ is a fine program\\n'\n"
                                 "head -c 60000 /dev/zero | tr '\\0' x; echo\n"
                                 "printf 'no newline behind this: '\n"
                                 "exec " PARALLAX_AGENT " stdio\n"),
                          &plan);
  EXPECT_THAT(run.sides(0).missing(), IsEmpty());
  EXPECT_EQ(run.observations_size(), 1);
}

TEST_F(DispatchTest, SecretsInAVantageAreNotShown) {
  const v1::Run run = Run("exec:env PGPASSWORD=hunter2 " PARALLAX_AGENT " stdio");
  EXPECT_THAT(run.sides(0).missing(), IsEmpty());
  EXPECT_THAT(run.sides(0).vantage(), HasSubstr("PGPASSWORD=***"));
  EXPECT_THAT(run.DebugString() + events_.text, Not(HasSubstr("hunter2")));
}

TEST_F(DispatchTest, SecretsOfTheUsualFormsInAVantageAreNotShown) {
  for (const std::string command : {"sshpass -p hunter2 ssh host agent",
                                    "sshpass -phunter2 ssh host agent",
                                    "x --token hunter2 y",
                                    "x --password 'hunter2 too' y",
                                    "x https://me:hunter2@host/",
                                    "env DATABASE_URL=postgres://a:hunter2@b/ x",
                                    "curl -H 'Authorization: Bearer hunter2' https://h",
                                    "sh -c 'curl -H \"Authorization: Basic hunter2==\" h'",
                                    "curl -H Authorization:hunter2 h",
                                    "curl -H 'X-Api-Key: hunter2' h",
                                    "x 'bearer hunter2'",
                                    "curl -u me:hunter2 h",
                                    "curl -ume:hunter2 h",
                                    "curl --user 'me:hunter2' h",
                                    "curl --user=me:hunter2 h",
                                    "env API_KEY=hunter2 x",
                                    "env 'PGPASSWORD=my hunter2' x",
                                    "env \"API_KEY=x hunter2 z\" x",
                                    "env PGPASSWORD='a'\"hunter2\" x",
                                    "env PGPASSWORD=a\\ hunter2 x",
                                    "env GCLOUD_CREDENTIALS=hunter2 x",
                                    "x --auth hunter2",
                                    "x --bearer=hunter2"}) {
    const v1::Run run = Run("exec:/nowhere/" + command);
    EXPECT_THAT(run.DebugString() + events_.text, Not(HasSubstr("hunter2"))) << command;
    EXPECT_THAT(run.sides(0).vantage(), HasSubstr("***")) << command;
  }
  // What is no secret stays: it is how the user knows which side is which.
  for (const std::string command :
       {"ssh -p 2222 me@host agent stdio", "ssh -o StrictHostKeyChecking=no -o PubkeyAuthentication=yes host agent",
        "sudo -u postgres agent stdio", "docker exec -i registry/auth:1.2 agent stdio"}) {
    EXPECT_EQ(Run("exec:/nowhere/" + command).sides(0).vantage(), "exec:/nowhere/" + command);
  }
}

TEST_F(DispatchTest, PasswordsInUrlsThatACommandPrintsAreNotKept) {
  const v1::Run run =
      Run(Script("echo dialling postgres://a:hunter2@b/; echo no route to https://a:hunter2@b/ >&2; exit 3\n"));
  EXPECT_THAT(run.sides(0).missing(), AllOf(HasSubstr("postgres://a:***@b/"), HasSubstr("https://a:***@b/")));
  EXPECT_THAT(run.DebugString(), Not(HasSubstr("hunter2")));
}

TEST_F(DispatchTest, ASecretThatAnAgentTellsDoesNotComeThrough) {
  secrets_.emplace_back().set_ref("controller:P");
  secrets_.back().set_value("correct-horse-battery");
  const v1::Plan plan = TcpPlan(1, 1);
  const v1::Run run = Run("exec:" PARALLAX_FAKE_AGENT " leaky", &plan);
  ASSERT_EQ(run.observations_size(), 1);
  EXPECT_EQ(run.observations(0).observation().error(), "with ***");
  EXPECT_THAT(run.DebugString() + events_.text, Not(HasSubstr("correct-horse")));
}

TEST_F(DispatchTest, WhatNobodyAskedForIsNotKept) {
  const v1::Plan plan = TcpPlan(1, 1);
  const v1::Run run = Run("exec:" PARALLAX_FAKE_AGENT " nameless", &plan);
  EXPECT_EQ(run.observations_size(), 0);
  EXPECT_EQ(run.phases(0).sides_size(), 1);
}

// --- sides that do not come

TEST_F(DispatchTest, MoreNoiseThanAnyMotdIsNoAgent) {
  const v1::Run run = Run(Script("head -c 71680 /dev/zero | tr '\\0' x; exec " PARALLAX_AGENT " stdio\n"));
  EXPECT_THAT(run.sides(0).missing(), HasSubstr("more than 64 KB"));
  EXPECT_THAT(run.sides(0).missing(), HasSubstr("xxxx"));
  EXPECT_LT(run.sides(0).missing().size(), 2000U);
  EXPECT_FALSE(run.sides(0).has_agent());
}

TEST_F(DispatchTest, EndlessNoiseEndsToo) {
  EXPECT_THAT(Run("exec:yes").sides(0).missing(), HasSubstr("more than 64 KB"));
}

TEST_F(DispatchTest, ACommandThatIsNotThere) {
  const v1::Run here = Run("exec:/nowhere/parallax-agent stdio");
  EXPECT_THAT(here.sides(0).missing(), AllOf(HasSubstr("cannot be started"), HasSubstr("No such file")));
  EXPECT_THAT(here.sides(0).missing_remedy(), Not(IsEmpty()));
  const v1::Run there = Run(Script("no-such-agent stdio\n"));
  EXPECT_THAT(there.sides(0).missing(), AllOf(HasSubstr("exit code 127"), HasSubstr("not found")));
  EXPECT_THAT(there.sides(0).missing_remedy(), HasSubstr("install the agent"));
}

TEST_F(DispatchTest, ACommandThatFailsIsToldWithItsWords) {
  const v1::Plan plan = TcpPlan(1, 1);
  const v1::Run run = RunSides(
      {Script("echo half a line; printf 'Permission denied (publickey)\\033[2J.\\n' >&2; exit 3\n"), "local"}, &plan);
  EXPECT_THAT(run.sides(0).missing(), AllOf(HasSubstr("exit code 3"), HasSubstr("Permission denied (publickey)"),
                                            HasSubstr("half a line"), Not(HasSubstr("\033"))));
  EXPECT_THAT(run.sides(0).missing_remedy(), HasSubstr("ssh-add"));
  // The other side is not held up by it.
  EXPECT_THAT(run.sides(1).missing(), IsEmpty());
  EXPECT_EQ(run.observations_size(), 1);
}

TEST_F(DispatchTest, ACommandThatEndsWithoutAWord) {
  EXPECT_THAT(Run("exec:true").sides(0).missing(), AllOf(HasSubstr("exit code 0"), HasSubstr("printed nothing")));
}

TEST_F(DispatchTest, AnAgentOfAnotherGenerationOrProtocol) {
  const v1::Run generation = Run(Script("echo PARALLAX-AGENT/2 9.9; exec cat\n"));
  EXPECT_THAT(generation.sides(0).missing(), HasSubstr("PARALLAX-AGENT/2 9.9"));
  EXPECT_THAT(generation.sides(0).missing_remedy(), HasSubstr("same release"));
  const v1::Plan plan = TcpPlan(1, 1);
  const v1::Run protocol = Run("exec:" PARALLAX_FAKE_AGENT " other-protocol", &plan);
  EXPECT_THAT(protocol.sides(0).missing(), AllOf(HasSubstr("99.9"), HasSubstr("protocol 2")));
  EXPECT_THAT(protocol.sides(0).missing_remedy(), HasSubstr("same release"));
  EXPECT_EQ(protocol.observations_size(), 0);
}

TEST_F(DispatchTest, ATerminalInBetweenIsRecognised) {
  const v1::Run run = Run(Script("printf 'PARALLAX-AGENT/1 0.1.0\\r\\n'; exec cat\n"));
  EXPECT_THAT(run.sides(0).missing(), HasSubstr("terminal"));
  EXPECT_THAT(run.sides(0).missing_remedy(), HasSubstr("-t"));
}

TEST_F(DispatchTest, GarbageBehindTheMagicLineIsALostAgent) {
  const v1::Run run = Run(Script("echo PARALLAX-AGENT/1 0.1.0; echo HTTP/1.1 400 Bad Request; exec cat >/dev/null\n"));
  EXPECT_THAT(run.sides(0).missing(), Not(IsEmpty()));
  EXPECT_FALSE(run.sides(0).has_agent());
}

// Waits for the bound of Connect, 15 s. The third side is ready long before, and must still be so then.
TEST_F(DispatchTest, AnAgentThatHangsIsAMissingSide) {
  const auto begin = std::chrono::steady_clock::now();
  const v1::Run run = RunSides({"exec:sleep 1000", Script("echo PARALLAX-AGENT/1 0.1.0; exec sleep 1000\n"), "local"});
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(40));
  EXPECT_THAT(run.sides(0).missing(), HasSubstr("no agent spoke in time"));
  EXPECT_THAT(run.sides(1).missing(), HasSubstr("lost while connecting")) << "gRPC's keepalive is the first to notice";
  EXPECT_THAT(run.sides(2).missing(), IsEmpty());
}

TEST_F(DispatchTest, VantagesThatAreNotKnownAreUsageErrors) {
  for (const char* vantage : {"", "hub:name", "exec:", "exec:'unclosed", "exec:''", "ssh:", "ssh:-oProxyCommand=x",
                              "ssh:a b", "ssh:host:22", "ssh:$(id)", "ssh://host:0", "ssh://host:x", "grpcs://",
                              "grpcs:host:1", "grpcs://host:99999", "grpc://host:1", "grpc://192.0.2.1:7411"}) {
    SideObserver nobody;
    const auto dispatcher = MakeAgentDispatcher({{"inside", vantage, {}, {}}}, Reach{}, "run", nullptr, nobody);
    EXPECT_EQ(dispatcher.status().code(), absl::StatusCode::kInvalidArgument) << vantage;
    EXPECT_THAT(std::string(dispatcher.status().message()), HasSubstr("inside"));
  }
}

// --- sides that go

TEST_F(DispatchTest, AnAgentThatIsKilledMidwayLeavesWhatItObserved) {
  ScriptedServer quiet([](Peer& peer) { peer.AwaitEnd(); });
  v1::Plan plan = EmptyPlan(2);
  AddTcp(plan, 9);
  AddTcp(plan, quiet.port(), 50'000);
  const TempFile pid_file("");
  events_.on_line = [&](const std::string& text) {
    if (text.find("1 of 4 answers") == std::string::npos) return;
    pid_t pid = 0;
    std::ifstream(pid_file.path()) >> pid;
    ASSERT_GT(pid, 1);
    kill(pid, SIGKILL);
  };
  const v1::Run run =
      Run(Script("echo $$ >" + pid_file.path() + "; echo gone soon >&2; exec " PARALLAX_AGENT " stdio\n"), &plan);
  ASSERT_EQ(run.observations_size(), 1);
  EXPECT_EQ(run.observations(0).observation().probe(), "tcp 1");
  EXPECT_EQ(run.observations(0).observation().outcome(), v1::REFUSED);
  EXPECT_THAT(run.sides(0).missing(), AllOf(HasSubstr("lost while running attempt 1 of 2"),
                                            HasSubstr("killed by signal 9"), HasSubstr("gone soon")));
  EXPECT_TRUE(run.sides(0).has_agent());
}

TEST_F(DispatchTest, AnAgentThatIsKilledDoesNotEndTheOther) {
  ScriptedServer quiet([](Peer& peer) { peer.AwaitEnd(); });
  v1::Plan plan = EmptyPlan(2);
  AddTcp(plan, quiet.port(), 300)->set_timeout_ms(5'000);
  const TempFile pid_file("");
  events_.on_line = [&](const std::string& text) {
    if (text.find("1 of 4 answers") == std::string::npos) return;
    pid_t pid = 0;
    std::ifstream(pid_file.path()) >> pid;
    ASSERT_GT(pid, 1);
    kill(pid, SIGKILL);
  };
  const v1::Run run =
      RunSides({Script("echo $$ >" + pid_file.path() + "; exec " PARALLAX_AGENT " stdio\n"), "local"}, &plan);
  EXPECT_THAT(run.sides(0).missing(), HasSubstr("killed by signal 9"));
  EXPECT_THAT(run.sides(1).missing(), IsEmpty());
  int of_the_other = 0;
  for (const v1::SideObservation& observation : run.observations())
    of_the_other += observation.side() == "side1" ? 1 : 0;
  EXPECT_EQ(of_the_other, 2);
}

// Waits for the bound of an attempt (the probe's 1 ms and 5 s of slack) and of a cancel (2 s).
TEST_F(DispatchTest, AnAgentThatIsStuckIsGivenUp) {
  v1::Plan plan = TcpPlan(1, 1);
  plan.mutable_probes(0)->set_timeout_ms(1);
  plan.mutable_probes(0)->set_step_timeout_ms(1);
  const auto begin = std::chrono::steady_clock::now();
  const v1::Run run = RunSides({"exec:" PARALLAX_FAKE_AGENT " stuck", "local"}, &plan);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
  EXPECT_THAT(run.sides(0).missing(), HasSubstr("nor answer the cancel"));
  EXPECT_THAT(run.sides(1).missing(), IsEmpty());
  EXPECT_EQ(run.observations_size(), 1);
}

// --- interruption

TEST_F(DispatchTest, InterruptedItKeepsWhatWasObserved) {
  ScriptedServer quiet([](Peer& peer) { peer.AwaitEnd(); });
  v1::Plan plan = EmptyPlan(10);
  AddTcp(plan, 9);
  AddTcp(plan, quiet.port(), 50'000);
  events_.on_line = [&](const std::string& text) {
    if (text.find("answers") != std::string::npos) interrupted_ = true;
  };
  const auto begin = std::chrono::steady_clock::now();
  const v1::Run run = Run("local", &plan);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
  EXPECT_TRUE(run.interrupted());
  // The first attempt's: one observed, the other cancelled.
  ASSERT_EQ(run.observations_size(), 2);
  EXPECT_EQ(run.observations(0).observation().outcome(), v1::REFUSED);
  EXPECT_EQ(run.observations(1).observation().outcome(), v1::CANCELLED);
}

TEST_F(DispatchTest, InterruptedWhileConnectingItEndsSoon) {
  events_.on_line = [&](const std::string& text) {
    if (text.find("starting") != std::string::npos) interrupted_ = true;
  };
  const auto begin = std::chrono::steady_clock::now();
  const v1::Plan plan = TcpPlan(1, 1);
  const v1::Run run = Run("exec:sleep 1000", &plan);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
  EXPECT_TRUE(run.interrupted());
  EXPECT_THAT(run.sides(0).missing(), HasSubstr("interrupted"));
  EXPECT_EQ(run.observations_size(), 0);
}

// --- what is left behind

TEST_F(DispatchTest, WhatACommandStartedEndsWithIt) {
  // The grandchild holds the write end of a pipe: its end of file is its end.
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const std::string fd = std::to_string(ends[1]);
  Run(Script("sleep 1000 >&" + fd + " 2>&1 <&1 & echo no agent; exit 3\n"));
  close(ends[1]);
  pollfd end = {ends[0], POLLIN, 0};
  EXPECT_EQ(poll(&end, 1, 10'000), 1);
  EXPECT_NE(end.revents & POLLHUP, 0);
  close(ends[0]);
}

size_t OpenDescriptors() {
  size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

TEST_F(DispatchTest, NoDescriptorIsLeftBehind) {
  const v1::Plan plan = TcpPlan(1, 1);
  const std::vector<std::string> sides = {"local", "exec:/nowhere/agent", "exec:false", Script("echo x; exit 3\n")};
  RunSides(sides, &plan);  // gRPC opens some that it keeps
  const size_t before = OpenDescriptors();
  for (int i = 0; i < 5; ++i) RunSides(sides, &plan);
  // gRPC closes its own in its own time.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (OpenDescriptors() > before && std::chrono::steady_clock::now() < deadline) poll(nullptr, 0, 20);
  EXPECT_LE(OpenDescriptors(), before);
}

// --- the agent alone

struct Ended {
  int code = -1;
  std::string output;
};

Ended Shell(const std::string& line) {
  Ended ended;
  FILE* pipe = popen((line + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return ended;
  char buffer[4096];
  for (size_t got; (got = fread(buffer, 1, sizeof(buffer), pipe)) > 0;) ended.output.append(buffer, got);
  const int status = pclose(pipe);
  ended.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  return ended;
}

TEST(Agent, EndsWhenItsControllerIsGone) {
  const Ended ended = Shell("timeout 20 " PARALLAX_AGENT " stdio </dev/null");
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.output, AllOf(HasSubstr("PARALLAX-AGENT/1 "), HasSubstr("before a session began")));
}

TEST(Agent, EndsInGoodOrderWhenItIsToldTo) {
  const TempFile said("");
  const TempFile script("mkfifo $1.in; exec 3<>$1.in; rm $1.in\n" PARALLAX_AGENT
                        " stdio <&3 >$1 & agent=$!\n"
                        "until grep -q PARALLAX-AGENT $1; do sleep 0.02; done\n"
                        "kill -TERM $agent; wait $agent\n");
  EXPECT_EQ(Shell("timeout 20 sh " + script.path() + " " + said.path()).code, 0);
}

TEST(Agent, GarbageOnItsInputEndsIt) {
  const Ended ended = Shell("echo 'GET / HTTP/1.0' | timeout 20 " PARALLAX_AGENT " stdio");
  EXPECT_EQ(ended.code, 1);
}

TEST(Agent, UsageErrorsAreExitCodeTwo) {
  for (const char* arguments : {"", "nonsense", "stdio --nonsense", "serve --listen 0.0.0.0:7411", "join hub"}) {
    const Ended ended = Shell(std::string(PARALLAX_AGENT " ") + arguments + " </dev/null");
    EXPECT_EQ(ended.code, 2) << arguments << ": " << ended.output;
    EXPECT_THAT(ended.output, HasSubstr("parallax-agent"));
  }
  EXPECT_EQ(Shell(PARALLAX_AGENT " --version").code, 0);
#if !defined(__SANITIZE_ADDRESS__)  // in such a build descriptor 0 is taken again before main
  EXPECT_EQ(Shell(PARALLAX_AGENT " stdio <&-").code, 2);
#endif
  EXPECT_EQ(Shell(PARALLAX_AGENT " stdio </dev/null >&-").code, 2);
}

// Over ssh nobody there kills an agent whose controller is gone: it ends by itself, whatever its probes hang in. Takes
// the seconds that it gives them.
TEST_F(DispatchTest, AnAgentThatHangsEndsWithItsController) {
  Bell bell;
  auto child = ChildProcess::Start({PARALLAX_FAKE_AGENT, "stuck"});
  ASSERT_TRUE(child.ok()) << child.status();
  Preamble preamble;
  while (preamble.ReadFrom((*child)->socket()) == Preamble::State::kReading) {
    pollfd more = {(*child)->socket(), POLLIN, 0};
    ASSERT_GT(poll(&more, 1, 20'000), 0);
  }
  auto link = AgentLink::Open((*child)->TakeSocket(), bell);
  v1::ControllerMessage welcome;
  welcome.mutable_welcome()->set_protocol(contract::kProtocolVersion);
  link->Send(welcome);
  v1::ControllerMessage assignment;
  assignment.mutable_assignment()->set_id(1);
  assignment.mutable_assignment()->set_plan(TcpPlan(1, 1).SerializeAsString());
  link->Send(assignment);
  while ((*child)->StderrTail().find("stuck") == std::string::npos) {  // its probe has begun
    bell.WaitFor(std::chrono::milliseconds(10));
    ASSERT_FALSE(link->ended());
  }
  link->Close(std::chrono::milliseconds(0)).IgnoreError();
  link.reset();
  const auto status = (*child)->WaitForExit(std::chrono::seconds(30));
  ASSERT_TRUE(status.has_value()) << "it outlives its controller";
  EXPECT_TRUE(WIFEXITED(*status) && WEXITSTATUS(*status) == 1) << *status;
  EXPECT_THAT((*child)->StderrTail(), HasSubstr("did not end when it was told to"));
}

}  // namespace
}  // namespace parallax::dispatch
