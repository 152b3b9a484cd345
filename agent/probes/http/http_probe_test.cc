// What the http probe records of each stage, and of each way to have no answer.
#include "agent/probes/http/http_probe_for_test.h"

namespace parallax::probes {
namespace {

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
