// What the sql probe says of a session that was let in.
#include "agent/probes/sql/sql_probe_for_test.h"

namespace parallax::probes {
namespace {

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

}  // namespace
}  // namespace parallax::probes
