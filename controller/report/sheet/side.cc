#include "controller/report/sheet/side.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "contract/names.h"
#include "controller/compare/words.h"

namespace parallax::report {
namespace {

const v1::Side* FindRunSide(const v1::Run& run, const std::string& name) {
  for (const v1::Side& side : run.sides()) {
    if (side.name() == name) return &side;
  }
  return nullptr;
}

std::string CarrierWords(const v1::SideSummary& side) {
  if (!side.has_carrier()) return "";
  const v1::CarrierDetails& carrier = side.carrier();
  if (carrier.kind() == v1::DIRECT) return "direct: no tunnel carries it";
  if (carrier.kind() == v1::CARRIER_UNKNOWN) {
    const bool blind = carrier.routed_direct() || carrier.not_permitted();
    return absl::StrCat(blind ? "cannot see what carries it" : "carrier not known",
                        carrier.summary().empty() ? "" : ": ", carrier.summary());
  }
  const std::string what = carrier.summary().empty() ? contract::Name(carrier.kind()) : carrier.summary();
  return absl::StrCat("carrier: ", what);
}

double Ms(int64_t ns) { return static_cast<double>(ns) / 1e6; }

std::string AgentWords(const v1::Hello& agent) {
  return absl::StrCat("parallax-agent ", agent.agent_version(), ", user ", agent.user(), ", ", agent.host().os());
}

std::vector<Fact> FactsOf(const v1::SideSummary& side, const v1::Side* record) {
  std::vector<Fact> facts;
  const auto add = [&](std::string words, Style style, std::string label = "") {
    facts.push_back({{std::move(words), style}, std::move(label)});
  };
  const std::string missing = !side.missing().empty() || record == nullptr ? side.missing() : record->missing();
  if (side.has_health()) {
    add("a health endpoint, no agent: no stage, no control and no identity was seen there", Style::kDoubt);
  }
  if (!missing.empty()) {
    add(absl::StrCat("MISSING: ", missing), Style::kBad);
    if (record != nullptr && !record->missing_remedy().empty()) add(record->missing_remedy(), Style::kPlain, "do: ");
  }
  std::string carrier = CarrierWords(side);
  const bool direct = side.carrier().kind() == v1::DIRECT;
  if (!carrier.empty()) add(std::move(carrier), direct ? Style::kPlain : Style::kBold);
  if (side.has_carrier() && side.carrier().not_permitted()) {
    add(absl::StrCat("not permitted to see the process: ", side.carrier().not_permitted_why()), Style::kDoubt);
  }
  if (side.unlike()) add(absl::StrCat("NOT ALIKE: ", side.unlike_why()), Style::kDoubt);
  if (side.same_place_as_bastion()) {
    add("is the bastion itself: it sees what the bastion sees, and can clear nothing beyond it", Style::kDoubt);
  }
  if (record == nullptr) return facts;
  for (const v1::ConnectTo& map : record->connect_to()) {
    add(absl::StrCat("dials ", compare::HostPort(map.to_host(), map.to_port()), " for ",
                     compare::HostPort(map.host(), map.port())),
        Style::kPlain);
  }
  for (const std::string& note : record->secret_notes()) add(note, Style::kDim);
  return facts;
}

}  // namespace

// "this laptop", "bastion-1 10.0.8.50": the host by its name and an address that others may know.
std::string HostWords(const v1::SideSummary& side) {
  if (side.vantage() == "local") return "this laptop";
  std::string address;
  for (const v1::Interface& interface : side.agent().host().interfaces()) {
    if (interface.link_kind() == v1::LINK_KIND_LOOPBACK || !interface.up()) continue;
    for (const std::string& candidate : interface.addresses()) {
      if (candidate.starts_with("127.") || candidate.starts_with("::1") || candidate.starts_with("fe80:")) continue;
      if (address.empty()) address = candidate.substr(0, candidate.find('/'));
    }
  }
  const std::string& name = side.agent().host().hostname();
  if (name.empty()) return address;
  return address.empty() ? name : absl::StrCat(name, " ", address);
}

Side SideOf(const v1::Run& run, const v1::SideSummary& summary) {
  const v1::Side* record = FindRunSide(run, summary.name());
  Side side;
  side.name = summary.name();
  side.host = HostWords(summary);
  if (summary.vantage() != "local") side.vantage = summary.vantage();
  side.facts = FactsOf(summary, record);
  side.rung = summary.rung();
  side.present = summary.present();
  side.healthy = summary.healthy();
  if (summary.locality() != v1::LOCALITY_UNSPECIFIED) side.locality = contract::Name(summary.locality());
  side.locality_why = summary.locality_why();
  side.reference_rtt_ms = Ms(summary.reference_rtt_ns());
  if (summary.has_agent()) side.agent = AgentWords(summary.agent());
  if (record == nullptr) return side;
  if (!summary.has_agent() && record->has_agent()) side.agent = AgentWords(record->agent());
  side.clock_offset_ms = Ms(record->clock_offset_ns());
  side.clock_uncertainty_ms = Ms(record->clock_uncertainty_ns());
  return side;
}

}  // namespace parallax::report
