// Questions to resolvers that are named by address (RFC 1035), over UDP or TCP, all at once. Thread-safe: no state.
//
// Not the system's resolver: no search domains, no /etc/hosts, no cache, no other server when this one does not answer.
#ifndef PARALLAX_AGENT_NET_DNS_QUERY_H_
#define PARALLAX_AGENT_NET_DNS_QUERY_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/net/cancel.h"
#include "agent/net/clock.h"
#include "parallax/v1/observation.pb.h"

namespace parallax::net {

struct DnsQuestion {
  std::string resolver;  // numeric
  uint16_t port = 53;
  bool over_tcp = false;
  bool aaaa = false;  // else A
  std::string name;   // absolute, with or without the last dot
};

struct DnsAnswer {
  v1::Failure failure = v1::NONE;
  std::vector<std::string> addresses;    // sorted, each once, at most 64
  std::vector<std::string> cname_chain;  // in order, at most 16
  int64_t ttl_seconds = -1;              // the lowest of all records; -1: no record
  std::string error;                     // rcode or reason in words, "" when fine
  int64_t elapsed_ns = 0;
  size_t bytes_in = 0;  // of the answer
};

// One answer a question, in their order. Returns by `deadline_ns` (monotonic): silence is TIMED_OUT.
std::vector<DnsAnswer> QueryDns(const std::vector<DnsQuestion>& questions, const Clock& clock,
                                const CancelToken& cancel, int64_t deadline_ns);

// What a response message says for a question of that type. Pure.
DnsAnswer ParseDnsResponse(std::string_view message, bool aaaa);

}  // namespace parallax::net

#endif  // PARALLAX_AGENT_NET_DNS_QUERY_H_
