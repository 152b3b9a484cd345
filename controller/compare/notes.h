// What a reader should know beside the verdict: facts of the comparison, each of a kind. They never change a status or
// a verdict. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_COMPARE_NOTES_H_
#define PARALLAX_CONTROLLER_COMPARE_NOTES_H_

#include "parallax/v1/comparison.pb.h"
#include "parallax/v1/run.pb.h"

namespace parallax::compare {

// Sets `addresses` and `notes`. Everything else of `comparison`, which is of `run`, is filled in already.
void AddNotes(const v1::Run& run, v1::Comparison* comparison);

}  // namespace parallax::compare

#endif  // PARALLAX_CONTROLLER_COMPARE_NOTES_H_
