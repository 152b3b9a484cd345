#include "controller/plan/target_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace parallax::plan {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

v1::Target Parsed(const std::string& url) {
  const auto parsed = ParseTarget(url);
  EXPECT_TRUE(parsed.ok()) << url << ": " << parsed.status();
  return parsed.ok() ? parsed->target : v1::Target();
}

std::string Error(const std::string& url) {
  const auto parsed = ParseTarget(url);
  EXPECT_FALSE(parsed.ok()) << url << " became " << (parsed.ok() ? parsed->target.url() : "");
  if (parsed.ok()) return "";
  EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
  const std::string message(parsed.status().message());
  EXPECT_THAT(message, HasSubstr("; a right one is ")) << "no right one is shown";
  return message;
}

TEST(Postgres, AllOfIt) {
  const v1::Target target = Parsed("postgres://app@db.internal:6432/orders?sslmode=verify-full");
  EXPECT_EQ(target.scheme(), "postgres");
  EXPECT_EQ(target.user(), "app");
  EXPECT_EQ(target.host(), "db.internal");
  EXPECT_EQ(target.port(), 6432U);
  EXPECT_EQ(target.database(), "orders");
  EXPECT_EQ(target.ssl_mode(), "verify-full");
  EXPECT_FALSE(target.credentials());
  EXPECT_EQ(target.url(), "postgres://app@db.internal:6432/orders?sslmode=verify-full");
}

TEST(Postgres, DefaultsAreThoseOfLibpq) {
  EXPECT_EQ(Parsed("postgresql://db").url(), "postgres://postgres@db:5432/postgres?sslmode=prefer");
  EXPECT_EQ(Parsed("postgres://app@db").database(), "app");
  EXPECT_EQ(Parsed("postgres://app@db/").database(), "app");
}

TEST(Postgres, UserAndDatabaseMayStandInTheParameters) {
  const v1::Target target = Parsed("postgres://db:5433?user=app&dbname=orders&sslmode=require");
  EXPECT_EQ(target.user(), "app");
  EXPECT_EQ(target.database(), "orders");
  EXPECT_EQ(target.port(), 5433U);
}

TEST(Postgres, WhatApplicationsWriteThereIsLetPass) {
  EXPECT_EQ(Parsed("postgres://app@db/app?connection_limit=5&pool_timeout=0&schema=public").url(),
            "postgres://app@db:5432/app?sslmode=prefer");
}

TEST(Postgres, PercentEncodingInEachPart) {
  const auto parsed = ParseTarget("postgres://a%40b:p%3Aw%25@db%2Dx.internal/my%20db");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->target.user(), "a@b");
  EXPECT_EQ(parsed->password, "p:w%");
  EXPECT_EQ(parsed->target.host(), "db-x.internal");
  EXPECT_EQ(parsed->target.database(), "my db");
  EXPECT_EQ(parsed->target.url(), "postgres://a%40b@db-x.internal:5432/my%20db?sslmode=prefer");
  EXPECT_EQ(Parsed(parsed->target.url()).url(), parsed->target.url()) << "the normal form is its own normal form";
}

TEST(Postgres, BadPercents) {
  for (const char* url :
       {"postgres://a%4@db/x", "postgres://a%zz@db/x", "postgres://app@db%/x", "postgres://app@db/x%1",
        "postgres://app@db/x?user=%", "postgres://app:%x@db/x", "postgres://app@db/x%00y"}) {
    EXPECT_THAT(Error(url), HasSubstr("two hex digits")) << url;
  }
}

TEST(Hosts, Ipv6StandsInBrackets) {
  const v1::Target target = Parsed("postgres://app@[FD00::5]:6432/app");
  EXPECT_EQ(target.host(), "fd00::5");
  EXPECT_EQ(target.port(), 6432U);
  EXPECT_EQ(target.url(), "postgres://app@[fd00::5]:6432/app?sslmode=prefer");
  EXPECT_EQ(Parsed("tcp://[fd00::5]:53").url(), "tcp://[fd00::5]:53");
  EXPECT_EQ(Parsed("postgres://app@[fd00::5]/app").port(), 5432U);
  EXPECT_THAT(Error("postgres://app@fd00::5/app"), HasSubstr("brackets"));
  EXPECT_THAT(Error("postgres://app@[fd00::5/app"), HasSubstr("no ']'"));
  EXPECT_THAT(Error("postgres://app@[fd00::5]x/app"), HasSubstr("follows the ']'"));
  EXPECT_THAT(Error("postgres://app@[fd00::5]:/app"), HasSubstr("port is empty"));
}

TEST(Hosts, NamesAreLowerCase) { EXPECT_EQ(Parsed("tcp://DB.Internal:80").host(), "db.internal"); }

TEST(Hosts, Bad) {
  EXPECT_THAT(Error("postgres://app@/app"), HasSubstr("no host"));
  EXPECT_THAT(Error("tcp://:80"), HasSubstr("no host"));
  EXPECT_THAT(Error("postgres://app@db1,db2/app"), HasSubstr("'postgres://app@db1/app' 'postgres://app@db2/app'"));
  EXPECT_THAT(Error("tcp://d$(id)b:80"), HasSubstr("no name has"));
  EXPECT_THAT(Error("tcp://" + std::string(254, 'a') + ":80"), HasSubstr("254 characters"));
}

TEST(Ports, Bad) {
  for (const char* port : {"0", "65536", "99999999999999999999", "-1", "5432x", "0x50", "+80", "%35"}) {
    EXPECT_THAT(Error(std::string("postgres://app@db:") + port + "/app"), HasSubstr("1 to 65535")) << port;
  }
  EXPECT_THAT(Error("postgres://app@db:/app"), HasSubstr("port is empty"));
  EXPECT_THAT(Error("tcp://db"), HasSubstr("needs a port"));
  EXPECT_EQ(Parsed("tcp://db:65535").port(), 65535U);
}

TEST(Schemes, Others) {
  EXPECT_EQ(Parsed("tcp://db:80/").url(), "tcp://db:80");
  EXPECT_EQ(Parsed("TLS://db:443").url(), "tls://db:443");
  EXPECT_EQ(Parsed("dns:db.internal").url(), "dns:db.internal");
  EXPECT_THAT(Error("dns:db.internal:53"), HasSubstr("no port"));
  EXPECT_THAT(Error("ftp://db/health"), HasSubstr("none of postgres, tcp, tls, http, https, dns"));
  EXPECT_THAT(Error("mysql://db"), HasSubstr("'mysql'"));
  EXPECT_THAT(Error("db.internal"), HasSubstr("no scheme"));
  EXPECT_THAT(Error("postgres:db"), HasSubstr("'//'"));
  EXPECT_THAT(Error(""), HasSubstr("no scheme"));
}

TEST(Schemes, AnErrorNamesTheTargetAndShowsARightOneOfItsScheme) {
  EXPECT_THAT(Error("tcp://db"),
              AllOf(StartsWith("target tcp://db: "), EndsWith("; a right one is tcp://db.internal:5432")));
  EXPECT_THAT(Error("TLS://[fd00::1]"),
              AllOf(StartsWith("target TLS://[fd00::1]: "), HasSubstr("a right one is tls://")));
  EXPECT_THAT(Error("dns:db:53"), AllOf(StartsWith("target dns:db: "), EndsWith("a right one is dns:db.internal")));
  EXPECT_THAT(
      Error("https://h/x#status=abc"),
      AllOf(StartsWith("target https://h: 'status=abc' after its '#' is neither"), HasSubstr("one is https://")));
  EXPECT_THAT(Error("https://h/x#/ok&database=up"), HasSubstr("'database' after its '#' is none of"));
  EXPECT_THAT(Error("postgresql://app:s3cr3t@db:x/app"), AllOf(StartsWith("target postgresql://...@db: "),
                                                               HasSubstr("a right one is postgres://app@db.internal")));
  EXPECT_THAT(Error("postgres://app:x?s3cr3t@db:y/app"), StartsWith("target postgres:...: "));
  EXPECT_THAT(Error("nonsense"), StartsWith("target: it has no scheme"));
}

TEST(SslMode, TyposAreNamed) {
  EXPECT_THAT(Error("postgres://app@db/app?sslmode=verify_full"), HasSubstr("'verify_full'"));
  EXPECT_THAT(Error("postgres://app@db/app?sslmode="), HasSubstr("verify-full"));
  EXPECT_EQ(Parsed("postgres://app@db/app?ssl=true").ssl_mode(), "require") << "as libpq reads it";
  EXPECT_THAT(Error("postgres://app@db/app?SSLMODE=require"), HasSubstr("sslmode"));
  EXPECT_EQ(Parsed("postgres://app@db/app?sslrootcert=/x.pem").ssl_root_cert(), "/x.pem");
  EXPECT_THAT(Error("postgres://app@db/app?host=/tmp"), HasSubstr("a socket of this host"));
}

TEST(Parameters, OnesThatAreNearlyOursAreNotDropped) {
  for (const auto& [name, meant] :
       {std::pair("sslmod", "sslmode"), std::pair("ssl-mode", "sslmode"), std::pair("SslMode", "sslmode"),
        std::pair("usr", "user"), std::pair("dbnam", "dbname"), std::pair("pasword", "password")}) {
    EXPECT_THAT(
        Error(absl::StrCat("postgres://db/app?", name, "=s3cr3t")),
        AllOf(HasSubstr(absl::StrCat("'", name, "' is not libpq's; is ", meant, " meant?")), Not(HasSubstr("s3cr3t"))));
  }
  EXPECT_THAT(Error("postgres://db/app?sslcert=/x.pem"), HasSubstr("sslcert cannot be honoured: client certificates"));
  for (const char* other : {"connect_timeout=5", "options=-c", "target_session_attrs=any", "currentSchema=x",
                            "channel_binding=require", "statement_timeout=1", "pgbouncer=true", "keepalives=1"}) {
    EXPECT_EQ(Parsed(absl::StrCat("postgres://app@db/app?", other)).ssl_mode(), "prefer") << other;
  }
}

constexpr char kSecret[] = "s3cr3t";

TEST(Passwords, AreGivenApartAndNeverInTheUrl) {
  for (const char* url :
       {"postgres://app:s3cr3t@db/app", "postgres://app@db/app?password=s3cr3t", "postgres://:s3cr3t@db/app",
        "postgres://app:s3cr3t@db/app?sslmode=require&password=s3cr3t", "postgres://app:%73%33cr3t@db"}) {
    const auto parsed = ParseTarget(url);
    ASSERT_TRUE(parsed.ok()) << url << ": " << parsed.status();
    EXPECT_EQ(parsed->password, kSecret) << url;
    EXPECT_TRUE(parsed->target.credentials());
    EXPECT_THAT(parsed->target.ShortDebugString(), Not(HasSubstr(kSecret))) << url;
  }
}

TEST(Passwords, ACommonSlipIsNotPunished) {
  const auto parsed = ParseTarget("postgres://app:p@ss/w0rd@db:5432/app");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->password, "p@ss/w0rd");
  EXPECT_EQ(parsed->target.host(), "db");
}

TEST(Passwords, NoErrorRepeatsOne) {
  for (const char* url : {
           "postgres://app:s3cr3t@db:port/app",
           "postgres://app:s3cr3t@db:5432:1/app",
           "postgres://app:s3cr3t@/app",
           "postgres://app:s3cr3t@d b/app",
           "postgres://app:s3cr3t@db/app?sslmode=no",
           "postgres://app:s3cr3t%@db/app",
           "postgres://app:s3cr3t#x@d$b/app",
           "postgres://app:s3cr3t?x@db:y/app",  // the '?' was not escaped: the rest is no parameter of ours
           "postgres://app:s3cr3t?x@d$b/app",
           "postgres://app:s3cr3t/x?y@db/app",
           "postgres://app:s3cr3t&sslmode=s3cr3t?sslmode=s3cr3t@db/app",
           "postgres://app:12s3cr3t?@db/app",
           "postgres://app:x?ssl_s3cr3t@db/app",
           "postgres://db/app?password=s3cr3t&port=1",
           "postgres://db:x/app?password=s3cr3t",
           "postgres://db/app?password=s3cr3t%",
           "tcp://app:s3cr3t@db:80",
           "tls://app:s3cr3t@db:443",
           "dns:app:s3cr3t@db",
           "http://app:s3cr3t@db/",
           "mysql://app:s3cr3t@db/",
           "app:s3cr3t@db",
           "app:s3cr3t@db:5432/app",
           "//app:s3cr3t@db",
           "s3cr3t://x",
           "postgres//app:s3cr3t@db",
           "postgres://db/app?password=p@s3cr3t&sslmod=x",
           "postgres://app:s3cr3t/@db$/app",
           "https://h/x#status=app:s3cr3t@db",
           "https://h/x#access_token=s3cr3t",
           "https://h/x?password=s3cr3t",
       }) {
    const auto parsed = ParseTarget(url);
    if (parsed.ok()) {
      EXPECT_THAT(parsed->target.ShortDebugString(), Not(HasSubstr(kSecret))) << url;
      continue;
    }
    if (std::string(url) == "s3cr3t://x") continue;  // a scheme is no secret, and it must be shown to be put right
    EXPECT_THAT(std::string(parsed.status().message()), Not(HasSubstr(kSecret))) << url;
  }
}

TEST(Size, TenThousandCharactersOfAnything) {
  const std::string many(10'000, 'x');
  for (const std::string& url : {many, "postgres://" + many, "postgres://app@db/" + many, "tcp://" + many + ":80",
                                 "postgres://app@db/app?sslmode=" + many, std::string(10'000, '@'),
                                 std::string(10'000, ':'), std::string(10'000, '['), std::string(10'000, '%')}) {
    EXPECT_LT(Error(url).size(), 400U) << url.substr(0, 30);
  }
}

TEST(Size, ErrorsAreBoundedWithinTheLimitToo) {
  const std::string many(1'900, 'x');
  EXPECT_LT(Error("postgres://app@db:" + many + "/app").size(), 400U);
  EXPECT_LT(Error("postgres://app@db/app?sslmode=" + many).size(), 400U);
  EXPECT_LT(Error(many + "://db").size(), 400U);
}

TEST(Bytes, ControlCharactersAndSpaces) {
  EXPECT_THAT(Error("postgres://app@db /app"), HasSubstr("control character"));
  EXPECT_THAT(Error("postgres://app@db/\x1b[31m"), HasSubstr("control character"));
  EXPECT_THAT(Error(std::string("postgres://app@db/a\0b", 21)), HasSubstr("control character"));
}

// Whatever is given, it ends, and what comes out can be put in again.
TEST(Bytes, AnyPrefixAndAnyChangedByte) {
  const std::string url = "postgres://a%40b:p%25w@[fd00::5]:5432/my%20db?sslmode=verify-full&user=x";
  for (size_t i = 0; i <= url.size(); ++i) {
    std::vector<std::string> variants = {url.substr(0, i)};
    for (const char c : std::string("%@:/?[]&=\xff")) {
      variants.push_back(url);
      if (i < url.size()) variants.back()[i] = c;
    }
    for (const std::string& variant : variants) {
      const auto parsed = ParseTarget(variant);
      if (!parsed.ok()) continue;
      const auto again = ParseTarget(parsed->target.url());
      ASSERT_TRUE(again.ok()) << variant << " -> " << parsed->target.url() << ": " << again.status();
      EXPECT_EQ(again->target.url(), parsed->target.url()) << variant;
    }
  }
}

TEST(TargetUrl, HttpKeepsItsPathAndWhatIsExpected) {
  const auto parsed =
      ParseTarget("https://App.Internal/api/health?deep=1#/database/status=connected&status=2&header:Server");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  const v1::Target& target = parsed->target;
  EXPECT_EQ(target.scheme(), "https");
  EXPECT_EQ(target.host(), "app.internal");
  EXPECT_EQ(target.port(), 443U);
  EXPECT_EQ(target.path(), "/api/health?deep=1");
  ASSERT_EQ(target.expect_size(), 3);
  EXPECT_EQ(target.expect(0).json_pointer(), "/database/status");
  EXPECT_EQ(target.expect(0).equals(), "connected");
  EXPECT_EQ(target.expect(1).status(), 2U);
  EXPECT_EQ(target.expect(2).header(), "server");
  EXPECT_TRUE(target.expect(2).exists());
  EXPECT_EQ(target.url(), "https://app.internal/api/health?deep=1#/database/status=connected&status=2&header:server");
  const auto again = ParseTarget(target.url());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->target.url(), target.url());
}

TEST(TargetUrl, HttpWithoutAPathAsksForTheRootAtItsOwnPort) {
  const auto parsed = ParseTarget("http://app.internal");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->target.port(), 80U);
  EXPECT_EQ(parsed->target.url(), "http://app.internal/");
}

TEST(TargetUrl, AJsonPointerIsEncodedAsAFragmentIs) {  // RFC 6901 section 6
  const auto parsed = ParseTarget("https://h/x#/a%7E1b/two%20words%3D=1");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->target.expect(0).json_pointer(), "/a~1b/two words=");
  EXPECT_EQ(parsed->target.url(), "https://h/x#/a~1b/two%20words%3D=1");
  EXPECT_EQ(ParseTarget(parsed->target.url())->target.url(), parsed->target.url());
  EXPECT_THAT(Error("https://h/x#/a~2=1"), HasSubstr("neither ~0"));
  EXPECT_THAT(Error("https://h/x#/a%2=1"), HasSubstr("two hex digits"));
}

TEST(TargetUrl, RedirectsAreFollowedWhenAsked) {
  const auto parsed = ParseTarget("https://app.internal/#redirects=follow&status=200");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_TRUE(parsed->target.follow_redirects());
  EXPECT_EQ(parsed->target.expect_size(), 1);
  EXPECT_EQ(parsed->target.url(), "https://app.internal/#status=200&redirects=follow");
  const auto again = ParseTarget(parsed->target.url());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->target.follow_redirects());
  EXPECT_FALSE(ParseTarget("https://app.internal/#status=200")->target.follow_redirects());
  EXPECT_THAT(Error("https://h/x#redirects=yes"), HasSubstr("can be follow only"));
}

TEST(TargetUrl, HttpRefusesWhatWouldBeStoredOrNotUnderstood) {
  EXPECT_THAT(Error("https://h/x?access_token=hunter2"), HasSubstr("'access_token' looks like a secret"));
  EXPECT_THAT(Error("https://h/x?access_token=hunter2"), Not(HasSubstr("hunter2")));
  EXPECT_THAT(Error("https://app:hunter2@h/x"), HasSubstr("takes no user"));
  EXPECT_THAT(Error("https://h/x#"), HasSubstr("nothing follows its '#'"));
  EXPECT_THAT(Error("https://h/x#database=up"), HasSubstr("none of /json/pointer=value"));
  EXPECT_THAT(Error("https://h/x#status=abc"), HasSubstr("neither a status"));
}

}  // namespace
}  // namespace parallax::plan
