#include "controller/cli/progress.h"

#include "absl/strings/str_cat.h"

namespace parallax::cli {

void ProgressWords::Tell(const std::string& text) const { show_(run_.empty() ? text : absl::StrCat(run_, ": ", text)); }

void ProgressWords::SideStarts(const std::string& side, const std::string& vantage) {
  Tell(absl::StrCat(side, ": starting ", vantage));
}

void ProgressWords::SideIsReady(const std::string& side, const std::string& agent_version) {
  Tell(absl::StrCat(side, ": agent ", agent_version, " is there"));
}

void ProgressWords::SideIsMissing(const std::string& side, const std::string& reason) {
  Tell(absl::StrCat(side, ": missing: ", reason));
}

void ProgressWords::PersonIsAsked(const std::string& /*side*/) { show_(""); }

void ProgressWords::AgentIsCopied(const std::string& side) { Tell(absl::StrCat(side, ": copying the agent")); }

void ProgressWords::AttemptBegins(const dispatch::AttemptNumber& attempt) {
  Tell(absl::StrCat(attempt.phase, ": attempt ", attempt.number, " of ", attempt.of));
}

void ProgressWords::ProbeIsAnswered(const dispatch::ProbeAnswer& answer) {
  Tell(absl::StrCat("attempt ", answer.attempt.number, " of ", answer.attempt.of, ": ", answer.answers, " of ",
                    answer.expected, " answers"));
}

void ProgressWords::ExperimentRunBegins(const conduct::RunNumber& run) {
  run_ = absl::StrCat("run ", run.number, run.of > 0 ? absl::StrCat(" of ", run.of) : "",
                      run.stage.empty() ? "" : absl::StrCat(", ", run.stage),
                      run.point.empty() ? "" : absl::StrCat(", ", run.point));
  show_(run_);
}

void ProgressWords::StepBegins(const v1::ExperimentStep& /*step*/, const std::string& /*part*/) { show_(""); }

}  // namespace parallax::cli
