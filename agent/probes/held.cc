#include "agent/probes/held.h"

#include <cmath>

#include "absl/strings/str_cat.h"

namespace parallax::probes {
namespace {

std::string Seconds(int64_t ns) { return absl::StrCat(std::round(static_cast<double>(ns) / 1e8) / 10, " s"); }

}  // namespace

std::string EndedWhileHeld(int64_t after_ns, int64_t of_ns, const v1::ServerError& last_word) {
  // Without its word it may as well have been somebody on the way.
  const char* who = last_word.code().empty() ? "the session was ended" : "the server ended the session";
  std::string text = absl::StrCat(who, " after ", Seconds(after_ns), " of ", Seconds(of_ns), " idle");
  if (!last_word.code().empty()) absl::StrAppend(&text, ": ", last_word.code(), " ", last_word.message());
  return text;
}

}  // namespace parallax::probes
