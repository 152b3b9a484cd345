#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "controller/report/html/parts.h"
#include "controller/report/sheet/clean.h"

namespace parallax::report {
namespace {

// In CSS pixels: the picture is not scaled, so that it can be read on a phone.
constexpr int kWidth = 330;
constexpr int kStopHeight = 46;
constexpr int kRowHeight = 118;
constexpr int kLine = 30;   // x of the line from stop to stop
constexpr int kWords = 52;  // x of the words beside it
constexpr size_t kNameColumns = 36;
constexpr size_t kWordColumns = 43;
constexpr size_t kMaxLines = 3;

bool IsTail(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// Cut at `columns` code points, with ".." at the end.
std::string Fit(const std::string& text, size_t columns) {
  size_t at = 0;
  for (size_t seen = 0; at < text.size(); ++at) {
    if (IsTail(text[at])) continue;
    if (seen++ == columns) return text.substr(0, at) + "..";
  }
  return text;
}

// SVG does not break lines by itself.
std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines(1);
  size_t at = 0;
  while (at < text.size()) {
    const size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = Fit(text.substr(at, end - at), kWordColumns);
    at = end + 1;
    if (!lines.back().empty() && lines.back().size() + 1 + word.size() > kWordColumns) lines.emplace_back();
    if (!lines.back().empty()) lines.back() += ' ';
    lines.back() += word;
  }
  if (lines.size() > kMaxLines) {
    lines.resize(kMaxLines);
    lines.back() += " ..";
  }
  return lines;
}

struct Looks {
  const char* css;
  const char* mark;
};
Looks LooksOf(Crossing crossing) {
  switch (crossing) {
    case Crossing::kProved: return {"proved", "\xE2\x9C\x93"};
    case Crossing::kAccepted: return {"accepted", "~"};
    case Crossing::kBroken: return {"broken", "\xE2\x9C\x95"};
    case Crossing::kUnseen: return {"unseen", "?"};
  }
  return {"unseen", "?"};
}

std::string Number(int number) { return std::to_string(number); }

void Line(int from, int to, const char* css, Markup& page) {
  page.Empty("line",
             {{"class", css}, {"x1", Number(kLine)}, {"x2", Number(kLine)}, {"y1", Number(from)}, {"y2", Number(to)}});
}

void DrawLeg(const Leg& leg, int from, int to, Markup& page) {
  const Looks looks = LooksOf(leg.crossing);
  const int middle = (from + to) / 2;
  if (leg.crossing == Crossing::kBroken) {
    Line(from, middle - 14, "leg broken", page);
    Line(middle + 14, to, "leg unseen", page);
  } else {
    Line(from, to, absl::StrCat("leg ", looks.css).c_str(), page);
  }
  page.Empty("circle",
             {{"class", absl::StrCat("mark ", looks.css)}, {"cx", Number(kLine)}, {"cy", Number(middle)}, {"r", "10"}});
  page.Element("text", looks.mark,
               {{"class", absl::StrCat("glyph ", looks.css)}, {"x", Number(kLine)}, {"y", Number(middle + 4)}});
  std::vector<std::string> lines = Lines(Clean(leg.words));
  int y = middle + 4 - (leg.words.empty() ? 0 : static_cast<int>(lines.size()) * 8);
  page.Element("text", CrossingWords(leg.crossing),
               {{"class", absl::StrCat("crossing ", looks.css)}, {"x", Number(kWords)}, {"y", Number(y)}});
  for (const std::string& line : lines) {
    y += 15;
    if (!line.empty()) page.Element("text", line, {{"class", "words"}, {"x", Number(kWords)}, {"y", Number(y)}});
  }
}

void DrawStop(const Stop& stop, int y, Markup& page) {
  page.Empty("rect", {{"class", stop.fails ? "stop fails" : "stop"},
                      {"x", "1"},
                      {"y", Number(y)},
                      {"width", Number(kWidth - 2)},
                      {"height", Number(kStopHeight)},
                      {"rx", "8"}});
  const bool alone = stop.detail.empty();
  page.Element("text", Fit(Clean(absl::StrCat(stop.fails ? "\xE2\x9C\x95 " : "", stop.name)), kNameColumns),
               {{"class", "name"}, {"x", "14"}, {"y", Number(y + (alone ? 28 : 20))}});
  if (alone) return;
  page.Element("text", Fit(Clean(stop.detail), kWordColumns + 4),
               {{"class", "words"}, {"x", "14"}, {"y", Number(y + 37)}});
}

}  // namespace

void DrawPicture(const TargetSheet& target, Markup& page) {
  // Stops of one kind stand at one height on all sides.
  std::array<bool, kPlaces> used{};
  for (const Path& path : target.paths) {
    for (const Stop& stop : path.stops) used[static_cast<size_t>(stop.place)] = true;
  }
  std::array<int, kPlaces> top{};
  int rows = 0;
  for (size_t place = 0; place < used.size(); ++place) {
    top[place] = 1 + rows * kRowHeight;
    if (used[place]) ++rows;
  }
  const int height = (rows - 1) * kRowHeight + kStopHeight + 2;
  page.Open("div", {{"class", "paths"}});
  for (const Path& path : target.paths) {
    page.Open("figure");
    page.Element("figcaption", path.side);
    page.Open("svg", {{"role", "img"},
                      {"width", Number(kWidth)},
                      {"height", Number(height)},
                      {"viewBox", absl::StrCat("0 0 ", kWidth, " ", height)},
                      {"aria-label", absl::StrCat("The path from ", path.side, ". ", PathWords(path))}});
    for (size_t i = 0; i < path.legs.size(); ++i) {
      DrawLeg(path.legs[i], top[static_cast<size_t>(path.stops[i].place)] + kStopHeight,
              top[static_cast<size_t>(path.stops[i + 1].place)], page);
    }
    for (const Stop& stop : path.stops) DrawStop(stop, top[static_cast<size_t>(stop.place)], page);
    page.Close();
    page.Close();
  }
  page.Close();
  page.Open("p", {{"class", "legend"}});
  for (const Crossing crossing : {Crossing::kProved, Crossing::kAccepted, Crossing::kBroken, Crossing::kUnseen}) {
    const Looks looks = LooksOf(crossing);
    page.Open("span").Element("b", looks.mark, {{"class", looks.css}});
    page.Text(absl::StrCat(" ", CrossingWords(crossing))).Close();
  }
  page.Close();
}

}  // namespace parallax::report
