#include "agent/policy/allowed_secrets.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "contract/limits.h"

namespace parallax::policy {
namespace {

// IPv4 as its mapped form (RFC 4291 section 2.5.5.2), so that one comparison serves all.
using Bytes16 = std::array<unsigned char, 16>;

bool ParseAddress(std::string text, Bytes16* out, bool* v4 = nullptr) {
  text = text.substr(0, text.find('%'));  // a zone does not change whom we dial
  in_addr four{};
  const bool is_v4 = inet_pton(AF_INET, text.c_str(), &four) == 1;
  if (v4 != nullptr) *v4 = is_v4;
  if (!is_v4) return inet_pton(AF_INET6, text.c_str(), out->data()) == 1;
  *out = Bytes16{};
  (*out)[10] = (*out)[11] = 0xFF;
  std::memcpy(out->data() + 12, &four, 4);
  return true;
}

struct Range {
  Bytes16 address{};
  int bits = 128;
};

template <typename Number>
bool ReadNumber(std::string_view digits, Number* to) {
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), *to);
  return error == std::errc() && end == digits.data() + digits.size();
}

// An address, or a CIDR.
bool ParseRange(std::string_view text, Range* range) {
  const size_t slash = text.find('/');
  bool v4 = false;
  if (!ParseAddress(std::string(text.substr(0, slash)), &range->address, &v4)) return false;
  if (slash == std::string_view::npos) return true;
  const int most = v4 ? 32 : 128;
  if (!ReadNumber(text.substr(slash + 1), &range->bits) || range->bits < 0 || range->bits > most) return false;
  range->bits += 128 - most;
  return true;
}

bool Contains(const Range& range, const Bytes16& address) {
  for (int bit = 0; bit < range.bits; ++bit) {
    const int mask = 0x80 >> (bit % 8);
    if ((range.address[bit / 8] & mask) != (address[bit / 8] & mask)) return false;
  }
  return true;
}

bool IsName(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == '_';
  });
}

// Of exec: only the scheme, because people put passwords into command lines.
std::string Shown(std::string_view ref) {
  return ref.starts_with("exec:") ? "exec:..." : contract::Printable(ref, 200);
}

}  // namespace

absl::StatusOr<SecretTarget> ParseSecretTarget(std::string_view text) {
  SecretTarget target;
  std::string_view host = text;
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    const std::string_view rest = close == std::string_view::npos ? "?" : text.substr(close + 1);
    host = text.substr(1, close == std::string_view::npos ? close : close - 1);
    has_port = !rest.empty();
    if (has_port) port = rest.starts_with(':') ? rest.substr(1) : "";
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    const size_t colon = text.find(':');
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    has_port = true;
  }
  target.host = std::string(host);
  Range range;
  const bool fits = host == "*" || ParseRange(host, &range) || IsName(host);
  if (!fits || (has_port && (!ReadNumber(port, &target.port) || target.port == 0))) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", contract::Printable(text, 100),
        "' is no target: write HOST or HOST:PORT, where HOST is a name, an address, a CIDR such as 10.0.0.0/8, or *"));
  }
  return target;
}

bool Covers(const SecretTarget& target, std::string_view address, uint16_t port,
            const std::function<std::vector<std::string>(const std::string& name)>& resolve) {
  Bytes16 dialled;
  if (!ParseAddress(std::string(address), &dialled)) return false;
  if (target.port != 0 && target.port != port) return false;
  if (target.host == "*") return true;
  Range range;
  if (ParseRange(target.host, &range)) return Contains(range, dialled);
  for (const std::string& known : resolve(target.host)) {
    Bytes16 its;
    if (ParseAddress(known, &its) && its == dialled) return true;
  }
  return false;
}

AllowedSecrets AllowedSecrets::Everything() {
  AllowedSecrets allowed;
  allowed.everything_ = true;
  return allowed;
}

absl::Status AllowedSecrets::Add(std::string_view flag) {
  std::string_view ref = flag;
  std::string_view target;
  const size_t at = flag.rfind('@');
  if (at != std::string_view::npos) {
    ref = flag.substr(0, at);
    target = flag.substr(at + 1);
  }
  const size_t colon = ref.find(':');
  const std::string_view scheme = ref.substr(0, colon == std::string_view::npos ? 0 : colon);
  if ((scheme != "env" && scheme != "file" && scheme != "exec") || colon + 1 == ref.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", scheme.empty() ? "..." : Shown(ref),
                     "' is no reference to a secret of this agent: write env:NAME, file:PATH or exec:COMMAND as the "
                     "plans do, and @HOST:PORT behind it to say where it may go"));
  }
  if (at != std::string_view::npos) {
    if (auto parsed = ParseSecretTarget(target); !parsed.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(Shown(ref), ": ", scheme == "exec" ? "what follows its last @ is no target" : "behind the @, ",
                       scheme == "exec" ? "" : std::string(parsed.status().message()),
                       "; where the @ is a part of the reference, end it in @*"));
    }
  }
  const bool known = targets_.find(ref) != targets_.end();
  std::vector<std::string>& targets = targets_[std::string(ref)];
  const bool any = target.empty() || target == "*";
  if (known && targets.empty()) return absl::OkStatus();  // open already
  if (any) {
    targets.clear();
  } else {
    targets.emplace_back(target);
  }
  return absl::OkStatus();
}

const std::vector<std::string>* AllowedSecrets::TargetsOf(std::string_view ref) const {
  static const std::vector<std::string>* const kEverywhere = new std::vector<std::string>;
  if (everything_) return kEverywhere;
  const auto found = targets_.find(ref);
  return found == targets_.end() ? nullptr : &found->second;
}

}  // namespace parallax::policy
