#include "controller/compare/pairs.h"

#include <algorithm>
#include <string>

namespace parallax::compare {
namespace {

bool IsLiteral(const std::string& host) {
  return host.find_first_not_of("0123456789.") == std::string::npos || host.find(':') != std::string::npos;
}

// A --connect-to is of one host, by its name or its address, and of one port: no word about other targets.
bool DialsElsewhere(const v1::Run& run, const std::string& side, const v1::Target& target, const v1::Pair& pair) {
  return std::any_of(run.sides().begin(), run.sides().end(), [&](const v1::Side& record) {
    if (record.name() != side) return false;
    return std::any_of(record.connect_to().begin(), record.connect_to().end(), [&](const v1::ConnectTo& map) {
      return map.port() == target.port() && (map.host() == target.host() || map.host() == pair.address());
    });
  });
}

}  // namespace

std::vector<const v1::Pair*> PairsWith(const v1::Comparison& comparison, v1::Role role) {
  std::vector<const v1::Pair*> pairs;
  for (const v1::Pair& pair : comparison.pairs()) {
    if (pair.role() == role) pairs.push_back(&pair);
  }
  return pairs;
}

std::vector<const v1::Pair*> OwnPairs(const v1::Run& run, const v1::Comparison& comparison,
                                      const v1::SideSummary& side) {
  const v1::Target& target = comparison.target();
  if (target.scheme() == "dns") return PairsWith(comparison, v1::NAME);
  const bool all = IsLiteral(target.host()) || !target.address().empty();
  std::vector<const v1::Pair*> own;
  for (const v1::Pair* pair : PairsWith(comparison, v1::TARGET)) {
    const auto& addresses = side.addresses();
    const bool found = std::find(addresses.begin(), addresses.end(), pair->address()) != addresses.end();
    if (all || found || DialsElsewhere(run, side.name(), target, *pair)) own.push_back(pair);
  }
  return own;
}

}  // namespace parallax::compare
