#include "controller/plan/postgres_url.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/plan/percent.h"

namespace parallax::plan {

std::string PostgresUrlOf(const v1::Target& target) {
  const bool v6 = target.host().find(':') != std::string::npos;
  std::string url =
      absl::StrCat("postgres://", PercentEncode(target.user()), "@", v6 ? "[" : "", target.host(), v6 ? "]" : "", ":",
                   target.port(), "/", PercentEncode(target.database()), "?sslmode=", target.ssl_mode());
  const v1::PostgresParameters& parameters = target.parameters();
  const std::pair<const char*, std::string> rest[] = {
      {"hostaddr", target.address() == target.host() ? std::string() : target.address()},
      {"sslrootcert", target.ssl_root_cert()},
      {"channel_binding", parameters.channel_binding()},
      {"target_session_attrs", parameters.target_session_attrs()},
      {"options", parameters.options()},
      {"application_name", parameters.application_name()},
      {"ssl_min_protocol_version", parameters.ssl_min_protocol_version()},
      {"ssl_max_protocol_version", parameters.ssl_max_protocol_version()},
  };
  for (const auto& [name, value] : rest) {
    if (!value.empty()) absl::StrAppend(&url, "&", name, "=", PercentEncode(value, "/:"));
  }
  if (parameters.no_sni()) absl::StrAppend(&url, "&sslsni=0");
  return url;
}

}  // namespace parallax::plan
