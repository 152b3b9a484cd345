#include "controller/plan/url_secrets.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "contract/limits.h"
#include "contract/secret_names.h"

namespace parallax::plan {

absl::Status CheckNoSecret(std::string_view path_and_query) {
  const std::string name = contract::SecretParameterOf(path_and_query);
  if (name.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("its parameter '", contract::Printable(name, 60),
                   "' looks like a secret, and URLs are stored and shown: leave it out, and give a bearer token by "
                   "--password-from env:NAME"));
}

}  // namespace parallax::plan
