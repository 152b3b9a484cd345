// Names and routes.
#include "tests/support/cause_cases.h"
#include "tests/support/worlds.h"

namespace parallax::support {
namespace {

constexpr CauseCase kCases[] = {
    {"dns.unresolved_everywhere", Standing::kVerdict, v1::BOTH_FAILED, "neither side knows the name",
     [] {
       RunBuilder builder = NamedOutside({});
       builder.Inside().names.clear();
       return builder;
     }},
    {"dns.unresolved_everywhere", Standing::kAbsent, v1::DIVERGED, "one side knows it",
     [] { return NamedOutside({}); }},
    {"dns.unresolved_outside", Standing::kVerdict, v1::DIVERGED, "the laptop does not know the private name",
     [] { return NamedOutside({}); }},
    {"dns.unresolved_outside", Standing::kAbsent, v1::HEALTHY, "the laptop does not go by the name",
     [] { return NamedOutside({}, CarriedBy::kForward); }},
    {"dns.unresolved_outside", Standing::kAbsent, v1::DIVERGED, "it is known, and leads nowhere", &StaleName},
    {"dns.unresolved_outside", Standing::kAbsent, v1::DIVERGED, "the laptop has no network at all", &NoNetwork},
    {"dns.stale_answer", Standing::kVerdict, v1::DIVERGED, "an old address that is silent from inside too", &StaleName},
    {"dns.stale_answer", Standing::kAbsent, v1::DIVERGED, "a public address is not an old one of the VPC", &PublicName},
    {"dns.split_horizon", Standing::kVerdict, v1::DIVERGED, "outside the name leads to a public address", &PublicName},
    {"dns.split_horizon", Standing::kVerdict, v1::DIVERGED, "it leads to another server, which works",
     [] { return TwoReaders("7310000000000000777"); }},
    {"dns.split_horizon", Standing::kBeside, v1::HEALTHY, "members of one cluster, each side at one",
     [] { return TwoReaders(""); }},
    {"dns.split_horizon", Standing::kExplained, v1::DIVERGED, "the old address is the better word", &StaleName},
    {"dns.split_horizon", Standing::kAbsent, v1::DIVERGED, "the name is the same, and the carrier is dead",
     [] {
       RunBuilder builder(kNamedTarget);
       builder.Outside().carrier.clear_connections();
       builder.Outside().WithoutSocks().EverythingCloses(0.4);
       return builder;
     }},
    {"route.overlap", Standing::kVerdict, v1::DIVERGED, "the local network owns the address", &Overlap},
    {"route.overlap", Standing::kAbsent, v1::DIVERGED, "it leaves by the default route", &RoutesDeleted},
    {"route.overlap", Standing::kAbsent, v1::HEALTHY, "the more specific way is one that works",
     [] {
       RunBuilder builder;
       ByDefaultRoute(&builder.Outside());
       builder.Outside().route.set_matched_prefix("10.0.4.0/24");
       return builder;
     }},
    {"route.overlap", Standing::kAbsent, v1::DIVERGED,
     "the other route is by a device whose name begins like the tunnel's",
     [] {
       RunBuilder builder = Overlap();
       builder.Outside().route.set_connected(false);
       builder.Outside().route.mutable_competing_routes(0)->set_interface("sst0");
       return builder;
     }},
    {"route.not_through_tunnel", Standing::kVerdict, v1::DIVERGED, "the tunnel is up and its routes are gone",
     &RoutesDeleted},
    {"route.not_through_tunnel", Standing::kVerdict, v1::DIVERGED, "no route to the address, though others answer",
     &NoIpv6},
    {"route.not_through_tunnel", Standing::kAbsent, v1::DIVERGED,
     "without a tunnel, others answer by the default route", &DroppedWithoutTunnel},
    {"route.not_through_tunnel", Standing::kAbsent, v1::DIVERGED, "a local network takes it", &Overlap},
    {"route.overlap", Standing::kVerdict, v1::DIVERGED, "another server answers on the local network",
     &OverlapWithAServer},
    {"dns.split_horizon", Standing::kVerdict, v1::DIVERGED, "outside the name leads that host to itself",
     [] { return LeadsToItself("127.0.0.1", false); }},
};

}  // namespace

std::span<const CauseCase> NamesCases() { return kCases; }

}  // namespace parallax::support
