// What an answer is judged by: expectations, redirects; and to whom a token goes.
#include "agent/probes/http/http_probe_for_test.h"

namespace parallax::probes {
namespace {

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

}  // namespace
}  // namespace parallax::probes
