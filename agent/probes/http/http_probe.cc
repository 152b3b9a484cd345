#include "agent/probes/http/http_probe.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "agent/probes/client_process.h"
#include "agent/probes/dial.h"
#include "contract/json_pointer.h"
#include "contract/limits.h"

namespace parallax::probes {
namespace {

constexpr uint64_t kMaxBodyBytes = 64 * 1024 * 1024;
constexpr uint32_t kMaxRedirects = 20;
constexpr int kMaxExpectations = 64;

bool IsVisibleAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

// RFC 9110 section 5.6.2.
bool IsToken(std::string_view text) {
  constexpr std::string_view kPunctuation = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](unsigned char c) {
    return std::isalnum(c) != 0 || kPunctuation.find(static_cast<char>(c)) != std::string_view::npos;
  });
}

absl::Status ValidateExpectation(const v1::HttpExpectation& expected) {
  const uint32_t status = expected.status();
  switch (expected.of_case()) {
    case v1::HttpExpectation::kStatus:
      if ((status >= 1 && status <= 5) || (status >= 100 && status <= 599)) return absl::OkStatus();
      return absl::InvalidArgumentError(
          absl::StrCat("http.expect.status: ", status, " is neither 100..599 nor a class 1..5"));
    case v1::HttpExpectation::kHeader:
      if (IsToken(expected.header())) return absl::OkStatus();
      return absl::InvalidArgumentError("http.expect.header: no name of a header (RFC 9110 section 5.1)");
    case v1::HttpExpectation::kJsonPointer:
      if (contract::IsJsonPointer(expected.json_pointer())) return absl::OkStatus();
      return absl::InvalidArgumentError("http.expect.json_pointer: begins with '/', and '~' stands as ~0 (RFC 6901)");
    default: return absl::InvalidArgumentError("http.expect: of what, a status, a header or a JSON pointer?");
  }
}

v1::SecretRef* BearerOf(v1::ProbeSpec* spec) { return spec->mutable_http()->mutable_bearer(); }

}  // namespace

absl::Status ValidateHttp(const v1::ProbeSpec& spec) {
  const v1::HttpProbe& http = spec.http();
  if (absl::Status status = ValidateEndpoint(http.endpoint(), "http.endpoint"); !status.ok()) return status;
  if (!IsVisibleAscii(http.endpoint().host()) ||
      http.endpoint().host().find_first_of("/?#@\\[]") != std::string::npos) {
    return absl::InvalidArgumentError("http.endpoint.host: no name of a host");
  }
  if (!http.path().empty() &&
      (http.path()[0] != '/' || !IsVisibleAscii(http.path()) || http.path().find('#') != std::string::npos)) {
    return absl::InvalidArgumentError("http.path: begins with '/', without spaces, control characters or a fragment");
  }
  if (http.path().size() > contract::kMaxUrlBytes) {
    return absl::InvalidArgumentError(absl::StrCat("http.path: over ", contract::kMaxUrlBytes, " bytes"));
  }
  if (!http.method().empty() && (!IsToken(http.method()) || http.method().size() > 32)) {
    return absl::InvalidArgumentError("http.method: no token of RFC 9110, or over 32 bytes");
  }
  if (http.max_body_bytes() > kMaxBodyBytes || http.max_redirects() > kMaxRedirects ||
      http.expect_size() > kMaxExpectations) {
    return absl::InvalidArgumentError(absl::StrCat("http: at most ", kMaxBodyBytes, " bytes of body, ", kMaxRedirects,
                                                   " redirects and ", kMaxExpectations, " expectations"));
  }
  for (const v1::HttpExpectation& expected : http.expect()) {
    if (absl::Status status = ValidateExpectation(expected); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status RunHttp(const v1::ProbeSpec& spec, const Context& context, Recorder& recorder) {
  return RunInClient(spec, &BearerOf, context, recorder);
}

}  // namespace parallax::probes
