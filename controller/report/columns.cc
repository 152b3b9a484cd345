#include "controller/report/columns.h"

#include <algorithm>
#include <numeric>

#include "controller/report/layout.h"

namespace parallax::report {
namespace {

constexpr size_t kMark = 2;      // "> "
constexpr size_t kLabelGap = 1;  // after the label
constexpr size_t kGap = 2;       // between columns
constexpr size_t kMinCell = 14;  // narrower than this nothing can be read
constexpr size_t kMaxLabel = 16;
constexpr size_t kMaxCellLines = 4;  // the JSON report has the rest

constexpr char kFirstDifference[] = "FIRST DIFFERENCE";

// Cells as wide as their text where that fits; else the wide ones share what the narrow ones leave.
std::vector<size_t> Widths(std::vector<size_t> natural, size_t room) {
  size_t sum = std::accumulate(natural.begin(), natural.end(), size_t{0});
  while (sum > room) {
    const auto widest = std::max_element(natural.begin(), natural.end());
    if (*widest <= kMinCell) break;
    --*widest;
    --sum;
  }
  return natural;
}

class Table {
 public:
  Table(const std::vector<std::string>& sides, const std::vector<Row>& rows, size_t first, size_t count, Page& page)
      : sides_(sides), rows_(rows), first_(first), count_(count), page_(page) {
    for (const Row& row : rows) {
      if (!row.cells.empty()) label_ = std::max(label_, Width(Clean(row.label)));
    }
    label_ = std::min(label_, kMaxLabel);
    std::vector<size_t> natural;
    for (size_t i = first_; i < first_ + count_; ++i) {
      size_t width = std::max<size_t>(Width(Clean(sides[i])), 8);
      for (const Row& row : rows) {
        if (i < row.cells.size()) width = std::max(width, Width(CellText(row, i)));
      }
      natural.push_back(width);
    }
    widths_ = Widths(std::move(natural), page.columns() - kMark - label_ - kLabelGap - kGap * (count_ - 1));
  }

  void Draw() const {
    Line heading = {{std::string(kMark, ' ')}, {Pad("step", label_), Style::kDim}};
    for (size_t i = 0; i < count_; ++i) {
      heading.push_back({std::string(GapBefore(i), ' ')});
      heading.push_back({Pad(Clean(sides_[first_ + i]), widths_[i]), Style::kBold});
    }
    page_.Add(heading);
    for (const Row& row : rows_) {
      if (first_ == 0 || Tells(row)) DrawRow(row);
    }
  }

 private:
  // The sides that are compared stand in the first table; further ones need no rows in which nothing stands.
  bool Tells(const Row& row) const {
    return row.cells.empty() || std::any_of(row.cells.begin() + first_, row.cells.begin() + first_ + count_,
                                            [](const Span& cell) { return cell.text != "-" && cell.text != "?"; });
  }
  std::string CellText(const Row& row, size_t i) const {
    const std::string text = Clean(row.cells[i].text);
    return i == first_ && !row.subject.empty() ? Clean(row.subject) + " " + text : text;
  }

  static size_t GapBefore(size_t column) { return column == 0 ? kLabelGap : kGap; }

  void DrawRow(const Row& row) const {
    if (row.cells.empty()) {
      page_.Add({{std::string(kMark, ' ')}, {row.label, Style::kDim}});
      return;
    }
    std::vector<std::vector<std::string>> cells;
    size_t height = 1;
    for (size_t i = 0; i < count_; ++i) {
      cells.push_back(Wrap(CellText(row, first_ + i), widths_[i]));
      if (cells[i].size() > kMaxCellLines) {
        cells[i].resize(kMaxCellLines);
        cells[i].back() = Fit(cells[i].back() + "  ..", widths_[i]);
      }
      height = std::max(height, cells[i].size());
    }
    const bool marked = row.first_difference && first_ == 0;
    const Style label = marked ? Style::kBold : Style::kPlain;
    for (size_t at = 0; at < height; ++at) {
      Line line = {{marked && at == 0 ? "> " : "  ", Style::kBad},
                   {Pad(at == 0 ? Clean(row.label) : "", label_), label}};
      size_t used = kMark + label_;
      for (size_t i = 0; i < count_; ++i) {
        const std::string text = at < cells[i].size() ? cells[i][at] : "";
        line.push_back({std::string(GapBefore(i), ' ')});
        line.push_back({i + 1 < count_ ? Pad(text, widths_[i]) : text, row.cells[first_ + i].style});
        used += GapBefore(i) + (i + 1 < count_ ? widths_[i] : Width(text));
      }
      if (at + 1 == height && first_ == 0) {
        DrawNotes(row, std::move(line), used);
      } else {
        page_.Add(line);
      }
    }
  }

  // Beside the last line of the row where there is room, else right below it.
  void DrawNotes(const Row& row, Line line, size_t used) const {
    std::vector<Span> notes;
    if (row.first_difference) notes.push_back({kFirstDifference, Style::kBad});
    if (!row.note.empty()) notes.push_back({row.note, Style::kDoubt});
    for (Span& note : notes) {
      const size_t width = Width(Clean(note.text));
      const size_t gap = used + kGap + width <= page_.columns() ? kGap : 1;
      if (used + gap + width <= page_.columns()) {
        line.push_back({std::string(gap, ' ')});
        used += gap + width;
        line.push_back(std::move(note));
        continue;
      }
      page_.Add(line);
      const size_t indent = std::min(kMark + label_ + kLabelGap + (count_ > 1 ? widths_[0] + kGap : 0),
                                     page_.columns() - std::min(page_.columns(), width));
      line = {{std::string(indent, ' ')}, std::move(note)};
      used = indent + width;
    }
    page_.Add(line);
  }

  const std::vector<std::string>& sides_;
  const std::vector<Row>& rows_;
  const size_t first_;
  const size_t count_;
  Page& page_;
  size_t label_ = 4;
  std::vector<size_t> widths_;
};

}  // namespace

void DrawRows(const std::vector<std::string>& sides, const std::vector<Row>& rows, Page& page) {
  const size_t per_table = std::max<size_t>(2, (page.columns() - kMark - kMaxLabel) / (kMinCell + kGap));
  for (size_t first = 0; first < sides.size(); first += per_table) {
    if (first > 0) page.Blank();
    Table(sides, rows, first, std::min(per_table, sides.size() - first), page).Draw();
  }
}

}  // namespace parallax::report
