// psql and the staged probe, given the same connection string and the same surroundings, against a real PostgreSQL:
// where the one connects, the other does, and nowhere else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libpq-fe.h>
#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "agent/probes/postgres/postgres_probe.h"
#include "controller/conduct/surroundings.h"
#include "controller/plan/libpq_parameters.h"
#include "controller/plan/planner.h"
#include "controller/plan/target_url.h"
#include "tests/support/postgres_server.h"
#include "tests/support/probe_run.h"

namespace parallax {
namespace {

using support::PostgresServer;

constexpr char kPassword[] = "correct-horse-battery";
constexpr char kHba[] =
    "host    all scram   127.0.0.1/32 scram-sha-256\n"
    "host    all md5user 127.0.0.1/32 md5\n"
    "host    all trusted 127.0.0.1/32 trust\n"
    "hostssl all tlsonly 127.0.0.1/32 scram-sha-256\n";
constexpr char kSql[] =
    "SET password_encryption = 'md5';"
    "CREATE ROLE md5user LOGIN PASSWORD 'correct-horse-battery';"
    "SET password_encryption = 'scram-sha-256';"
    "CREATE ROLE scram LOGIN PASSWORD 'correct-horse-battery';"
    "CREATE ROLE tlsonly LOGIN PASSWORD 'correct-horse-battery';"
    "CREATE ROLE trusted LOGIN;";

using Variables = std::map<std::string, std::string>;

struct Row {
  const char* text;  // with PORT, PW, ROOTS and HOME
  Variables variables;
  bool connects;  // what psql is known to do: it is asked all the same
};

// hostaddr, so that no resolver is asked; the certificate is db.test's and 127.0.0.1's.
const Row kRows[] = {
    {"postgres://scram:PW@127.0.0.1:PORT/postgres", {}, true},
    {"postgres://scram:PW@127.0.0.1:PORT/postgres?sslmode=require", {}, true},
    {"postgres://scram:PW@127.0.0.1:PORT/postgres?sslmode=disable", {}, true},
    {"postgres://scram:PW@127.0.0.1:PORT/postgres?ssl=true", {}, true},
    {"postgres:///postgres?host=127.0.0.1&port=PORT&user=scram&password=PW", {}, true},
    {"host=127.0.0.1 port=PORT user=scram password='PW' dbname=postgres", {}, true},
    {"host = 127.0.0.1 port = PORT user = trusted dbname = postgres", {}, true},
    {"postgres://",
     {{"PGHOST", "127.0.0.1"},
      {"PGPORT", "PORT"},
      {"PGUSER", "scram"},
      {"PGDATABASE", "postgres"},
      {"PGPASSWORD", "PW"}},
     true},
    {"postgres://scram@127.0.0.1:PORT/postgres", {{"PGPASSWORD", "PW"}, {"PGUSER", "trusted"}}, true},
    {"postgres://scram@127.0.0.1:PORT/postgres", {{"PGPASSWORD", "wrong"}}, false},
    {"postgres://scram:wrong@127.0.0.1:PORT/postgres", {{"PGPASSWORD", "PW"}}, false},
    {"postgres://scram@127.0.0.1:PORT/postgres", {}, false},
    {"postgres://scram:PW@127.0.0.1:PORT/nosuch", {}, false},
    {"postgres://tlsonly:PW@127.0.0.1:PORT/postgres?sslmode=disable", {}, false},
    {"postgres://tlsonly:PW@127.0.0.1:PORT/postgres", {{"PGSSLMODE", "disable"}}, false},
    {"postgres://tlsonly:PW@127.0.0.1:PORT/postgres?sslmode=require", {{"PGSSLMODE", "disable"}}, true},
    {"postgres://scram:PW@127.0.0.1:PORT/postgres?sslmode=verify-full&sslrootcert=ROOTS", {}, true},
    {"postgres://scram:PW@db.test:PORT/postgres?hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert=ROOTS", {}, true},
    {"postgres://scram:PW@other.test:PORT/postgres?hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert=ROOTS",
     {},
     false},
    {"postgres://scram:PW@other.test:PORT/postgres?hostaddr=127.0.0.1&sslmode=verify-ca",
     {{"PGSSLROOTCERT", "ROOTS"}},
     true},
    {"hostaddr=127.0.0.1 port=PORT user=scram password=PW dbname=postgres", {}, true},
    {"postgres://scram:PW@127.0.0.1:PORT/postgres?channel_binding=require", {}, true},
    {"postgres://scram:PW@127.0.0.1:PORT/postgres?channel_binding=disable", {}, true},
    {"postgres://scram:PW@127.0.0.1:PORT/postgres?channel_binding=require&sslmode=disable", {}, false},
    {"postgres://trusted@127.0.0.1:PORT/postgres?channel_binding=require", {}, false},
    {"postgres://md5user:PW@127.0.0.1:PORT/postgres", {}, true},
    {"postgres://md5user:PW@127.0.0.1:PORT/postgres", {{"PGCHANNELBINDING", "require"}}, false},
    {"postgres://trusted@127.0.0.1:PORT/postgres?target_session_attrs=read-write", {}, true},
    {"postgres://trusted@127.0.0.1:PORT/postgres?target_session_attrs=primary", {}, true},
    {"postgres://trusted@127.0.0.1:PORT/postgres?target_session_attrs=prefer-standby", {}, true},
    {"postgres://trusted@127.0.0.1:PORT/postgres?target_session_attrs=read-only", {}, false},
    {"postgres://trusted@127.0.0.1:PORT/postgres", {{"PGTARGETSESSIONATTRS", "standby"}}, false},
    {"postgres://trusted@127.0.0.1:PORT/"
     "postgres?target_session_attrs=read-write&options=-c%20default_transaction_read_only%3Don",
     {},
     false},
    {"postgres://trusted@127.0.0.1:PORT/postgres?options=-c%20geqo%3Doff", {}, true},
    {"postgres://trusted@127.0.0.1:PORT/postgres", {{"PGOPTIONS", "-c nosuchthing=1"}}, false},
    {"postgres://trusted@127.0.0.1:PORT/postgres?ssl_max_protocol_version=TLSv1.2&application_name=x", {}, true},
    {"postgres://trusted@127.0.0.1:PORT/postgres?sslsni=0&gssencmode=disable&connect_timeout=5", {}, true},
    {"service=ours", {}, true},
    {"postgres://nobody@/?service=ours", {}, false},
    {"postgres://", {{"PGSERVICE", "ours"}, {"PGUSER", "nobody"}}, true},
    {"postgres://scram@127.0.0.1:PORT/postgres?passfile=HOME/private", {}, true},
    {"postgres://scram@127.0.0.1:PORT/postgres", {{"PGPASSFILE", "HOME/private"}}, true},
    {"postgres://scram@127.0.0.1:PORT/postgres?passfile=HOME/shared", {}, false},
    {"postgres://tlsonly@127.0.0.1:PORT/postgres", {}, true},  // ~/.pgpass
    // Both refuse what they read.
    {"postgres://trusted@127.0.0.1:PORT/postgres?sslmode=verify_full", {}, false},
    {"host=127.0.0.1 port=PORT user=trusted dbname=postgres nosuch=1", {}, false},
    {"host=127.0.0.1 port=PORT user=trusted dbname=postgres gssencmode=require", {}, false},
    {"host=127.0.0.1 port=PORT user=trusted word", {}, false},
    {"service=nosuch", {}, false},
};

class ConnectionStringsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "parallax_strings_XXXXXX").string();
    home_ = mkdtemp(pattern.data());
    identity_ = std::make_unique<support::TlsIdentity>(support::CertificateSpec{"db.test", {"db.test"}, {"127.0.0.1"}});
    roots_ = std::make_unique<support::TempFile>(identity_->certificate_pem());
    std::string why_not;
    server_ = PostgresServer::Start(*identity_, kHba, kSql, &why_not);
    ASSERT_NE(server_, nullptr) << why_not;
    Write(".pgpass", "127.0.0.1:PORT:*:tlsonly:PW\n", 0600);
    Write("private", "# ours\n127.0.0.1:*:postgres:scram:PW\n", 0600);
    Write("shared", "*:*:*:*:PW\n", 0644);
    Write(".pg_service.conf", "[ours]\nhost=127.0.0.1\nport=PORT\nuser=trusted\ndbname=postgres\n", 0600);
  }
  void TearDown() override { std::filesystem::remove_all(home_); }

  std::string Filled(const std::string& text) const {
    return absl::StrReplaceAll(
        text, {{"PORT", absl::StrCat(server_->port())}, {"PW", kPassword}, {"ROOTS", roots_->path()}, {"HOME", home_}});
  }
  void Write(const std::string& name, const std::string& text, mode_t mode) const {
    std::ofstream(home_ + "/" + name) << Filled(text);
    chmod((home_ + "/" + name).c_str(), mode);
  }

  bool PsqlConnects(const Row& row, std::string* said) const {
    std::string command = absl::StrCat("env -i PATH=/usr/bin:/bin HOME=", home_);
    for (const auto& [name, value] : row.variables) absl::StrAppend(&command, " ", name, "='", Filled(value), "'");
    const std::string quoted = absl::StrReplaceAll(Filled(row.text), {{"'", "'\\''"}});
    absl::StrAppend(&command, " ", PostgresServer::BinDir(), "/psql -X -w -c 'SELECT 1' '", quoted, "' 2>&1");
    FILE* out = popen(command.c_str(), "r");
    std::array<char, 4096> buffer;
    while (const size_t got = fread(buffer.data(), 1, buffer.size(), out)) said->append(buffer.data(), got);
    return pclose(out) == 0;
  }

  // As the controller would have it asked, by the probe that an agent runs.
  bool WeConnect(const Row& row, std::string* said) const {
    plan::Surroundings around;
    for (const auto& [name, value] : row.variables) around.variables[name] = Filled(value);
    around.os_user = "root";
    around.home = home_;
    around.read = &conduct::ReadPlainFile;
    const auto parsed = plan::ParseTarget(Filled(row.text), around);
    if (!parsed.ok()) {
      *said = std::string(parsed.status().message());
      return false;
    }
    plan::Options options;
    options.targets = {parsed->target};
    options.password_refs = {parsed->password.empty() ? "" : "controller:P"};
    options.try_controls = false;
    const v1::Plan plan = plan::PlanProbe(options, v1::Run());
    if (plan.probes_size() != 1) return false;
    support::ProbeRun run;
    run.AddSecret("controller:P", parsed->password);
    const v1::Observation seen = run.Run(probes::kPostgresProbe, plan.probes(0));
    *said = seen.ShortDebugString();
    bool queried = false;
    for (const v1::Step& step : seen.steps()) queried |= step.kind() == v1::QUERY && step.failure() == v1::NONE;
    return queried && seen.outcome() == v1::NONE;
  }

  std::string home_;
  std::unique_ptr<support::TlsIdentity> identity_;
  std::unique_ptr<support::TempFile> roots_;
  std::unique_ptr<PostgresServer> server_;
};

TEST_F(ConnectionStringsTest, WhereverPsqlConnectsSoDoWe) {
  for (const Row& row : kRows) {
    std::string psql;
    std::string ours;
    EXPECT_EQ(PsqlConnects(row, &psql), row.connects) << row.text << "\npsql: " << psql;
    EXPECT_EQ(WeConnect(row, &ours), row.connects) << row.text << "\nwe: " << ours << "\npsql: " << psql;
  }
}

TEST_F(ConnectionStringsTest, WhatTlsIsToldIsSaidInTheHandshake) {
  const char* base = "postgres://trusted@db.test:PORT/postgres?hostaddr=127.0.0.1&sslmode=require";
  const auto tls = [&](const char* more) {
    std::string said;
    EXPECT_TRUE(WeConnect({absl::StrCat(base, more).c_str(), {}, true}, &said)) << said;
    return said;
  };
  EXPECT_THAT(tls(""),
              ::testing::AllOf(::testing::HasSubstr("version: \"TLSv1.3\""), ::testing::HasSubstr("sni: \"db.test\"")));
  EXPECT_THAT(tls("&ssl_max_protocol_version=TLSv1.2"), ::testing::HasSubstr("version: \"TLSv1.2\""));
  EXPECT_THAT(tls("&sslsni=0"), ::testing::Not(::testing::HasSubstr("sni:")));
}

// The table is complete: whatever the installed libpq knows stands in it, with the variable that it is taken from.
TEST(LibpqTable, HoldsWhatTheInstalledLibpqKnows) {
  PQconninfoOption* defaults = PQconndefaults();
  ASSERT_NE(defaults, nullptr);
  size_t known = 0;
  for (const PQconninfoOption* option = defaults; option->keyword != nullptr; ++option) {
    ++known;
    const plan::LibpqParameter* parameter = plan::FindLibpqParameter(option->keyword);
    if (parameter == nullptr) {
      ADD_FAILURE() << "libpq knows " << option->keyword << ", and the table does not";
      continue;
    }
    EXPECT_EQ(parameter->variable, option->envvar == nullptr ? "" : option->envvar) << option->keyword;
  }
  EXPECT_GT(known, 30U);
  PQconninfoFree(defaults);
}

}  // namespace
}  // namespace parallax
