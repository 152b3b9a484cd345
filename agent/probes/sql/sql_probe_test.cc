// The client process as such: what it is given and shows, how it dies, and what is kept; and libpq against servers that
// say what a script says. What a real server does is in tests/e2e/sql_real_test.cc.
#include "agent/probes/sql/sql_probe.h"

#include <dirent.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <future>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "agent/probes/client_frames.h"
#include "agent/probes/client_process.h"
#include "tests/support/fake_postgres.h"
#include "tests/support/probe_run.h"
#include "tests/support/scripted_server.h"

namespace parallax::probes {
namespace {

namespace fake = support::fake;
using support::Peer;
using support::ScriptedServer;
using support::StepOf;
using support::Steps;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kPassword[] = "correct-horse-battery";

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The client process that this test's probe has started; 0 when there is none.
pid_t ClientPid() {
  pid_t found = 0;
  DIR* proc = opendir("/proc");
  for (const dirent* entry = readdir(proc); entry != nullptr; entry = readdir(proc)) {
    if (std::atoi(entry->d_name) == 0) continue;
    const std::string stat = ReadFile(absl::StrCat("/proc/", entry->d_name, "/stat"));
    const size_t name_end = stat.rfind(')');
    if (name_end == std::string::npos || stat.find("(parallax-agent-") == std::string::npos) continue;
    // "pid (name) state ppid ..."
    if (std::atoi(stat.c_str() + name_end + 4) == getpid()) found = std::atoi(entry->d_name);
  }
  closedir(proc);
  return found;
}

// A login that is let in; then the script goes on.
ScriptedServer::Script LetIn(const std::function<void(Peer&)>& then) {
  return [then](Peer& peer) {
    fake::ReadUntyped(peer);
    peer.Send(fake::Authentication(0) + fake::Parameter("server_version", "15.8") +
              fake::Parameter("client_encoding", "UTF8") + fake::Parameter("standard_conforming_strings", "on") +
              fake::KeyData(7) + fake::Ready());
    then(peer);
  };
}

class SqlProbeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    spec_.set_name("sql");
    sql().mutable_endpoint()->set_host("db.test");
    sql().mutable_endpoint()->set_address("127.0.0.1");
    sql().set_user("app");
    sql().set_ssl_mode(v1::DISABLE);
    sql().mutable_password()->set_ref("controller:P");
    run_.AddSecret("controller:P", kPassword);
    run_.step_timeout_ms = 2000;
  }
  v1::SqlProbe& sql() { return *spec_.mutable_sql(); }
  v1::Observation Probe(const ScriptedServer::Script& script) {
    const ScriptedServer server(script);  // has ended when this returns: what the script left behind may be read
    sql().mutable_endpoint()->set_port(server.port());
    v1::Observation seen = run_.Run(kSqlProbe, spec_);
    EXPECT_FALSE(support::Holds(seen, kPassword));
    EXPECT_EQ(ClientPid(), 0) << "no client process outlives its probe";
    return seen;
  }

  v1::ProbeSpec spec_;
  support::ProbeRun run_;
};

TEST_F(SqlProbeTest, NothingSecretStandsInTheProcessesArgumentsOrEnvironment) {
  setenv("PGPASSWORD", kPassword, 1);
  std::string arguments;
  std::string environment;
  Probe([&](Peer& peer) {
    fake::ReadUntyped(peer);
    arguments = ReadFile(absl::StrCat("/proc/", ClientPid(), "/cmdline"));
    environment = ReadFile(absl::StrCat("/proc/", ClientPid(), "/environ"));
  });
  unsetenv("PGPASSWORD");
  EXPECT_EQ(arguments, std::string("parallax-agent-client") + '\0');
  if (geteuid() == 0) {
    EXPECT_THAT(environment, HasSubstr("LC_ALL=C"));
  }
  EXPECT_THAT(environment, Not(HasSubstr(kPassword)));
  EXPECT_THAT(environment, Not(HasSubstr("PGPASSWORD")));
}

TEST_F(SqlProbeTest, AProcessThatDiesWhileItConnectsSaysHowAndWhere) {
  const v1::Observation seen = Probe([](Peer& peer) {
    fake::ReadUntyped(peer);
    kill(ClientPid(), SIGABRT);
    peer.AwaitEnd();
  });
  EXPECT_EQ(Steps(seen), "client_connect:local_resource");
  EXPECT_EQ(seen.outcome(), v1::LOCAL_RESOURCE);
  EXPECT_THAT(seen.error(), HasSubstr("the helper process parallax-agent-client died by signal 6 (Aborted) "
                                      "after the beginning of client_connect"));
}

TEST_F(SqlProbeTest, WhatWasObservedBeforeItDiedIsKept) {
  const v1::Observation seen = Probe(LetIn([](Peer& peer) {
    fake::ReadTyped(peer);
    kill(ClientPid(), SIGABRT);
    peer.AwaitEnd();
  }));
  EXPECT_EQ(Steps(seen), "client_connect query:local_resource");
  EXPECT_EQ(StepOf(seen, v1::CLIENT_CONNECT).client().server_version(), "15.8");
  EXPECT_EQ(StepOf(seen, v1::CLIENT_CONNECT).client().backend_pid(), 7);
  EXPECT_THAT(seen.error(), HasSubstr("after the beginning of query"));
  ASSERT_EQ(seen.connections_size(), 1);
  EXPECT_EQ(seen.connections(0).end(), v1::CLOSED_BY_US);
}

TEST_F(SqlProbeTest, AServerThatFallsSilentTimesTheStepAtHandOut) {
  run_.step_timeout_ms = 300;
  const v1::Observation connect = Probe([](Peer& peer) { peer.AwaitEnd(); });
  EXPECT_EQ(Steps(connect), "client_connect:timed_out");
  EXPECT_EQ(StepOf(connect, v1::CLIENT_CONNECT).end(), v1::SILENCE);
  EXPECT_EQ(connect.connections(0).end(), v1::SILENCE);
  EXPECT_EQ(connect.error(), "");
  // Here libpqxx waits, and only the end of its process ends that.
  const v1::Observation query = Probe(LetIn([](Peer& peer) { peer.AwaitEnd(); }));
  EXPECT_EQ(Steps(query), "client_connect query:timed_out");
  EXPECT_EQ(query.outcome(), v1::TIMED_OUT);
  EXPECT_GE(StepOf(query, v1::QUERY).duration_ns(), 300 * net::kMs);
  EXPECT_LT(StepOf(query, v1::QUERY).duration_ns(), 1500 * net::kMs);
  EXPECT_EQ(query.connections(0).end(), v1::SILENCE);
}

TEST_F(SqlProbeTest, CancellationEndsTheProcess) {
  run_.step_timeout_ms = 9000;
  const v1::Observation seen = Probe(LetIn([this](Peer& peer) {
    fake::ReadTyped(peer);
    run_.cancel.Cancel();
    peer.AwaitEnd();
  }));
  EXPECT_EQ(Steps(seen), "client_connect query:cancelled");
  EXPECT_EQ(seen.outcome(), v1::CANCELLED);
}

TEST_F(SqlProbeTest, ItDoesNotOutliveItsAgent) {
  // An agent that is killed while its probe runs: a child of ours that is one.
  std::promise<void> connected;
  std::promise<void> gone;
  ScriptedServer server([&](Peer& peer) {
    fake::ReadUntyped(peer);
    connected.set_value();
    peer.AwaitEnd();  // the connection ends with the process that made it
    gone.set_value();
  });
  sql().mutable_endpoint()->set_port(server.port());
  const pid_t agent = fork();
  if (agent == 0) {
    alarm(30);
    run_.step_timeout_ms = 9000;
    run_.Run(kSqlProbe, spec_);
    _exit(0);
  }
  ASSERT_EQ(connected.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
  kill(agent, SIGKILL);
  waitpid(agent, nullptr, 0);
  EXPECT_EQ(gone.get_future().wait_for(std::chrono::seconds(5)), std::future_status::ready);
}

TEST_F(SqlProbeTest, EachWayToHaveNoSessionIsItsOwnFailure) {
  const support::ClosedPort closed;
  sql().mutable_endpoint()->set_port(closed.port());
  const v1::Observation refused = run_.Run(kSqlProbe, spec_);
  EXPECT_EQ(Steps(refused), "client_connect:refused");
  EXPECT_THAT(StepOf(refused, v1::CLIENT_CONNECT).text(), HasSubstr("Connection refused"));

  EXPECT_EQ(Steps(Probe([](Peer& peer) { fake::ReadUntyped(peer); })), "client_connect:closed_before_first_byte");
  EXPECT_EQ(Steps(Probe([](Peer& peer) {
              fake::ReadUntyped(peer);
              peer.Rst();
            })),
            "client_connect:reset_before_first_byte");
  EXPECT_EQ(Steps(Probe([](Peer& peer) {
              fake::ReadUntyped(peer);
              peer.Send("HTTP/1.1 400 Bad Request\r\n\r\n");
            })),
            "client_connect:unexpected_first_byte");
  EXPECT_EQ(Steps(Probe(LetIn([](Peer& peer) {
              for (int i = 0; i < 5; ++i) fake::ReadTyped(peer);  // Parse, Bind, Describe, Execute, Sync
            }))),
            "client_connect query:closed");
  sql().set_ssl_mode(v1::REQUIRE);
  EXPECT_EQ(Steps(Probe([](Peer& peer) {
              fake::ReadUntyped(peer);
              peer.Send("N");
              peer.AwaitEnd();
            })),
            "client_connect:tls_protocol");
  EXPECT_EQ(Steps(Probe([](Peer& peer) {
              fake::ReadUntyped(peer);
              peer.Send("X");
              peer.AwaitEnd();
            })),
            "client_connect:unexpected_first_byte");
}

TEST_F(SqlProbeTest, AnAnswerOutOfACacheIsNotBelieved) {
  const v1::Observation seen = Probe(LetIn([](Peer& peer) {
    fake::ReadTyped(peer);
    peer.Send(fake::Message('1', "") + fake::Message('2', "") +
              fake::Message('T', std::string("\0\1?column?\0\0\0\0\0\0\0\0\0\0\x14\0\x08\xff\xff\xff\xff\0\0", 29)) +
              fake::Row({"1"}) + fake::Complete() + fake::Ready());
    peer.AwaitEnd();
  }));
  EXPECT_EQ(Steps(seen), "client_connect query:protocol_violation");
  EXPECT_THAT(StepOf(seen, v1::QUERY).text(), HasSubstr("gave another"));
}

TEST_F(SqlProbeTest, AnEchoedPasswordIsErased) {
  const v1::Observation seen = Probe([](Peer& peer) {
    fake::ReadUntyped(peer);
    peer.Send(fake::Error("28P01", absl::StrCat("no, not ", kPassword)));
    peer.AwaitEnd();
  });
  EXPECT_EQ(Steps(seen), "client_connect:auth_rejected");
  EXPECT_EQ(StepOf(seen, v1::CLIENT_CONNECT).server_error().message(), "no, not ***");
}

TEST_F(SqlProbeTest, AnAddressThatPolicyRefusesIsNotDialled) {
  sql().mutable_endpoint()->set_address("169.254.169.254");
  sql().mutable_endpoint()->set_port(5432);
  const v1::Observation seen = run_.Run(kSqlProbe, spec_);
  EXPECT_EQ(Steps(seen), "client_connect:denied_by_policy");
  EXPECT_EQ(seen.connections_size(), 0);
}

TEST_F(SqlProbeTest, WithoutTheProgramItSaysWhereItLooked) {
  const net::Clock& clock = net::SystemClock();
  const policy::Secrets secrets(run_.secrets, true);
  const Context context = {
      clock, run_.cancel, run_.policy, secrets, run_.connect_to, clock.MonotonicNs() + 1'000'000'000, 1'000'000'000};
  v1::Observation observation;
  Recorder recorder(clock, &observation);
  const absl::Status status =
      RunInClient(spec_, [](v1::ProbeSpec* spec) { return spec->mutable_sql()->mutable_password(); }, context, recorder,
                  {"/nowhere", "/nor/here"});
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(status.message()), HasSubstr("looked in /nowhere and /nor/here"));
}

TEST(ClientFrames, AreTakenWholeOrNotAtAll) {
  v1::Observation sent;
  sent.set_probe(std::string(300, 'x'));  // a length of two bytes
  const std::string frame = Frame(sent);
  std::string bytes;
  v1::Observation got;
  for (const char c : frame) {
    EXPECT_EQ(TakeFrame(&bytes, &got), Framed::kNone);
    bytes += c;
  }
  bytes += frame;
  EXPECT_EQ(TakeFrame(&bytes, &got), Framed::kWhole);
  EXPECT_EQ(got.probe(), sent.probe());
  EXPECT_EQ(bytes, frame);
  std::string endless = "\xff\xff\xff\xff\xff\xff";
  EXPECT_EQ(TakeFrame(&endless, &got), Framed::kBroken);
  std::string no_message = "\x02\xff\xff";
  EXPECT_EQ(TakeFrame(&no_message, &got), Framed::kBroken);
}

TEST(ValidateSql, SaysWhatIsWrong) {
  v1::ProbeSpec spec;
  spec.mutable_sql()->mutable_endpoint()->set_host("db");
  spec.mutable_sql()->mutable_endpoint()->set_port(5432);
  EXPECT_THAT(std::string(ValidateSql(spec).message()), HasSubstr("sql.user"));
  spec.mutable_sql()->set_user("app");
  EXPECT_TRUE(ValidateSql(spec).ok());
  spec.mutable_sql()->set_upload_bytes(1ULL << 40);
  EXPECT_THAT(std::string(ValidateSql(spec).message()), HasSubstr("at most"));
}

}  // namespace
}  // namespace parallax::probes
