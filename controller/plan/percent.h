// Percent-encoding (RFC 3986 section 2.1). Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_PLAN_PERCENT_H_
#define PARALLAX_CONTROLLER_PLAN_PERCENT_H_

#include <string>
#include <string_view>

namespace parallax::plan {

// False for a '%' without two hex digits, and for %00, which no part may hold.
bool PercentDecode(std::string_view text, std::string* out);

// `also` stays as it is, beside what RFC 3986 calls unreserved.
std::string PercentEncode(std::string_view text, std::string_view also = "");

}  // namespace parallax::plan

#endif  // PARALLAX_CONTROLLER_PLAN_PERCENT_H_
