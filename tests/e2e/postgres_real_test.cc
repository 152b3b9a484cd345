// The postgres probe against a real PostgreSQL: what the fake servers of the unit tests only claim about it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/probes/postgres/postgres_probe.h"
#include "tests/support/postgres_server.h"
#include "tests/support/probe_run.h"

namespace parallax::probes {
namespace {

using support::Holds;
using support::PostgresServer;
using support::StepOf;
using support::Steps;
using support::TlsIdentity;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;

constexpr char kPassword[] = "correct-horse-battery";
constexpr char kWholeLogin[] = "connect ssl_request tls_handshake startup authentication ready query query[identity]";

// The user chooses the way in.
constexpr char kHba[] =
    "host    all scram    127.0.0.1/32 scram-sha-256\n"
    "host    all limited  127.0.0.1/32 scram-sha-256\n"
    "host    all md5user  127.0.0.1/32 md5\n"
    "host    all clear    127.0.0.1/32 password\n"
    "host    all trusted  127.0.0.1/32 trust\n"
    "hostssl all tlsonly  127.0.0.1/32 scram-sha-256\n"
    "host    all rejected 127.0.0.1/32 reject\n";
constexpr char kSql[] =
    "SET password_encryption = 'md5';"
    "CREATE ROLE md5user LOGIN PASSWORD 'correct-horse-battery';"
    "SET password_encryption = 'scram-sha-256';"
    "CREATE ROLE scram LOGIN PASSWORD 'correct-horse-battery';"
    "CREATE ROLE tlsonly LOGIN PASSWORD 'correct-horse-battery';"
    "CREATE ROLE clear LOGIN PASSWORD 'correct-horse-battery';"
    "CREATE ROLE trusted LOGIN;"
    "CREATE ROLE rejected LOGIN PASSWORD 'correct-horse-battery';"
    "CREATE ROLE limited LOGIN PASSWORD 'correct-horse-battery' CONNECTION LIMIT 0;";

size_t Count(std::string_view text, std::string_view what) {
  size_t count = 0;
  for (size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

class PostgresRealTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (PostgresServer::BinDir().empty()) return;
    identity_ = new TlsIdentity({"db.test", {"db.test"}, {"127.0.0.1"}});
    roots_ = new support::TempFile(identity_->certificate_pem());
    std::string why_not;
    server_ = PostgresServer::Start(*identity_, kHba, kSql, &why_not).release();
    ASSERT_NE(server_, nullptr) << why_not;
  }
  static void TearDownTestSuite() {
    delete std::exchange(server_, nullptr);
    delete std::exchange(roots_, nullptr);
    delete std::exchange(identity_, nullptr);
  }

  void SetUp() override {
    if (PostgresServer::BinDir().empty()) GTEST_SKIP() << "no PostgreSQL in /usr/lib/postgresql: install postgresql";
    ASSERT_NE(server_, nullptr);
    spec_.set_name("postgres");
    v1::PostgresProbe* postgres = spec_.mutable_postgres();
    postgres->mutable_endpoint()->set_host("db.test");
    postgres->mutable_endpoint()->set_address("127.0.0.1");
    postgres->mutable_endpoint()->set_port(server_->port());
    postgres->set_database("postgres");
    postgres->mutable_password()->set_ref("controller:P");
  }

  v1::Observation Login(const std::string& user, v1::SslMode mode, const std::string& password = kPassword) {
    spec_.mutable_postgres()->set_user(user);
    spec_.mutable_postgres()->set_ssl_mode(mode);
    support::ProbeRun run;
    run.AddSecret("controller:P", password);
    v1::Observation observation = run.Run(kPostgresProbe, spec_);
    EXPECT_FALSE(Holds(observation, password));
    return observation;
  }

  void TrustOnly(const std::string& host) {
    spec_.mutable_postgres()->mutable_endpoint()->set_host(host);
    spec_.mutable_postgres()->set_ssl_root_cert(roots_->path());
  }

  v1::ProbeSpec spec_;
  // Of the whole suite: starting a server takes a second.
  static TlsIdentity* identity_;
  static support::TempFile* roots_;
  static PostgresServer* server_;
};

TlsIdentity* PostgresRealTest::identity_ = nullptr;
support::TempFile* PostgresRealTest::roots_ = nullptr;
PostgresServer* PostgresRealTest::server_ = nullptr;

TEST_F(PostgresRealTest, ScramOverTlsIsBoundToTheChannel) {
  const v1::Observation seen = Login("scram", v1::REQUIRE);
  EXPECT_EQ(Steps(seen), kWholeLogin);
  const v1::AuthDetails& auth = StepOf(seen, v1::AUTHENTICATION).auth();
  EXPECT_THAT(auth.offered(), Contains("scram-sha-256-plus"));
  EXPECT_EQ(auth.used(), "scram-sha-256-plus");
  EXPECT_TRUE(auth.channel_bound());
}

TEST_F(PostgresRealTest, IdentityFactsAreFilledIn) {
  const v1::Observation seen = Login("scram", v1::REQUIRE);
  EXPECT_THAT(StepOf(seen, v1::READY).postgres().server_version(), MatchesRegex("[0-9]+\\..*"));
  EXPECT_GT(StepOf(seen, v1::READY).postgres().backend_pid(), 0);
  EXPECT_THAT(StepOf(seen, v1::READY).postgres().parameters(), HasSubstr("is_superuser=off"));
  const v1::PostgresDetails& facts = StepOf(seen, v1::QUERY).postgres();
  EXPECT_EQ(facts.server_address(), "127.0.0.1:" + std::to_string(server_->port()));
  EXPECT_EQ(facts.client_address(), "127.0.0.1");
  EXPECT_FALSE(facts.in_recovery());
  EXPECT_THAT(facts.system_identifier(), MatchesRegex("[0-9]{10,}"));
  const v1::Certificate& certificate = StepOf(seen, v1::TLS_HANDSHAKE).tls().chain(0);
  EXPECT_EQ(certificate.subject(), "CN=db.test");
}

TEST_F(PostgresRealTest, ScramInClearIsNotBound) {
  const v1::Observation seen = Login("scram", v1::DISABLE);
  EXPECT_EQ(Steps(seen), "connect startup authentication ready query query[identity]");
  EXPECT_EQ(StepOf(seen, v1::AUTHENTICATION).auth().used(), "scram-sha-256");
  EXPECT_FALSE(StepOf(seen, v1::AUTHENTICATION).auth().channel_bound());
}

TEST_F(PostgresRealTest, VerifyFullWithTheRightRootByNameAndByAddress) {
  for (const char* host : {"db.test", "127.0.0.1"}) {
    TrustOnly(host);
    const v1::Observation seen = Login("scram", v1::VERIFY_FULL);
    EXPECT_EQ(Steps(seen), kWholeLogin) << host;
    EXPECT_TRUE(StepOf(seen, v1::TLS_HANDSHAKE).tls().trusted());
  }
}

TEST_F(PostgresRealTest, VerifyFullWithAnotherNameStopsAtTheHandshake) {
  TrustOnly("other.test");
  const v1::Observation seen = Login("scram", v1::VERIFY_FULL);
  EXPECT_EQ(Steps(seen), "connect ssl_request tls_handshake:tls_certificate");
  EXPECT_FALSE(StepOf(seen, v1::TLS_HANDSHAKE).tls().name_matches());
  EXPECT_EQ(Steps(Login("scram", v1::VERIFY_CA)), kWholeLogin) << "verify-ca does not ask for the name";
}

TEST_F(PostgresRealTest, VerifyFullWithoutTheRootStopsAtTheHandshake) {
  EXPECT_EQ(Steps(Login("scram", v1::VERIFY_FULL)), "connect ssl_request tls_handshake:tls_certificate");
}

TEST_F(PostgresRealTest, Md5AndCleartextGoOverTlsOnly) {
  for (const auto& [user, method] : {std::pair("md5user", "md5"), std::pair("clear", "cleartext")}) {
    const v1::Observation seen = Login(user, v1::REQUIRE);
    EXPECT_EQ(Steps(seen), kWholeLogin) << user;
    EXPECT_EQ(StepOf(seen, v1::AUTHENTICATION).auth().used(), method);
    const v1::Observation in_clear = Login(user, v1::DISABLE);
    EXPECT_EQ(Steps(in_clear), "connect startup authentication") << user;
    EXPECT_TRUE(StepOf(in_clear, v1::AUTHENTICATION).auth().withheld());
  }
}

TEST_F(PostgresRealTest, AWrongPasswordIsOneFailedLogin) {
  const size_t before = Count(server_->LogUntilNow(), "password authentication failed");
  spec_.mutable_postgres()->set_ssl_mode_matrix(true);
  const v1::Observation seen = Login("scram", v1::REQUIRE, "wrong-password-entirely");
  EXPECT_THAT(Steps(seen),
              HasSubstr("connect ssl_request tls_handshake startup authentication:auth_rejected connect[sslmode="));
  EXPECT_EQ(StepOf(seen, v1::AUTHENTICATION).server_error().code(), "28P01");
  EXPECT_EQ(seen.outcome(), v1::AUTH_REJECTED);
  const std::string log = server_->LogUntilNow();
  EXPECT_EQ(Count(log, "password authentication failed") - before, 1U) << log;
  EXPECT_THAT(log, Not(HasSubstr("wrong-password-entirely")));
  EXPECT_FALSE(StepOf(seen, v1::AUTHENTICATION).auth().without_saslprep());
  EXPECT_TRUE(StepOf(Login("scram", v1::REQUIRE, "p\u00a0wrong"), v1::AUTHENTICATION).auth().without_saslprep());
}

TEST_F(PostgresRealTest, WithoutCredentialsItGoesAsFarAsTheServersAnswer) {
  spec_.mutable_postgres()->clear_password();
  const v1::Observation seen = Login("scram", v1::REQUIRE);
  EXPECT_EQ(Steps(seen), "connect ssl_request tls_handshake startup authentication");
  EXPECT_EQ(seen.outcome(), v1::NONE);
  EXPECT_FALSE(StepOf(seen, v1::AUTHENTICATION).auth().credentials_present());
}

TEST_F(PostgresRealTest, ADatabaseThatIsNotThereIsToldAfterTheLogin) {
  spec_.mutable_postgres()->set_database("nowhere");
  const v1::Observation seen = Login("scram", v1::REQUIRE);
  EXPECT_EQ(Steps(seen), "connect ssl_request tls_handshake startup authentication ready:server_error");
  EXPECT_EQ(StepOf(seen, v1::READY).server_error().code(), "3D000");
}

TEST_F(PostgresRealTest, PgHbaRejects) {
  const v1::Observation seen = Login("rejected", v1::REQUIRE);
  EXPECT_EQ(Steps(seen), "connect ssl_request tls_handshake startup:server_error");
  EXPECT_EQ(StepOf(seen, v1::STARTUP).server_error().code(), "28000");
  EXPECT_EQ(StepOf(seen, v1::STARTUP).server_error().severity(), "FATAL");
  const v1::Observation tls_only = Login("tlsonly", v1::DISABLE);
  EXPECT_EQ(Steps(tls_only), "connect startup:server_error");
  EXPECT_EQ(StepOf(tls_only, v1::STARTUP).server_error().code(), "28000");
}

TEST_F(PostgresRealTest, TooManyConnectionsOfARoleAreToldAfterTheLogin) {
  const v1::Observation seen = Login("limited", v1::REQUIRE);
  EXPECT_EQ(Steps(seen), "connect ssl_request tls_handshake startup authentication ready:server_error");
  EXPECT_EQ(StepOf(seen, v1::READY).server_error().code(), "53300");
}

TEST_F(PostgresRealTest, TrustNeedsNoPassword) {
  const v1::Observation seen = Login("trusted", v1::PREFER);
  EXPECT_EQ(Steps(seen), kWholeLogin);
  EXPECT_FALSE(StepOf(seen, v1::AUTHENTICATION).auth().credentials_present());
}

TEST_F(PostgresRealTest, ALargeClientHelloAndALargeStartupAreAnswered) {
  spec_.mutable_postgres()->set_padded_client_hello(true);
  spec_.mutable_postgres()->set_message_size_check(true);
  const v1::Observation seen = Login("scram", v1::REQUIRE);
  EXPECT_EQ(Steps(seen), std::string(kWholeLogin) + " connect[message size] message_size[startup]");
  EXPECT_GT(StepOf(seen, v1::TLS_HANDSHAKE).tls().client_hello_size(), 4096U);
}

TEST_F(PostgresRealTest, AQueryThatFailsKeepsItsSqlstate) {
  spec_.mutable_postgres()->set_query("SELECT * FROM nowhere");
  const v1::Observation seen = Login("scram", v1::REQUIRE);
  EXPECT_EQ(StepOf(seen, v1::QUERY).failure(), v1::SERVER_ERROR);
  EXPECT_EQ(StepOf(seen, v1::QUERY).server_error().code(), "42P01");
}

TEST_F(PostgresRealTest, TheServerSeesEveryLoginEndInGoodOrder) {
  Login("scram", v1::REQUIRE);
  EXPECT_THAT(server_->LogUntilNow(), Not(HasSubstr("unexpected EOF on client connection with an open transaction")));
  EXPECT_THAT(server_->LogUntilNow(), Not(HasSubstr(kPassword)));
}

}  // namespace
}  // namespace parallax::probes
