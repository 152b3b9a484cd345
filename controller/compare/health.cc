#include "controller/compare/health.h"

#include <algorithm>
#include <set>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "contract/names.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"
#include "parallax/v1/plan.pb.h"

namespace parallax::compare {
namespace {

constexpr int64_t kFreshSeconds = 5;
constexpr std::string_view kAnything = "any";  // what a value that must only be there is wanted to be
constexpr std::string_view kJson = "json ";    // how ExpectationDetails.what begins for a JSON pointer

// One attempt, from the worst to the best that it can say.
struct Attempt {
  HealthWord word = HealthWord::kUnreached;
  std::string says;
  std::string why;
};

std::vector<const v1::Observation*> ObservationsOf(const v1::Run& run, const std::string& side) {
  std::set<std::string> names;
  for (const v1::Phase& phase : run.phases()) {
    v1::Plan plan;
    if (!plan.ParseFromString(phase.plan_bytes())) continue;
    for (const v1::ProbeSpec& spec : plan.probes()) {
      if (spec.role() == v1::HEALTH) names.insert(spec.name());
    }
  }
  std::vector<const v1::Observation*> found;
  for (const v1::SideObservation& kept : run.observations()) {
    if (kept.side() == side && names.contains(kept.observation().probe())) found.push_back(&kept.observation());
  }
  return found;
}

// "/database/status is connected"
std::string JsonWords(const v1::ExpectationDetails& details) {
  return absl::StrCat(details.what().substr(kJson.size()), " is ", details.absent() ? "absent" : details.seen());
}

// RFC 9111 section 5.1; 0 when no cache gave it.
int64_t AgeSeconds(const v1::HttpDetails& http) {
  int64_t seconds = 0;
  for (const v1::HttpHeader& header : http.headers()) {
    if (header.name() == "age" && !absl::SimpleAtoi(header.value(), &seconds)) seconds = 0;
  }
  return seconds;
}

Attempt ReadAnswer(const v1::Observation& observation, const v1::HttpDetails& http) {
  Attempt attempt{HealthWord::kConnected, absl::StrCat("status ", http.status()), ""};
  const auto says_nothing = [&attempt](std::string why) {
    if (attempt.word == HealthWord::kNotConnected) return;
    attempt.word = HealthWord::kSaysNothing;
    if (attempt.why.empty()) attempt.why = std::move(why);
  };
  bool expected = false;
  bool asked = false;    // for a JSON value
  bool told = false;     // one
  bool matched = false;  // one that was not only to be there, and is as it should be
  bool page = false;
  for (const v1::Step& step : observation.steps()) {
    if (step.kind() == v1::BODY) page = absl::StrContains(step.http_body().content_type(), "text/html");
    if (step.kind() != v1::EXPECTATION) continue;
    const v1::ExpectationDetails& details = step.expectation();
    const bool json = details.what().starts_with(kJson);
    expected = expected || json || details.wanted() != "below 400";
    asked = asked || json;
    told = told || (json && !details.absent());
    matched = matched || (json && step.failure() == v1::NONE && details.wanted() != kAnything);
    if (json) absl::StrAppend(&attempt.says, ", ", JsonWords(details));
    if (step.failure() == v1::NONE) continue;
    if (json && !details.absent()) {
      attempt.word = HealthWord::kNotConnected;
    } else if (json) {
      says_nothing(absl::StrCat("there is no ", details.what().substr(kJson.size()), " in its answer",
                                page ? ", which is a page and no JSON" : ""));
    } else {
      says_nothing(absl::StrCat("its ", details.what(), " is ", details.absent() ? "absent" : details.seen(),
                                ", and not ", details.wanted()));
    }
  }
  // 502, 503 and 504 a gateway says as well, for an application that it does not reach: they are the application's own
  // no only when it wrote what was asked for beside them. And not where what it wrote is as it should be: then they are
  // about another thing.
  const bool maybe_a_gateway = http.status() >= 502 && http.status() <= 504;
  const int64_t age_s = AgeSeconds(http);
  if (age_s > kFreshSeconds) {
    attempt.word = HealthWord::kSaysNothing;
    attempt.why = absl::StrCat("its answer is ", age_s, " s old: a cache gave it");
  } else if (http.status() >= 500 && !matched && (told || (!asked && !maybe_a_gateway))) {
    attempt.word = HealthWord::kNotConnected;
  } else if (http.status() >= 500 && !matched) {
    attempt.word = HealthWord::kSaysNothing;
    attempt.why = absl::StrCat("it answers with status ", http.status(),
                               ", and whether the application or a gateway before it says so cannot be told");
  } else if (http.status() >= 300 && http.status() < 400) {
    says_nothing(absl::StrCat("it redirects", http.location().empty() ? "" : absl::StrCat(" to ", http.location())));
  } else if (!expected && page) {
    says_nothing("it answers with a page, and nothing in it was asked for");
  } else if (observation.outcome() != v1::NONE && attempt.word == HealthWord::kConnected) {
    says_nothing("its answer did not come whole");
  }
  return attempt;
}

Attempt ReadAttempt(const v1::Observation& observation) {
  const v1::HttpDetails* answer = nullptr;  // of the last hop
  const v1::Step* failed = nullptr;         // behind a redirect
  for (const v1::Step& step : observation.steps()) {
    if (step.kind() == v1::REQUEST && step.http().status() > 0) answer = &step.http();
    const bool later_hop = step.kind() != v1::EXPECTATION && !step.variant().empty();
    if (later_hop && step.failure() != v1::NONE) failed = &step;
  }
  Attempt attempt;
  if (answer != nullptr && failed != nullptr) {
    attempt.word = HealthWord::kSaysNothing;
    attempt.says = absl::StrCat("status ", answer->status());
    attempt.why = absl::StrCat("it redirects to ", answer->location(), ", and there: ", StepLabel(failed->kind()), " ",
                               contract::Name(failed->failure()));
    return attempt;
  }
  if (answer != nullptr) return ReadAnswer(observation, *answer);
  const v1::SideOutcome outcome = Summarize("", {&observation});
  if (!observation.error().empty()) {
    attempt.why = observation.error();
  } else if (const v1::StepSummary* step = FindStep(outcome, outcome.failed_step(), "")) {
    attempt.why = absl::StrCat(StepLabel(step->kind()), " ", StepCell(*step));
  } else {
    attempt.why = "it was not asked";
  }
  return attempt;
}

}  // namespace

HealthReading ReadHealth(const v1::Run& run, const v1::Side& side) {
  HealthReading health;
  health.says.set_url(side.health_url());
  std::vector<Attempt> attempts;
  for (const v1::Observation* observation : ObservationsOf(run, side.name())) {
    attempts.push_back(ReadAttempt(*observation));
    const HealthWord word = attempts.back().word;
    health.says.set_asked(health.says.asked() + 1);
    if (word != HealthWord::kUnreached) health.says.set_answered(health.says.answered() + 1);
    if (word == HealthWord::kConnected) health.says.set_matched(health.says.matched() + 1);
  }
  const auto first = [&attempts](HealthWord word) {
    const auto found = std::find_if(attempts.begin(), attempts.end(), [&](const Attempt& a) { return a.word == word; });
    return found == attempts.end() ? nullptr : &*found;
  };
  if (const Attempt* no = first(HealthWord::kNotConnected)) {
    health.word = HealthWord::kNotConnected;
    health.says.set_says(no->says);
  } else if (const Attempt* nothing = first(HealthWord::kSaysNothing)) {
    health.word = HealthWord::kSaysNothing;
    health.says.set_says(nothing->says);
    health.why = nothing->why;
  } else if (const Attempt* yes = first(HealthWord::kConnected)) {
    const bool always = health.says.matched() == health.says.asked();
    health.word = always ? HealthWord::kConnected : HealthWord::kSaysNothing;
    health.says.set_says(yes->says);
    if (!always)
      health.why = absl::StrCat("it answered ", health.says.answered(), " of ", health.says.asked(), " times");
  } else {
    health.why = attempts.empty() ? "it was not asked; does its name resolve here?" : attempts.front().why;
    health.says.set_unreached(health.why);
  }
  return health;
}

}  // namespace parallax::compare
