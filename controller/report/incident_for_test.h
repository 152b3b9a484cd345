// A hand-built comparison for the tests of this folder: the incident that Parallax exists for.
#ifndef PARALLAX_CONTROLLER_REPORT_INCIDENT_FOR_TEST_H_
#define PARALLAX_CONTROLLER_REPORT_INCIDENT_FOR_TEST_H_

#include "parallax/v1/finding.pb.h"
#include "parallax/v1/run.pb.h"

namespace parallax::report {

// Every kind of detail and every message of the report is there, so that a test can ask whether all of it is
// documented.
v1::Run IncidentRun();
v1::Report IncidentReport();
v1::Report HealthyReport();

}  // namespace parallax::report

#endif  // PARALLAX_CONTROLLER_REPORT_INCIDENT_FOR_TEST_H_
