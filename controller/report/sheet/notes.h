// The comparison's notes as sentences. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_REPORT_SHEET_NOTES_H_
#define PARALLAX_CONTROLLER_REPORT_SHEET_NOTES_H_

#include <string>

#include "parallax/v1/comparison.pb.h"

namespace parallax::report {

// Every kind has a sentence; one that this version does not know is named as what it is. `note` is of `comparison`.
std::string NoteWords(const v1::Comparison& comparison, const v1::Note& note);

}  // namespace parallax::report

#endif  // PARALLAX_CONTROLLER_REPORT_SHEET_NOTES_H_
