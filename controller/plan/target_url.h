// What the user names on the command line, as a Target. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_PLAN_TARGET_URL_H_
#define PARALLAX_CONTROLLER_PLAN_TARGET_URL_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/plan/surroundings.h"
#include "parallax/v1/run.pb.h"

namespace parallax::plan {

struct ParsedTarget {
  v1::Target target;                  // its url has no secret in it
  std::string password;               // "" none. One that is written in the URL is for the caller to warn of.
  std::string password_from;          // kAsWritten of conninfo.h, "PGPASSWORD", "/home/me/.pgpass line 3"; "" none
  std::vector<std::string> warnings;  // what a person should know of how the target came about
};

// Parses what psql takes (conninfo.h: URIs of libpq, its keyword/value form, and what drivers make of both), tcp://h:p,
// tls://h:p, dns:NAME, and http:// and https:// with what is expected of the answer behind the '#':
// https://h/api/health#/database/status=connected&status=200&header:content-type=application/json (RFC 6901 pointers;
// a pointer or a header without '=' must only be there), and "redirects=follow", without which they are shown. IPv6
// literals in brackets (RFC 3986 section 3.2.2). What a postgres target leaves open is taken from `around`, as libpq
// does it; the target's `origins` say which value came from where. InvalidArgument says what is wrong, at which part,
// and shows a right one; it never repeats a password.
absl::StatusOr<ParsedTarget> ParseTarget(std::string_view url, const Surroundings& around = Surroundings());

// The same, of what is written alone: a postgres target may then have no host, and defaults for the rest.
absl::StatusOr<ParsedTarget> ReadTarget(std::string_view url);

// The URL with another sslmode, as a URI; other schemes have none and stay as they are.
std::string WithSslMode(std::string_view url, const std::string& mode);

}  // namespace parallax::plan

#endif  // PARALLAX_CONTROLLER_PLAN_TARGET_URL_H_
