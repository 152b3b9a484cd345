// What becomes of a connection string, and of what psql would look at beside it. That psql connects with the same ones
// is shown in tests/e2e/connection_strings_test.cc.
#include "controller/plan/postgres_target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/plan/libpq_parameters.h"

namespace parallax::plan {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kServices[] =
    "[app]\nhost=svc.test\nport=6000\nuser=svcuser\npassword=s3cr3t\n[tls]\nhost=svc.test\nsslmode=require\n"
    "[bad]\nhost\n[odd]\nhost=x\nnosuch=1\n[crl]\nhost=x\nsslcrl=/x\n";

Surroundings Around(std::map<std::string, std::string> variables = {}) {
  Surroundings around;
  around.variables = std::move(variables);
  around.os_user = "ann";
  around.home = "/home/ann";
  around.read = [](const std::string& path) {
    FileText file;
    file.regular = file.private_file = true;
    file.there = true;
    if (path == "/home/ann/.pg_service.conf" || path == "/etc/other.conf") {
      file.text = kServices;
    } else if (path == "/home/ann/.pgpass") {
      file.text = "pass.test:5432:*:*:s3cr3t\n";
    } else if (path == "/shared") {
      file.private_file = false;
      file.text = "*:*:*:*:s3cr3t\n";
    } else if (path == "/pipe") {
      file.regular = false;
    } else if (path == "/mine") {
      file.text = "*:*:*:*:s3cr3t\n";
    } else {
      file.there = false;
    }
    return file;
  };
  return around;
}

struct Row {
  const char* text;
  std::map<std::string, std::string> variables;
  const char* url;  // or what is wrong, where it begins with '!'
};

const Row kRows[] = {
    // Who and where.
    {"postgres://db", {}, "postgres://ann@db:5432/ann?sslmode=prefer"},
    {"postgresql://me@db", {}, "postgres://me@db:5432/me?sslmode=prefer"},
    {"host=db", {}, "postgres://ann@db:5432/ann?sslmode=prefer"},
    {"host=db user=me dbname=app port=6432 sslmode=require", {}, "postgres://me@db:6432/app?sslmode=require"},
    {"dbname='my db' host=db user='a b'", {}, "postgres://a%20b@db:5432/my%20db?sslmode=prefer"},
    {"jdbc:postgresql://db/app?user=me", {}, "postgres://me@db:5432/app?sslmode=prefer"},
    {"postgresql+asyncpg://me@db/app?ssl=verify-full", {}, "postgres://me@db:5432/app?sslmode=verify-full"},
    {"postgres://me@db/app?ssl=true", {}, "postgres://me@db:5432/app?sslmode=require"},
    {"postgres:///app?host=db", {}, "postgres://ann@db:5432/app?sslmode=prefer"},
    {"postgres://db/app?port=6432", {}, "postgres://ann@db:6432/app?sslmode=prefer"},
    {"postgres://[FD00::1]/app", {}, "postgres://ann@[fd00::1]:5432/app?sslmode=prefer"},
    {"host=fd00::1 dbname=app", {}, "postgres://ann@[fd00::1]:5432/app?sslmode=prefer"},
    {"postgres://db/app?hostaddr=10.0.0.5", {}, "postgres://ann@db:5432/app?sslmode=prefer&hostaddr=10.0.0.5"},
    {"postgres://db/app?hostaddr=fd00::5", {}, "postgres://ann@db:5432/app?sslmode=prefer&hostaddr=fd00::5"},
    {"hostaddr=10.0.0.5 dbname=app", {}, "postgres://ann@10.0.0.5:5432/app?sslmode=prefer"},
    {"hostaddr=10.0.0.5 host=/tmp dbname=app", {}, "postgres://ann@10.0.0.5:5432/app?sslmode=prefer"},
    {"hostaddr=db dbname=app", {}, "!its hostaddr 'db' is no IPv4"},
    {"postgres://db/app?port=", {}, "postgres://ann@db:5432/app?sslmode=prefer"},
    {"host=db port=' 6432 '", {}, "postgres://ann@db:6432/ann?sslmode=prefer"},
    {"host=db port=x", {}, "!its port 'x' is not a number"},
    {"host=db port=0", {}, "!1 to 65535"},
    {"host='d b'", {}, "!a character that no name has"},
    {"host=db:5432", {}, "!holds a ':' and is no IPv6 address"},
    {"postgres://[db:1]/x", {}, "!is no IPv6 address"},
    {"postgres://[fe80::1%25eth0]/x", {}, "!has a zone"},
    {"host=fe80::1%eth0", {}, "!has a zone"},
    // Sockets.
    {"postgres://", {}, "!it has no host"},
    {"postgres:///app", {}, "!export PGHOST"},
    {"dbname=app", {}, "!it has no host"},
    {"host='' dbname=app", {}, "!it has no host"},
    {"postgres:///app?host=/var/run/postgresql", {}, "!its host /var/run/postgresql is a socket of this host"},
    {"postgres://%2Fvar%2Frun/app", {}, "!its host /var/run is a socket"},
    {"host=/tmp", {}, "!write host:port"},
    {"host=@abstract", {}, "!is a socket"},
    {"postgres://", {{"PGHOST", "/tmp"}}, "!(it comes from PGHOST)"},
    // Several hosts.
    {"postgres://h1:1,h2:2/app", {}, "!'postgres://h1:1/app' 'postgres://h2:2/app'"},
    {"postgres://me:s3cr3t@h1,h2/app?sslmode=require",
     {},
     "!'postgres://me@h1/app?sslmode=require' 'postgres://me@h2/app?sslmode=require'"},
    {"postgres://h1,h2/app?target_session_attrs=read-write", {}, "!'postgres://h1/app' 'postgres://h2/app'"},
    {"host=h1,h2 port=6432 dbname=app", {}, "!'postgres://h1:6432/app' 'postgres://h2:6432/app'"},
    {"host=h1,h2 sslpassword=s3cr3t api_key=s3cr3t", {}, "!psql refuses it too"},
    {"postgres://h1,h2/?sslpassword=s3cr3t&token=s3cr3t", {}, "!'postgres://h1' 'postgres://h2'"},
    {"host=a,b,c,d,e", {}, "!HOST1:PORT"},
    {"postgres://", {{"PGHOST", "h1,h2"}}, "!(it comes from PGHOST)"},
    {"host=db port=1,2", {}, "!'postgres://db:1' 'postgres://db:2'"},
    // The environment, and what goes before it.
    {"postgres://", {{"PGHOST", "env"}}, "postgres://ann@env:5432/ann?sslmode=prefer"},
    {"postgres://",
     {{"PGHOST", "env"}, {"PGPORT", "1"}, {"PGUSER", "u"}, {"PGDATABASE", "d"}, {"PGSSLMODE", "require"}},
     "postgres://u@env:1/d?sslmode=require"},
    {"postgres://me@db:5432/app?sslmode=disable",
     {{"PGHOST", "env"}, {"PGPORT", "1"}, {"PGUSER", "u"}, {"PGDATABASE", "d"}, {"PGSSLMODE", "require"}},
     "postgres://me@db:5432/app?sslmode=disable"},
    {"postgres://db", {{"PGUSER", "u"}}, "postgres://u@db:5432/u?sslmode=prefer"},
    {"postgres://db", {{"PGUSER", ""}}, "postgres://ann@db:5432/ann?sslmode=prefer"},
    {"postgres://db", {{"PGSSLMODE", "verify_full"}}, "!'verify_full' is none of"},
    {"postgres://db", {{"PGSSLMODE", "verify_full"}}, "!(it comes from PGSSLMODE)"},
    {"postgres://db",
     {{"PGOPTIONS", "-c geqo=off"}},
     "postgres://ann@db:5432/ann?sslmode=prefer&options=-c%20geqo%3Doff"},
    {"postgres://db", {{"PGAPPNAME", "x"}}, "postgres://ann@db:5432/ann?sslmode=prefer&application_name=x"},
    {"postgres://db",
     {{"PGCHANNELBINDING", "require"}},
     "postgres://ann@db:5432/ann?sslmode=prefer&channel_binding=require"},
    {"postgres://db",
     {{"PGTARGETSESSIONATTRS", "standby"}},
     "postgres://ann@db:5432/ann?sslmode=prefer&target_session_attrs=standby"},
    {"postgres://db", {{"PGSSLROOTCERT", "/ca.pem"}}, "postgres://ann@db:5432/ann?sslmode=prefer&sslrootcert=/ca.pem"},
    {"postgres://db", {{"PGHOSTADDR", "10.0.0.9"}}, "postgres://ann@db:5432/ann?sslmode=prefer&hostaddr=10.0.0.9"},
    {"postgres://db", {{"PGSSLCERT", "/c.pem"}}, "!parameter sslcert cannot be honoured"},
    {"postgres://db", {{"PGSSLCERT", "/c.pem"}}, "!(it comes from PGSSLCERT)"},
    {"postgres://db", {{"PGREQUIREAUTH", "scram-sha-256"}}, "!(it comes from PGREQUIREAUTH)"},
    {"postgres://db", {{"PGCONNECT_TIMEOUT", "3"}}, "postgres://ann@db:5432/ann?sslmode=prefer"},
    {"postgres://db", {{"PGGSSENCMODE", "require"}}, "!gssencmode=disable"},
    // Services.
    {"service=app", {}, "postgres://svcuser@svc.test:6000/svcuser?sslmode=prefer"},
    {"postgres://?service=app", {}, "postgres://svcuser@svc.test:6000/svcuser?sslmode=prefer"},
    {"postgres://me@/db?service=app", {}, "postgres://me@svc.test:6000/db?sslmode=prefer"},
    {"postgres://", {{"PGSERVICE", "app"}}, "postgres://svcuser@svc.test:6000/svcuser?sslmode=prefer"},
    {"postgres://",
     {{"PGSERVICE", "app"}, {"PGHOST", "env"}, {"PGUSER", "u"}, {"PGDATABASE", "d"}},
     "postgres://svcuser@svc.test:6000/d?sslmode=prefer"},
    {"postgres://db:1", {{"PGSERVICE", "tls"}}, "postgres://ann@db:1/ann?sslmode=require"},
    {"service=app", {{"PGSERVICEFILE", "/etc/other.conf"}}, "postgres://svcuser@svc.test:6000/svcuser?sslmode=prefer"},
    {"service=app servicefile=/etc/other.conf", {}, "postgres://svcuser@svc.test:6000/svcuser?sslmode=prefer"},
    {"service=app servicefile=/etc/none.conf", {}, "!is not in /etc/none.conf"},
    {"service=app servicefile=/pipe", {}, "!no plain file"},
    {"service=none", {}, "!its service 'none' is not in /home/ann/.pg_service.conf nor in /etc/postgresql-common"},
    {"service=bad", {}, "!has no '='"},
    {"service=odd", {}, "!its service names a parameter that is not libpq's"},
    {"service=crl", {}, "!sslcrl cannot be honoured"},
    // TLS.
    {"postgres://db?sslmode=verify-full&sslrootcert=/ca.pem",
     {},
     "postgres://ann@db:5432/ann?sslmode=verify-full&sslrootcert=/ca.pem"},
    {"postgres://db?sslrootcert=system", {}, "postgres://ann@db:5432/ann?sslmode=verify-full&sslrootcert=system"},
    {"postgres://db?sslrootcert=system&sslmode=require", {}, "!write sslmode=verify-full"},
    {"postgres://db?sslrootcert=system", {{"PGSSLMODE", "require"}}, "!(it comes from PGSSLMODE)"},
    {"postgres://db?sslmode=Require", {}, "!is none of disable"},
    {"postgres://db?sslmode=", {}, "!is none of disable"},
    {"postgres://db?ssl_min_protocol_version=tlsv1.2",
     {},
     "postgres://ann@db:5432/ann?sslmode=prefer&ssl_min_protocol_version=TLSv1.2"},
    {"postgres://db?ssl_max_protocol_version=TLSv1.1&ssl_min_protocol_version=TLSv1",
     {},
     "postgres://ann@db:5432/ann?sslmode=prefer&ssl_min_protocol_version=TLSv1&ssl_max_protocol_version=TLSv1.1"},
    {"postgres://db?ssl_max_protocol_version=TLSv1.1&ssl_min_protocol_version=TLSv1.3", {}, "!above"},
    {"postgres://db?ssl_min_protocol_version=SSLv3", {}, "!none of TLSv1, TLSv1.1"},
    {"postgres://db?sslsni=0", {}, "postgres://ann@db:5432/ann?sslmode=prefer&sslsni=0"},
    {"postgres://db?sslsni=1", {}, "postgres://ann@db:5432/ann?sslmode=prefer"},
    {"postgres://db?sslsni=2", {}, "!its sslsni '2' is none of 0, 1"},
    {"postgres://db?sslcert=/c&sslkey=/k", {}, "!sslcert cannot be honoured"},
    {"postgres://db?sslcert=", {}, "postgres://ann@db:5432/ann?sslmode=prefer"},
    {"postgres://db?sslpassword=s3cr3t", {}, "!sslpassword cannot be honoured"},
    {"postgres://db?sslcertmode=require", {}, "!sslcertmode"},
    {"postgres://db?sslcertmode=disable", {}, "postgres://ann@db:5432/ann?sslmode=prefer"},
    {"postgres://db?sslcrl=/x", {}, "!revocation"},
    {"postgres://db?sslcrldir=/x", {}, "!revocation"},
    {"postgres://db?sslcompression=1", {}, "postgres://ann@db:5432/ann?sslmode=prefer"},
    {"postgres://db?sslnegotiation=direct", {}, "!write sslnegotiation=postgres"},
    {"postgres://db?sslnegotiation=postgres", {}, "postgres://ann@db:5432/ann?sslmode=prefer"},
    {"postgres://db?requiressl=1", {}, "!write sslmode=require"},
    // What decides, and what does not.
    {"postgres://db?channel_binding=disable", {}, "postgres://ann@db:5432/ann?sslmode=prefer&channel_binding=disable"},
    {"postgres://db?channel_binding=prefer", {}, "postgres://ann@db:5432/ann?sslmode=prefer"},
    {"postgres://db?channel_binding=yes", {}, "!none of disable, prefer, require"},
    {"postgres://db?target_session_attrs=any", {}, "postgres://ann@db:5432/ann?sslmode=prefer"},
    {"postgres://db?target_session_attrs=prefer-standby", {}, "postgres://ann@db:5432/ann?sslmode=prefer"},
    {"postgres://db?target_session_attrs=read-write",
     {},
     "postgres://ann@db:5432/ann?sslmode=prefer&target_session_attrs=read-write"},
    {"postgres://db?target_session_attrs=writable", {}, "!none of any, read-write"},
    {"postgres://db?fallback_application_name=x", {}, "postgres://ann@db:5432/ann?sslmode=prefer&application_name=x"},
    {"postgres://db?fallback_application_name=x&application_name=y",
     {},
     "postgres://ann@db:5432/ann?sslmode=prefer&application_name=y"},
    {"postgres://db?gssencmode=disable", {}, "postgres://ann@db:5432/ann?sslmode=prefer"},
    {"postgres://db?gssencmode=prefer", {}, "postgres://ann@db:5432/ann?sslmode=prefer"},
    {"postgres://db?gssencmode=require", {}, "!gssencmode cannot be honoured"},
    {"postgres://db?require_auth=scram-sha-256", {}, "!require_auth cannot be honoured"},
    {"postgres://db?replication=database", {}, "!replication cannot be honoured"},
    {"postgres://db?replication=false", {}, "postgres://ann@db:5432/ann?sslmode=prefer"},
    {"postgres://db?connect_timeout=5", {}, "postgres://ann@db:5432/ann?sslmode=prefer"},
    {"postgres://db?connect_timeout=soon", {}, "!is not a whole number"},
    {"postgres://db?keepalives=1&keepalives_idle=30&tcp_user_timeout=0",
     {},
     "postgres://ann@db:5432/ann?sslmode=prefer"},
    {"postgres://db?krbsrvname=x&gsslib=gssapi", {}, "postgres://ann@db:5432/ann?sslmode=prefer"},
    {"postgres://db?load_balance_hosts=random", {}, "postgres://ann@db:5432/ann?sslmode=prefer"},
    {"postgres://db?min_protocol_version=3.2", {}, "!write min_protocol_version=3.0"},
    {"postgres://db?max_protocol_version=latest", {}, "postgres://ann@db:5432/ann?sslmode=prefer"},
    {"postgres://db?oauth_issuer=https://x&oauth_client_id=y", {}, "!OAuth"},
    {"postgres://db?scram_client_key=s3cr3t", {}, "!give --password-from"},
    {"postgres://db?requirepeer=postgres", {}, "postgres://ann@db:5432/ann?sslmode=prefer"},
    {"postgres://db?client_encoding=LATIN1", {}, "postgres://ann@db:5432/ann?sslmode=prefer"},
    // Of applications.
    {"postgres://db?schema=public&connection_limit=5&pgbouncer=true", {}, "postgres://ann@db:5432/ann?sslmode=prefer"},
    {"jdbc:postgresql://db/app?currentSchema=x&loginTimeout=3", {}, "postgres://ann@db:5432/app?sslmode=prefer"},
    {"postgres://db?nobodyknows=1", {}, "postgres://ann@db:5432/ann?sslmode=prefer"},
    {"postgres://db?sslmod=require", {}, "!is sslmode meant?"},
    {"host=db schema=public", {}, "!psql refuses it too"},
    {"host=db nobodyknows=1", {}, "!psql refuses it too"},
    {"host=db sslmod=require", {}, "!is sslmode meant?"},
};

TEST(PostgresTarget, Rows) {
  for (const Row& row : kRows) {
    const auto parsed = ParseTarget(row.text, Around(row.variables));
    if (*row.url == '!') {
      ASSERT_FALSE(parsed.ok()) << row.text << " became " << parsed->target.url();
      EXPECT_THAT(std::string(parsed.status().message()), HasSubstr(row.url + 1)) << row.text;
      EXPECT_THAT(std::string(parsed.status().message()), Not(HasSubstr("s3cr3t"))) << row.text;
      continue;
    }
    ASSERT_TRUE(parsed.ok()) << row.text << ": " << parsed.status();
    EXPECT_EQ(parsed->target.url(), row.url) << row.text;
    EXPECT_THAT(parsed->target.ShortDebugString(), Not(HasSubstr("s3cr3t"))) << row.text;
    // The normal form is its own normal form, wherever it is read.
    const auto again = ParseTarget(parsed->target.url());
    ASSERT_TRUE(again.ok()) << row.text << ": " << again.status();
    EXPECT_EQ(again->target.url(), row.url) << row.text;
  }
}

std::string OriginOf(const v1::Target& target, const std::string& name) {
  for (const v1::ParameterOrigin& origin : target.origins()) {
    if (origin.name() != name) continue;
    return absl::StrCat(origin.value(), " from ", origin.from(), origin.ignored() ? ", ignored: " : ", ",
                        origin.note());
  }
  return "";
}

TEST(PostgresTarget, ItSaysFromWhereEachValueCame) {
  const auto parsed = ParseTarget("postgres://db/app?connect_timeout=5&schema=x&nobodyknows=1&ssl=true",
                                  Around({{"PGUSER", "u"}, {"PGPASSWORD", "s3cr3t"}, {"PGAPPNAME", "mine"}}));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  const v1::Target& target = parsed->target;
  EXPECT_EQ(OriginOf(target, "host"), "db from as written, ");
  EXPECT_EQ(OriginOf(target, "port"), "5432 from default, ");
  EXPECT_EQ(OriginOf(target, "user"), "u from PGUSER, ");
  EXPECT_EQ(OriginOf(target, "sslmode"), "require from as written, ssl=true, as libpq reads it");
  EXPECT_EQ(OriginOf(target, "application_name"), "mine from PGAPPNAME, ");
  EXPECT_EQ(OriginOf(target, "password"), " from PGPASSWORD, ");
  EXPECT_THAT(OriginOf(target, "connect_timeout"), HasSubstr(", ignored: --timeout says"));
  EXPECT_THAT(OriginOf(target, "schema"), HasSubstr(", ignored: it is of the session"));
  EXPECT_THAT(OriginOf(target, "nobodyknows"), HasSubstr(", ignored: it is not libpq's"));
  EXPECT_EQ(OriginOf(ParseTarget("postgres://db", Around())->target, "user"),
            "ann from default, who runs this, as for psql");
}

TEST(PostgresTarget, ThePasswordIsLookedForAsLibpqDoes) {
  struct {
    const char* text;
    std::map<std::string, std::string> variables;
    const char* from;
  } rows[] = {
      {"postgres://me:s3cr3t@db", {{"PGPASSWORD", "other"}}, kAsWritten},
      {"host=db password=s3cr3t", {}, kAsWritten},
      {"postgres://db", {{"PGPASSWORD", "s3cr3t"}}, "PGPASSWORD"},
      {"postgres://pass.test", {}, "/home/ann/.pgpass line 1"},
      {"postgres://pass.test", {{"PGPASSWORD", "s3cr3t"}}, "PGPASSWORD"},
      {"postgres://pass.test:1", {}, ""},
      {"postgres://db", {}, ""},
      {"postgres://db?passfile=/mine", {}, "/mine line 1"},
      {"postgres://db", {{"PGPASSFILE", "/mine"}}, "/mine line 1"},
      {"postgres://pass.test?passfile=/none", {}, ""},
      {"service=app", {{"PGPASSWORD", "other"}}, "service app of /home/ann/.pg_service.conf"},
  };
  for (const auto& row : rows) {
    const auto parsed = ParseTarget(row.text, Around(row.variables));
    ASSERT_TRUE(parsed.ok()) << row.text << ": " << parsed.status();
    EXPECT_EQ(parsed->password_from, row.from) << row.text;
    EXPECT_EQ(parsed->password, *row.from == '\0' ? "" : "s3cr3t") << row.text;
    EXPECT_EQ(parsed->target.credentials(), *row.from != '\0') << row.text;
  }
}

TEST(PostgresTarget, APasswordFileThatOthersCanReadIsNotUsedAndNotPassedOver) {
  for (const auto& [path, words] : {std::pair("/shared", "chmod 0600 /shared"), std::pair("/pipe", "no plain file")}) {
    const auto parsed = ParseTarget(absl::StrCat("postgres://db?passfile=", path), Around());
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(parsed->password, "") << path;
    ASSERT_EQ(parsed->warnings.size(), 1U) << path;
    EXPECT_THAT(parsed->warnings[0], HasSubstr(words));
  }
}

TEST(PostgresTarget, AnAddressOfTheEnvironmentForAHostThatIsWrittenIsWarnedOf) {
  const auto parsed = ParseTarget("postgres://db", Around({{"PGHOSTADDR", "10.0.0.9"}}));
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->target.address(), "10.0.0.9");
  ASSERT_EQ(parsed->warnings.size(), 1U);
  EXPECT_THAT(parsed->warnings[0], HasSubstr("PGHOSTADDR=10.0.0.9"));
}

TEST(PostgresTarget, WhatIsOnlyReadNeedsNoHost) {
  const auto read = ReadTarget("service=app");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->target.scheme(), "postgres");
  EXPECT_EQ(WithSslMode("service=app", "require"), "postgres://?service=app&sslmode=require");
  EXPECT_EQ(WithSslMode("postgres://me@db/app?sslmode=disable&options=-c%20x", "require"),
            "postgres://me@db/app?sslmode=require&options=-c%20x");
  EXPECT_EQ(WithSslMode("tcp://db:1", "require"), "tcp://db:1");
}

TEST(LibpqTable, EveryRowSaysWhatIsDoneAndWhy) {
  std::set<std::string_view> names;
  for (const LibpqParameter& parameter : LibpqParameters()) {
    EXPECT_TRUE(names.insert(parameter.name).second) << parameter.name << " stands there twice";
    EXPECT_EQ(parameter.words.empty(), parameter.treatment == Treatment::kHonoured) << parameter.name;
    EXPECT_TRUE(parameter.harmless.empty() || parameter.treatment == Treatment::kRefused) << parameter.name;
  }
}

// Nothing is dropped in silence: what is taken is in the target, or among its origins, or an error names it.
TEST(LibpqTable, EachParameterShowsUpSomewhere) {
  for (const LibpqParameter& parameter : LibpqParameters()) {
    std::string value =
        parameter.values == "int" ? "1" : std::string(parameter.values.substr(0, parameter.values.find('|')));
    if (value.empty()) value = "1";
    if (parameter.name == "hostaddr") value = "10.0.0.5";
    if (parameter.name == "service") value = "tls";
    const std::string name(parameter.name);
    const auto parsed = ParseTarget(absl::StrCat("host=db ", name, "=", value), Around());
    if (!parsed.ok()) {
      EXPECT_EQ(parameter.treatment, Treatment::kRefused) << name << ": " << parsed.status();
      EXPECT_THAT(std::string(parsed.status().message()), HasSubstr(name));
    } else if (name != "servicefile") {  // no service was asked for
      EXPECT_NE(OriginOf(parsed->target, name), "") << name;
    }
  }
}

}  // namespace
}  // namespace parallax::plan
