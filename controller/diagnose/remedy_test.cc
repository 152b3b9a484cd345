#include "controller/diagnose/remedy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "controller/diagnose/catalogue.h"
#include "controller/diagnose/diagnose.h"
#include "controller/diagnose/found_for_test.h"
#include "tests/support/cause_cases.h"

namespace parallax::diagnose {
namespace {

using support::CarriedBy;
using support::RunBuilder;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Certificates, OfAWrongPurposeAreNotMendedByAnotherRoot) {
  struct {
    const char* error;
    const char* says;
    const char* remedy;
  } const cases[] = {
      {"unsuitable certificate purpose", "not made for a server", "serverAuth"},
      {"unsupported certificate purpose", "not made for a server", "serverAuth"},
      {"EE certificate key too small", "too small", "issue it again"},
      {"CA signature digest algorithm too weak", "too weak", "issue it again"},
      {"invalid CA certificate", "may issue none", "intermediates"},
      {"unable to get local issuer certificate", "no root that is trusted", "--ssl-root-cert"},
  };
  for (const auto& [error, says, remedy] : cases) {
    RunBuilder builder(support::kNamedTarget);
    builder.options.targets.front().set_ssl_mode("verify-full");
    for (support::SideWorld* world : {&builder.Inside(), &builder.Outside()}) {
      world->conversation.trusted = false;
      world->conversation.verify_error = error;
    }
    const v1::Finding verdict = MakeReport(builder.Build()).targets(0).diagnosis().verdict();
    EXPECT_EQ(verdict.cause(), "tls.untrusted");
    EXPECT_THAT(verdict.summary(), HasSubstr(says)) << error;
    EXPECT_THAT(RemedyOf(verdict), HasSubstr(remedy)) << error;
    if (std::string_view(remedy) != "--ssl-root-cert") {
      EXPECT_THAT(RemedyOf(verdict), Not(HasSubstr("--ssl-root-cert"))) << error;
    }
  }
}

TEST(Names, NoSpellingHelpsWhereNoResolverAnswers) {
  struct {
    v1::Failure failure;
    bool both;
    const char* helps;
    const char* does_not;
  } const cases[] = {
      {v1::NAME_NOT_FOUND, true, "spelling", "resolv.conf"},
      {v1::RESOLVER_FAILED, true, "resolv.conf", "spelling"},
      {v1::TIMED_OUT, true, "resolv.conf", "spelling"},
      {v1::NAME_NOT_FOUND, false, "private hosted zone", "resolv.conf"},
      {v1::RESOLVER_FAILED, false, "resolv.conf", "private hosted zone"},
  };
  for (const auto& [failure, both, helps, does_not] : cases) {
    RunBuilder builder(support::kNamedTarget);
    builder.Outside().names.clear();
    if (both) builder.Inside().names.clear();
    builder.Inside().unresolved = builder.Outside().unresolved = failure;
    const v1::Finding verdict = MakeReport(builder.Build()).targets(0).diagnosis().verdict();
    EXPECT_EQ(verdict.cause(), both ? "dns.unresolved_everywhere" : "dns.unresolved_outside");
    EXPECT_THAT(RemedyOf(verdict), ::testing::AllOf(HasSubstr(helps), Not(HasSubstr(does_not)))) << verdict.summary();
  }
}

// What only a PostgreSQL has is not advised of another target, and the other way round.
TEST(Remedy, IsForTheTargetAtHand) {
  for (const char* url : {"http://10.0.4.172:8080/health", "https://10.0.4.172/health", "tcp://10.0.4.172:80"}) {
    RunBuilder builder(url, CarriedBy::kRouted);
    for (support::SideWorld* world : {&builder.Inside(), &builder.Outside()}) {
      world->On("http", support::NoConnect(v1::REFUSED, 0.4)).On("tcp", support::NoConnect(v1::REFUSED, 0.4));
    }
    const v1::Finding verdict = MakeReport(builder.Build()).targets(0).diagnosis().verdict();
    EXPECT_EQ(verdict.cause(), "target.down") << url;
    EXPECT_THAT(RemedyOf(verdict), ::testing::AllOf(HasSubstr("ss -ltn"), Not(HasSubstr("rds")), Not(HasSubstr("{"))))
        << url;
  }
  for (const Cause& cause : Catalogue()) {
    for (const char* scheme : {"postgres", "http", "https", "tcp", "tls"}) {
      v1::Comparison comparison;
      comparison.mutable_target()->set_scheme(scheme);
      comparison.mutable_target()->set_host("db.internal");
      comparison.mutable_target()->set_port(443);
      std::string all;
      for (const std::string& line : FillRemedy(cause.remedy, comparison)) all += line + "\n";
      const bool postgres = std::string_view(scheme) == "postgres";
      EXPECT_THAT(all, Not(HasSubstr("{"))) << cause.id;
      if (postgres || cause.id.starts_with("postgres.")) continue;
      for (const char* word : {"aws rds ", "starttls", "-C postgres"}) {
        EXPECT_THAT(all, Not(HasSubstr(word))) << cause.id << " of " << scheme;
      }
    }
  }
}

}  // namespace
}  // namespace parallax::diagnose
