// The one line about a carrier that people read.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agent/probes/tunnel/carrier_finder.h"
#include "contract/names.h"

namespace parallax::probes {
namespace {

std::string Words(const v1::Process& process) {
  const bool notable =
      process.process_state() == v1::PROCESS_STATE_STOPPED || process.process_state() == v1::PROCESS_STATE_ZOMBIE;
  return absl::StrCat(process.name(), " (pid ", process.pid(),
                      notable ? ", " + contract::Name(process.process_state()) : "", ")");
}

std::string Seconds(int64_t ns) {
  const double seconds = static_cast<double>(ns) / 1e9;
  return seconds < 10 ? absl::StrFormat("%.1f s", seconds) : absl::StrFormat("%.0f s", seconds);
}

std::string Words(const v1::CarrierConnection& connection) {
  std::string words = absl::StrCat(connection.remote_address(), ", ");
  if (connection.tcp_state() == v1::TCP_STATE_SYN_SENT) {
    return absl::StrCat(
        words, "SYN-SENT",
        connection.age_ns() >= 0 ? " for " + Seconds(connection.age_ns()) : std::string(" (no answer)"));
  }
  absl::StrAppend(&words, contract::Name(connection.tcp_state()));
  if (connection.tcp_state() == v1::TCP_STATE_ESTABLISHED) {
    absl::StrAppend(&words, ", last heard ", Seconds(connection.last_received_ns()), " ago");
    // What is merely under way is no news.
    const bool late = connection.last_received_ns() > 3'000'000'000;
    if (late && connection.unacked() > 0) absl::StrAppend(&words, ", ", connection.unacked(), " unacknowledged");
  }
  return words;
}

std::string Entrance(const v1::CarrierDetails& details) {
  switch (details.kind()) {
    case v1::REDIRECTOR: return absl::StrCat("redirected to ", details.redirected_to());
    case v1::PORT_FORWARD: return "a port of this host";
    default: return absl::StrCat("interface ", details.interface());
  }
}

}  // namespace

std::string CarrierSummary(const v1::CarrierDetails& details, const std::vector<v1::Process>& chain) {
  if (details.kind() == v1::DIRECT) return absl::StrCat("direct, by interface ", details.interface());
  if (details.kind() == v1::CARRIER_UNKNOWN)
    return absl::StrCat("interface ", details.interface(), " is no tunnel, and no process can be seen");
  if (details.kind() == v1::KERNEL_TUNNEL)
    return absl::StrCat("a tunnel of the kernel, interface ", details.interface());
  std::string words;
  if (chain.empty()) {
    words = Entrance(details);
    if (!details.not_permitted()) {
      return absl::StrCat(words,
                          details.kind() == v1::PORT_FORWARD ? ": nothing listens there" : ": its process is gone");
    }
    absl::StrAppend(&words, ": its process cannot be seen");
    if (details.connections().empty()) return words;
    return absl::StrCat(words, "; likely -> ", Words(details.connections(0)));
  }
  for (const v1::Process& process : chain) absl::StrAppend(&words, words.empty() ? "" : " -> ", Words(process));
  if (details.connections().empty()) {
    // It may be the server itself.
    const char* what = details.kind() == v1::PORT_FORWARD ? " listens here, with no connection to a bastion"
                                                          : ": no connection to a bastion";
    return absl::StrCat(words, what);
  }
  const v1::CarrierConnection& connection = details.connections(0);
  if (connection.has_owner() && connection.owner().pid() != chain.back().pid()) {
    absl::StrAppend(&words, " -> ", Words(connection.owner()));
  }
  return absl::StrCat(words, " -> ", Words(connection));
}

}  // namespace parallax::probes
