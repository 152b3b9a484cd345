// The sql probe, through the real client process and libpqxx, against a real PostgreSQL, a real hot standby and a real
// pgbouncer in each of its modes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <thread>
#include <utility>

#include "agent/probes/sql/sql_probe.h"
#include "tests/support/pgbouncer.h"
#include "tests/support/postgres_server.h"
#include "tests/support/probe_run.h"
#include "tests/support/scripted_server.h"

namespace parallax::probes {
namespace {

using support::Pgbouncer;
using support::PostgresServer;
using support::StepOf;
using support::Steps;
using support::TlsIdentity;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

constexpr char kPassword[] = "correct-horse-battery";
constexpr char kAll[] = "client_connect query download upload ddl";
constexpr uint64_t kMegabyte = 1024 * 1024;

constexpr char kHba[] =
    "local replication postgres trust\n"
    "host  all trusted,readonly,nobody_much,idle 127.0.0.1/32 trust\n"
    "host  all scram   127.0.0.1/32 scram-sha-256\n"
    "host  all limited 127.0.0.1/32 scram-sha-256\n"
    "host  all all     127.0.0.1/32 reject\n";
constexpr char kSql[] =
    "CREATE ROLE scram LOGIN PASSWORD 'correct-horse-battery';"
    "CREATE ROLE limited LOGIN PASSWORD 'correct-horse-battery' CONNECTION LIMIT 0;"
    "CREATE ROLE idle LOGIN; ALTER ROLE idle SET idle_session_timeout = '300ms';"
    "CREATE ROLE trusted LOGIN; CREATE ROLE readonly LOGIN; CREATE ROLE nobody_much LOGIN; CREATE ROLE rejected LOGIN;"
    "GRANT CREATE ON SCHEMA public TO trusted, scram, readonly;"
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC;"
    "ALTER ROLE readonly SET default_transaction_read_only = on;";

class SqlRealTest : public ::testing::Test {
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
    spec_.set_name("sql");
    sql().mutable_endpoint()->set_host("db.test");
    sql().mutable_endpoint()->set_address("127.0.0.1");
    sql().mutable_endpoint()->set_port(server_->port());
    sql().set_database("postgres");
    sql().set_user("trusted");
    sql().set_ssl_mode(v1::PREFER);
  }
  v1::SqlProbe& sql() { return *spec_.mutable_sql(); }
  void AskForAll() {
    sql().set_ddl(true);
    sql().set_download_bytes(kMegabyte);
    sql().set_upload_bytes(kMegabyte);
  }
  v1::Observation Probe(const std::string& password = "") {
    support::ProbeRun run;
    if (!password.empty()) {
      sql().mutable_password()->set_ref("controller:P");
      run.AddSecret("controller:P", password);
    }
    v1::Observation seen = run.Run(kSqlProbe, spec_);
    EXPECT_TRUE(password.empty() || !support::Holds(seen, password));
    return seen;
  }

  v1::ProbeSpec spec_;
  // Of the whole suite: starting a server takes a second.
  static TlsIdentity* identity_;
  static support::TempFile* roots_;
  static PostgresServer* server_;
};

TlsIdentity* SqlRealTest::identity_ = nullptr;
support::TempFile* SqlRealTest::roots_ = nullptr;
PostgresServer* SqlRealTest::server_ = nullptr;

TEST_F(SqlRealTest, ConnectsAndSelects) {
  sql().set_user("scram");
  sql().set_ssl_mode(v1::VERIFY_FULL);
  sql().set_ssl_root_cert(roots_->path());
  const v1::Observation seen = Probe(kPassword);
  EXPECT_EQ(Steps(seen), "client_connect query");
  EXPECT_EQ(seen.outcome(), v1::NONE);
  const v1::ClientDetails& connect = StepOf(seen, v1::CLIENT_CONNECT).client();
  EXPECT_THAT(connect.library(), MatchesRegex("libpqxx [0-9.]+, libpq [0-9.]+"));
  EXPECT_THAT(connect.server_version(), MatchesRegex("[0-9]+\\..*"));
  EXPECT_EQ(connect.secret_origin(), "sent by the controller");
  const v1::ClientDetails& query = StepOf(seen, v1::QUERY).client();
  EXPECT_EQ(query.client_address(), "127.0.0.1");
  EXPECT_EQ(query.server_address(), "127.0.0.1:" + std::to_string(server_->port()));
  EXPECT_EQ(query.backend_pid(), connect.backend_pid());
  EXPECT_GT(query.backend_pid(), 0);
  EXPECT_FALSE(query.read_only());
  ASSERT_EQ(seen.connections_size(), 1);
  EXPECT_EQ(seen.connections(0).end(), v1::CLOSED_BY_US);
  EXPECT_THAT(seen.connections(0).local_address(), HasSubstr("127.0.0.1:"));
  EXPECT_GT(seen.connections(0).bytes_in(), 0U);
  EXPECT_EQ(StepOf(seen, v1::QUERY).connection(), 1);
  EXPECT_THAT(server_->LogUntilNow(), Not(HasSubstr("unexpected EOF")));
}

TEST_F(SqlRealTest, OnRequestDdlRolledBackAndAMegabyteDownAndUp) {
  AskForAll();
  const v1::Observation seen = Probe();
  EXPECT_EQ(Steps(seen), kAll);
  EXPECT_EQ(seen.outcome(), v1::NONE);
  EXPECT_EQ(StepOf(seen, v1::DOWNLOAD).client().bytes(), kMegabyte);
  EXPECT_EQ(StepOf(seen, v1::UPLOAD).client().bytes(), kMegabyte);
  EXPECT_GT(seen.connections(0).bytes_in(), kMegabyte);
  EXPECT_GT(seen.connections(0).bytes_out(), kMegabyte);
  std::string tables;
  ASSERT_TRUE(server_->Sql("SELECT 'tables: ' || count(*) FROM pg_class WHERE relname LIKE 'parallax%'", &tables));
  EXPECT_THAT(tables, HasSubstr("tables: 0"));
}

TEST_F(SqlRealTest, OddSizesArriveWhole) {
  sql().set_download_bytes(1);
  sql().set_upload_bytes(70'001);
  EXPECT_EQ(Steps(Probe()), "client_connect query download upload");
}

TEST_F(SqlRealTest, AReplicaIsToldAsOne) {
  std::string why_not;
  const auto replica = server_->StartReplica(&why_not);
  ASSERT_NE(replica, nullptr) << why_not;
  sql().mutable_endpoint()->set_port(replica->port());
  AskForAll();
  const v1::Observation seen = Probe();
  EXPECT_EQ(Steps(seen), kAll);
  EXPECT_EQ(seen.outcome(), v1::NONE);
  EXPECT_TRUE(StepOf(seen, v1::QUERY).client().read_only());
  const v1::Step& ddl = StepOf(seen, v1::DDL);
  EXPECT_TRUE(ddl.client().read_only());
  EXPECT_EQ(ddl.client().not_tried(), "this server is a replica, in recovery");
}

TEST_F(SqlRealTest, ARoleThatMayOnlyReadIsToldAsOne) {
  sql().set_user("readonly");
  sql().set_ddl(true);
  const v1::Observation seen = Probe();
  EXPECT_EQ(Steps(seen), "client_connect query ddl");
  EXPECT_TRUE(StepOf(seen, v1::DDL).client().read_only());
  EXPECT_EQ(StepOf(seen, v1::DDL).client().not_tried(), "transactions are read-only here");
}

TEST_F(SqlRealTest, ARoleThatMayMakeNoTableIsAServersError) {
  sql().set_user("nobody_much");
  AskForAll();
  const v1::Observation seen = Probe();
  EXPECT_EQ(Steps(seen), "client_connect query download upload ddl:server_error");
  EXPECT_EQ(StepOf(seen, v1::DDL).server_error().code(), "42501");
  EXPECT_THAT(StepOf(seen, v1::DDL).text(), HasSubstr("the role may not do this"));
  EXPECT_EQ(seen.outcome(), v1::SERVER_ERROR);
}

TEST_F(SqlRealTest, PoolersInEveryModeAnswerTheTruth) {
  if (Pgbouncer::Program().empty()) GTEST_SKIP() << "no pgbouncer: install it";
  AskForAll();
  for (const char* mode : {"session", "transaction", "statement"}) {
    std::string why_not;
    const auto pooler = Pgbouncer::Start(mode, server_->port(), "trusted", &why_not);
    ASSERT_NE(pooler, nullptr) << why_not;
    sql().mutable_endpoint()->set_port(pooler->port());
    const v1::Observation seen = Probe();
    EXPECT_EQ(Steps(seen), kAll) << mode << " " << seen.ShortDebugString();
    EXPECT_EQ(seen.outcome(), v1::NONE) << mode << " " << seen.ShortDebugString();
    EXPECT_EQ(StepOf(seen, v1::UPLOAD).client().bytes(), kMegabyte) << mode;
    const v1::ClientDetails& ddl = StepOf(seen, v1::DDL).client();
    if (std::string(mode) == "statement") {
      EXPECT_THAT(ddl.not_tried(), HasSubstr("begins no transaction"));
    } else {
      EXPECT_EQ(ddl.not_tried(), "") << mode;
    }
  }
}

TEST_F(SqlRealTest, ARefusalKeepsItsSqlstate) {
  sql().set_user("scram");
  const v1::Observation wrong = Probe("wrong-password-entirely");
  EXPECT_EQ(Steps(wrong), "client_connect:auth_rejected");
  EXPECT_EQ(StepOf(wrong, v1::CLIENT_CONNECT).server_error().code(), "28P01");
  EXPECT_EQ(StepOf(wrong, v1::CLIENT_CONNECT).server_error().severity(), "FATAL");
  sql().set_user("limited");
  EXPECT_EQ(StepOf(Probe(kPassword), v1::CLIENT_CONNECT).server_error().code(), "53300");
  sql().set_user("rejected");
  const v1::Observation rejected = Probe(kPassword);
  EXPECT_EQ(Steps(rejected), "client_connect:server_error");
  EXPECT_EQ(StepOf(rejected, v1::CLIENT_CONNECT).server_error().code(), "28000");
  sql().set_user("scram");
  sql().set_database("nowhere");
  EXPECT_EQ(StepOf(Probe(kPassword), v1::CLIENT_CONNECT).server_error().code(), "3D000");
}

TEST_F(SqlRealTest, WithoutCredentialsItGoesAsFarAsTheServersAnswer) {
  sql().set_user("scram");
  const v1::Observation seen = Probe();
  EXPECT_EQ(Steps(seen), "client_connect");
  EXPECT_EQ(seen.outcome(), v1::NONE);
  EXPECT_THAT(StepOf(seen, v1::CLIENT_CONNECT).client().not_tried(), HasSubstr("none was given"));
}

TEST_F(SqlRealTest, VerificationIsLibpqs) {
  sql().set_ssl_mode(v1::VERIFY_FULL);
  sql().set_ssl_root_cert(roots_->path());
  sql().mutable_endpoint()->set_host("other.test");
  EXPECT_EQ(Steps(Probe()), "client_connect:tls_certificate");
  sql().mutable_endpoint()->set_host("db.test");
  const TlsIdentity stranger({"db.test", {"db.test"}, {}});
  const support::TempFile other_roots(stranger.certificate_pem());
  sql().set_ssl_root_cert(other_roots.path());
  EXPECT_EQ(Steps(Probe()), "client_connect:tls_certificate");
  sql().set_ssl_root_cert("/nowhere/roots.pem");
  EXPECT_EQ(Steps(Probe()), "client_connect:local_resource");
}

TEST_F(SqlRealTest, TheEnvironmentChangesNothing) {
  for (const char* name : {"PGHOST", "PGHOSTADDR", "PGPORT", "PGSERVICE", "PGOPTIONS", "PGUSER", "PGSSLMODE"}) {
    setenv(name, "nonsense", 1);
  }
  EXPECT_EQ(Steps(Probe()), "client_connect query");
  for (const char* name : {"PGHOST", "PGHOSTADDR", "PGPORT", "PGSERVICE", "PGOPTIONS", "PGUSER", "PGSSLMODE"}) {
    unsetenv(name);
  }
}

TEST_F(SqlRealTest, AHeldSessionIsOpenForThatLongAndStretchesNoStep) {
  sql().set_hold_ms(300);
  const v1::Observation seen = Probe();
  EXPECT_EQ(Steps(seen), "client_connect query");
  const v1::Step& query = StepOf(seen, v1::QUERY);
  EXPECT_LT(query.duration_ns(), 250'000'000);
  EXPECT_GE(seen.connections(0).ended_ns() - query.start_ns() - query.duration_ns(), 290'000'000);
}

TEST_F(SqlRealTest, AServerThatEndsTheSessionMidwayIsToldWithWhatCameBefore) {
  // Ends every session of the role as soon as it asks for much.
  sql().set_download_bytes(64 * kMegabyte);
  std::thread killer([&] {
    std::string gone;
    for (int i = 0; i < 2000 && gone.find("killed: 1") == std::string::npos; ++i) {
      gone.clear();
      server_->Sql(
          "SELECT 'killed: ' || count(pg_terminate_backend(pid)) FROM pg_stat_activity "
          "WHERE usename = 'trusted' AND query LIKE '%string_agg%'",
          &gone);
    }
  });
  const v1::Observation seen = Probe();
  killer.join();
  EXPECT_THAT(Steps(seen), HasSubstr("client_connect query download:"));
  const v1::Step& download = StepOf(seen, v1::DOWNLOAD);
  EXPECT_EQ(download.failure(), v1::SERVER_ERROR) << download.ShortDebugString();
  EXPECT_EQ(download.server_error().code(), "57P01") << download.ShortDebugString();
  EXPECT_EQ(seen.outcome(), v1::SERVER_ERROR);
}

TEST_F(SqlRealTest, AHeldSessionThatTheServerFindsTooIdleIsAFailure) {
  sql().set_user("idle");
  sql().set_hold_ms(9'000);
  const v1::Observation seen = Probe();
  // libpq's own goodbye over TLS may draw a RST.
  EXPECT_THAT(Steps(seen), MatchesRegex("client_connect query query.held.:(closed|reset)"));
  const v1::Step& held = StepOf(seen, v1::QUERY, "held");
  EXPECT_EQ(held.server_error().code(), "57P05");
  EXPECT_THAT(held.text(), MatchesRegex("the server ended the session after [0-9.]+ s of 9 s idle: 57P05 .*"));
}

}  // namespace
}  // namespace parallax::probes
