#include "controller/plan/several_hosts.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "controller/plan/libpq_parameters.h"

namespace parallax::plan {
namespace {

constexpr size_t kShownTargets = 3;
constexpr size_t kShownUrl = 160;

}  // namespace

absl::Status CheckOneHost(const Conninfo& info) {
  const auto value = [&](std::string_view name) {
    const Setting* found = info.Find(name);
    return found == nullptr ? std::string() : found->value;
  };
  std::vector<std::string> hosts = absl::StrSplit(value("host"), ',');
  std::vector<std::string> addresses = absl::StrSplit(value("hostaddr"), ',');
  const std::vector<std::string> ports = absl::StrSplit(value("port"), ',');
  const size_t count = std::max({hosts.size(), addresses.size(), ports.size()});
  if (count == 1) return absl::OkStatus();
  const Setting* from = info.Find(hosts.size() > 1 ? "host" : addresses.size() > 1 ? "hostaddr" : "port");
  std::vector<std::string> urls;
  for (size_t i = 0; i < count; ++i) {
    Conninfo one;
    for (const Setting& setting : info.settings) {
      const bool of_several = setting.name == "target_session_attrs" || setting.name == "load_balance_hosts";
      const LibpqParameter* parameter = FindLibpqParameter(setting.name);
      // What is not honoured may be a secret.
      const bool shown = parameter != nullptr && parameter->treatment == Treatment::kHonoured &&
                         setting.name != "password" && setting.from == kAsWritten;
      if (shown && !of_several) one.Set(setting);
    }
    const auto part = [&](const char* name, const std::vector<std::string>& parts) {
      if (info.Find(name) == nullptr) return;
      one.Set({name, parts.size() == 1 ? parts.front() : i < parts.size() ? parts[i] : "", kAsWritten, ""});
    };
    part("host", hosts);
    part("hostaddr", addresses);
    part("port", ports);
    std::erase_if(one.settings, [](const Setting& setting) { return setting.value.empty(); });
    const std::string url = PrintUri(one.settings);
    if (info.may_show && url.size() <= kShownUrl && urls.size() < kShownTargets)
      urls.push_back(absl::StrCat("'", url, "'"));
  }
  const std::string shown =
      urls.size() == count ? absl::StrJoin(urls, " ") : "postgres://HOST1:PORT/DB postgres://HOST2:PORT/DB";
  return WithOrigin(*from, absl::InvalidArgumentError(absl::StrCat(
                               "several hosts in one URL, of which libpq takes the first that will do; name each "
                               "as a target of its own: ",
                               shown)));
}

}  // namespace parallax::plan
