#include "controller/plan/values.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "contract/limits.h"
#include "controller/plan/quantities.h"

namespace parallax::plan {
namespace {

constexpr int64_t kMinTimeoutMs = 10;
constexpr size_t kMaxWitnessName = 32;
constexpr size_t kShown = 80;  // of what a user wrote, in errors

std::optional<int64_t> Number(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

// Takes "host:" or "[v6]:" off the front.
std::optional<std::string> TakeHost(std::string_view* rest) {
  if (rest->starts_with('[')) {
    const size_t end = rest->find("]:");
    if (end == std::string_view::npos || end == 1) return std::nullopt;
    std::string host(rest->substr(1, end - 1));
    rest->remove_prefix(end + 2);
    return host;
  }
  const size_t colon = rest->find(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  std::string host(rest->substr(0, colon));
  rest->remove_prefix(colon + 1);
  return host;
}

std::optional<uint32_t> Port(std::string_view text) {
  const auto number = Number(text);
  if (!number.has_value() || *number < 1 || *number > 65535) return std::nullopt;
  return static_cast<uint32_t>(*number);
}

bool IsNameByte(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_'; }

}  // namespace

absl::StatusOr<int64_t> ParseDurationMs(std::string_view text) {
  return ParseDuration(text, kMinTimeoutMs, contract::kMaxProbeTimeoutMs);
}

absl::StatusOr<std::pair<std::string, v1::ConnectTo>> ParseConnectTo(std::string_view text) {
  const auto wrong = [&](std::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", contract::Printable(text, kShown), "': ", std::string(what),
        "; write SIDE:HOST:PORT:TOHOST:TOPORT, as in outside:db.internal:5432:127.0.0.1:15432 (IPv6 in brackets)"));
  };
  std::string_view rest = text;
  const auto side = TakeHost(&rest);
  if (!side.has_value()) return wrong("the side is missing");
  const auto host = TakeHost(&rest);
  if (!host.has_value()) return wrong("the host is missing");
  const size_t colon = rest.find(':');
  const auto port = Port(rest.substr(0, colon));
  if (colon == std::string_view::npos || !port.has_value()) return wrong("the port is not in 1..65535");
  rest.remove_prefix(colon + 1);
  const auto to_host = TakeHost(&rest);
  if (!to_host.has_value()) return wrong("where to is missing");
  const auto to_port = Port(rest);
  if (!to_port.has_value()) return wrong("the port to dial is not in 1..65535");
  for (const std::string& name : {*host, *to_host}) {
    if (name.size() > contract::kMaxNameBytes)
      return wrong(
          absl::StrCat("a host is of ", name.size(), " bytes, at most ", contract::kMaxNameBytes, " are possible"));
  }
  v1::ConnectTo map;
  map.set_host(*host);
  map.set_port(*port);
  map.set_to_host(*to_host);
  map.set_to_port(*to_port);
  return std::make_pair(*side, map);
}

absl::StatusOr<std::pair<std::string, std::string>> ParseWitness(std::string_view text) {
  const size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  const auto wrong = [&](std::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", contract::Printable(name, kShown), "': ", std::string(what),
                     "; write NAME=VANTAGE, as in bastion='exec:ssh bastion ./parallax-agent stdio'"));
  };
  if (equals == std::string_view::npos || equals + 1 == text.size()) return wrong("the vantage is missing");
  if (name.empty()) return wrong("the name is missing");
  if (name.size() > kMaxWitnessName) return wrong("the name is longer than 32 characters");
  if (!std::all_of(name.begin(), name.end(), IsNameByte)) return wrong("a name has letters, digits, '-' and '_'");
  if (name == "inside" || name == "outside")
    return wrong("inside and outside are not witnesses: use --inside and --outside");
  return std::make_pair(std::string(name), std::string(text.substr(equals + 1)));
}

absl::Status CheckSecretRef(std::string_view ref) {
  for (const std::string_view kind : {"env:", "file:", "exec:", "controller:"}) {
    if (!ref.starts_with(kind)) continue;
    if (ref.size() > kind.size()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("'", std::string(kind), "' names nothing; write env:PGPASSWORD, file:PATH or exec:COMMAND"));
  }
  return absl::InvalidArgumentError(
      "it takes a reference, not the password itself: env:NAME, file:PATH, exec:COMMAND, or controller:NAME for a "
      "variable of this process alone");
}

std::string Nearest(std::string_view word, const std::vector<std::string>& names) {
  word = word.substr(0, 64);  // nothing longer is near anything
  std::string best;
  size_t least = std::max<size_t>(2, word.size() / 3) + 1;
  for (const std::string& name : names) {
    std::vector<size_t> row(name.size() + 1);
    for (size_t j = 0; j <= name.size(); ++j) row[j] = j;
    for (size_t i = 1; i <= word.size(); ++i) {
      size_t diagonal = std::exchange(row[0], i);
      for (size_t j = 1; j <= name.size(); ++j) {
        const size_t change = diagonal + (word[i - 1] == name[j - 1] ? 0 : 1);
        diagonal = row[j];
        row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
      }
    }
    size_t distance = row[name.size()];
    // "--pass" and "causes tunnel" are beginnings, whatever their distance.
    if (word.size() >= 4 && name.starts_with(word)) distance = std::min<size_t>(distance, 1);
    if (distance < least) {
      least = distance;
      best = name;
    }
  }
  return best;
}

}  // namespace parallax::plan
