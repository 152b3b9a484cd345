// What is to be said of one side: where it stands, what carries its traffic, how far it came. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_REPORT_SHEET_SIDE_H_
#define PARALLAX_CONTROLLER_REPORT_SHEET_SIDE_H_

#include <string>
#include <vector>

#include "controller/report/sheet/span.h"
#include "parallax/v1/comparison.pb.h"
#include "parallax/v1/run.pb.h"

namespace parallax::report {

struct Fact {
  Span words;
  std::string label;  // before the words: "do: "
};

struct Side {
  std::string name;
  std::string host;         // "this laptop", "bastion-1 10.0.8.50"
  std::string vantage;      // "" : it is this laptop
  std::vector<Fact> facts;  // one line each, in the order in which they are read
  v1::Rung rung = v1::RUNG_UNSPECIFIED;
  bool present = false;
  bool healthy = false;
  std::string locality;
  std::string locality_why;
  double reference_rtt_ms = 0;  // 0: none
  double clock_offset_ms = 0;
  double clock_uncertainty_ms = 0;  // 0: not measured
  std::string agent;                // version, user, operating system; "" it never came
};

Side SideOf(const v1::Run& run, const v1::SideSummary& side);

// The host by its name and an address that others may know.
std::string HostWords(const v1::SideSummary& side);

}  // namespace parallax::report

#endif  // PARALLAX_CONTROLLER_REPORT_SHEET_SIDE_H_
