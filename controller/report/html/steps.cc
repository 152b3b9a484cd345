#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "contract/names.h"
#include "controller/compare/words.h"
#include "controller/report/html/parts.h"

namespace parallax::report {
namespace {

constexpr double kLeastBar = 1.2;  // of a hundred: what took no time is still seen
constexpr size_t kManySides = 4;   // from here on the table scrolls by itself on a phone

std::string Duration(double ms) { return compare::Duration(static_cast<int64_t>(ms * 1e6)); }

const char* StyleOf(Style style) {
  switch (style) {
    case Style::kPlain: return "plain";
    case Style::kBold: return "bold";
    case Style::kDim: return "dim";
    case Style::kGood: return "good";
    case Style::kBad: return "bad";
    case Style::kDoubt: return "doubt";
  }
  return "plain";
}

// Colour alone tells nothing.
const char* MarkOf(Style style) {
  switch (style) {
    case Style::kBad: return "\xE2\x9C\x95 ";
    case Style::kGood: return "\xE2\x9C\x93 ";
    default: return "";
  }
}

void Table(const TargetSheet& target, Markup& page) {
  page.Open("div", {{"class", target.sides.size() >= kManySides ? "scroll many" : "scroll"}}).Open("table");
}

void Head(const char* what, const TargetSheet& target, Markup& page) {
  page.Open("thead").Open("tr").Element("th", what, {{"scope", "col"}, {"class", "what"}});
  for (const Side& side : target.sides) page.Element("th", side.name, {{"scope", "col"}});
  page.Close().Close();
}

// The steps of one probe share one axis, from the start of the attempt to the end of the last step of any side.
double AxisOf(const std::vector<Row>& rows, const std::string& probe) {
  double end = 0;
  for (const Row& row : rows) {
    if (row.ref.probe != probe) continue;
    for (const Timing& timing : row.timings) {
      if (timing.ms >= 0) end = std::max(end, timing.start_ms + timing.ms);
    }
  }
  return end;
}

void DrawBar(const Timing& timing, double axis, Markup& page) {
  if (timing.ms < 0 || axis <= 0) return;
  const double width = std::clamp(100 * timing.ms / axis, kLeastBar, 100.0);
  const double x = std::min(100 * timing.start_ms / axis, 100 - width);
  page.Open("svg",
            {{"class", "bar"}, {"viewBox", "0 0 100 6"}, {"preserveAspectRatio", "none"}, {"aria-hidden", "true"}});
  page.Empty("rect", {{"class", "track"}, {"width", "100"}, {"height", "6"}});
  page.Empty("rect", {{"class", timing.failed ? "broken" : "proved"},
                      {"x", absl::StrFormat("%.2f", x)},
                      {"width", absl::StrFormat("%.2f", width)},
                      {"height", "6"}});
  page.Close();
}

void DrawAxis(double axis, size_t sides, Markup& page) {
  page.Open("tr", {{"class", "axis"}}).Element("th", "time", {{"scope", "row"}});
  for (size_t i = 0; i < sides; ++i) {
    page.Open("td").Open("span").Text("0").Close().Open("span").Text(Duration(axis)).Close().Close();
  }
  page.Close();
}

void DrawRow(const Row& row, const std::string& id, double axis, Markup& page) {
  page.Open("tr", {{"id", id}, {"class", row.first_difference ? "first" : ""}});
  page.Open("th", {{"scope", "row"}}).Text(row.label);
  if (!row.subject.empty()) page.Element("span", row.subject, {{"class", "subject"}});
  if (row.first_difference) page.Element("strong", "\xE2\x96\xB6 first difference", {{"class", "flag"}});
  page.Close();
  for (size_t i = 0; i < row.cells.size(); ++i) {
    page.Open("td");
    page.Element("span", absl::StrCat(MarkOf(row.cells[i].style), row.cells[i].text),
                 {{"class", StyleOf(row.cells[i].style)}});
    if (i < row.timings.size()) DrawBar(row.timings[i], axis, page);
    page.Close();
  }
  page.Close();
  if (row.note.empty()) return;
  page.Open("tr", {{"class", "note"}}).Open("th").Close();
  page.Element("td", row.note, {{"colspan", std::to_string(row.cells.size())}, {"class", "doubt"}}).Close();
}

void DrawConnection(const Connection& connection, const std::string& id, Markup& page) {
  page.Open("details", {{"id", id}}).Open("summary");
  page.Element("b", connection.ref.side).Text(absl::StrCat(" ", connection.ref.probe, ": "));
  page.Text(absl::StrCat(connection.remote.empty() ? "no address" : connection.remote, ", ", connection.bytes_out,
                         " bytes out, ", connection.bytes_in, " in, ",
                         connection.end == v1::END_UNSPECIFIED ? "open" : contract::Name(connection.end)));
  page.Close();
  std::string facts = absl::StrCat("attempt ", connection.attempt, " of ", connection.attempts, "; from ",
                                   connection.local.empty() ? "no address" : connection.local);
  if (!connection.interface.empty()) absl::StrAppend(&facts, " by ", connection.interface);
  if (connection.rtt_ms > 0) absl::StrAppend(&facts, "; round trip ", Duration(connection.rtt_ms));
  if (connection.mss > 0) absl::StrAppend(&facts, "; segments of ", connection.mss, " bytes");
  if (connection.retransmits > 0) absl::StrAppend(&facts, "; ", connection.retransmits, " retransmits");
  page.Element("p", facts, {{"class", "dim"}});
  page.Open("ol", {{"class", "talk"}});
  page.Element("li", absl::StrCat("opened at ", Duration(connection.opened_ms)), {{"class", "dim"}});
  for (const Message& message : connection.messages) {
    page.Element("li",
                 absl::StrCat(message.inbound ? "\xE2\x86\x90 " : "\xE2\x86\x92 ", Duration(message.at_ms), "  ",
                              message.size, message.size == 1 ? " byte, " : " bytes, the first ",
                              absl::StrFormat("0x%02x", message.first_byte),
                              message.step.empty() ? "" : absl::StrCat("  (", message.step, ")")),
                 {{"class", message.inbound ? "in" : "out"}});
  }
  if (connection.messages_dropped > 0) {
    page.Element("li", absl::StrCat("and ", connection.messages_dropped, " more, which the agent only counted"));
  }
  page.Element("li",
               absl::StrCat("ended at ", Duration(connection.ended_ms), ": ",
                            connection.end == v1::END_UNSPECIFIED ? "open" : contract::Name(connection.end)),
               {{"class", "dim"}});
  page.Close().Close();
}

}  // namespace

std::string Places::Find(const Ref& ref) const {
  const auto& rows = target_.rows;
  // The step itself, then what sums up its probe, then any step of that probe.
  for (size_t i = 0; i < rows.size(); ++i) {
    const bool probe = rows[i].ref.probe == ref.probe || rows[i].ref.step == v1::BANNER;
    if (ref.step != v1::STEP_KIND_UNSPECIFIED && probe && rows[i].ref.step == ref.step) return Row(i);
  }
  if (ref.probe.empty()) return "";
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto& probes = rows[i].probes;
    if (std::find(probes.begin(), probes.end(), ref.probe) != probes.end()) return Row(i);
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].ref.probe == ref.probe) return Row(i);
  }
  return "";
}

void DrawSteps(const TargetSheet& target, const Places& places, Markup& page) {
  Table(target, page);
  Head("step", target, page);
  page.Open("tbody");
  std::string probe;
  for (size_t i = 0; i < target.rows.size(); ++i) {
    const Row& row = target.rows[i];
    if (row.cells.empty()) {
      page.Open("tr", {{"class", "group"}})
          .Element("th", row.label, {{"colspan", std::to_string(target.sides.size() + 1)}, {"scope", "rowgroup"}});
      page.Close();
      continue;
    }
    const double axis = row.timings.empty() ? 0 : AxisOf(target.rows, row.ref.probe);
    if (axis > 0 && row.ref.probe != probe) DrawAxis(axis, row.cells.size(), page);
    if (!row.timings.empty()) probe = row.ref.probe;
    DrawRow(row, places.Row(i), axis, page);
  }
  page.Close().Close().Close();
}

void DrawLadder(const TargetSheet& target, Markup& page) {
  Table(target, page);
  Head("proof", target, page);
  page.Open("tbody");
  for (int rung = v1::Rung_MAX; rung >= v1::NOTHING; --rung) {
    page.Open("tr").Element("th", contract::Name(static_cast<v1::Rung>(rung)), {{"scope", "row"}});
    for (const Side& side : target.sides) {
      const bool here = side.present && side.rung == rung;
      page.Element("td", here ? "\xE2\x97\x8F highest proved" : "\xC2\xB7", {{"class", here ? "bold" : "dim"}});
    }
    page.Close();
  }
  page.Close().Close().Close();
}

void DrawControls(const TargetSheet& target, Markup& page) {
  if (target.controls.empty()) return;
  Table(target, page);
  Head("control", target, page);
  page.Open("tbody");
  for (const Control& control : target.controls) {
    page.Open("tr").Open("th", {{"scope", "row"}}).Text(control.must_answer ? "must answer" : "must not connect");
    page.Element("span", control.endpoint, {{"class", "subject"}}).Close();
    for (const std::string& cell : control.cells) page.Element("td", cell);
    page.Close();
  }
  page.Close().Close().Close();
}

void DrawConnections(const TargetSheet& target, const Places& places, size_t max_bytes, Markup& page) {
  const size_t begin = page.size();
  size_t drawn = 0;
  for (; drawn < target.connections.size(); ++drawn) {
    Markup one;
    DrawConnection(target.connections[drawn], places.Connection(drawn), one);
    if (page.size() - begin + one.size() > max_bytes) break;
    DrawConnection(target.connections[drawn], places.Connection(drawn), page);
  }
  if (drawn == target.connections.size()) return;
  page.Element("p", absl::StrCat(target.connections.size() - drawn,
                                 " more would make this file too large for a mail: the run below holds them."));
}

}  // namespace parallax::report
