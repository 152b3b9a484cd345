// A candidate as a finding for people: its texts, what speaks for it and against it, what it could be instead. Pure;
// thread-safe.
#ifndef PARALLAX_CONTROLLER_DIAGNOSE_TOLD_H_
#define PARALLAX_CONTROLLER_DIAGNOSE_TOLD_H_

#include <vector>

#include "controller/diagnose/weigh.h"
#include "parallax/v1/finding.pb.h"

namespace parallax::diagnose {

v1::Finding Told(const Candidate& candidate, const View& view, const Readings& readings,
                 const std::vector<Candidate>& candidates);

// No cause stands and the target fails: every fact, and no claim.
v1::Finding Unexplained(const View& view, const Readings& readings, const std::vector<Candidate>& candidates);

}  // namespace parallax::diagnose

#endif  // PARALLAX_CONTROLLER_DIAGNOSE_TOLD_H_
