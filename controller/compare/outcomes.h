// From the observations of one probe on one side to a SideOutcome: what happened at each step over all attempts. Pure;
// thread-safe.
#ifndef PARALLAX_CONTROLLER_COMPARE_OUTCOMES_H_
#define PARALLAX_CONTROLLER_COMPARE_OUTCOMES_H_

#include <string>
#include <vector>

#include "parallax/v1/comparison.pb.h"

namespace parallax::compare {

// RST and FIN are one class: tunnels in user space give either at random.
v1::Failure FailureClass(v1::Failure failure);

// `observations` in any order; an attempt counts once.
v1::SideOutcome Summarize(const std::string& side, const std::vector<const v1::Observation*>& observations);

// `role`: a positive control is fine when it answered, a connect alone is nothing; everything else when it succeeded.
v1::Judgement Judge(v1::Role role, const v1::SideOutcome* reference, const v1::SideOutcome* subject);

// All attempts were observed and succeeded.
bool Fine(const v1::SideOutcome& outcome);

// The endpoint said something that a handshake in its name could not: bytes came, or TLS was spoken.
bool Answered(const v1::SideOutcome& outcome);

// The step at which the outcome ended, of its main row if it is one; nullptr when it is fine.
const v1::StepSummary* EndingStep(const v1::SideOutcome& outcome);

// The step was tried in a main row (not in a row of the sslmode matrix, an "http" connection and the like).
const v1::StepSummary* MainStep(const v1::SideOutcome& outcome, v1::StepKind kind);

}  // namespace parallax::compare

#endif  // PARALLAX_CONTROLLER_COMPARE_OUTCOMES_H_
