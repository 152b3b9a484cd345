// Puts a Finding together, one clause at a time. Pure; one builder a finding.
#ifndef PARALLAX_CONTROLLER_DIAGNOSE_FINDING_H_
#define PARALLAX_CONTROLLER_DIAGNOSE_FINDING_H_

#include <optional>
#include <string>
#include <utility>

#include "parallax/v1/finding.pb.h"

namespace parallax::diagnose {

class FindingBuilder {
 public:
  FindingBuilder(double confidence, std::string summary) {
    finding_.set_confidence(confidence);
    finding_.set_summary(std::move(summary));
  }

  // A sentence with its number, and the side, probe and step that it rests on.
  FindingBuilder& Because(std::string text, std::string side = "", std::string probe = "",
                          v1::StepKind step = v1::STEP_KIND_UNSPECIFIED) {
    return Add(std::move(text), std::move(side), std::move(probe), step, /*against=*/false);
  }
  FindingBuilder& Against(std::string text, std::string side = "", std::string probe = "",
                          v1::StepKind step = v1::STEP_KIND_UNSPECIFIED) {
    return Add(std::move(text), std::move(side), std::move(probe), step, /*against=*/true);
  }
  // Another cause that the same evidence fits ("": none that has a name), and what would settle it.
  FindingBuilder& OrElse(std::string cause, std::string next_evidence = "") {
    if (!cause.empty()) finding_.add_alternatives(std::move(cause));
    if (!next_evidence.empty()) finding_.add_next_evidence(std::move(next_evidence));
    return *this;
  }
  FindingBuilder& Do(std::string remedy) {
    finding_.add_remedy(std::move(remedy));
    return *this;
  }
  // What was said with Do is all: the catalogue's own advice does not fit the case at hand.
  FindingBuilder& DoOnlyThat() {
    finding_.set_own_remedy(true);
    return *this;
  }
  // Where the catalogue's title says more than the case at hand.
  FindingBuilder& Title(std::string title) {
    finding_.set_title(std::move(title));
    return *this;
  }
  // Where the case at hand is less, or more, than the catalogue's severity.
  FindingBuilder& Severity(v1::Severity severity) {
    finding_.set_severity(severity);
    return *this;
  }

  std::optional<v1::Finding> Build() { return std::move(finding_); }

 private:
  FindingBuilder& Add(std::string text, std::string side, std::string probe, v1::StepKind step, bool against) {
    v1::Evidence* evidence = finding_.add_evidence();
    evidence->set_text(std::move(text));
    evidence->set_side(std::move(side));
    evidence->set_probe(std::move(probe));
    evidence->set_step(step);
    evidence->set_against(against);
    return *this;
  }

  v1::Finding finding_;
};

}  // namespace parallax::diagnose

#endif  // PARALLAX_CONTROLLER_DIAGNOSE_FINDING_H_
