// The table of `parallax history`. Pure but for the time zone of this host; thread-safe.
#ifndef PARALLAX_CONTROLLER_CLI_HISTORY_TEXT_H_
#define PARALLAX_CONTROLLER_CLI_HISTORY_TEXT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "controller/store/run_store.h"

namespace parallax::cli {

// A header, and a line a run. The columns stand under each other; the target, which is last, is cut where the page
// ends.
std::string HistoryText(const std::vector<store::RunLine>& lines, size_t columns, bool colour);

}  // namespace parallax::cli

#endif  // PARALLAX_CONTROLLER_CLI_HISTORY_TEXT_H_
