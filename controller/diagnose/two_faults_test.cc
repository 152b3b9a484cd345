// Every two faults whose worlds can be put together: both are named, or one of them hides the other.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "controller/diagnose/catalogue.h"
#include "controller/diagnose/diagnose.h"
#include "controller/diagnose/found_for_test.h"
#include "tests/support/cause_cases.h"

namespace parallax::diagnose {
namespace {

using support::CauseCase;
using support::RunBuilder;

// What both worlds must have in common, so that they can be one.
std::string FrameOf(RunBuilder builder) {
  std::string frame;
  for (const v1::Target& target : builder.options.targets) frame += target.SerializeAsString() + "|";
  frame += std::to_string(static_cast<int>(builder.Outside().way)) + "|" + std::to_string(builder.Outside().rtt_ms);
  return frame + (builder.options.client.has_value() ? "|client" : "");
}

// One case for each frame and cause: where the cause is the verdict, and a fault.
std::map<std::string, std::map<std::string_view, const CauseCase*>> CasesByFrame() {
  std::map<std::string, std::map<std::string_view, const CauseCase*>> frames;
  for (const CauseCase& one : support::CauseCases()) {
    const Cause* cause = FindCause(one.cause);
    if (one.standing != support::Standing::kVerdict || cause->severity != v1::FAULT) continue;
    if (cause->id == "unexplained") continue;
    frames[FrameOf(one.build())].emplace(one.cause, &one);
  }
  return frames;
}

// The world of `behind`, seen through that of `before`: what is nearer to the side counts where both say something.
RunBuilder Together(const CauseCase& before, const CauseCase& behind) {
  RunBuilder both = behind.build();
  RunBuilder nearer = before.build();
  const v1::Target& target = both.options.targets.front();
  RunBuilder untouched(target.url(), both.Outside().way, both.Outside().rtt_ms);
  both.Inside().Overlay(untouched.Inside(), nearer.Inside());
  both.Outside().Overlay(untouched.Outside(), nearer.Outside());
  return both;
}

bool IsFault(const v1::Finding* finding) { return finding != nullptr && finding->severity() == v1::FAULT; }

// What the reference meets shows whatever the subject's own way does, unless the nearer fault hides it there too.
bool RestsOnTheReference(const Cause& cause) {
  return std::any_of(cause.needs.begin(), cause.needs.end(),
                     [](Atom atom) { return RowOf(atom).about == About::kCommon; });
}

TEST(TwoFaults, AreBothNamedOrOneHidesTheOther) {
  int worlds = 0;
  int both_named = 0;
  for (const auto& [frame, cases] : CasesByFrame()) {
    for (const auto& [nearer_id, nearer] : cases) {
      for (const auto& [further_id, further] : cases) {
        const Cause& before = *FindCause(nearer_id);
        const Cause& behind = *FindCause(further_id);
        // What stands on the way hides what lies behind it; further on there is one conversation, and not two.
        if (before.layer >= behind.layer || before.layer > Layer::kBeyond) continue;
        ++worlds;
        const v1::Run run = Together(*nearer, *further).Build();
        const v1::Report report = MakeReport(run);
        const v1::TargetReport& target = report.targets(0);
        SCOPED_TRACE(std::string(nearer_id) + " (" + std::string(nearer->sentence) + ") before " +
                     std::string(further_id) + " (" + std::string(further->sentence) + ")\n" + Everything(report));
        const v1::Finding* first = FindingOf(target.diagnosis(), nearer_id);
        const v1::Finding* second = FindingOf(target.diagnosis(), further_id);
        both_named += IsFault(first) && IsFault(second) ? 1 : 0;
        // Something is claimed, and what is found stands or says what explains it.
        EXPECT_TRUE(target.diagnosis().has_verdict());
        EXPECT_NE(target.diagnosis().verdict().cause(), "unexplained");
        for (const v1::Finding& finding : target.diagnosis().findings()) {
          if (finding.explained_by().empty()) continue;
          EXPECT_NE(FindingOf(target.diagnosis(), finding.explained_by()), nullptr) << finding.cause();
        }
        // One of the two is always named.
        EXPECT_TRUE(IsFault(first) || IsFault(second));
        // A fault that the reference meets by itself is named whatever the subject's own way does.
        if (RestsOnTheReference(behind) && before.layer <= Layer::kCarrier && before.layer != Layer::kName) {
          EXPECT_NE(second, nullptr) << further_id << " is met by the reference, and nobody says so";
        }
      }
    }
  }
  std::cout << worlds << " worlds of two faults, both named in " << both_named << "\n";
  EXPECT_GT(worlds, 100);
  EXPECT_GT(both_named, 30);
}

}  // namespace
}  // namespace parallax::diagnose
