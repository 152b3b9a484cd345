// The lines of a text report, with colour or without, none of them wider than the page.
//
// A value; one thread at a time.
#ifndef PARALLAX_CONTROLLER_REPORT_PAGE_H_
#define PARALLAX_CONTROLLER_REPORT_PAGE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controller/report/sheet/span.h"

namespace parallax::report {

class Page {
 public:
  Page(size_t columns, bool colour) : columns_(columns), colour_(colour) {}

  size_t columns() const { return columns_; }

  // Adds one line; what does not fit is cut with "..". Spaces at its end are dropped.
  void Add(const Line& line);
  void Add(std::string_view text, Style style = Style::kPlain) { Add(Line{{std::string(text), style}}); }
  void Blank();  // one empty line, never two

  // `text` wrapped; the first line after `first`, the others indented as wide as it.
  void Paragraph(std::string_view first, std::string_view text, Style style = Style::kPlain);

  std::string Take() { return std::move(out_); }

 private:
  const size_t columns_;
  const bool colour_;
  std::string out_;
};

}  // namespace parallax::report

#endif  // PARALLAX_CONTROLLER_REPORT_PAGE_H_
