#include "contract/limits.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "contract/work.h"

namespace parallax::contract {
namespace {

// The length of the well-formed UTF-8 sequence at the start of `text` (RFC 3629 section 4), or 0.
size_t SequenceLength(std::string_view text) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  auto tail = [&](size_t i) { return i < text.size() && byte(i) >= 0x80 && byte(i) <= 0xBF; };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return tail(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    if (!tail(1) || !tail(2)) return 0;
    if (lead == 0xE0 && byte(1) < 0xA0) return 0;  // overlong
    if (lead == 0xED && byte(1) > 0x9F) return 0;  // surrogates
    return 3;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    if (!tail(1) || !tail(2) || !tail(3)) return 0;
    if (lead == 0xF0 && byte(1) < 0x90) return 0;
    if (lead == 0xF4 && byte(1) > 0x8F) return 0;
    return 4;
  }
  return 0;
}

}  // namespace

absl::Status ValidatePlan(const v1::Plan& plan) {
  if (plan.version() > kPlanVersion) {
    return absl::InvalidArgumentError(absl::StrCat("the plan is of version ", plan.version(),
                                                   ", this program knows versions up to ", kPlanVersion,
                                                   ": use the same release on both ends"));
  }
  if (static_cast<size_t>(plan.probes_size()) > kMaxPlanProbes) {
    return absl::InvalidArgumentError(
        absl::StrCat("the plan has ", plan.probes_size(), " probes, at most ", kMaxPlanProbes, " are allowed"));
  }
  if (plan.attempts() > kMaxAttempts) {
    return absl::InvalidArgumentError(
        absl::StrCat("the plan asks for ", plan.attempts(), " attempts, at most ", kMaxAttempts, " are allowed"));
  }
  std::set<std::string> names;
  for (const v1::ProbeSpec& probe : plan.probes()) {
    if (probe.name().empty()) return absl::InvalidArgumentError("the plan has a probe without a name");
    if (!names.insert(probe.name()).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("the plan has two probes named '", Printable(probe.name(), 80), "'"));
    }
    if (probe.timeout_ms() <= 0 || probe.timeout_ms() > kMaxProbeTimeoutMs) {
      return absl::InvalidArgumentError(absl::StrCat("probe '", Printable(probe.name(), 80), "': timeout_ms is ",
                                                     probe.timeout_ms(), ", it must be in 1..", kMaxProbeTimeoutMs));
    }
    if (probe.step_timeout_ms() < 0 || probe.step_timeout_ms() > probe.timeout_ms()) {
      return absl::InvalidArgumentError(absl::StrCat("probe '", Printable(probe.name(), 80), "': step_timeout_ms is ",
                                                     probe.step_timeout_ms(), ", it must be in 0..timeout_ms"));
    }
  }
  return CheckWork(plan, plan.attempts());
}

std::string Printable(std::string_view text, size_t max_bytes) {
  std::string out;
  const size_t budget = max_bytes > 3 ? max_bytes - 3 : max_bytes;
  while (!text.empty()) {
    const size_t length = SequenceLength(text);
    const unsigned char lead = static_cast<unsigned char>(text[0]);
    const bool control = length == 1 && (lead < 0x20 || lead == 0x7F);
    // C1 controls (U+0080..U+009F) drive terminals as the C0 ones do.
    const bool control1 = length == 2 && lead == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0;
    std::string_view piece = (length == 0 || control || control1) ? std::string_view("?") : text.substr(0, length);
    if (out.size() + piece.size() > budget && text.size() + out.size() > max_bytes) return out + "...";
    if (out.size() + piece.size() > max_bytes) return out;
    out.append(piece);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

}  // namespace parallax::contract
