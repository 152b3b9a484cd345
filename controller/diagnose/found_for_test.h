// What the tests of this room ask of a report. No threads.
#ifndef PARALLAX_CONTROLLER_DIAGNOSE_FOUND_FOR_TEST_H_
#define PARALLAX_CONTROLLER_DIAGNOSE_FOUND_FOR_TEST_H_

#include <string>
#include <string_view>

#include "parallax/v1/finding.pb.h"
#include "tests/support/cause_cases.h"

namespace parallax::diagnose {

// All that was concluded, for the message of a failed expectation.
std::string Everything(const v1::Report& report);
// nullptr: it was not found.
const v1::Finding* FindingOf(const v1::Diagnosis& diagnosis, std::string_view cause);
// The case of that cause and sentence; a failed expectation where there is none.
const support::CauseCase& CaseOf(std::string_view cause, std::string_view sentence);
v1::Finding VerdictOf(const support::CauseCase& one);
std::string RemedyOf(const v1::Finding& finding);
std::string EvidenceOf(const v1::Finding& finding);

}  // namespace parallax::diagnose

#endif  // PARALLAX_CONTROLLER_DIAGNOSE_FOUND_FOR_TEST_H_
