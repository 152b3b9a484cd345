#include "controller/plan/quantities.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "absl/strings/str_cat.h"
#include "contract/limits.h"

namespace parallax::plan {
namespace {

constexpr size_t kShown = 80;  // of what a user wrote, in errors

struct Unit {
  std::string_view name;
  int64_t scale;
};
constexpr Unit kDurations[] = {{"ms", 1}, {"s", kSecondMs}, {"m", kMinuteMs}, {"min", kMinuteMs}, {"h", kHourMs}};
constexpr Unit kSizes[] = {{"", 1},          {"B", 1},          {"kB", 1000},    {"KB", 1000},
                           {"KiB", 1 << 10}, {"MB", 1'000'000}, {"MiB", 1 << 20}};

struct Quantity {
  int64_t number = 0;
  const Unit* unit = nullptr;  // null: no such unit
};

// nullopt when it does not begin with a whole number.
template <size_t N>
std::optional<Quantity> Split(std::string_view text, const Unit (&units)[N]) {
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  Quantity quantity;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, quantity.number);
  if (digits == 0 || error != std::errc()) return std::nullopt;
  for (const Unit& unit : units) {
    if (unit.name == text.substr(digits)) quantity.unit = &unit;
  }
  return quantity;
}

}  // namespace

absl::StatusOr<int64_t> ParseDuration(std::string_view text, int64_t min_ms, int64_t max_ms) {
  const auto wrong = [&](std::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", contract::Printable(text, kShown), "' ", std::string(what), "; write 5s, 500ms or 1m"));
  };
  const auto quantity = Split(text, kDurations);
  if (!quantity.has_value()) return wrong("is no duration");
  if (quantity->unit == nullptr) return wrong("is no duration: it lacks its unit");
  int64_t ms = 0;
  if (__builtin_mul_overflow(quantity->number, quantity->unit->scale, &ms) || ms < min_ms || ms > max_ms) {
    return wrong(absl::StrCat("is not between ", DurationText(min_ms), " and ", DurationText(max_ms)));
  }
  return ms;
}

absl::StatusOr<uint64_t> ParseBytes(std::string_view text) {
  const auto wrong = [&](std::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", contract::Printable(text, kShown), "' ", std::string(what), "; write 512, 64kB or 1MB"));
  };
  const auto quantity = Split(text, kSizes);
  if (!quantity.has_value()) return wrong("is no size");
  if (quantity->unit == nullptr) return wrong("is no size: its unit is none of B, kB, KiB, MB, MiB");
  int64_t bytes = 0;
  if (__builtin_mul_overflow(quantity->number, quantity->unit->scale, &bytes) ||
      static_cast<uint64_t>(bytes) > contract::kMaxClientBytes) {
    return wrong(absl::StrCat("is more than the ", contract::kMaxClientBytes >> 20, "MiB that a probe moves at most"));
  }
  return static_cast<uint64_t>(bytes);
}

std::string DurationText(int64_t ms) {
  for (const Unit& unit : {kDurations[4], kDurations[2], kDurations[1]}) {
    if (ms >= unit.scale && ms % unit.scale == 0) return absl::StrCat(ms / unit.scale, std::string(unit.name));
  }
  return absl::StrCat(ms, "ms");
}

}  // namespace parallax::plan
