// The run itself inside its page, so that the page can be given wherever a run is wanted. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_REPORT_HTML_EMBEDDED_RUN_H_
#define PARALLAX_CONTROLLER_REPORT_HTML_EMBEDDED_RUN_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "parallax/v1/run.pb.h"

namespace parallax::report {

inline constexpr char kRunElement[] = "parallax-run";  // the id of the element that holds it

// The message, by gzip (RFC 1952), as base64 (RFC 4648).
struct PackedRun {
  std::string base64;
  std::string digest;  // SHA-256 of what is in base64, lower-case hex
};
PackedRun PackRun(const v1::Run& run);

// Does it begin as a page does?
bool LooksLikePage(std::string_view text);

// The run of such a page, whoever wrote it. InvalidArgument, saying what is wrong: it holds none, what it holds is
// damaged, or it would become larger than `max_bytes`.
absl::StatusOr<v1::Run> RunInPage(std::string_view page, size_t max_bytes);

}  // namespace parallax::report

#endif  // PARALLAX_CONTROLLER_REPORT_HTML_EMBEDDED_RUN_H_
