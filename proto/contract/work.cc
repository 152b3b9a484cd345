#include "contract/work.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "contract/limits.h"

namespace parallax::contract {
namespace {

constexpr int64_t kHourMs = 3'600'000;
constexpr uint64_t kGiB = 1024ULL * 1024 * 1024;

// What the probe is asked to move, not what its handshakes take. A client's own bound is checked where it is run, so
// that a larger wish counts as that much and the sum cannot overflow.
uint64_t BytesOf(const v1::ProbeSpec& probe) {
  const auto bounded = [](uint64_t bytes) { return std::min(bytes, kMaxClientBytes); };
  if (probe.has_sql()) return bounded(probe.sql().download_bytes()) + bounded(probe.sql().upload_bytes());
  if (probe.has_http()) return bounded(probe.http().max_body_bytes());
  return 0;
}

}  // namespace

absl::Status CheckWork(const v1::Plan& plan, uint32_t attempts) {
  const auto times = [&](uint64_t probes) {
    return absl::StrCat(" (", probes, probes == 1 ? " probe x " : " probes x ", attempts, " attempts)");
  };
  const auto probes = static_cast<uint64_t>(plan.probes_size());
  if (const uint64_t observations = probes * attempts; observations > kMaxPlanObservations) {
    return absl::InvalidArgumentError(absl::StrCat("the plan asks for ", observations, " observations", times(probes),
                                                   ", at most ", kMaxPlanObservations,
                                                   " are allowed: ask for fewer attempts, or for fewer targets"));
  }
  int64_t attempt_ms = 0;
  uint64_t attempt_bytes = 0;
  for (const v1::ProbeSpec& probe : plan.probes()) {
    attempt_ms += std::clamp<int64_t>(probe.timeout_ms(), 0, kMaxProbeTimeoutMs);
    attempt_bytes += BytesOf(probe);
  }
  if (const int64_t ms = attempt_ms * attempts; ms > kMaxPlanHours * kHourMs) {
    return absl::InvalidArgumentError(absl::StrCat("the plan may take ", (ms + kHourMs - 1) / kHourMs,
                                                   " hours of probing", times(probes), ", at most ", kMaxPlanHours,
                                                   " are allowed: ask for fewer attempts, or for a shorter timeout"));
  }
  if (const uint64_t bytes = attempt_bytes * attempts; bytes > kMaxPlanBytes) {
    return absl::InvalidArgumentError(absl::StrCat("the plan asks to move ", (bytes + kGiB - 1) / kGiB, " GiB",
                                                   times(probes), ", at most ", kMaxPlanBytes / kGiB,
                                                   " are allowed: ask for fewer attempts, or for fewer bytes in each"));
  }
  return absl::OkStatus();
}

}  // namespace parallax::contract
