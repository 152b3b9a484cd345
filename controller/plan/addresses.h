// IPv4 arithmetic and the addresses that a run has found: what the planner needs to choose controls. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_PLAN_ADDRESSES_H_
#define PARALLAX_CONTROLLER_PLAN_ADDRESSES_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parallax/v1/run.pb.h"

namespace parallax::plan {

// "10.0.4.172" and nothing else; nullopt for names and IPv6.
std::optional<uint32_t> ParseIpv4(std::string_view text);
std::string FormatIpv4(uint32_t address);
// An IPv4 or an IPv6 literal.
bool IsNumeric(std::string_view host);
bool IsLoopbackOrLinkLocal(std::string_view address);

// The last usable address of the subnet of `address`: of the inside host's own prefix when that contains it, else of
// its /24. Lower where that is `address` itself or `taken`. "" for IPv6, where no address is the last.
std::string LastUsableAddress(const std::string& address, const v1::Hello& inside,
                              const std::vector<std::string>& taken = {});

// The addresses at which `target` is probed: the one it is pinned to, the literal that it names, or the union of what
// the sides' own resolvers said, IPv4 first. At most kMaxAddresses: first what all sides
// have, up to half, then taken from the sides in turn. IPv6 only when some
// side has a global IPv6 address. One "" where nobody resolves the name and a side's --connect-to says where to dial
// for it: that side goes there, and the others by the name.
inline constexpr size_t kMaxAddresses = 6;
std::vector<std::string> AddressesOf(const v1::Target& target, const v1::Run& run);

const v1::Side* FindSide(const v1::Run& run, std::string_view name);

}  // namespace parallax::plan

#endif  // PARALLAX_CONTROLLER_PLAN_ADDRESSES_H_
