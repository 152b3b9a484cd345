// A health endpoint in place of the inside agent: every word that it can say, and what that makes of the comparison.
#include "controller/compare/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "contract/names.h"
#include "controller/compare/compare.h"
#include "tests/support/run_builder.h"

namespace parallax::compare {
namespace {

using support::Attempt;
using support::Expected;
using support::HttpAnswer;
using support::NoConnect;
using support::RunBuilder;
using ::testing::HasSubstr;

constexpr char kUrl[] = "https://api.example.com/health#/database/status=connected";

Attempt Connected() { return HttpAnswer(200, {"json /database/status", "connected", "connected"}); }
Attempt NotConnected(uint32_t status = 200) {
  return HttpAnswer(status, {"json /database/status", "connected", "timeout"});
}
Attempt NoPointer(uint32_t status = 200, bool page = false) {
  return HttpAnswer(status, {"json /database/status", "connected", "", true}, page);
}

// The answer that a redirect led to, when it was asked to be followed.
Attempt Behind(const Attempt& answer) {
  Attempt attempt = HttpAnswer(302);
  attempt.mutable_steps()->RemoveLast();  // the expectation is of the last answer
  for (v1::Step step : answer.steps()) {
    if (step.kind() != v1::EXPECTATION) step.set_variant("hop 2");
    *attempt.add_steps() = step;
  }
  attempt.set_outcome(answer.outcome());
  return attempt;
}
Attempt Aged(Attempt answer, const std::string& seconds) {
  for (v1::Step& step : *answer.mutable_steps()) {
    if (step.kind() != v1::REQUEST) continue;
    v1::HttpHeader* header = step.mutable_http()->add_headers();
    header->set_name("age");
    header->set_value(seconds);
  }
  return answer;
}

v1::Comparison With(const std::vector<Attempt>& answers, bool outside_fails) {
  RunBuilder builder;
  if (outside_fails) builder.Outside().EverythingCloses(0.4);
  builder.InsideIsHealth(kUrl, answers);
  return Compare(builder.Build()).at(0);
}

struct Row {
  const char* sentence;
  std::vector<Attempt> answers;
  bool outside_fails;
  v1::Status status;
  const char* says;  // of HealthSays.says, or of status_why where that tells
};

TEST(Health, EveryWordAndWhatItMakesOfTheComparison) {
  const Row rows[] = {
      {"connected, and the outside fails", {3, Connected()}, true, v1::DIVERGED, "/database/status is connected"},
      {"connected, and the outside works", {3, Connected()}, false, v1::HEALTHY, "status 200"},
      {"not connected, and the outside fails",
       {3, NotConnected()},
       true,
       v1::BOTH_FAILED,
       "/database/status is timeout"},
      {"not connected, and the outside works", {3, NotConnected()}, false, v1::DIVERGED, "is timeout"},
      {"its own error, with what was asked", {3, NotConnected(503)}, true, v1::BOTH_FAILED, "status 503"},
      {"a bare error, where nothing else was asked", {3, HttpAnswer(500)}, true, v1::BOTH_FAILED, "status 500"},
      {"an error that a gateway says too", {3, HttpAnswer(502)}, true, v1::CANNOT_TELL, "or a gateway before it"},
      {"an error without what was asked", {3, NoPointer(503)}, true, v1::CANNOT_TELL, "or a gateway before it"},
      {"an error about another thing, and what was asked is well",
       {3, HttpAnswer(503, {"json /database/status", "connected", "connected"})},
       true,
       v1::DIVERGED,
       "/database/status is connected"},
      {"an error, and a value that was only to be there",
       {3, HttpAnswer(503, {"json /database", "any", "any"})},
       true,
       v1::BOTH_FAILED,
       "status 503"},
      {"a redirect that was followed", {3, Behind(Connected())}, true, v1::DIVERGED, "status 200, /database"},
      {"a redirect that leads nowhere",
       {3, Behind(NoConnect(v1::REFUSED, 8))},
       true,
       v1::CANNOT_TELL,
       "and there: connect refused"},
      {"an answer out of a cache", {3, Aged(Connected(), "86400")}, true, v1::CANNOT_TELL, "86400 s old"},
      {"once not connected", {Connected(), NotConnected(), Connected()}, true, v1::BOTH_FAILED, "is timeout"},
      {"no such path", {3, NoPointer(404)}, true, v1::CANNOT_TELL, "there is no /database/status"},
      {"a login is wanted", {3, NoPointer(401)}, true, v1::CANNOT_TELL, "does not say what was asked"},
      {"a redirect to a login", {3, HttpAnswer(302)}, true, v1::CANNOT_TELL, "redirects to https://login.example.com"},
      {"a page and no JSON", {3, NoPointer(200, true)}, true, v1::CANNOT_TELL, "a page and no JSON"},
      {"a page, and nothing asked of it", {3, HttpAnswer(200, {}, true)}, true, v1::CANNOT_TELL, "with a page"},
      {"once another page", {Connected(), NoPointer(404), Connected()}, true, v1::CANNOT_TELL, "there is no"},
      {"it answers now and then",
       {Connected(), NoConnect(v1::TIMED_OUT, 5000), Connected()},
       true,
       v1::CANNOT_TELL,
       "2 of 3 times"},
      {"it cannot be reached from here", {3, NoConnect(v1::REFUSED, 8)}, true, v1::CANNOT_TELL, "inside is missing"},
      {"it was never asked", {}, true, v1::CANNOT_TELL, "inside is missing"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.sentence);
    const v1::Comparison comparison = With(row.answers, row.outside_fails);
    const v1::SideSummary& inside = comparison.sides(0);
    EXPECT_EQ(contract::Name(comparison.status()), contract::Name(row.status)) << comparison.status_why();
    EXPECT_THAT(inside.health().says() + "; " + comparison.status_why(), HasSubstr(row.says));
    EXPECT_EQ(inside.health().asked(), row.answers.size());
    EXPECT_EQ(inside.rung(), v1::RUNG_UNSPECIFIED) << "nothing was proved by us";
    EXPECT_EQ(inside.controls().negative_usable() + inside.controls().positive_usable(), 0U);
    EXPECT_EQ(comparison.sides(1).controls().negative_usable(), 0U) << "nobody vouched for the controls";
  }
}

TEST(Health, UnreachedSaysWhyAndNothingOfTheTarget) {
  const v1::Comparison comparison = With({3, NoConnect(v1::REFUSED, 8)}, false);
  EXPECT_FALSE(comparison.sides(0).present());
  EXPECT_THAT(comparison.sides(0).missing(), HasSubstr("connect refused"));
  EXPECT_THAT(comparison.sides(0).health().unreached(), HasSubstr("refused"));
}

TEST(Health, AWitnessMayBeOneToo) {
  RunBuilder builder;
  v1::Run run = builder.Build();
  v1::Side* witness = run.add_sides();
  witness->set_name("api");
  witness->set_health_url(kUrl);
  const v1::Comparison comparison = Compare(run).at(0);
  EXPECT_EQ(comparison.status(), v1::HEALTHY) << "a witness takes nothing from the two sides that are compared";
  EXPECT_TRUE(comparison.sides(2).has_health());
}

}  // namespace
}  // namespace parallax::compare
