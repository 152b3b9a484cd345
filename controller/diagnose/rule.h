// What a rule is: data, in one constexpr table (catalogue.h), with a pure function.
#ifndef PARALLAX_CONTROLLER_DIAGNOSE_RULE_H_
#define PARALLAX_CONTROLLER_DIAGNOSE_RULE_H_

#include <optional>
#include <span>
#include <string_view>

#include "parallax/v1/comparison.pb.h"
#include "parallax/v1/finding.pb.h"

namespace parallax::diagnose {

// Which sides must have been observed for the rule to speak at all. No verdict without evidence from every side that it
// speaks about.
enum class Sides { kBoth, kOutside, kInside, kAny, kNone };

struct Rule {
  std::string_view cause;  // the catalogue's id: for ever
  std::string_view title;
  v1::Severity severity;
  Sides sides;
  std::span<const v1::StepKind> reads;             // the steps that it rests on
  std::span<const std::string_view> explained_by;  // causes that, when they match, make this one a consequence
  std::string_view meaning;                        // `parallax causes CAUSE`: what it means
  std::string_view told_apart;                     // how it is told apart from its neighbours
  std::string_view remedy;                         // what to do, lines separated by '\n'; {placeholders} are filled in
  // Fills summary, evidence, confidence, alternatives, next_evidence and remedy lines; the caller adds the rest.
  // nullopt: does not match.
  std::optional<v1::Finding> (*match)(const v1::Comparison& comparison);
};

}  // namespace parallax::diagnose

#endif  // PARALLAX_CONTROLLER_DIAGNOSE_RULE_H_
