// The client process as such: what it is given and shows, how it dies, and what is kept; and libpq against servers that
// say what a script says. What a real server does is in tests/e2e/sql_real_test.cc.
#include "agent/probes/sql/sql_probe.h"

#include <dirent.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
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
#include "agent/net/linux/own_namespace_for_test.h"
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
using ::testing::MatchesRegex;
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

TEST_F(SqlProbeTest, NoRouteIsOurKernelsWordAndNoRouters) {
  net::InOwnNamespace([this] {
    sql().mutable_endpoint()->set_port(5432);
    for (const char* address : {"192.0.2.1", "2001:db8::1"}) {
      sql().mutable_endpoint()->set_address(address);
      EXPECT_EQ(Steps(run_.Run(kSqlProbe, spec_)), "client_connect:no_route") << address;
    }
  });
}

TEST_F(SqlProbeTest, TheLastWordOfAServerThatEndsTheSessionIsKept) {
  const std::string goodbye = fake::Error("57P01", "terminating connection due to administrator command");
  const auto ends_before_it_is_asked = LetIn([&](Peer& peer) { peer.Send(goodbye); });
  const auto ends_when_it_is_asked = LetIn([&](Peer& peer) {
    for (int i = 0; i < 5; ++i) fake::ReadTyped(peer);  // Parse, Bind, Describe, Execute, Sync
    peer.Send(goodbye);
  });
  for (const auto& script : {ends_before_it_is_asked, ends_when_it_is_asked}) {
    const v1::Observation seen = Probe(script);
    EXPECT_EQ(Steps(seen), "client_connect query:server_error");
    const v1::Step& query = StepOf(seen, v1::QUERY);
    EXPECT_EQ(query.server_error().code(), "57P01");
    EXPECT_EQ(query.text(), "terminating connection due to administrator command");
  }
}

TEST_F(SqlProbeTest, AnErrorThatQuotesAMegabyteIsStillTheServersError) {
  const std::string quoted = "extended query with parameters: $1 = '" + std::string(1024 * 1024, 'x') + "'";
  const v1::Observation seen = Probe(LetIn([&](Peer& peer) {
    for (int i = 0; i < 5; ++i) fake::ReadTyped(peer);
    peer.Send(fake::Message('E', std::string("SERROR") + '\0' + "C57014" + '\0' + "Mcanceled" + '\0' + "W" + quoted +
                                     '\0' + '\0') +
              fake::Ready());
    peer.AwaitEnd();
  }));
  EXPECT_EQ(Steps(seen), "client_connect query:server_error");
  EXPECT_EQ(StepOf(seen, v1::QUERY).server_error().code(), "57014");
  EXPECT_EQ(StepOf(seen, v1::QUERY).text(), "canceled");
  EXPECT_EQ(seen.error(), "");
}

// Answers the two statements of QUERY as far as they matter: the number plus one, and no word of itself.
void AnswerQuery(Peer& peer) {
  fake::ReadTyped(peer);                           // Parse
  const std::string bind = fake::ReadTyped(peer);  // its text parameter is the number
  for (int i = 0; i < 3; ++i) fake::ReadTyped(peer);
  const size_t digits = bind.find_first_of("123456789", 16);
  const std::string number = bind.substr(digits, bind.find_first_not_of("0123456789", digits) - digits);
  peer.Send(fake::Message('1', "") + fake::Message('2', "") +
            fake::Message('T', std::string("\0\1?column?\0\0\0\0\0\0\0\0\0\x14\0\x08\xff\xff\xff\xff\0\0", 29)) +
            fake::Row({absl::StrCat(std::atoll(number.c_str()) + 1)}) + fake::Complete() + fake::Ready());
  fake::ReadTyped(peer);
  peer.Send(fake::Error("42501", "of myself I say nothing", "ERROR") + fake::Ready());
}

TEST_F(SqlProbeTest, AHeldSessionThatTheServerEndsIsAFailure) {
  sql().set_hold_ms(9'000);
  const auto idle_then = [](const std::function<void(Peer&)>& then) {
    return LetIn([then](Peer& peer) {
      AnswerQuery(peer);
      peer.Send(fake::Notice("this ends nothing"));
      then(peer);
    });
  };
  const v1::Observation closed = Probe(idle_then([](Peer&) {}));
  EXPECT_EQ(Steps(closed), "client_connect query query[held]:closed");
  EXPECT_EQ(closed.outcome(), v1::CLOSED);
  const v1::Step& held = StepOf(closed, v1::QUERY, "held");
  EXPECT_THAT(held.text(), MatchesRegex("the session was ended after [0-9.]+ s of 9 s idle"));
  EXPECT_EQ(held.end(), v1::FIN_BY_PEER);
  EXPECT_GE(held.start_ns(), StepOf(closed, v1::QUERY).start_ns() + StepOf(closed, v1::QUERY).duration_ns());
  EXPECT_EQ(held.connection(), 1);

  const v1::Observation said = Probe(idle_then(
      [](Peer& peer) { peer.Send(fake::Error("57P05", "terminating connection due to idle-session timeout")); }));
  EXPECT_EQ(said.outcome(), v1::CLOSED);
  EXPECT_THAT(StepOf(said, v1::QUERY, "held").text(), HasSubstr("idle: 57P05 terminating connection due to idle"));
  EXPECT_EQ(StepOf(said, v1::QUERY, "held").server_error().code(), "57P05");

  EXPECT_EQ(Probe(idle_then([](Peer& peer) { peer.Rst(); })).outcome(), v1::RESET);
}

TEST_F(SqlProbeTest, AnAnswerThatMayHaveFlowedIsNotCalledSilence) {
  run_.step_timeout_ms = 400;
  sql().set_download_bytes(1'000'000);
  const v1::Observation seen = Probe(LetIn([](Peer& peer) {
    AnswerQuery(peer);
    for (bool more = true; more;) more = peer.Send(fake::Notice("still at it")) && peer.Pause(20);
  }));
  EXPECT_EQ(Steps(seen), "client_connect query download:timed_out");
  EXPECT_EQ(StepOf(seen, v1::DOWNLOAD).end(), v1::END_UNSPECIFIED);
  EXPECT_EQ(seen.connections(0).end(), v1::CLOSED_BY_US);
  EXPECT_GT(StepOf(seen, v1::QUERY).bytes_in(), 0U);
}

TEST_F(SqlProbeTest, ALoginThatWasBegunIsNotCalledSilence) {
  run_.step_timeout_ms = 300;
  const v1::Observation seen = Probe([](Peer& peer) {
    fake::ReadUntyped(peer);
    peer.Send(fake::Authentication(0));
    peer.AwaitEnd();
  });
  EXPECT_EQ(Steps(seen), "client_connect:timed_out");
  EXPECT_EQ(StepOf(seen, v1::CLIENT_CONNECT).bytes_in(), 9U);
  EXPECT_NE(StepOf(seen, v1::CLIENT_CONNECT).end(), v1::SILENCE);
}

TEST_F(SqlProbeTest, NoPartOfAnEchoedPasswordIsLeftWhereATextIsCut) {
  const v1::Observation seen = Probe([](Peer& peer) {
    fake::ReadUntyped(peer);
    peer.Send(fake::Error("28P01", std::string(1010, 'x') + kPassword));
    peer.AwaitEnd();
  });
  EXPECT_EQ(Steps(seen), "client_connect:auth_rejected");
  EXPECT_FALSE(support::Holds(seen, std::string(kPassword).substr(0, 4))) << seen.DebugString();
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

// What a probe tells where the program is looked for in these folders.
std::string ToldWithProgramIn(const std::vector<std::string>& folders) {
  const support::ProbeRun run;
  const net::Clock& clock = net::SystemClock();
  const policy::Secrets secrets(run.secrets, policy::AllowedSecrets::Everything());
  const Context context = {
      clock, run.cancel, run.policy, secrets, run.connect_to, clock.MonotonicNs() + 5'000'000'000, 5'000'000'000};
  v1::Observation observation;
  Recorder recorder(clock, &observation);
  v1::ProbeSpec spec;
  spec.mutable_sql();
  const absl::Status status = RunInClient(
      spec, [](v1::ProbeSpec* of) { return of->mutable_sql()->mutable_password(); }, context, recorder, folders);
  return status.ok() ? observation.error() : status.ToString();
}

// The same with a program that is a shell script.
std::string ToldOf(const std::string& script, mode_t mode) {
  char folder[] = "/tmp/parallax-client-XXXXXX";
  EXPECT_NE(mkdtemp(folder), nullptr);
  const std::string program = absl::StrCat(folder, "/", kClientProgram);
  std::ofstream(program) << script;
  chmod(program.c_str(), mode);
  const std::string told = ToldWithProgramIn({"/nowhere", folder});
  unlink(program.c_str());
  rmdir(folder);
  return told;
}

TEST(ClientProcess, SaysWhyTheProgramIsOfNoUse) {
  const std::string nowhere = ToldWithProgramIn({"/nowhere", "/nor/here"});
  EXPECT_THAT(nowhere, HasSubstr("UNIMPLEMENTED"));
  EXPECT_THAT(nowhere, HasSubstr("looked in /nowhere and /nor/here"));
  const std::string no_x_bit = ToldOf("#!/bin/sh\n", 0644);
  EXPECT_THAT(no_x_bit, HasSubstr("UNIMPLEMENTED"));
  EXPECT_THAT(no_x_bit,
              HasSubstr("/parallax-agent-client, which speaks sql, is there, but not executable: chmod +x /tmp"));
  EXPECT_THAT(ToldOf("#!/bin/sh\nexit 3\n", 0755), HasSubstr("ended with exit code 3 before it told anything"));
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
