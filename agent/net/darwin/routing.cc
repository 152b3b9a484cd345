#include "agent/net/routing.h"

namespace parallax::net {
namespace {

absl::Status NotHere() { return absl::UnimplementedError("the routing of this system cannot be asked yet"); }

}  // namespace

absl::StatusOr<std::vector<Link>> ListLinks(int64_t /*deadline_ns*/) { return NotHere(); }
absl::StatusOr<std::vector<LinkAddress>> ListLinkAddresses(int64_t /*deadline_ns*/) { return NotHere(); }
absl::StatusOr<std::vector<Route>> ListRoutes(int64_t /*deadline_ns*/) { return NotHere(); }
absl::StatusOr<std::vector<Rule>> ListRules(int64_t /*deadline_ns*/) { return NotHere(); }
absl::StatusOr<std::vector<Neighbour>> ListNeighbours(int64_t /*deadline_ns*/) { return NotHere(); }
absl::StatusOr<RouteAnswer> LookUpRoute(const std::string& /*address*/, int64_t /*deadline_ns*/) { return NotHere(); }

std::string TableName(uint32_t /*table*/) { return ""; }

}  // namespace parallax::net
