// Text that fits: display width, wrapping and cutting of plain text, counted in UTF-8 code points. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_REPORT_LAYOUT_H_
#define PARALLAX_CONTROLLER_REPORT_LAYOUT_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "controller/report/sheet/clean.h"

namespace parallax::report {

// Display columns of clean text.
size_t Width(std::string_view text);

// The first `columns` columns of `text`; ".." at the end says that there was more.
std::string Fit(std::string_view text, size_t columns);

// `text` and spaces up to `columns`; cut when it is longer.
std::string Pad(std::string_view text, size_t columns);

// `text` broken at spaces so that no line is wider than `columns` (at least 4); a word that is wider is broken where it
// must be. Lines of the text itself stay apart. At least one line.
std::vector<std::string> Wrap(std::string_view text, size_t columns);

// A shell command broken between words, never inside quotes where that can be helped: every line but the last ends with
// a backslash, and the lines after the first are indented by two, so that what is copied still runs.
std::vector<std::string> WrapCommand(std::string_view command, size_t columns);

// Of the widest piece of it that WrapCommand would rather not break.
size_t WidestCommandWord(std::string_view command);

}  // namespace parallax::report

#endif  // PARALLAX_CONTROLLER_REPORT_LAYOUT_H_
