// What a resolver, or whatever answers in its place, may send.
#include <algorithm>

#include "agent/net/address.h"
#include "agent/net/dns_query.h"
#include "parallax/v1/observation.pb.h"
#include "tests/fuzz/fuzzed_stream.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using parallax::fuzz::Require;
  std::string_view input = parallax::fuzz::View(data, size);
  const bool aaaa = (parallax::fuzz::TakeByte(&input) & 1) != 0;
  const parallax::net::DnsAnswer answer = parallax::net::ParseDnsResponse(input, aaaa);
  Require(answer.addresses.size() <= 64 && answer.cname_chain.size() <= 16 && answer.ttl_seconds >= -1);
  Require(std::is_sorted(answer.addresses.begin(), answer.addresses.end()));
  Require(std::adjacent_find(answer.addresses.begin(), answer.addresses.end()) == answer.addresses.end());
  for (const std::string& address : answer.addresses) Require(parallax::net::IsNumericAddress(address));
  Require(answer.failure != parallax::v1::NONE || !answer.addresses.empty());
  Require(answer.failure != parallax::v1::NONE || answer.error.empty() || answer.error == "truncated");
  parallax::v1::ResolveDetails details;
  details.mutable_cname_chain()->Add(answer.cname_chain.begin(), answer.cname_chain.end());
  details.set_error(answer.error);
  parallax::v1::ResolveDetails again;
  Require(again.ParseFromString(details.SerializeAsString()));  // a name that is not UTF-8 would end the session
  return 0;
}
