// What may be shown of what a peer said. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_REPORT_SHEET_CLEAN_H_
#define PARALLAX_CONTROLLER_REPORT_SHEET_CLEAN_H_

#include <string>
#include <string_view>

namespace parallax::report {

// No control characters, no marks that turn the direction of writing, valid UTF-8, bounded.
std::string Clean(std::string_view text);

}  // namespace parallax::report

#endif  // PARALLAX_CONTROLLER_REPORT_SHEET_CLEAN_H_
