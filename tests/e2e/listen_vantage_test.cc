// Vantages of agents that listen: the dispatcher with a real `parallax-agent serve`, and with what is none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "controller/dispatch/agent_dispatcher.h"
#include "tests/e2e/event_lines.h"
#include "tests/e2e/served_agent.h"
#include "tests/support/scripted_server.h"
#include "tests/support/tls_identity.h"

namespace parallax::dispatch {
namespace {

using e2e::ServedAgent;
using support::Peer;
using support::ScriptedServer;
using support::TempFile;
using support::TlsIdentity;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ListenVantageTest : public ::testing::Test {
 protected:
  ListenVantageTest() { reach_.tokens.every = e2e::kAgentToken; }

  // Listens to nothing and ends nothing: `acts` each connect to a port and wait for `listen_ms`.
  static v1::Plan TcpPlan(uint16_t port, uint32_t listen_ms = 0, uint32_t attempts = 1) {
    v1::Plan plan;
    plan.set_version(1);
    plan.set_attempts(attempts);
    v1::ProbeSpec* probe = plan.add_probes();
    probe->set_name("tcp");
    probe->set_timeout_ms(60'000);
    probe->set_step_timeout_ms(500);
    probe->mutable_tcp()->mutable_endpoint()->set_host("127.0.0.1");
    probe->mutable_tcp()->mutable_endpoint()->set_address("127.0.0.1");
    probe->mutable_tcp()->mutable_endpoint()->set_port(port);
    probe->mutable_tcp()->set_listen_ms(listen_ms);
    return plan;
  }
  v1::Run Run(const std::string& vantage, const v1::Plan& plan) {
    SideConfig side;
    side.name = "inside";
    side.vantage = vantage;
    auto dispatcher = MakeAgentDispatcher({side}, reach_, "run-1", nullptr, events_);
    v1::Run run;
    EXPECT_TRUE(dispatcher.ok()) << dispatcher.status();
    if (!dispatcher.ok()) return run;
    (*dispatcher)->Connect(run);
    (*dispatcher)->RunPhase(plan, "why", run);
    (*dispatcher)->Close();
    return run;
  }
  v1::Side Reached(const std::string& vantage) { return Run(vantage, TcpPlan(9)).sides(0); }

  Reach reach_;
  e2e::EventLines events_;
};

TEST_F(ListenVantageTest, RunsAPlanThereAndLeavesTheAgentToOthers) {
  const ServedAgent agent(PARALLAX_AGENT);
  for (int i = 0; i < 2; ++i) {
    const v1::Run run = Run("grpc://" + agent.address(), TcpPlan(9, 0, 2));
    EXPECT_THAT(run.sides(0).missing(), IsEmpty());
    EXPECT_EQ(run.sides(0).vantage(), "grpc://" + agent.address());
    EXPECT_EQ(run.observations_size(), 2);
  }
}

TEST_F(ListenVantageTest, WhoIsNotThereOrIsNoAgent) {
  const support::ClosedPort closed;
  const std::string port = std::to_string(closed.port());
  const v1::Side nobody = Reached("grpc://127.0.0.1:" + port);
  EXPECT_THAT(nobody.missing(), AllOf(HasSubstr("no agent answers at 127.0.0.1:" + port), HasSubstr("refused"),
                                      Not(HasSubstr("last error"))));
  EXPECT_THAT(nobody.missing_remedy(), HasSubstr("parallax-agent serve"));

  ScriptedServer web([](Peer& peer) {
    peer.ReadSome();
    peer.Send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    peer.AwaitEnd();
  });
  const v1::Side http = Reached("grpc://127.0.0.1:" + std::to_string(web.port()));
  EXPECT_THAT(http.missing(), HasSubstr("no agent answers"));
  EXPECT_THAT(http.missing_remedy(), HasSubstr("web server"));

  ScriptedServer mute([](Peer& peer) { peer.AwaitEnd(); });
  EXPECT_THAT(Reached("grpc://127.0.0.1:" + std::to_string(mute.port())).missing(), Not(IsEmpty()));
}

TEST_F(ListenVantageTest, AStrangerLearnsNothingAndIsToldWhichFlagIsMissing) {
  const ServedAgent agent(PARALLAX_AGENT);
  for (const std::string& token : {std::string(), std::string(40, 'o')}) {
    reach_.tokens.every = token;
    const v1::Side side = Reached("grpc://" + agent.address());
    EXPECT_THAT(side.missing(), AllOf(HasSubstr("does not let us in"), HasSubstr("--agent-token-from"),
                                      Not(HasSubstr(e2e::kAgentToken)), Not(HasSubstr("oooo"))));
    EXPECT_THAT(side.missing_remedy(), HasSubstr(token.empty() ? "--token-file" : "sha256sum"));
    EXPECT_FALSE(side.has_agent());
  }
  reach_.tokens.by_side["inside"] = e2e::kAgentToken;
  EXPECT_THAT(Reached("grpc://" + agent.address()).missing(), IsEmpty()) << "a side's own goes first";
}

TEST_F(ListenVantageTest, NoProxyOfTheEnvironmentIsGivenTheToken) {
  const ServedAgent agent(PARALLAX_AGENT);
  std::atomic<int> asked{0};
  ScriptedServer proxy([&](Peer& peer) {
    peer.ReadSome();
    ++asked;
  });
  setenv("http_proxy", ("http://127.0.0.1:" + std::to_string(proxy.port())).c_str(), 1);
  const v1::Side side = Reached("grpc://" + agent.address());
  unsetenv("http_proxy");
  EXPECT_THAT(side.missing(), IsEmpty());
  EXPECT_EQ(asked, 0);
}

class SocketVantageTest : public ListenVantageTest {
 protected:
  SocketVantageTest() {
    char folder[] = "/tmp/parallax-vantage-XXXXXX";
    EXPECT_NE(mkdtemp(folder), nullptr);
    path_ = std::string(folder) + "/agent.sock";
    reach_.tokens = {};
  }
  ~SocketVantageTest() override {
    unlink(path_.c_str());
    rmdir(path_.substr(0, path_.rfind('/')).c_str());
  }
  std::string path_;
};

TEST_F(SocketVantageTest, RunsAPlanThereAndSurvivesItsAgent) {
  ServedAgent agent(PARALLAX_AGENT, {"--listen", "unix:" + path_});
  EXPECT_EQ(agent.address(), "unix:" + path_);
  for (int i = 0; i < 2; ++i) {
    const v1::Run run = Run("unix:" + path_, TcpPlan(9, 0, 2));
    EXPECT_THAT(run.sides(0).missing(), IsEmpty());
    EXPECT_EQ(run.sides(0).vantage(), "unix:" + path_);
    EXPECT_EQ(run.observations_size(), 2);
  }
  agent.Signal(SIGKILL);
  agent.Wait();
  const v1::Side side = Reached("unix:" + path_);
  EXPECT_THAT(side.missing(), AllOf(HasSubstr("no agent answers at unix:" + path_), HasSubstr("nobody listens")));
  EXPECT_THAT(side.missing_remedy(), HasSubstr("parallax-agent check"));
  const ServedAgent next(PARALLAX_AGENT, {"--listen", "unix:" + path_});
  EXPECT_THAT(Reached("unix:" + path_).missing(), IsEmpty()) << "a dead one's socket is taken over";
}

TEST_F(SocketVantageTest, NobodyIsThere) {
  EXPECT_THAT(Reached("unix:" + path_).missing(), AllOf(HasSubstr("there is no socket"), HasSubstr("serve --listen")));
}

TEST_F(SocketVantageTest, AnAgentThatIsAskedToEndRemovesIt) {
  ServedAgent agent(PARALLAX_AGENT, {"--listen", "unix:" + path_});
  agent.Signal(SIGTERM);
  EXPECT_EQ(agent.Wait(), 0);
  EXPECT_NE(access(path_.c_str(), F_OK), 0);
}

TEST_F(ListenVantageTest, AnAgentThatIsKilledMidwayLeavesWhatItObserved) {
  ServedAgent agent(PARALLAX_AGENT);
  events_.on_line = [&](const std::string& text) {
    if (text.find("1 of 2 answers") != std::string::npos) agent.Signal(SIGKILL);
  };
  const v1::Run run = Run("grpc://" + agent.address(), TcpPlan(9, 0, 2));
  EXPECT_EQ(run.observations_size(), 1);
  EXPECT_THAT(run.sides(0).missing(), HasSubstr("the agent was lost while"));
}

// Takes the 8 s that the keepalive needs.
TEST_F(ListenVantageTest, AnAgentThatFallsSilentIsMissedSoon) {
  ServedAgent agent(PARALLAX_AGENT);
  const auto plan = TcpPlan(9, 0, 2);
  std::chrono::steady_clock::time_point stopped;
  events_.on_line = [&](const std::string& text) {
    if (text.find("1 of 2 answers") == std::string::npos) return;
    agent.Signal(SIGSTOP);
    stopped = std::chrono::steady_clock::now();
  };
  const v1::Run run = Run("grpc://" + agent.address(), plan);
  EXPECT_LT(std::chrono::steady_clock::now() - stopped, std::chrono::seconds(20));
  EXPECT_THAT(run.sides(0).missing(), AllOf(HasSubstr("lost while"), HasSubstr("the link")));
}

TEST_F(ListenVantageTest, AnAgentThatIsAskedToEndFinishesTheAttemptAndSaysSo) {
  ScriptedServer quiet([](Peer& peer) { peer.AwaitEnd(); });
  ServedAgent agent(PARALLAX_AGENT);
  bool asked = false;  // once: a second time means at once, and progress is told again
  events_.on_line = [&](const std::string& text) {
    if (asked || text.find("attempt 1 of 2") == std::string::npos) return;
    asked = true;
    agent.Signal(SIGTERM);
  };
  const v1::Run run = Run("grpc://" + agent.address(), TcpPlan(quiet.port(), 300, 2));
  events_.on_line = nullptr;
  EXPECT_EQ(agent.Wait(), 0);
  EXPECT_THAT(run.sides(0).missing(), AnyOf(HasSubstr("asked to end"), HasSubstr("lost while")));
}

// --- TLS

support::CertificateSpec Named(const std::string& name) {
  support::CertificateSpec spec;
  spec.common_name = name;
  spec.dns_names = {name};
  return spec;
}

class TlsVantageTest : public ListenVantageTest {
 protected:
  const TlsIdentity agent_{Named("agent.test")};
  const TlsIdentity controller_{Named("controller.test")};
  const TempFile agent_cert_{agent_.certificate_pem()};
  const TempFile agent_key_{agent_.key_pem()};
  const TempFile controller_cert_{controller_.certificate_pem()};
  const TempFile controller_key_{controller_.key_pem()};
};

TEST_F(TlsVantageTest, MutualTlsThroughAForwardedPort) {
  const ServedAgent agent(PARALLAX_AGENT, {"--tls-cert", agent_cert_.path(), "--tls-key", agent_key_.path(),
                                           "--tls-client-ca", controller_cert_.path()});
  const std::string vantage = "grpcs://" + agent.address();
  const v1::Side unknown = Reached(vantage);
  EXPECT_THAT(unknown.missing(), HasSubstr("certificate verify failed"));
  EXPECT_THAT(unknown.missing_remedy(), AllOf(HasSubstr("--tls-ca"), HasSubstr("-dates")));

  reach_.tls.ca = agent_cert_.path();
  const v1::Side other_name = Reached(vantage);
  EXPECT_THAT(other_name.missing(), HasSubstr("Hostname"));
  EXPECT_THAT(other_name.missing_remedy(), HasSubstr("--tls-name"));

  reach_.tls.name = "agent.test";
  const v1::Side nameless = Reached(vantage);
  EXPECT_THAT(nameless.missing(), HasSubstr("no agent answers"));
  EXPECT_THAT(nameless.missing_remedy(), HasSubstr("--tls-cert"));

  reach_.tls.cert = controller_cert_.path();
  reach_.tls.key = controller_key_.path();
  EXPECT_THAT(Reached(vantage).missing(), IsEmpty());

  reach_.tls.cert = agent_cert_.path();
  reach_.tls.key = agent_key_.path();
  const v1::Side stranger = Reached(vantage);
  EXPECT_THAT(stranger.missing(), HasSubstr("no agent answers"));
  EXPECT_THAT(stranger.missing_remedy(), AllOf(HasSubstr("may not accept"), HasSubstr("--tls-client-ca")));

  const v1::Side plaintext = Reached("grpc://" + agent.address());
  EXPECT_THAT(plaintext.missing(), HasSubstr("no agent answers"));
  EXPECT_THAT(plaintext.missing_remedy(), HasSubstr("grpcs://"));
}

TEST_F(TlsVantageTest, NoTlsIsSpokenThere) {
  const ServedAgent agent(PARALLAX_AGENT);
  const v1::Side side = Reached("grpcs://" + agent.address());
  EXPECT_THAT(side.missing(), HasSubstr("wrong version number"));
  EXPECT_THAT(side.missing_remedy(), HasSubstr("grpc://"));
}

TEST_F(TlsVantageTest, OneThatHasExpiredIsToldAmongTheReasons) {
  support::CertificateSpec spec = Named("agent.test");
  spec.not_before = -7200;
  spec.not_after = -3600;
  const TlsIdentity expired(spec);
  const TempFile cert(expired.certificate_pem());
  const TempFile key(expired.key_pem());
  const ServedAgent agent(PARALLAX_AGENT, {"--tls-cert", cert.path(), "--tls-key", key.path()});  // and a token
  reach_.tls.ca = cert.path();
  reach_.tls.name = "agent.test";
  EXPECT_THAT(Reached("grpcs://" + agent.address()).missing_remedy(), HasSubstr("openssl x509 -noout -dates"));
}

TEST_F(TlsVantageTest, FilesThatDoNotFitAreUsageErrors) {
  const auto refused = [&](const TlsFiles& tls) {
    reach_.tls = tls;
    const absl::Status status = CheckSides({}, reach_);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  const std::string cert = agent_cert_.path();
  EXPECT_THAT(refused({"/nowhere/ca.pem", "", "", ""}), AllOf(HasSubstr("--tls-ca"), HasSubstr("No such file")));
  EXPECT_THAT(refused({"/", "", "", ""}), AllOf(HasSubstr("--tls-ca"), HasSubstr("it is a directory")));
  EXPECT_THAT(refused({"/dev/null", "", "", ""}), HasSubstr("it is a device"));
  EXPECT_THAT(refused({agent_key_.path(), "", "", ""}), AllOf(HasSubstr("--tls-ca"), HasSubstr("no certificate")));
  EXPECT_THAT(refused({"", cert, "", ""}), HasSubstr("--tls-key"));
  EXPECT_THAT(refused({"", cert, cert, ""}), HasSubstr("no private key"));
  EXPECT_THAT(refused({"", cert, controller_key_.path(), ""}),
              AllOf(HasSubstr("is not that of"), HasSubstr(cert), HasSubstr(controller_key_.path())));
}

v1::Plan RootsPlan(const std::vector<std::string>& roots, uint16_t port) {
  v1::Plan plan;
  plan.set_version(1);
  plan.set_attempts(1);
  for (const std::string& path : roots) {
    v1::ProbeSpec* probe = plan.add_probes();
    probe->set_name("postgres " + std::to_string(plan.probes_size()));
    probe->set_timeout_ms(20'000);
    v1::PostgresProbe* postgres = probe->mutable_postgres();
    postgres->mutable_endpoint()->set_host("127.0.0.1");
    postgres->mutable_endpoint()->set_address("127.0.0.1");
    postgres->mutable_endpoint()->set_port(port);
    postgres->set_user("app");
    postgres->set_ssl_mode(v1::REQUIRE);
    postgres->set_ssl_root_cert(path);
  }
  return plan;
}

// A FIFO that has no writer.
class Fifo {
 public:
  Fifo() : path_(::testing::TempDir() + "/parallax_roots_" + std::to_string(getpid())) {
    unlink(path_.c_str());
    EXPECT_EQ(mkfifo(path_.c_str(), 0600), 0);
  }
  ~Fifo() { unlink(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

TEST_F(ListenVantageTest, APlanLearnsNotWhichFilesAreThere) {
  const ServedAgent agent(PARALLAX_AGENT);
  const Fifo fifo;
  const v1::Run run = Run("grpc://" + agent.address(),
                          RootsPlan({fifo.path(), "/nowhere/roots.pem", "/etc/passwd", "/", "/dev/zero"}, 9));
  ASSERT_EQ(run.observations_size(), 5);
  for (const v1::SideObservation& one : run.observations()) {
    EXPECT_EQ(one.observation().outcome(), v1::DENIED_BY_POLICY);
    EXPECT_EQ(one.observation().error(), run.observations(0).observation().error());
    EXPECT_EQ(one.observation().steps_size(), 0);
  }
}

// More sessions' worth of them than the agent has places, and then it works as before and ends when it is told to.
TEST_F(ListenVantageTest, AFifoForRootsHoldsNobodyUp) {
  const Fifo fifo;
  ServedAgent agent(PARALLAX_AGENT, {"--allow-root-cert", fifo.path(), "--allow-root-cert", "/nowhere/roots.pem"});
  ScriptedServer database([](Peer& peer) {
    peer.ReadSome();
    peer.Send("S");
    peer.AwaitEnd();
  });
  const v1::Run run =
      Run("grpc://" + agent.address(),
          RootsPlan({fifo.path(), fifo.path(), fifo.path(), fifo.path(), fifo.path(), "/nowhere/roots.pem"},
                    database.port()));
  ASSERT_EQ(run.observations_size(), 6) << run.sides(0).missing();
  int fifos = 0;
  for (const v1::SideObservation& one : run.observations()) {
    ASSERT_GT(one.observation().steps_size(), 0);
    const v1::Step& last = *one.observation().steps().rbegin();
    EXPECT_EQ(last.failure(), v1::LOCAL_RESOURCE);
    fifos += last.text().find("it is a FIFO") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(fifos, 5);
  EXPECT_THAT(Reached("grpc://" + agent.address()).missing(), IsEmpty());
  agent.Signal(SIGTERM);
  EXPECT_EQ(agent.Wait(), 0);
}

// Connections that say nothing at all, and more of them than a usual limit on descriptors.
TEST_F(ListenVantageTest, AThousandIdleConnectionsLockNobodyOut) {
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = limit.rlim_max;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  const ServedAgent agent(PARALLAX_AGENT);
  const size_t colon = agent.address().rfind(':');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(std::stoi(agent.address().substr(colon + 1))));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::vector<int> idle;
  for (int i = 0; i < 1100; ++i) {
    idle.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(connect(idle.back(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0) << i;
  }
  EXPECT_THAT(Reached("grpc://" + agent.address()).missing(), IsEmpty());
  for (const int fd : idle) close(fd);
}

TEST_F(ListenVantageTest, APlanOfTooMuchWorkIsRefusedBeforeItIsSent) {
  const ServedAgent agent(PARALLAX_AGENT);
  v1::Plan plan = TcpPlan(9, 0, 1000);
  plan.mutable_probes(0)->set_timeout_ms(600'000);
  for (int i = 0; i < 9; ++i) (*plan.add_probes() = plan.probes(0)).set_name("tcp " + std::to_string(i));
  const v1::Run run = Run("grpc://" + agent.address(), plan);
  EXPECT_EQ(run.observations_size(), 0);
  EXPECT_THAT(run.sides(0).missing(), AllOf(HasSubstr("1667 hours"), HasSubstr("at most 500")));
}

}  // namespace
}  // namespace parallax::dispatch
