// The sql probe's process, and each way to have no session.
#include "agent/probes/sql/sql_probe_for_test.h"

namespace parallax::probes {
namespace {

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
