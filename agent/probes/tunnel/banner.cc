#include "agent/probes/tunnel/banner.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "agent/net/address.h"
#include "agent/net/connection.h"
#include "agent/net/resolve.h"
#include "agent/net/ssh_host_key.h"
#include "contract/limits.h"

namespace parallax::probes {
namespace {

constexpr size_t kMaxBannerText = 255;  // RFC 4253 section 4.2

// One connection to `address`; fills what it heard into `details`. Gives the attempt's failure.
v1::Failure Attempt(const std::string& address, uint16_t port, int64_t deadline_ns, const Context& context,
                    Recorder& recorder, v1::Step* step, std::string* text) {
  v1::BannerDetails* details = step->mutable_banner();
  v1::Connection* record = recorder.observation()->add_connections();
  if (step->connection() == 0) step->set_connection(recorder.observation()->connections_size());
  net::Connection connection(context.clock, context.cancel, recorder.origin_ns(), record);
  const int64_t began_ns = context.clock.MonotonicNs();
  const net::IoResult connected = connection.Connect(address, port, deadline_ns);
  if (!connected.ok()) {
    step->set_os_error(connected.os_error);
    *text = connected.text;
    return connected.failure;
  }
  const int64_t connected_ns = context.clock.MonotonicNs();
  details->add_connect_ns(connected_ns - began_ns);
  const net::SshBanner banner = net::ReadSshBanner(connection, deadline_ns);
  step->set_bytes_in(step->bytes_in() + banner.bytes_in);
  if (!banner.line.empty() && (banner.failure == v1::NONE || details->banner().empty())) {
    details->set_banner(contract::Printable(banner.line, kMaxBannerText));
  }
  if (banner.failure != v1::NONE) {
    step->set_os_error(banner.os_error);
    *text = banner.text;
    return banner.failure;
  }
  details->set_answered(details->answered() + 1);
  details->add_first_byte_ns(std::max<int64_t>(0, banner.first_byte_at_ns - connected_ns));
  if (details->host_key_sha256().empty()) {
    const net::SshHostKey key = net::AskSshHostKey(connection, banner, deadline_ns);
    details->set_host_key_type(contract::Printable(key.type, 64));
    details->set_host_key_sha256(key.sha256);
    if (key.failure != v1::NONE) *text = absl::StrCat("no host key: ", key.text);
  }
  return v1::NONE;
}

v1::Failure Judge(const v1::BannerDetails& details) {
  if (details.answered() > 0) return v1::NONE;
  std::map<int, int> counts;
  for (const int failure : details.failures()) ++counts[failure];
  const auto most =
      std::max_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == counts.end() ? v1::TIMED_OUT : static_cast<v1::Failure>(most->first);
}

}  // namespace

v1::Failure AskBanner(const HostPort& bastion, uint32_t attempts, const Context& context, Recorder& recorder) {
  v1::Step* step = recorder.Begin(v1::BANNER);
  v1::BannerDetails* details = step->mutable_banner();
  details->set_address(contract::Printable(net::JoinHostPort(bastion.host, bastion.port)));
  const int64_t deadline_ns = context.StepDeadline();
  std::string address = bastion.host;
  if (!net::IsNumericAddress(address)) {
    const net::Resolved resolved = net::ResolveName(address, context.clock, context.cancel, deadline_ns);
    if (resolved.failure != v1::NONE) {
      recorder.End(step, resolved.failure, absl::StrCat("the bastion's name: ", resolved.error));
      return resolved.failure;
    }
    address = resolved.addresses.front();
  }
  if (absl::Status allowed = context.policy.CheckAddress(address, bastion.port); !allowed.ok()) {
    recorder.End(step, v1::DENIED_BY_POLICY, std::string(allowed.message()));
    return v1::DENIED_BY_POLICY;
  }
  std::string text;
  int64_t longest_ns = 0;
  for (uint32_t i = 0; i < attempts; ++i) {
    const int64_t began_ns = context.clock.MonotonicNs();
    // An attempt that has less time than its like took would call a slow bastion silent.
    if (i > 0 && deadline_ns - began_ns < 2 * longest_ns) break;
    const v1::Failure failure = Attempt(address, bastion.port, deadline_ns, context, recorder, step, &text);
    details->add_failures(failure);
    details->set_attempts(details->attempts() + 1);
    longest_ns = std::max(longest_ns, context.clock.MonotonicNs() - began_ns);
    if (failure == v1::TIMED_OUT || failure == v1::CANCELLED || failure == v1::LOCAL_RESOURCE) break;
  }
  const v1::Failure failure = Judge(*details);
  if (failure == v1::TIMED_OUT && step->bytes_in() > 0) step->set_end(v1::UNFINISHED);
  recorder.End(step, failure, text);
  return failure;
}

}  // namespace parallax::probes
