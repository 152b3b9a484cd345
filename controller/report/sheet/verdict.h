// What is to be said of one target's verdict: a value. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_REPORT_SHEET_VERDICT_H_
#define PARALLAX_CONTROLLER_REPORT_SHEET_VERDICT_H_

#include <string>
#include <string_view>
#include <vector>

#include "controller/report/sheet/span.h"
#include "parallax/v1/finding.pb.h"

namespace parallax::report {

struct Alternative {
  std::string cause;
  std::string title;
};

// A finding beside the verdict.
struct OtherFinding {
  std::string cause;
  std::string explained_by;  // "" : it stands by itself, as `severity` and `words` say
  std::string severity;
  std::string words;
};

struct Verdict {
  std::string cause;  // an id of the catalogue; or what stands in its place, in words: "healthy", "cannot tell"
  Style style = Style::kPlain;
  bool named = false;     // `cause` is an id
  std::string title;      // of a cause that is named; "" else
  double confidence = 0;  // likewise
  std::string summary;
  std::vector<Sentence> because;
  std::vector<Sentence> against;
  std::vector<Alternative> could_also_be;
  std::vector<std::string> to_settle;
  std::vector<std::string> remedy;  // lines; some are commands
  std::vector<OtherFinding> others;
  std::vector<Sentence> notes;
};

Verdict VerdictOf(const v1::TargetReport& target);

// Does this line of a remedy look like a command?
bool LooksLikeCommand(std::string_view line);

}  // namespace parallax::report

#endif  // PARALLAX_CONTROLLER_REPORT_SHEET_VERDICT_H_
