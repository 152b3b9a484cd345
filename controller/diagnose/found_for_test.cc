#include "controller/diagnose/found_for_test.h"

#include <gtest/gtest.h>

#include "contract/names.h"
#include "controller/diagnose/diagnose.h"

namespace parallax::diagnose {

std::string Everything(const v1::Report& report) {
  std::string told = "status " + contract::Name(report.status());
  for (const v1::TargetReport& target : report.targets()) {
    told += "\n  verdict '" + target.diagnosis().verdict().cause() + "'";
    for (const v1::Finding& finding : target.diagnosis().findings()) {
      told += "\n    " + finding.cause() + " (" + contract::Name(finding.severity()) + ", " +
              std::to_string(finding.confidence()).substr(0, 4) +
              (finding.explained_by().empty() ? "" : ", by " + finding.explained_by()) + ") " + finding.summary();
    }
    for (const v1::SideSummary& side : target.comparison().sides()) {
      told += "\n    " + side.name() + ": " + contract::Name(side.rung()) + ", " + contract::Name(side.locality()) +
              " (" + side.locality_why() + ")";
    }
  }
  return told;
}

const v1::Finding* FindingOf(const v1::Diagnosis& diagnosis, std::string_view cause) {
  for (const v1::Finding& finding : diagnosis.findings()) {
    if (finding.cause() == cause) return &finding;
  }
  return nullptr;
}

const support::CauseCase& CaseOf(std::string_view cause, std::string_view sentence) {
  for (const support::CauseCase& row : support::CauseCases()) {
    if (row.cause == cause && row.sentence == sentence) return row;
  }
  ADD_FAILURE() << "no such row: " << cause << ", " << sentence;
  return support::CauseCases()[0];
}

v1::Finding VerdictOf(const support::CauseCase& one) {
  return MakeReport(one.build().Build()).targets(0).diagnosis().verdict();
}

std::string RemedyOf(const v1::Finding& finding) {
  std::string all;
  for (const std::string& line : finding.remedy()) all += line + "\n";
  return all;
}

std::string EvidenceOf(const v1::Finding& finding) {
  std::string all;
  for (const v1::Evidence& evidence : finding.evidence()) all += evidence.text() + "\n";
  return all;
}

}  // namespace parallax::diagnose
