#include "agent/net/tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "agent/net/connection.h"
#include "tests/support/scripted_server.h"

namespace parallax::net {
namespace {

using support::CertificateSpec;
using support::Peer;
using support::ScriptedServer;
using support::TempFile;
using support::TlsIdentity;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int64_t kLate = 20'000 * kMs;

const TlsIdentity& Identity() {
  static const TlsIdentity& identity =
      *new TlsIdentity(CertificateSpec{"db.test", {"db.test", "*.wild.test"}, {"127.0.0.1"}});
  return identity;
}

// A handshake with a script, and what came of it.
class TlsTest : public ::testing::Test {
 protected:
  int64_t In(int64_t ns) const { return SystemClock().MonotonicNs() + ns; }

  IoResult Handshake(const ScriptedServer::Script& script, TlsOptions options, int64_t wait_ns = kLate) {
    session_.reset();
    connection_.reset();
    server_ = std::make_unique<ScriptedServer>(script);
    details_.Clear();
    record_.Clear();
    connection_ = std::make_unique<Connection>(SystemClock(), cancel_, SystemClock().MonotonicNs(), &record_);
    EXPECT_TRUE(connection_->Connect("127.0.0.1", server_->port(), In(kLate)).ok());
    session_ = std::make_unique<TlsSession>(*connection_, std::move(options));
    return session_->Handshake(&details_, In(wait_ns));
  }
  IoResult HandshakeWith(const TlsIdentity& identity, TlsOptions options) {
    return Handshake(
        [&identity](Peer& peer) {
          if (peer.StartTls(identity)) peer.AwaitEnd();
        },
        std::move(options));
  }

  CancelToken cancel_;
  std::unique_ptr<ScriptedServer> server_;
  v1::Connection record_;
  v1::TlsDetails details_;
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<TlsSession> session_;
};

TlsOptions Named(const std::string& name, const std::string& roots = "") {
  TlsOptions options;
  options.name = name;
  options.root_cert = roots;
  options.now_unix = 1'700'000'000;
  return options;
}

TEST_F(TlsTest, FactsOfAServerThatIsTrusted) {
  const TempFile roots(Identity().certificate_pem());
  const IoResult result = HandshakeWith(Identity(), Named("db.test", roots.path()));
  ASSERT_TRUE(result.ok()) << result.text;
  EXPECT_EQ(details_.version(), "TLSv1.3");
  EXPECT_THAT(details_.cipher(), HasSubstr("TLS_"));
  EXPECT_EQ(details_.sni(), "db.test");
  EXPECT_EQ(details_.clock_unix(), 1'700'000'000);
  EXPECT_EQ(details_.trust_store(), roots.path());
  EXPECT_TRUE(details_.verify_attempted());
  EXPECT_TRUE(details_.trusted());
  EXPECT_TRUE(details_.name_matches());
  EXPECT_TRUE(details_.within_dates());
  EXPECT_THAT(details_.verify_error(), IsEmpty());
  ASSERT_EQ(details_.chain_size(), 1);
  const v1::Certificate& leaf = details_.chain(0);
  EXPECT_EQ(leaf.subject(), "CN=db.test");
  EXPECT_THAT(leaf.dns_names(), ElementsAre("db.test", "*.wild.test"));
  EXPECT_THAT(leaf.ip_addresses(), ElementsAre("127.0.0.1"));
  EXPECT_EQ(leaf.sha256(), absl::BytesToHexString(Identity().sha256()));
  EXPECT_LT(leaf.not_before_unix(), leaf.not_after_unix());
}

TEST_F(TlsTest, TheEndPointIsTheHashOfTheCertificate) {
  EXPECT_TRUE(HandshakeWith(Identity(), Named("db.test")).ok());
  EXPECT_EQ(session_->ServerEndPoint(), Identity().sha256());
  EXPECT_THAT(TlsSession(*connection_, Named("db.test")).ServerEndPoint(), IsEmpty());
}

TEST_F(TlsTest, NamesAreCheckedAndTrustIsToldApart) {
  const TempFile roots(Identity().certificate_pem());
  ASSERT_TRUE(HandshakeWith(Identity(), Named("other.test", roots.path())).ok());
  EXPECT_TRUE(details_.trusted());
  EXPECT_FALSE(details_.name_matches());
  EXPECT_THAT(details_.verify_error(), HasSubstr("other.test"));

  ASSERT_TRUE(HandshakeWith(Identity(), Named("a.wild.test", roots.path())).ok());
  EXPECT_TRUE(details_.name_matches());
  ASSERT_TRUE(HandshakeWith(Identity(), Named("a.b.wild.test", roots.path())).ok());
  EXPECT_FALSE(details_.name_matches()) << "a star stands for one label";
  ASSERT_TRUE(HandshakeWith(Identity(), Named("127.0.0.1", roots.path())).ok());
  EXPECT_TRUE(details_.name_matches());
  EXPECT_THAT(details_.sni(), IsEmpty());
  ASSERT_TRUE(HandshakeWith(Identity(), Named("127.0.0.2", roots.path())).ok());
  EXPECT_FALSE(details_.name_matches());
}

TEST_F(TlsTest, ACertificateOfNobodyIsRecordedAndNotTrusted) {
  ASSERT_TRUE(HandshakeWith(Identity(), Named("db.test")).ok());
  EXPECT_FALSE(details_.trusted());
  EXPECT_TRUE(details_.within_dates());
  EXPECT_THAT(details_.verify_error(), HasSubstr("self"));
  EXPECT_EQ(details_.chain_size(), 1);
}

TEST_F(TlsTest, DatesAreToldApartFromTrust) {
  const TlsIdentity expired({"db.test", {"db.test"}, {}, -7200, -3600});
  const TempFile expired_roots(expired.certificate_pem());
  ASSERT_TRUE(HandshakeWith(expired, Named("db.test", expired_roots.path())).ok());
  EXPECT_FALSE(details_.within_dates());
  EXPECT_TRUE(details_.trusted());
  EXPECT_TRUE(details_.name_matches());
  EXPECT_THAT(details_.verify_error(), HasSubstr("expired"));

  const TlsIdentity early({"db.test", {"db.test"}, {}, 3600, 7200});
  const TempFile early_roots(early.certificate_pem());
  ASSERT_TRUE(HandshakeWith(early, Named("db.test", early_roots.path())).ok());
  EXPECT_FALSE(details_.within_dates());
  EXPECT_THAT(details_.verify_error(), HasSubstr("not yet valid"));
}

TEST_F(TlsTest, AlpnIsOfferedAndTold) {
  TlsIdentity identity({"db.test", {"db.test"}, {}});
  identity.alpn = {"postgresql"};
  TlsOptions options = Named("db.test");
  options.alpn = {"", "h2", "postgresql"};
  ASSERT_TRUE(HandshakeWith(identity, options).ok());
  EXPECT_EQ(details_.alpn(), "postgresql");
  options.alpn = {};
  ASSERT_TRUE(HandshakeWith(identity, options).ok());
  EXPECT_THAT(details_.alpn(), IsEmpty());
}

TEST_F(TlsTest, AnOlderVersionIsTold) {
  TlsIdentity identity({"db.test", {"db.test"}, {}});
  identity.tls12_only = true;
  ASSERT_TRUE(HandshakeWith(identity, Named("db.test")).ok());
  EXPECT_EQ(details_.version(), "TLSv1.2");
}

TEST_F(TlsTest, AnAlertIsTheServersWord) {
  TlsIdentity identity({"db.test", {"db.test"}, {}});
  identity.no_shared_cipher = true;
  const IoResult result = HandshakeWith(identity, Named("db.test"));
  EXPECT_EQ(result.failure, v1::TLS_ALERT);
  EXPECT_THAT(details_.alert(), HasSubstr("handshake failure"));
  EXPECT_EQ(details_.chain_size(), 0);
}

TEST_F(TlsTest, ARawAlertToo) {
  const IoResult result = Handshake(
      [](Peer& peer) {
        peer.ReadSome();
        peer.Send(std::string("\x15\x03\x03\x00\x02\x02\x70", 7));  // fatal, unrecognized_name
        peer.AwaitEnd();
      },
      Named("db.test"));
  EXPECT_EQ(result.failure, v1::TLS_ALERT);
  EXPECT_THAT(details_.alert(), HasSubstr("unrecognized name"));
}

TEST_F(TlsTest, AVersionThatNobodyTakesAnyMoreIsTlsAllTheSame) {
  TlsIdentity identity({"db.test", {"db.test"}, {}});
  identity.tls11_only = true;
  EXPECT_EQ(HandshakeWith(identity, Named("db.test")).failure, v1::TLS_ALERT);
  EXPECT_EQ(details_.alert(), "protocol version");
  EXPECT_EQ(details_.trouble(), v1::VERSION_TOO_OLD);

  // A ServerHello of TLS 1.0, which says so itself.
  const std::string hello = std::string("\x03\x01", 2) + std::string(32, 'r') + std::string("\x00\xc0\x14\x00", 4);
  const std::string message = std::string("\x02\x00\x00", 3) + static_cast<char>(hello.size()) + hello;
  const std::string record = std::string("\x16\x03\x01\x00", 4) + static_cast<char>(message.size()) + message;
  const IoResult result = Handshake(
      [record](Peer& peer) {
        peer.ReadSome();
        peer.Send(record);
        peer.AwaitEnd();
      },
      Named("db.test"));
  EXPECT_EQ(result.failure, v1::TLS_PROTOCOL);
  EXPECT_EQ(details_.trouble(), v1::VERSION_TOO_OLD);
  EXPECT_EQ(details_.server_version(), "TLSv1");
  EXPECT_THAT(result.text, HasSubstr("TLSv1"));
}

TEST_F(TlsTest, AChainThatNoClientTakesIsToldWithItsSize) {
  TlsIdentity identity({"db.test", {"db.test"}, {}});
  identity.chain_copies = 1499;
  const IoResult result = HandshakeWith(identity, Named("db.test"));
  EXPECT_EQ(result.failure, v1::TLS_PROTOCOL);
  EXPECT_EQ(details_.trouble(), v1::CHAIN_TOO_LARGE);
  EXPECT_EQ(details_.chain_length(), 1500U);
  EXPECT_GT(details_.certificate_bytes(), 300'000U);
  EXPECT_THAT(result.text, HasSubstr(std::to_string(details_.certificate_bytes())));
  EXPECT_EQ(details_.chain_size(), 10);

  identity.chain_copies = 15'000;
  const IoResult more = HandshakeWith(identity, Named("db.test"));
  EXPECT_EQ(more.failure, v1::TLS_PROTOCOL);
  EXPECT_EQ(details_.trouble(), v1::CHAIN_TOO_LARGE);
  EXPECT_THAT(more.text, HasSubstr("over"));

  identity.chain_copies = 3;
  EXPECT_TRUE(HandshakeWith(identity, Named("db.test")).ok());
  EXPECT_EQ(details_.trouble(), v1::TLS_TROUBLE_UNSPECIFIED);
  EXPECT_EQ(details_.chain_length(), 4U);
}

TEST_F(TlsTest, WhatIsNoTlsIsAProtocolFailure) {
  for (const std::string& garbage : {std::string("HTTP/1.1 400 Bad Request\r\n\r\n"), std::string(100, '\0'),
                                     std::string("\x16\x03\x03\xff\xff") + std::string(100, 'x')}) {
    const IoResult result = Handshake(
        [garbage](Peer& peer) {
          peer.ReadSome();
          peer.Send(garbage);
          peer.Fin();
          peer.AwaitEnd();
        },
        Named("db.test"));
    EXPECT_EQ(result.failure, v1::TLS_PROTOCOL) << garbage;
    EXPECT_THAT(result.text, Not(IsEmpty()));
    EXPECT_EQ(details_.trouble(), garbage[0] == '\x16' ? v1::BROKEN_TLS : v1::NOT_TLS) << garbage;
  }
}

TEST_F(TlsTest, HowTheTransportEndedShowsThrough) {
  EXPECT_EQ(Handshake(
                [](Peer& peer) {
                  peer.ReadSome();
                  peer.Rst();
                },
                Named("db.test"))
                .failure,
            v1::RESET_BEFORE_FIRST_BYTE);
  EXPECT_EQ(Handshake(
                [](Peer& peer) {
                  peer.ReadSome();
                  peer.Fin();
                  peer.AwaitEnd();
                },
                Named("db.test"))
                .failure,
            v1::CLOSED_BEFORE_FIRST_BYTE);
  EXPECT_EQ(Handshake([](Peer& peer) { peer.AwaitEnd(); }, Named("db.test"), 80 * kMs).failure, v1::TIMED_OUT);
}

TEST_F(TlsTest, AFloodDuringTheHandshakeEnds) {
  // Warning alerts, one after the other; then records that never make a message.
  for (const std::string& record :
       {std::string("\x15\x03\x03\x00\x02\x01\x5a", 7), std::string("\x16\x03\x03\x00\x01\x02", 6)}) {
    const IoResult result = Handshake(
        [record](Peer& peer) {
          peer.ReadSome();
          std::string many;
          for (int i = 0; i < 5000; ++i) many += record;
          while (peer.Send(many)) {
          }
        },
        Named("db.test"), 500 * kMs);
    EXPECT_FALSE(result.ok());
    EXPECT_LE(record_.bytes_in(), 64U << 20);
  }
}

TEST_F(TlsTest, ThePaddedClientHelloIsLargerThanAPacketAndIsAnswered) {
  TlsOptions options = Named("db.test");
  ASSERT_TRUE(HandshakeWith(Identity(), options).ok());
  EXPECT_GT(details_.client_hello_size(), 100U);
  EXPECT_LT(details_.client_hello_size(), 1400U);
  options.pad_client_hello = kPaddedHelloBytes;
  ASSERT_TRUE(HandshakeWith(Identity(), options).ok());
  EXPECT_GT(details_.client_hello_size(), kPaddedHelloBytes);
  EXPECT_LT(details_.client_hello_size(), 6000U);
}

TEST_F(TlsTest, CarriesBytesBothWaysAndTellsTheEnd) {
  ASSERT_TRUE(Handshake(
                  [](Peer& peer) {
                    if (!peer.StartTls(Identity())) return;
                    peer.Send(peer.ReadExactly(5) + std::string(50'000, 'x'));
                    peer.Fin();
                    peer.AwaitEnd();
                  },
                  Named("db.test"))
                  .ok());
  EXPECT_TRUE(session_->Write("hello", In(kLate)).ok());
  std::string bytes;
  IoResult result;
  while ((result = session_->Read(&bytes, 1000, In(kLate))).ok()) EXPECT_LE(result.bytes, 1000U);
  EXPECT_EQ(bytes.size(), 50'005U);
  EXPECT_THAT(bytes, ::testing::StartsWith("hellox"));
  EXPECT_EQ(result.failure, v1::CLOSED);
}

TEST_F(TlsTest, SilenceAfterTheHandshakeEndsAtTheDeadline) {
  ASSERT_TRUE(HandshakeWith(Identity(), Named("db.test")).ok());
  std::string bytes;
  EXPECT_EQ(session_->Read(&bytes, 10, In(80 * kMs)).failure, v1::TIMED_OUT);
}

TEST_F(TlsTest, WithoutAHandshakeNothingIsSaid) {
  const IoResult result = Handshake([](Peer& peer) { peer.AwaitEnd(); }, Named("db.test", "/nowhere/root.pem"));
  EXPECT_EQ(result.failure, v1::LOCAL_RESOURCE);
  EXPECT_THAT(result.text, HasSubstr("/nowhere/root.pem"));
  std::string bytes;
  EXPECT_EQ(session_->Write("x", In(kLate)).failure, v1::LOCAL_RESOURCE);
  EXPECT_EQ(session_->Read(&bytes, 1, In(kLate)).failure, v1::LOCAL_RESOURCE);
  EXPECT_EQ(record_.bytes_out(), 0U);
}

}  // namespace
}  // namespace parallax::net
