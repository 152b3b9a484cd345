#include "controller/plan/target_error.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "contract/limits.h"

namespace parallax::plan {
namespace {

// A right one of each scheme.
constexpr std::pair<std::string_view, std::string_view> kExamples[] = {
    {"postgres", "postgres://app@db.internal:5432/app?sslmode=require"},
    {"tcp", "tcp://db.internal:5432"},
    {"tls", "tls://db.internal:443"},
    {"http", "http://app.internal/api/health#status=200"},
    {"https", "https://app.internal/api/health#/database/status=connected"},
    {"dns", "dns:db.internal"},
};

// "tcp://db.internal": nothing of what stands before an '@' or follows the host, and no host where a '?' or a '#' may
// have stood in a password.
std::string NameOf(std::string_view scheme, std::string_view url) {
  std::string_view rest = url.substr(std::min(url.size(), scheme.size() + 1));
  const std::string slashes = rest.starts_with("//") ? "//" : "";
  rest.remove_prefix(slashes.size());
  const size_t at = rest.rfind('@');
  if (at != std::string_view::npos && at > rest.find_first_of("?#")) return absl::StrCat(std::string(scheme), ":...");
  if (at != std::string_view::npos) rest.remove_prefix(at + 1);
  const size_t end = rest.starts_with('[') ? rest.find(']') + 1 : rest.find_first_of(":/?#");
  return absl::StrCat(std::string(scheme), ":", slashes, at == std::string_view::npos ? "" : "...@",
                      contract::Printable(rest.substr(0, end), 60));
}

}  // namespace

absl::Status InTarget(std::string_view url, const absl::Status& what) {
  const size_t colon = url.find(':');
  const std::string_view written = colon == std::string_view::npos ? "" : url.substr(0, colon);
  const std::string lower = absl::AsciiStrToLower(std::string(written));
  const std::string family = lower.substr(0, lower.find('+'));
  const auto* known = std::find_if(std::begin(kExamples), std::end(kExamples), [&](const auto& example) {
    return example.first == (family == "postgresql" ? "postgres" : family);
  });
  const bool named = known != std::end(kExamples);
  return absl::InvalidArgumentError(absl::StrCat("target", named ? absl::StrCat(" ", NameOf(written, url)) : "", ": ",
                                                 std::string(what.message()), "; a right one is ",
                                                 std::string((named ? known : std::begin(kExamples))->second)));
}

}  // namespace parallax::plan
