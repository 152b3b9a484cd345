// What the user names on the command line, as a Target. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_PLAN_TARGET_URL_H_
#define PARALLAX_CONTROLLER_PLAN_TARGET_URL_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "parallax/v1/run.pb.h"

namespace parallax::plan {

struct ParsedTarget {
  v1::Target target;     // its url has no secret in it
  std::string password;  // from the URL ("postgres://u:p@h"), percent-decoded; "" none. The caller warns.
};

// Parses postgres:// and postgresql:// (libpq's connection URIs: user, host, port, dbname, ?sslmode=...), tcp://h:p,
// tls://h:p, dns:NAME, and http:// and https:// with what is expected of the answer behind the '#':
// https://h/api/health#/database/status=connected&status=200&header:content-type=application/json (RFC 6901 pointers;
// a pointer or a header without '=' must only be there), and "redirects=follow", without which they are shown. IPv6
// literals in brackets (RFC 3986 section 3.2.2). InvalidArgument says what is wrong, at which part, and shows a right
// one; it never repeats a password.
absl::StatusOr<ParsedTarget> ParseTarget(std::string_view url);

}  // namespace parallax::plan

#endif  // PARALLAX_CONTROLLER_PLAN_TARGET_URL_H_
