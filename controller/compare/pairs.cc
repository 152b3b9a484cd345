#include "controller/compare/pairs.h"

#include <algorithm>
#include <string>

namespace parallax::compare {
namespace {

bool IsLiteral(const std::string& host) {
  return host.find_first_not_of("0123456789.") == std::string::npos || host.find(':') != std::string::npos;
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
  const bool dials_elsewhere = std::any_of(run.sides().begin(), run.sides().end(), [&](const v1::Side& record) {
    return record.name() == side.name() && record.connect_to_size() > 0;
  });
  const bool all = IsLiteral(target.host()) || !target.address().empty() || dials_elsewhere;
  std::vector<const v1::Pair*> own;
  for (const v1::Pair* pair : PairsWith(comparison, v1::TARGET)) {
    const auto& addresses = side.addresses();
    const bool found = std::find(addresses.begin(), addresses.end(), pair->address()) != addresses.end();
    if (all || found) own.push_back(pair);
  }
  return own;
}

}  // namespace parallax::compare
