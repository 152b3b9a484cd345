// Versions and bounds that both programs agree on. Pure; thread-safe.
#ifndef PARALLAX_PROTO_CONTRACT_LIMITS_H_
#define PARALLAX_PROTO_CONTRACT_LIMITS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "parallax/v1/plan.pb.h"

namespace parallax::contract {

inline constexpr uint32_t kProtocolVersion = 1;
inline constexpr uint32_t kPlanVersion = 1;
inline constexpr uint32_t kRunVersion = 1;

// The agent's first line on stdio, before HTTP/2: kMagic, a space, its version, '\n'.
inline constexpr std::string_view kMagic = "PARALLAX-AGENT/1";
inline constexpr size_t kMaxNoiseBeforeMagic = 64 * 1024;  // bytes

inline constexpr size_t kMaxMessageBytes = 4 * 1024 * 1024;
inline constexpr size_t kMaxPlanProbes = 512;
inline constexpr uint32_t kMaxAttempts = 1000;
// Probes that an agent runs at once when the plan does not say. The controller bounds its waiting by it.
inline constexpr uint32_t kDefaultParallelism = 8;
// At most this many at once, whatever the plan says.
inline constexpr uint32_t kMaxParallelism = 64;
inline constexpr int64_t kMaxProbeTimeoutMs = 10 * 60 * 1000;
inline constexpr size_t kMaxNameBytes = 253;  // RFC 1035 section 2.3.4, as text
inline constexpr size_t kMaxUrlBytes = 2048;
inline constexpr size_t kMaxTextBytes = 1024;  // Step.text, ServerError.message
inline constexpr size_t kMaxStepsPerObservation = 256;
inline constexpr size_t kMaxIoEvents = 64;
inline constexpr size_t kMaxHeadBytes = 64;
// What a probe reads from one peer before it gives up on it: bounded memory against a server that sends a gigabyte.
inline constexpr size_t kMaxBytesFromPeer = 1024 * 1024;
// What the real client moves in one DOWNLOAD or UPLOAD at most.
inline constexpr uint64_t kMaxClientBytes = 64 * 1024 * 1024;

// InvalidArgument, naming the probe, its field and the bound, when a plan is outside these limits.
absl::Status ValidatePlan(const v1::Plan& plan);

// `text` cut to `max_bytes` with "..." at the end, at a UTF-8 boundary, and with control characters and invalid UTF-8
// replaced by '?'. Everything that a peer sent passes through here before it becomes a protobuf string.
std::string Printable(std::string_view text, size_t max_bytes = kMaxTextBytes);

}  // namespace parallax::contract

#endif  // PARALLAX_PROTO_CONTRACT_LIMITS_H_
