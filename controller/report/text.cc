#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "contract/names.h"
#include "controller/compare/words.h"
#include "controller/report/columns.h"
#include "controller/report/layout.h"
#include "controller/report/page.h"
#include "controller/report/report.h"
#include "controller/report/rows.h"
#include "controller/report/verdict.h"
#include "parallax/v1/plan.pb.h"

namespace parallax::report {
namespace {

using compare::HostPort;
using compare::ShortDigest;

constexpr int kMinColumns = 60;
constexpr int kMaxColumns = 400;
constexpr size_t kMinVantage = 20;  // less of it says nothing

const v1::Side* FindRunSide(const v1::Run& run, const std::string& name) {
  for (const v1::Side& side : run.sides()) {
    if (side.name() == name) return &side;
  }
  return nullptr;
}

// "plan 9c41d2ab on both sides", or who ran something else.
std::string PlanWords(const v1::Run& run, const v1::Comparison& comparison) {
  if (comparison.plan_digest().empty()) return "no plan was run";
  const std::string digest = ShortDigest(comparison.plan_digest());
  if (!comparison.digests_agree()) return absl::StrCat("plan ", digest, ", NOT THE SAME on every side");
  const auto present =
      std::count_if(run.sides().begin(), run.sides().end(), [](const v1::Side& side) { return side.has_agent(); });
  if (present == 0) return absl::StrCat("plan ", digest, ", run on no side");
  if (present == 1) return absl::StrCat("plan ", digest, " on one side");
  return absl::StrCat("plan ", digest, present == 2 ? " on both sides" : absl::StrCat(" on all ", present, " sides"));
}

void DrawHeader(const v1::Run& run, const v1::Comparison& comparison, Page& page) {
  const std::string ids = absl::StrCat("run ", run.id().substr(0, 12), "   ", PlanWords(run, comparison));
  const std::string url = Clean(comparison.target().url());
  const size_t width = Width(url);
  const size_t right = Width(ids);
  if (width + 2 + right <= page.columns()) {
    page.Add({{url, Style::kBold}, {std::string(page.columns() - width - right, ' ')}, {ids, Style::kDim}});
    return;
  }
  page.Add(url, Style::kBold);
  page.Add(ids, Style::kDim);
}

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

void DrawSide(const v1::Run& run, const v1::SideSummary& side, size_t name_width, Page& page) {
  const std::string first = absl::StrCat("  ", Pad(Clean(side.name()), name_width), "  ");
  const std::string indent(Width(first), ' ');
  const v1::Side* record = FindRunSide(run, side.name());
  const std::string missing = !side.missing().empty() || record == nullptr ? side.missing() : record->missing();
  std::string who = HostWords(side);
  if (side.vantage() != "local") {
    // On the same line as the host, cut where it must be: its beginning is what tells.
    const size_t room = page.columns() - Width(first);
    const size_t used = who.empty() ? 0 : Width(Clean(who)) + 2;
    const std::string vantage = Fit(Clean(side.vantage()), used + kMinVantage <= room ? room - used : room);
    who = who.empty() ? vantage : absl::StrCat(who, ", ", vantage);
  }
  page.Paragraph(first, who);
  if (side.has_health()) {
    page.Paragraph(indent, "a health endpoint, no agent: no stage, no control and no identity was seen there",
                   Style::kDoubt);
  }
  if (!missing.empty()) {
    page.Paragraph(indent, absl::StrCat("MISSING: ", missing), Style::kBad);
    if (record != nullptr && !record->missing_remedy().empty()) {
      page.Paragraph(absl::StrCat(indent, "do: "), record->missing_remedy());
    }
  }
  const std::string carrier = CarrierWords(side);
  const bool direct = side.carrier().kind() == v1::DIRECT;
  if (!carrier.empty()) page.Paragraph(indent, carrier, direct ? Style::kPlain : Style::kBold);
  if (side.has_carrier() && side.carrier().not_permitted()) {
    page.Paragraph(indent, absl::StrCat("not permitted to see the process: ", side.carrier().not_permitted_why()),
                   Style::kDoubt);
  }
  if (side.unlike()) page.Paragraph(indent, absl::StrCat("NOT ALIKE: ", side.unlike_why()), Style::kDoubt);
  if (side.same_place_as_bastion()) {
    page.Paragraph(indent, "is the bastion itself: it sees what the bastion sees, and can clear nothing beyond it",
                   Style::kDoubt);
  }
  if (record == nullptr) return;
  for (const v1::ConnectTo& map : record->connect_to()) {
    page.Paragraph(indent, absl::StrCat("dials ", HostPort(map.to_host(), map.to_port()), " for ",
                                        HostPort(map.host(), map.port())));
  }
  for (const std::string& note : record->secret_notes()) page.Paragraph(indent, note, Style::kDim);
}

// Of what is not written in the target as a person reads it: where it came from, and why it was ignored.
void DrawOrigins(const v1::Target& target, Page& page) {
  for (const v1::ParameterOrigin& origin : target.origins()) {
    const bool written = origin.from() == "as written";
    const bool said = origin.ignored() || (written && !origin.note().empty()) ||
                      (!written && (origin.from() != "default" || origin.name() == "user"));
    if (!said) continue;
    std::string what = origin.name();
    if (!origin.value().empty()) absl::StrAppend(&what, " ", origin.value());
    if (!written) absl::StrAppend(&what, ", ", origin.from());
    if (!origin.note().empty()) absl::StrAppend(&what, ": ", origin.ignored() ? "ignored, " : "", origin.note());
    page.Paragraph("  ", what, Style::kDim);
  }
}

void DrawTarget(const v1::Run& run, const v1::TargetReport& target, Page& page) {
  const v1::Comparison& comparison = target.comparison();
  DrawHeader(run, comparison, page);
  DrawOrigins(comparison.target(), page);
  page.Blank();
  size_t name_width = 7;
  std::vector<std::string> names;
  for (const v1::SideSummary& side : comparison.sides()) {
    names.push_back(side.name());
    name_width = std::min<size_t>(std::max(name_width, Width(Clean(side.name()))), 16);
  }
  for (const v1::SideSummary& side : comparison.sides()) DrawSide(run, side, name_width, page);
  page.Blank();
  if (!names.empty()) DrawRows(names, Rows(comparison), page);
  page.Blank();
  DrawVerdict(target, page);
}

// What was asked beyond the first plans, and why.
void DrawInvestigations(const v1::Run& run, Page& page) {
  bool first = true;
  for (const v1::Phase& phase : run.phases()) {
    v1::Plan plan;
    if (!plan.ParseFromString(phase.plan_bytes()) || plan.phase() != "investigate") continue;
    if (first) page.Blank();
    page.Paragraph(first ? "  asked    " : "           ",
                   phase.why().empty() ? "more, to tell the causes apart" : phase.why(), Style::kDim);
    first = false;
  }
}

void DrawSummary(const v1::Report& report, Page& page) {
  std::map<v1::Status, int> counts;
  for (const v1::TargetReport& target : report.targets()) ++counts[target.diagnosis().status()];
  std::vector<std::string> words;
  for (const auto& [status, count] : counts) words.push_back(absl::StrCat(count, " ", contract::Name(status)));
  page.Blank();
  page.Add(absl::StrCat(report.targets_size(), " targets: ", absl::StrJoin(words, ", ")), Style::kBold);
  for (const v1::TargetReport& target : report.targets()) {
    const v1::Diagnosis& diagnosis = target.diagnosis();
    const std::string cause =
        diagnosis.verdict().cause().empty() ? contract::Name(diagnosis.status()) : diagnosis.verdict().cause();
    page.Add({{"  "},
              {Pad(Fit(Clean(cause), 32), 32), diagnosis.status() == v1::HEALTHY ? Style::kGood : Style::kBad},
              {"  "},
              {target.comparison().target().url()}});
  }
}

}  // namespace

std::string Text(const v1::Run& run, const v1::Report& report, const TextOptions& options) {
  Page page(static_cast<size_t>(std::clamp(options.columns, kMinColumns, kMaxColumns)), options.colour);
  if (!run.title().empty()) page.Paragraph("", run.title(), Style::kBold);
  for (int i = 0; i < report.targets_size(); ++i) {
    if (i > 0) {
      page.Blank();
      page.Add(std::string(page.columns(), '-'), Style::kDim);
    }
    DrawTarget(run, report.targets(i), page);
  }
  DrawInvestigations(run, page);
  if (run.interrupted()) {
    page.Blank();
    page.Paragraph("", "INTERRUPTED: this is what had been observed until then.", Style::kDoubt);
  }
  if (report.targets_size() > 1) DrawSummary(report, page);
  return page.Take();
}

}  // namespace parallax::report
