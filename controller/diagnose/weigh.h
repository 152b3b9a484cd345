// Weighs the causes of a table against each other by what the atoms answered. The order of the table means nothing.
//
// Pure; thread-safe. What is returned borrows the table.
#ifndef PARALLAX_CONTROLLER_DIAGNOSE_WEIGH_H_
#define PARALLAX_CONTROLLER_DIAGNOSE_WEIGH_H_

#include <span>
#include <vector>

#include "controller/diagnose/cause.h"

namespace parallax::diagnose {

// No finding is surer than this: what was never thought of is always left.
inline constexpr double kMostSure = 0.98;

struct Candidate {
  const Cause* cause = nullptr;
  v1::Severity severity = v1::SEVERITY_UNSPECIFIED;  // of the case at hand
  double speaks_for = 0;                             // points of the links that speak for it
  double points = 0;                                 // less those that speak against it
  bool found = false;                                // enough speaks for it to say so
  const Cause* explained_by = nullptr;               // another that was found
  double confidence = 0;

  bool Stands() const { return found && explained_by == nullptr && severity == v1::FAULT; }
};

// Those whose needs are met and that nothing refutes: the likeliest that stands first; of two as likely, that of the
// lower layer.
std::vector<Candidate> Weigh(std::span<const Cause> causes, std::span<const Explains> pairs, const Readings& readings);

// The share of "no known cause", beside what is likely.
double UnexplainedShare(const std::vector<Candidate>& candidates);

// The candidates that fit what was seen almost as well as `verdict` (nullptr: as no cause at all), and that no cause
// that stands explains.
std::vector<const Candidate*> WithinReach(const std::vector<Candidate>& candidates, const Candidate* verdict);

// What the answer says of the cause by this link; nothing, where the answer is unknown.
Strength Said(const Link& link, const Reading& reading);

// Whose observations the cause rests on, by its needs: it may not be found where one of them is missing.
bool SpeaksOfSubject(const Cause& cause);
bool SpeaksOfReference(const Cause& cause);

}  // namespace parallax::diagnose

#endif  // PARALLAX_CONTROLLER_DIAGNOSE_WEIGH_H_
