#include "agent/clients/expectations.h"

#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "agent/clients/json_pointer.h"
#include "agent/clients/shown_url.h"

namespace parallax::clients {
namespace {

constexpr size_t kMaxSeenBytes = 256;

struct Seen {
  std::string what;
  std::string wanted;
  std::optional<std::string> value;  // nullopt: absent
  bool holds = false;
  std::string note;  // why it is absent, where that needs words
};

Seen LookAtStatus(const v1::HttpProbe& spec, const v1::HttpExpectation* expected, uint32_t status) {
  Seen seen{"status", "below 400", absl::StrCat(status), status < 400, ""};
  if (expected == nullptr) {
    if (status >= 300 && status < 400 && !spec.follow_redirects()) seen.note = "it redirects, which was not followed";
    return seen;
  }
  const bool of_class = expected->status() < 10;
  seen.wanted = of_class ? absl::StrCat(expected->status(), "xx") : absl::StrCat(expected->status());
  seen.holds = (of_class ? status / 100 : status) == expected->status();
  return seen;
}

Seen LookAtHeader(const v1::HttpExpectation& expected, const FetchResult& answer) {
  const std::string name = absl::AsciiStrToLower(expected.header());
  Seen seen{absl::StrCat("header ", name), expected.exists() ? "any" : expected.equals(), std::nullopt, false, ""};
  for (const auto& [header, value] : answer.headers) {
    if (header != name || seen.holds) continue;
    seen.value = ShownHeader(name, value);  // of several, the one that holds
    seen.holds = expected.exists() || value == expected.equals();
  }
  return seen;
}

Seen LookAtJson(const v1::HttpExpectation& expected, const nlohmann::json& document, const std::string& why_none) {
  Seen seen{absl::StrCat("json ", expected.json_pointer()), expected.exists() ? "any" : expected.equals(), std::nullopt,
            false, ""};
  if (document.is_discarded()) {
    seen.note = why_none;
    return seen;
  }
  const nlohmann::json* value = FindByPointer(document, expected.json_pointer());
  if (value == nullptr) return seen;
  seen.value = JsonText(*value);
  seen.holds = expected.exists() || *seen.value == expected.equals();
  return seen;
}

bool Report(const Seen& seen, uint32_t status, Reporter& reporter) {
  v1::Step* step = reporter.Begin(v1::EXPECTATION, reporter.Shown(seen.what, kMaxSeenBytes));
  v1::ExpectationDetails* details = step->mutable_expectation();
  details->set_what(reporter.Shown(seen.what, kMaxSeenBytes));
  details->set_wanted(reporter.Shown(seen.wanted, kMaxSeenBytes));
  details->set_absent(!seen.value.has_value());
  details->set_seen(reporter.Shown(seen.value.value_or(""), kMaxSeenBytes));
  if (seen.holds) {
    reporter.End(step, v1::NONE, seen.note);
    return true;
  }
  const std::string text = absl::StrCat(details->what(), " is ", details->absent() ? "absent" : details->seen(),
                                        ", wanted ", details->wanted(), seen.note.empty() ? "" : ": ", seen.note);
  step->mutable_server_error()->set_code(absl::StrCat(status));
  step->mutable_server_error()->set_message(reporter.Shown(text));
  reporter.End(step, v1::SERVER_ERROR, text);
  return false;
}

}  // namespace

void CheckExpectations(const v1::HttpProbe& spec, const FetchResult& answer, Reporter& reporter) {
  bool all_hold = true;
  std::string why_none;
  const nlohmann::json document = ParseJson(answer.body, &why_none);
  if (document.is_discarded() && answer.cut) {
    why_none = absl::StrCat("the body was cut at ", answer.body.size(), " bytes, and what came is no whole JSON");
  }
  const auto check = [&](const Seen& seen) { all_hold = Report(seen, answer.status, reporter) && all_hold; };
  if (spec.expect().empty()) check(LookAtStatus(spec, nullptr, answer.status));
  for (const v1::HttpExpectation& expected : spec.expect()) {
    switch (expected.of_case()) {
      case v1::HttpExpectation::kStatus: check(LookAtStatus(spec, &expected, answer.status)); break;
      case v1::HttpExpectation::kHeader: check(LookAtHeader(expected, answer)); break;
      default: check(LookAtJson(expected, document, why_none)); break;
    }
  }
  reporter.observation()->set_outcome(all_hold ? v1::NONE : v1::SERVER_ERROR);
}

}  // namespace parallax::clients
