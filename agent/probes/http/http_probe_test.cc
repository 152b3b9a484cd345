// The http probe, through the real client process and the real libcurl, against servers that say what a script says.
#include "agent/probes/http/http_probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "agent/net/linux/own_namespace_for_test.h"
#include "contract/digest.h"
#include "tests/support/probe_run.h"
#include "tests/support/scripted_server.h"

namespace parallax::probes {
namespace {

using support::Peer;
using support::ScriptedServer;
using support::StepOf;
using support::Steps;
using support::TlsIdentity;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kFine[] = "connect request body expectation[status]";
constexpr char kToken[] = "a-token-that-nobody-may-see";

std::string Answer(std::string_view body, std::string_view headers = "", std::string_view status = "200 OK") {
  return absl::StrCat("HTTP/1.1 ", std::string(status), "\r\nContent-Length: ", body.size(), "\r\n",
                      std::string(headers), "\r\n", std::string(body));
}

std::string ReadRequest(Peer& peer) {
  std::string request;
  while (request.find("\r\n\r\n") == std::string::npos) {
    const std::string more = peer.ReadSome();
    if (more.empty()) break;
    request += more;
  }
  return request;
}

// Reads a request and answers with these bytes; keeps the connection until the client ends it.
ScriptedServer::Script Saying(const std::string& bytes) {
  return [bytes](Peer& peer) {
    ReadRequest(peer);
    peer.Send(bytes);
    peer.AwaitEnd();
  };
}

class HttpProbeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    spec_.set_name("http");
    http().mutable_endpoint()->set_host("app.test");
    http().mutable_endpoint()->set_address("127.0.0.1");
    run_.step_timeout_ms = 2000;
  }
  v1::HttpProbe& http() { return *spec_.mutable_http(); }
  v1::Observation Probe(uint16_t port) {
    http().mutable_endpoint()->set_port(port);
    v1::Observation seen = run_.Run(kHttpProbe, spec_);
    EXPECT_FALSE(support::Holds(seen, kToken));
    return seen;
  }
  v1::Observation Probe(const ScriptedServer::Script& script) {
    server_ = std::make_unique<ScriptedServer>(script);
    return Probe(server_->port());
  }
  v1::HttpExpectation* Expect(const std::string& equals) {
    v1::HttpExpectation* expected = http().add_expect();
    expected->set_equals(equals);
    return expected;
  }
  void GiveToken() {
    http().mutable_bearer()->set_ref("controller:T");
    run_.AddSecret("controller:T", kToken);
  }

  v1::ProbeSpec spec_;
  support::ProbeRun run_;
  std::unique_ptr<ScriptedServer> server_;
};

TEST_F(HttpProbeTest, TellsEveryStageOfAnAnswer) {
  http().set_path("/health?deep=1");
  const v1::Observation seen =
      Probe(Saying(Answer("hello", "Content-Type: text/plain\r\nX-Served-By: blue\r\nSet-Cookie: session=abc\r\n")));
  EXPECT_EQ(Steps(seen), kFine);
  EXPECT_EQ(seen.outcome(), v1::NONE);
  EXPECT_EQ(seen.address(), "127.0.0.1");
  EXPECT_THAT(server_->received(), HasSubstr("GET /health?deep=1 HTTP/1.1\r\nHost: app.test:"));
  const v1::HttpDetails& http = StepOf(seen, v1::REQUEST).http();
  EXPECT_EQ(http.status(), 200U);
  EXPECT_EQ(http.version(), "1.1");
  EXPECT_EQ(http.method(), "GET");
  EXPECT_EQ(http.headers(2).name(), "x-served-by");
  EXPECT_EQ(http.headers(2).value(), "blue");
  EXPECT_EQ(http.headers(3).value(), "***") << "a cookie is a credential";
  const v1::Step& body = StepOf(seen, v1::BODY);
  EXPECT_EQ(body.http_body().size(), 5U);
  EXPECT_EQ(body.http_body().sha256(), contract::Digest("hello"));
  EXPECT_EQ(body.http_body().content_type(), "text/plain");
  EXPECT_FALSE(body.http_body().cut());
  ASSERT_EQ(seen.connections_size(), 1);
  const v1::Connection& connection = seen.connections(0);
  EXPECT_EQ(connection.remote_address(), absl::StrCat("127.0.0.1:", server_->port()));
  EXPECT_THAT(connection.local_address(), HasSubstr("127.0.0.1:"));
  EXPECT_EQ(connection.interface(), "lo");
  EXPECT_EQ(connection.end(), v1::CLOSED_BY_US);
  EXPECT_GT(connection.at_connect().snd_mss(), 0U);
  EXPECT_GT(connection.bytes_in(), 0U);
  EXPECT_GT(StepOf(seen, v1::REQUEST).bytes_in(), 0U);
  EXPECT_EQ(StepOf(seen, v1::REQUEST).bytes_out(), server_->received().size());
  EXPECT_EQ(StepOf(seen, v1::CONNECT).connection(), 1);
  int64_t before_ns = 0;
  for (const v1::Step& step : seen.steps()) {
    EXPECT_GE(step.start_ns(), before_ns);
    EXPECT_LE(step.start_ns() + step.duration_ns(), seen.duration_ns() > 0 ? seen.duration_ns() : INT64_MAX);
    before_ns = step.start_ns();
  }
}

TEST_F(HttpProbeTest, ResolvesANameThatIsNotPinned) {
  http().mutable_endpoint()->clear_address();
  http().mutable_endpoint()->set_host("localhost");
  run_.connect_to.emplace_back();
  server_ = std::make_unique<ScriptedServer>(Saying(Answer("ok")));
  run_.connect_to[0].set_host("localhost");
  run_.connect_to[0].set_port(81);
  run_.connect_to[0].set_to_host("127.0.0.1");
  run_.connect_to[0].set_to_port(server_->port());
  const v1::Observation seen = Probe(81);
  EXPECT_EQ(Steps(seen), kFine);
  EXPECT_TRUE(seen.via_connect_to());
  EXPECT_THAT(server_->received(), HasSubstr("Host: localhost:81\r\n")) << "only the dialling differs";
  http().mutable_endpoint()->set_host("no-such-name.invalid");
  EXPECT_THAT(Steps(Probe(81)), HasSubstr("resolve[system]:"));
}

TEST_F(HttpProbeTest, EachWayToHaveNoAnswerIsItsOwnFailure) {
  const support::ClosedPort closed;
  const v1::Observation refused = Probe(closed.port());
  EXPECT_EQ(Steps(refused), "connect:refused");
  EXPECT_EQ(StepOf(refused, v1::CONNECT).os_error(), ECONNREFUSED);
  EXPECT_EQ(refused.connections(0).end(), v1::NEVER_OPENED);

  EXPECT_EQ(Steps(Probe([](Peer& peer) { ReadRequest(peer); })), "connect request:closed_before_first_byte");
  EXPECT_EQ(Steps(Probe([](Peer& peer) {
              ReadRequest(peer);
              peer.Rst();
            })),
            "connect request:reset_before_first_byte");
  EXPECT_EQ(Steps(Probe([](Peer& peer) {
              ReadRequest(peer);
              peer.Send("HTTP/1.1 200 OK\r\nContent-");
            })),
            "connect request:closed");
  EXPECT_EQ(Steps(Probe(Saying("SSH-2.0-OpenSSH_9.2\r\n"))), "connect request:unexpected_first_byte");

  run_.step_timeout_ms = 300;
  const v1::Observation silent = Probe([](Peer& peer) { peer.AwaitEnd(); });
  EXPECT_EQ(Steps(silent), "connect request:timed_out");
  EXPECT_EQ(StepOf(silent, v1::REQUEST).end(), v1::SILENCE);
  EXPECT_EQ(silent.connections(0).end(), v1::SILENCE);
  EXPECT_GE(StepOf(silent, v1::REQUEST).duration_ns(), 300 * net::kMs);
}

TEST_F(HttpProbeTest, ABodyThatEndsTooSoonKeepsWhatCame) {
  const std::string promised = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this";
  const v1::Observation cut_off = Probe([&](Peer& peer) {
    ReadRequest(peer);
    peer.Send(promised);
  });
  EXPECT_EQ(Steps(cut_off), "connect request body:closed");
  EXPECT_EQ(StepOf(cut_off, v1::BODY).http_body().size(), 9U);
  EXPECT_EQ(StepOf(cut_off, v1::REQUEST).http().status(), 200U);
  EXPECT_EQ(Steps(Probe(Saying("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nthis is no chunk\r\n"))),
            "connect request body:protocol_violation");
  const v1::Observation with_zero = Probe(Saying(Answer(std::string("a\0b", 3))));
  EXPECT_EQ(Steps(with_zero), kFine);
  EXPECT_EQ(StepOf(with_zero, v1::BODY).http_body().sha256(), contract::Digest(std::string("a\0b", 3)));
}

// Sends for ever, as fast as the client takes it.
void SendForEver(Peer& peer, const std::string& head, const std::string& piece) {
  ReadRequest(peer);
  for (bool more = peer.Send(head); more;) more = peer.Send(piece);
}

TEST_F(HttpProbeTest, ABodyWithoutEndIsReadUpToTheBound) {
  http().set_max_body_bytes(100'000);
  const v1::Observation seen =
      Probe([](Peer& peer) { SendForEver(peer, "HTTP/1.1 200 OK\r\n\r\n", std::string(10'000, 'x')); });
  EXPECT_EQ(Steps(seen), kFine);
  EXPECT_EQ(StepOf(seen, v1::BODY).http_body().size(), 100'000U);
  EXPECT_TRUE(StepOf(seen, v1::BODY).http_body().cut());
  EXPECT_THAT(StepOf(seen, v1::BODY).text(), HasSubstr("no more than 100000 bytes"));
}

TEST_F(HttpProbeTest, ABodyThatDripsForEverIsTimedOutWithWhatCame) {
  run_.step_timeout_ms = 400;
  const v1::Observation seen = Probe([](Peer& peer) {
    ReadRequest(peer);
    for (bool more = peer.Send("HTTP/1.1 200 OK\r\n\r\n"); more;) more = peer.Send("x") && peer.Pause(20);
  });
  EXPECT_EQ(Steps(seen), "connect request body:timed_out");
  const v1::Step& body = StepOf(seen, v1::BODY);
  EXPECT_GT(body.http_body().size(), 0U);
  EXPECT_GE(body.bytes_in(), body.http_body().size() - 1) << "the first may have come with the headers";
  EXPECT_EQ(body.end(), v1::UNFINISHED) << "that is no silence";
  EXPECT_EQ(seen.connections(0).end(), v1::CLOSED_BY_US);
}

TEST_F(HttpProbeTest, ABodyThatNeverComesIsSilence) {
  run_.step_timeout_ms = 300;
  const v1::Observation seen = Probe(Saying("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"));
  EXPECT_EQ(Steps(seen), "connect request body:timed_out");
  EXPECT_EQ(StepOf(seen, v1::BODY).bytes_in(), 0U);
  EXPECT_EQ(StepOf(seen, v1::BODY).end(), v1::SILENCE);
  EXPECT_EQ(seen.connections(0).end(), v1::SILENCE);
}

TEST_F(HttpProbeTest, NoRouteIsOurKernelsWordAndNoRouters) {
  net::InOwnNamespace([this] {
    for (const char* address : {"192.0.2.1", "2001:db8::1"}) {
      http().mutable_endpoint()->set_address(address);
      EXPECT_EQ(Steps(Probe(80)), "connect:no_route") << address;
    }
  });
}

TEST_F(HttpProbeTest, ThePinnedAddressIsDialledHoweverTheHostIsWritten) {
  for (const char* host : {"127.2", "2130706434", "APP.test"}) {  // to curl the first two are 127.0.0.2
    http().mutable_endpoint()->set_host(host);
    const v1::Observation seen = Probe(Saying(Answer("ok")));
    EXPECT_EQ(Steps(seen), kFine) << host;
    EXPECT_EQ(seen.connections(0).remote_address(), absl::StrCat("127.0.0.1:", server_->port()));
  }
}

TEST_F(HttpProbeTest, NoCacheIsToAnswerAndOneThatDoesShows) {
  const v1::Observation seen = Probe(Saying(Answer("ok", "Age: 17\r\n")));
  EXPECT_THAT(server_->received(), HasSubstr("\r\nCache-Control: no-cache\r\n"));
  EXPECT_EQ(StepOf(seen, v1::REQUEST).http().headers(1).name(), "age");
  EXPECT_EQ(StepOf(seen, v1::REQUEST).http().headers(1).value(), "17");
}

TEST_F(HttpProbeTest, JsonThatIsTooDeepIsNotReadAndKillsNobody) {
  v1::HttpExpectation* any = Expect("");
  any->set_json_pointer("");
  any->set_exists(true);
  const v1::Observation seen = Probe(Saying(Answer(std::string(200'000, '[') + std::string(200'000, ']'))));
  EXPECT_EQ(Steps(seen), "connect request body expectation[json ]:server_error");
  EXPECT_THAT(StepOf(seen, v1::EXPECTATION, "json ").text(), HasSubstr("JSON of more than 128 levels"));
  EXPECT_EQ(seen.error(), "");
}

TEST_F(HttpProbeTest, HeadersWithoutEndAreBounded) {
  const v1::Observation seen =
      Probe([](Peer& peer) { SendForEver(peer, "HTTP/1.1 200 OK\r\n", "X-More: " + std::string(1000, 'y') + "\r\n"); });
  EXPECT_EQ(Steps(seen), "connect request:protocol_violation");
  const v1::Observation line =
      Probe([](Peer& peer) { SendForEver(peer, "HTTP/1.1 200 OK\r\nX: ", "yyyyyyyyyyyyyyyy"); });
  EXPECT_EQ(StepOf(line, v1::REQUEST).failure(), v1::PROTOCOL_VIOLATION);
  std::string many;
  for (int i = 0; i < 100; ++i) absl::StrAppend(&many, "X-", i, ": ", std::string(1500, 'z'), "\r\n");
  const v1::Observation bounded = Probe(Saying(Answer("", many)));
  EXPECT_EQ(Steps(bounded), kFine);
  EXPECT_EQ(StepOf(bounded, v1::REQUEST).http().headers_size(), 64);
  EXPECT_LE(StepOf(bounded, v1::REQUEST).http().headers(63).value().size(), 1024U);
}

TEST_F(HttpProbeTest, ExpectationsAreOneStepEach) {
  Expect("")->set_status(2);
  Expect("application/json")->set_header("Content-Type");
  Expect("connected")->set_json_pointer("/database/status");
  Expect("true")->set_json_pointer("/ready");
  Expect("3")->set_json_pointer("/pool/0");
  v1::HttpExpectation* any = Expect("");
  any->set_json_pointer("/database");
  any->set_exists(true);
  const std::string body = R"({"database": {"status": "connected"}, "ready": true, "pool": [3]})";
  const v1::Observation fine = Probe(Saying(Answer(body, "Content-Type: application/json\r\n")));
  EXPECT_EQ(Steps(fine),
            "connect request body expectation[status] expectation[header content-type] "
            "expectation[json /database/status] expectation[json /ready] expectation[json /pool/0] "
            "expectation[json /database]");
  EXPECT_EQ(fine.outcome(), v1::NONE);

  const v1::Observation broken =
      Probe(Saying(Answer(R"({"database": {"status": "gone"}})", "Content-Type: text/html\r\n", "503 Unavailable")));
  EXPECT_EQ(Steps(broken),
            "connect request body expectation[status]:server_error expectation[header content-type]:server_error "
            "expectation[json /database/status]:server_error expectation[json /ready]:server_error "
            "expectation[json /pool/0]:server_error expectation[json /database]");
  EXPECT_EQ(broken.outcome(), v1::SERVER_ERROR);
  const v1::Step& json = StepOf(broken, v1::EXPECTATION, "json /database/status");
  EXPECT_EQ(json.server_error().code(), "503");
  EXPECT_EQ(json.expectation().wanted(), "connected");
  EXPECT_EQ(json.expectation().seen(), "gone");
  EXPECT_EQ(json.text(), "json /database/status is gone, wanted connected");
  EXPECT_TRUE(StepOf(broken, v1::EXPECTATION, "json /ready").expectation().absent());

  const v1::Observation no_json = Probe(Saying(Answer("<html>")));
  EXPECT_THAT(StepOf(no_json, v1::EXPECTATION, "json /ready").text(), HasSubstr(": the body is no JSON"));
  http().set_max_body_bytes(10);
  const v1::Observation cut = Probe(Saying(Answer(R"({"ready": true})")));
  EXPECT_THAT(StepOf(cut, v1::EXPECTATION, "json /ready").text(), HasSubstr(": the body was cut at 10 bytes"));
}

TEST_F(HttpProbeTest, WithoutExpectationsAStatusBelow400IsFine) {
  EXPECT_EQ(Steps(Probe(Saying(Answer("", "", "204 No Content")))), kFine);
  const v1::Observation missing = Probe(Saying(Answer("", "", "404 Not Found")));
  EXPECT_EQ(Steps(missing), "connect request body expectation[status]:server_error");
  EXPECT_EQ(StepOf(missing, v1::EXPECTATION, "status").server_error().code(), "404");
}

TEST_F(HttpProbeTest, ARedirectIsShownAndNotFollowed) {
  const v1::Observation seen = Probe(Saying(Answer("", "Location: https://login.test/\r\n", "302 Found")));
  EXPECT_EQ(Steps(seen), kFine);
  EXPECT_EQ(StepOf(seen, v1::REQUEST).http().location(), "https://login.test/");
  EXPECT_THAT(StepOf(seen, v1::REQUEST).text(), HasSubstr("redirects to https://login.test/"));
  EXPECT_THAT(StepOf(seen, v1::EXPECTATION, "status").text(), HasSubstr("not followed"));
  EXPECT_EQ(server_->accepted(), 1);
}

TEST_F(HttpProbeTest, RedirectsAreFollowedWhenAskedUpToTheirBound) {
  http().set_follow_redirects(true);
  const auto script = [](int redirects) {
    return [redirects](Peer& peer) {
      ReadRequest(peer);
      const std::string to = absl::StrCat("Location: /hop", peer.number() + 1, "\r\n");
      peer.Send(peer.number() < redirects ? Answer("go on", to, "301 Moved") : Answer("here"));
      peer.AwaitEnd();
    };
  };
  run_.connect_to.emplace_back();  // the first host only is pinned
  v1::ConnectTo& app = run_.connect_to[0];
  server_ = std::make_unique<ScriptedServer>(script(1));
  app.set_host("app.test");
  app.set_port(server_->port());
  app.set_to_host("127.0.0.1");
  app.set_to_port(server_->port());
  const v1::Observation seen = Probe(server_->port());
  EXPECT_EQ(Steps(seen), "connect request body connect[hop 2] request[hop 2] body[hop 2] expectation[status]");
  EXPECT_THAT(StepOf(seen, v1::REQUEST, "hop 2").http().url(), HasSubstr("/hop1"));
  EXPECT_EQ(seen.outcome(), v1::NONE);

  http().set_max_redirects(2);
  server_ = std::make_unique<ScriptedServer>(script(99));
  app.set_port(server_->port());
  app.set_to_port(server_->port());
  const v1::Observation endless = Probe(server_->port());
  EXPECT_EQ(server_->accepted(), 3);
  EXPECT_EQ(StepOf(endless, v1::REQUEST, "hop 4").failure(), v1::PROTOCOL_VIOLATION);
  EXPECT_THAT(StepOf(endless, v1::REQUEST, "hop 4").text(), HasSubstr("more than 2 redirects"));
}

TEST_F(HttpProbeTest, ARedirectToAMetadataAddressIsDeniedWhereItWouldConnect) {
  http().set_follow_redirects(true);
  for (const char* to : {"http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/", "http://2852039166/"}) {
    const v1::Observation seen = Probe(Saying(Answer("", absl::StrCat("Location: ", to, "\r\n"), "302 Found")));
    EXPECT_EQ(Steps(seen), "connect request body connect[hop 2]:denied_by_policy") << to;
    EXPECT_EQ(seen.outcome(), v1::DENIED_BY_POLICY);
    const v1::Step& denied = StepOf(seen, v1::CONNECT, "hop 2");
    EXPECT_THAT(denied.text(), HasSubstr("metadata"));
    EXPECT_THAT(denied.text(), HasSubstr("http://app.test"));
    EXPECT_EQ(StepOf(seen, v1::REQUEST).http().status(), 302U) << "what came before is kept";
    EXPECT_EQ(seen.connections_size(), 1);
  }
  for (const char* to : {"file:///etc/passwd", "gopher://127.0.0.1:5432/_x"}) {
    const v1::Observation seen = Probe(Saying(Answer("", absl::StrCat("Location: ", to, "\r\n"), "302 Found")));
    EXPECT_EQ(StepOf(seen, v1::REQUEST, "hop 2").failure(), v1::PROTOCOL_VIOLATION) << to;
  }
}

TEST_F(HttpProbeTest, CredentialsInARedirectAreNeitherUsedNorShown) {
  http().set_follow_redirects(true);
  ScriptedServer other(Saying(Answer("ok")));
  const v1::Observation seen = Probe(Saying(
      Answer("", absl::StrCat("Location: http://somebody:hunter2@127.0.0.1:", other.port(), "/x\r\n"), "302 Found")));
  EXPECT_THAT(other.received(), HasSubstr("GET /x HTTP/1.1"));
  EXPECT_THAT(other.received(), Not(HasSubstr("Authorization")));
  EXPECT_EQ(StepOf(seen, v1::REQUEST, "hop 2").http().url(), absl::StrCat("http://127.0.0.1:", other.port(), "/x"));
  EXPECT_FALSE(support::Holds(seen, "hunter2"));
}

TEST_F(HttpProbeTest, CredentialsInALocationAreShownNowhere) {
  http().set_follow_redirects(true);
  Expect("/elsewhere")->set_header("Location");
  ScriptedServer other(Saying(Answer("ok")));
  const std::string secret = "somebody:hunter2@127.0.0.1:";
  for (const std::string& to :
       {absl::StrCat("http://", secret, other.port(), "/x?lang=de&access_token=hunter2#id_token=hunter2"),
        absl::StrCat("gopher://", secret, "70/?code=hunter2"), std::string("http://somebody:hunter2@169.254.169.254/"),
        std::string("https://somebody:hunter2@"), std::string("//somebody:hunter2@[/")}) {
    for (const bool follow : {true, false}) {
      http().set_follow_redirects(follow);
      const v1::Observation seen = Probe(Saying(Answer("", absl::StrCat("Location: ", to, "\r\n"), "302 Found")));
      EXPECT_FALSE(support::Holds(seen, "hunter2")) << to << "\n" << seen.DebugString();
      EXPECT_NE(StepOf(seen, v1::REQUEST).http().location(), "");
    }
  }
  EXPECT_THAT(other.received(), HasSubstr("GET /x?lang=de&access_token=hunter2 HTTP/1.1")) << "it is used as it is";
  http().set_follow_redirects(true);
  const auto redirecting = [](const std::string& to) {
    return Saying(Answer("", absl::StrCat("Location: ", to, "\r\n"), "302 Found"));
  };
  ScriptedServer onward(redirecting("http://169.254.169.254/?token=hunter2"));
  const v1::Observation denied =
      Probe(redirecting(absl::StrCat("http://127.0.0.1:", onward.port(), "/?token=hunter2")));
  EXPECT_THAT(StepOf(denied, v1::CONNECT, "hop 3").text(),
              testing::ContainsRegex("/.token=... redirected to http://169.254.169.254/.token="));
  EXPECT_FALSE(support::Holds(denied, "hunter2")) << denied.DebugString();
}

TEST_F(HttpProbeTest, AnAddressThatPolicyRefusesIsNotDialled) {
  http().mutable_endpoint()->set_address("169.254.169.254");
  const v1::Observation seen = Probe(80);
  EXPECT_EQ(Steps(seen), "connect:denied_by_policy");
  EXPECT_EQ(seen.connections_size(), 0);
}

TEST_F(HttpProbeTest, ABearerTokenGoesToLoopbackAndToNobodyElse) {
  EXPECT_EQ(StepOf(Probe(Saying(Answer("ok"))), v1::REQUEST).http().secret_origin(), "");
  GiveToken();
  const v1::Observation used = Probe(Saying(Answer("ok")));
  EXPECT_THAT(server_->received(), HasSubstr(absl::StrCat("Authorization: Bearer ", kToken)));
  EXPECT_EQ(StepOf(used, v1::REQUEST).http().secret_origin(), "sent by the controller");
  EXPECT_EQ(StepOf(used, v1::REQUEST).text(), "");
  http().set_follow_redirects(true);
  ScriptedServer other(Saying(Answer("ok")));
  const v1::Observation seen =
      Probe(Saying(Answer("", absl::StrCat("Location: http://127.0.0.1:", other.port(), "/\r\n"), "302 Found")));
  EXPECT_EQ(Steps(seen), "connect request body connect[hop 2] request[hop 2] body[hop 2] expectation[status]");
  EXPECT_THAT(other.received(), HasSubstr("GET / HTTP/1.1"));
  EXPECT_THAT(other.received(), Not(HasSubstr(kToken)));
  EXPECT_THAT(StepOf(seen, v1::REQUEST, "hop 2").text(),
              HasSubstr("withheld: a redirect led to another host, port or scheme"));
  EXPECT_EQ(StepOf(seen, v1::REQUEST, "hop 2").http().secret_origin(), "");
}

TEST_F(HttpProbeTest, WhereATokenComesFromIsTheAgentsWordAndNotItsClients) {
  setenv("PARALLAX_TEST_TOKEN", kToken, 1);
  http().mutable_bearer()->set_ref("env:PARALLAX_TEST_TOKEN");
  const v1::Observation seen = Probe(Saying(Answer("ok")));
  unsetenv("PARALLAX_TEST_TOKEN");
  EXPECT_EQ(StepOf(seen, v1::REQUEST).http().secret_origin(), "environment of the agent");
}

TEST_F(HttpProbeTest, ATokenThatAServerEchoesIsNowhereInTheObservation) {
  GiveToken();
  Expect("x")->set_header("X-Echo");
  const v1::Observation seen = Probe(Saying(Answer("", absl::StrCat("X-Echo: ", kToken, "\r\n"))));
  EXPECT_EQ(StepOf(seen, v1::EXPECTATION, "header x-echo").expectation().seen(), "***");
}

TEST_F(HttpProbeTest, NorIsAPartOfItWhereATextIsCut) {
  GiveToken();
  Expect("x")->set_header("X-Short");
  Expect("x")->set_json_pointer("/echo");
  const auto padded = [](size_t size) { return std::string(size - 10, 'x') + kToken; };
  const v1::Observation seen =
      Probe(Saying(Answer(absl::StrCat("{\"echo\": \"", padded(256), "\"}"),
                          absl::StrCat("X-Short: ", padded(256), "\r\nX-Long: ", padded(1024), "\r\nLocation: /",
                                       padded(1024), "\r\n", padded(256), ": name\r\n"),
                          "302 Found")));
  EXPECT_EQ(Steps(seen),
            "connect request body expectation[header x-short]:server_error "
            "expectation[json /echo]:server_error");
  EXPECT_FALSE(support::Holds(seen, std::string(kToken).substr(0, 4))) << seen.DebugString();
}

class HttpsProbeTest : public HttpProbeTest {
 protected:
  void SetUp() override {
    HttpProbeTest::SetUp();
    http().set_tls(true);
    http().set_verify(true);
    http().set_ssl_root_cert(roots_.path());
  }
  // The script keeps the identity that it shows.
  using SharedIdentity = std::shared_ptr<TlsIdentity>;
  static SharedIdentity Identity(const support::CertificateSpec& spec) { return std::make_shared<TlsIdentity>(spec); }
  static ScriptedServer::Script OverTls(const SharedIdentity& identity) {
    return [identity](Peer& peer) {
      if (!peer.StartTls(*identity)) return;
      ReadRequest(peer);
      peer.Send(Answer("ok"));
      peer.AwaitEnd();
    };
  }

  const SharedIdentity identity_ = Identity({"app.test", {"app.test"}, {}});
  const support::TempFile roots_{identity_->certificate_pem()};
};

TEST_F(HttpsProbeTest, TheCertificateIsShownAndVerified) {
  const v1::Observation seen = Probe(OverTls(identity_));
  EXPECT_EQ(Steps(seen), "connect tls_handshake request body expectation[status]");
  const v1::TlsDetails& tls = StepOf(seen, v1::TLS_HANDSHAKE).tls();
  EXPECT_EQ(tls.version(), "TLSv1.3");
  EXPECT_THAT(tls.cipher(), HasSubstr("TLS_"));
  EXPECT_EQ(tls.sni(), "app.test");
  ASSERT_EQ(tls.chain_size(), 1);
  EXPECT_EQ(tls.chain(0).subject(), "CN=app.test");
  EXPECT_EQ(tls.chain(0).sha256(), absl::BytesToHexString(identity_->sha256()));
  EXPECT_TRUE(tls.trusted());
  EXPECT_TRUE(tls.name_matches());
  EXPECT_TRUE(tls.within_dates());
  EXPECT_EQ(tls.verify_error(), "");
}

TEST_F(HttpsProbeTest, NothingIsSentToAServerThatDoesNotVerify) {
  GiveToken();
  const SharedIdentity stranger = Identity({"app.test", {"app.test"}, {}});
  const v1::Observation untrusted = Probe(OverTls(stranger));
  EXPECT_EQ(Steps(untrusted), "connect tls_handshake:tls_certificate");
  EXPECT_EQ(StepOf(untrusted, v1::TLS_HANDSHAKE).tls().chain(0).sha256(), absl::BytesToHexString(stranger->sha256()));
  EXPECT_FALSE(StepOf(untrusted, v1::TLS_HANDSHAKE).tls().trusted());
  EXPECT_GT(StepOf(untrusted, v1::TLS_HANDSHAKE).bytes_in(), 0U) << "the server was heard";
  EXPECT_EQ(server_->received(), "");

  http().mutable_endpoint()->set_host("other.test");
  const v1::Observation misnamed = Probe(OverTls(identity_));
  EXPECT_EQ(Steps(misnamed), "connect tls_handshake:tls_certificate");
  EXPECT_TRUE(StepOf(misnamed, v1::TLS_HANDSHAKE).tls().trusted());
  EXPECT_FALSE(StepOf(misnamed, v1::TLS_HANDSHAKE).tls().name_matches());
  EXPECT_EQ(server_->received(), "");

  http().mutable_endpoint()->set_host("app.test");
  const SharedIdentity old = Identity({"app.test", {"app.test"}, {}, -7200, -3600});
  const support::TempFile old_root(old->certificate_pem());
  http().set_ssl_root_cert(old_root.path());
  const v1::Observation expired = Probe(OverTls(old));
  EXPECT_EQ(Steps(expired), "connect tls_handshake:tls_certificate");
  EXPECT_FALSE(StepOf(expired, v1::TLS_HANDSHAKE).tls().within_dates());
  EXPECT_EQ(server_->received(), "");
}

TEST_F(HttpsProbeTest, WithoutVerificationFactsAreRecordedAllTheSame) {
  http().set_verify(false);
  const SharedIdentity stranger = Identity({"other.test", {"other.test"}, {}});
  const v1::Observation seen = Probe(OverTls(stranger));
  EXPECT_EQ(Steps(seen), "connect tls_handshake request body expectation[status]");
  EXPECT_NE(StepOf(seen, v1::TLS_HANDSHAKE).tls().verify_error(), "");
}

TEST_F(HttpsProbeTest, EachWayToHaveNoTlsIsItsOwnFailure) {
  const auto hello_then = [](const std::function<void(Peer&)>& then) {
    return [then](Peer& peer) {
      peer.ReadSome();
      then(peer);
    };
  };
  EXPECT_EQ(Steps(Probe(hello_then([](Peer& peer) { peer.Send("HTTP/1.1 400 Bad Request\r\n\r\n"); }))),
            "connect tls_handshake:tls_protocol");
  EXPECT_EQ(Steps(Probe(hello_then([](Peer&) {}))), "connect tls_handshake:closed_before_first_byte");
  EXPECT_EQ(Steps(Probe(hello_then([](Peer& peer) { peer.Rst(); }))), "connect tls_handshake:reset_before_first_byte");
  const SharedIdentity picky = Identity({"app.test", {"app.test"}, {}});
  picky->no_shared_cipher = true;
  const v1::Observation alert = Probe(OverTls(picky));
  EXPECT_EQ(Steps(alert), "connect tls_handshake:tls_alert");
  EXPECT_EQ(StepOf(alert, v1::TLS_HANDSHAKE).tls().alert(), "handshake failure");
  const SharedIdentity mutual = Identity({"app.test", {"app.test"}, {}});
  mutual->wants_client_certificate = true;
  const support::TempFile mutual_root(mutual->certificate_pem());
  http().set_ssl_root_cert(mutual_root.path());
  const v1::Observation uncertified = Probe([mutual](Peer& peer) {
    if (!peer.StartTls(*mutual)) peer.AwaitEnd();
  });
  EXPECT_EQ(Steps(uncertified), "connect tls_handshake request:tls_alert");
  EXPECT_EQ(StepOf(uncertified, v1::REQUEST).tls().alert(), "certificate required");
  EXPECT_EQ(StepOf(uncertified, v1::REQUEST).text(), "the server sent the alert: certificate required");
  run_.step_timeout_ms = 300;
  EXPECT_EQ(Steps(Probe(hello_then([](Peer& peer) { peer.AwaitEnd(); }))), "connect tls_handshake:timed_out");
  run_.step_timeout_ms = 2000;
  http().set_ssl_root_cert("/nowhere/roots.pem");
  const v1::Observation no_roots = Probe(OverTls(identity_));
  EXPECT_EQ(Steps(no_roots), "connect tls_handshake:local_resource");
  EXPECT_THAT(StepOf(no_roots, v1::TLS_HANDSHAKE).text(), HasSubstr("/nowhere/roots.pem"));
}

TEST(ValidateHttp, SaysWhatIsWrong) {
  const auto why = [](const std::function<void(v1::HttpProbe&)>& change) {
    v1::ProbeSpec spec;
    spec.mutable_http()->mutable_endpoint()->set_host("app.test");
    spec.mutable_http()->mutable_endpoint()->set_port(80);
    change(*spec.mutable_http());
    return std::string(ValidateHttp(spec).message());
  };
  EXPECT_EQ(why([](v1::HttpProbe&) {}), "");
  EXPECT_THAT(why([](v1::HttpProbe& http) { http.mutable_endpoint()->set_host("a@b"); }), HasSubstr("endpoint.host"));
  EXPECT_THAT(why([](v1::HttpProbe& http) { http.set_path("no-slash"); }), HasSubstr("http.path"));
  EXPECT_THAT(why([](v1::HttpProbe& http) { http.set_path("/a b\r\nHost: c"); }), HasSubstr("http.path"));
  EXPECT_THAT(why([](v1::HttpProbe& http) { http.set_method("GET /"); }), HasSubstr("http.method"));
  EXPECT_THAT(why([](v1::HttpProbe& http) { http.add_expect(); }), HasSubstr("of what"));
  EXPECT_THAT(why([](v1::HttpProbe& http) { http.add_expect()->set_status(42); }), HasSubstr("42"));
  EXPECT_THAT(why([](v1::HttpProbe& http) { http.add_expect()->set_json_pointer("database"); }), HasSubstr("6901"));
  EXPECT_THAT(why([](v1::HttpProbe& http) { http.add_expect()->set_header("a b"); }), HasSubstr("header"));
  EXPECT_THAT(why([](v1::HttpProbe& http) { http.set_max_body_bytes(1ULL << 40); }), HasSubstr("at most"));
}

}  // namespace
}  // namespace parallax::probes
