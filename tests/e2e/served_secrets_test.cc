// What a controller can get out of a served agent's environment: real agents, their client processes, and a controller
// that means harm.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <mutex>
#include <string>
#include <vector>

#include "controller/dispatch/agent_dispatcher.h"
#include "tests/e2e/served_agent.h"
#include "tests/support/scripted_server.h"

namespace parallax::dispatch {
namespace {

using e2e::ServedAgent;
using support::Peer;
using support::ScriptedServer;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSecret[] = "hunter2-of-the-agent";

// Takes down all that it is sent, and answers nothing.
class Thief {
 public:
  uint16_t port() const { return server_.port(); }
  std::string taken() const {
    std::lock_guard lock(mutex_);
    return taken_;
  }

 private:
  mutable std::mutex mutex_;
  std::string taken_;  // guarded by mutex_
  ScriptedServer server_{[this](Peer& peer) {
    const std::string some = peer.ReadSome();
    std::lock_guard lock(mutex_);
    taken_ += some;
  }};
};

class ServedSecretsTest : public ::testing::Test {
 protected:
  enum class Kind { kHttp, kSql, kPostgres };

  static v1::Plan PlanFor(Kind kind, uint16_t port, const std::string& ref) {
    v1::Plan plan;
    plan.set_version(1);
    plan.set_attempts(1);
    v1::ProbeSpec* probe = plan.add_probes();
    probe->set_name("steal");
    probe->set_timeout_ms(20'000);
    probe->set_step_timeout_ms(5'000);
    v1::Endpoint* endpoint = nullptr;
    switch (kind) {
      case Kind::kHttp:
        endpoint = probe->mutable_http()->mutable_endpoint();
        probe->mutable_http()->set_path("/");
        probe->mutable_http()->mutable_bearer()->set_ref(ref);
        break;
      case Kind::kSql:
        endpoint = probe->mutable_sql()->mutable_endpoint();
        probe->mutable_sql()->set_user("app");
        probe->mutable_sql()->set_ssl_mode(v1::DISABLE);
        probe->mutable_sql()->mutable_password()->set_ref(ref);
        break;
      case Kind::kPostgres:
        endpoint = probe->mutable_postgres()->mutable_endpoint();
        probe->mutable_postgres()->set_user("app");
        probe->mutable_postgres()->set_ssl_mode(v1::DISABLE);
        probe->mutable_postgres()->mutable_password()->set_ref(ref);
        break;
    }
    endpoint->set_host("db.internal");  // whatever the plan calls it
    endpoint->set_address("127.0.0.1");
    endpoint->set_port(port);
    return plan;
  }

  // All that comes back, as text.
  static std::string Run(const ServedAgent& agent, const v1::Plan& plan, std::vector<v1::SecretValue> sent = {}) {
    SideConfig side;
    side.name = "inside";
    side.vantage = "grpc://" + agent.address();
    side.secrets = std::move(sent);
    Reach reach;
    reach.tokens.every = e2e::kAgentToken;
    SideObserver nobody;
    auto dispatcher = MakeAgentDispatcher({side}, reach, "run-1", nullptr, nobody);
    v1::Run run;
    EXPECT_TRUE(dispatcher.ok()) << dispatcher.status();
    if (!dispatcher.ok()) return "";
    (*dispatcher)->Connect(run);
    (*dispatcher)->RunPhase(plan, "why", run);
    (*dispatcher)->Close();
    EXPECT_EQ(run.observations_size(), 1) << run.DebugString();
    return run.DebugString();
  }
};

TEST_F(ServedSecretsTest, APlanReadsNoVariableOfTheAgent) {
  const ServedAgent agent(PARALLAX_AGENT, {}, {{"APP_SECRET", kSecret}});
  for (const Kind kind : {Kind::kHttp, Kind::kSql}) {
    const Thief thief;
    const std::string run = Run(agent, PlanFor(kind, thief.port(), "env:APP_SECRET"));
    EXPECT_THAT(run, AllOf(HasSubstr("DENIED_BY_POLICY"), HasSubstr("--allow-secret env:APP_SECRET")));
    EXPECT_THAT(run + thief.taken(), Not(HasSubstr("hunter2")));
  }
  const Thief thief;
  EXPECT_THAT(Run(agent, PlanFor(Kind::kHttp, thief.port(), "file:/etc/hostname")), HasSubstr("DENIED_BY_POLICY"));
  EXPECT_THAT(Run(agent, PlanFor(Kind::kHttp, thief.port(), "exec:id")), HasSubstr("DENIED_BY_POLICY"));
  EXPECT_EQ(thief.taken(), "");
}

TEST_F(ServedSecretsTest, OneThatTheCommandLineAllowsWorks) {
  const ServedAgent agent(PARALLAX_AGENT, {"--allow-secret", "env:APP_SECRET"}, {{"APP_SECRET", kSecret}});
  const Thief thief;
  const std::string run = Run(agent, PlanFor(Kind::kHttp, thief.port(), "env:APP_SECRET"));
  EXPECT_THAT(run, Not(HasSubstr("DENIED_BY_POLICY")));
  EXPECT_THAT(thief.taken(), HasSubstr(std::string("Authorization: Bearer ") + kSecret));
  EXPECT_THAT(Run(agent, PlanFor(Kind::kHttp, thief.port(), "env:PATH")), HasSubstr("--allow-secret env:PATH"));
  EXPECT_THAT(Run(agent, PlanFor(Kind::kSql, thief.port(), "env:APP_SECRET")), Not(HasSubstr("DENIED_BY_POLICY")));
}

TEST_F(ServedSecretsTest, NarrowedItGoesWhereItSaysWhateverThePlanCallsThePlace) {
  const Thief there;
  const Thief elsewhere;
  const std::string target = "127.0.0.1:" + std::to_string(there.port());
  for (const std::string& narrowed :
       {target, "127.0.0.0/8:" + std::to_string(there.port()), "localhost:" + std::to_string(there.port())}) {
    const ServedAgent agent(PARALLAX_AGENT, {"--allow-secret", "env:APP_SECRET@" + narrowed},
                            {{"APP_SECRET", kSecret}});
    for (const Kind kind : {Kind::kHttp, Kind::kSql}) {
      EXPECT_THAT(Run(agent, PlanFor(kind, elsewhere.port(), "env:APP_SECRET")),
                  AllOf(HasSubstr("DENIED_BY_POLICY"), HasSubstr("other targets"), HasSubstr("127.0.0.1")));
    }
    EXPECT_THAT(Run(agent, PlanFor(Kind::kHttp, there.port(), "env:APP_SECRET")), Not(HasSubstr("DENIED")));
  }
  EXPECT_THAT(there.taken(), HasSubstr("hunter2"));
  EXPECT_EQ(elsewhere.taken(), "");
  const ServedAgent by_name(PARALLAX_AGENT, {"--allow-secret", "env:APP_SECRET@db.invalid"}, {{"APP_SECRET", kSecret}});
  v1::Plan plan = PlanFor(Kind::kHttp, elsewhere.port(), "env:APP_SECRET");
  plan.mutable_probes(0)->mutable_http()->mutable_endpoint()->set_host("db.invalid");
  EXPECT_THAT(Run(by_name, plan), HasSubstr("DENIED_BY_POLICY")) << "an address that is called by the name";
  EXPECT_EQ(elsewhere.taken(), "");
}

// The staged client too: its server asks for SCRAM, whose proof could be guessed at.
TEST_F(ServedSecretsTest, TheStagedClientHoldsItToo) {
  ScriptedServer server([](Peer& peer) {
    peer.ReadSome();  // the startup message
    const std::string body = std::string("\0\0\0\x0aSCRAM-SHA-256\0\0", 19);
    const std::string message = std::string("R\0\0\0", 4) + static_cast<char>(body.size() + 4) + body;
    peer.Send(message);
    peer.ReadSome();
  });
  const ServedAgent closed(PARALLAX_AGENT, {}, {{"APP_SECRET", kSecret}});
  EXPECT_THAT(Run(closed, PlanFor(Kind::kPostgres, server.port(), "env:APP_SECRET")),
              AllOf(HasSubstr("--allow-secret env:APP_SECRET"), Not(HasSubstr("credentials_present"))));
  const ServedAgent narrowed(PARALLAX_AGENT, {"--allow-secret", "env:APP_SECRET@10.0.0.0/8"},
                             {{"APP_SECRET", kSecret}});
  EXPECT_THAT(Run(narrowed, PlanFor(Kind::kPostgres, server.port(), "env:APP_SECRET")),
              AllOf(HasSubstr("other targets"), Not(HasSubstr("credentials_present"))));
}

TEST_F(ServedSecretsTest, WhatTheControllerSendsIsTheControllers) {
  const ServedAgent agent(PARALLAX_AGENT, {}, {{"APP_SECRET", kSecret}});
  const Thief there;
  v1::SecretValue sent;
  sent.set_ref("env:APP_SECRET");
  sent.set_value("the-controllers-own");
  const std::string run = Run(agent, PlanFor(Kind::kHttp, there.port(), "env:APP_SECRET"), {sent});
  EXPECT_THAT(there.taken(), AllOf(HasSubstr("Bearer the-controllers-own"), Not(HasSubstr("hunter2"))));
  EXPECT_THAT(run, HasSubstr("sent by the controller"));
}

TEST_F(ServedSecretsTest, TheTokenIsInNoEnvironment) {
  const ServedAgent agent(PARALLAX_AGENT, {"--allow-secret", "env:PARALLAX_AGENT_TOKEN"});
  std::ifstream file("/proc/" + std::to_string(agent.pid()) + "/environ", std::ios::binary);
  const std::string environment((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_THAT(environment, AllOf(HasSubstr("PATH="), Not(HasSubstr(e2e::kAgentToken))));
  const Thief thief;
  const std::string run = Run(agent, PlanFor(Kind::kHttp, thief.port(), "env:PARALLAX_AGENT_TOKEN"));
  EXPECT_THAT(run, HasSubstr("set PARALLAX_AGENT_TOKEN")) << "allowed, and not there any more";
  EXPECT_THAT(run + thief.taken(), Not(HasSubstr(e2e::kAgentToken)));
}

}  // namespace
}  // namespace parallax::dispatch
