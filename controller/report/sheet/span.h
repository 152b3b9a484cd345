// A piece of what is to be said, and how it is meant. A renderer chooses what that looks like. Values.
#ifndef PARALLAX_CONTROLLER_REPORT_SHEET_SPAN_H_
#define PARALLAX_CONTROLLER_REPORT_SHEET_SPAN_H_

#include <string>
#include <vector>

#include "parallax/v1/observation.pb.h"

namespace parallax::report {

enum class Style { kPlain, kBold, kDim, kGood, kBad, kDoubt };

struct Span {
  std::string text;
  Style style = Style::kPlain;
};

using Line = std::vector<Span>;

// What a sentence or a row rests on. Empty fields: not of one side, probe or step.
struct Ref {
  std::string side;
  std::string probe;  // ProbeSpec.name
  v1::StepKind step = v1::STEP_KIND_UNSPECIFIED;
};

// A sentence and what it rests on.
struct Sentence {
  std::string text;
  Ref ref;
};

}  // namespace parallax::report

#endif  // PARALLAX_CONTROLLER_REPORT_SHEET_SPAN_H_
