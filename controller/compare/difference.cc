#include "controller/compare/difference.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "controller/compare/ladder.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"

namespace parallax::compare {
namespace {

constexpr v1::StepKind kTargetSteps[] = {
    v1::RESOLVE,        v1::CONNECT, v1::LISTEN_UNASKED, v1::SSL_REQUEST,    v1::TLS_HANDSHAKE,
    v1::REQUEST,        v1::BODY,    v1::STARTUP,        v1::AUTHENTICATION, v1::READY,
    v1::CLIENT_CONNECT, v1::QUERY,   v1::DOWNLOAD,       v1::UPLOAD,         v1::DDL};

// The steps of a pair that are put side by side, in order: kind and variant. An expectation is a variant of its own, and
// so is what a followed redirect leads to.
std::vector<std::pair<v1::StepKind, std::string>> ComparedSteps(const v1::Pair& pair, const v1::SideOutcome& inside,
                                                                const v1::SideOutcome& outside) {
  std::vector<std::pair<v1::StepKind, std::string>> steps;
  for (const v1::StepKind kind : kTargetSteps) steps.emplace_back(kind, pair.role() == v1::NAME ? "system" : "");
  for (const v1::SideOutcome* outcome : {&inside, &outside}) {
    for (const v1::StepSummary& step : outcome->steps()) {
      const bool later_hop = pair.kind() == "http" && !step.variant().empty();
      if (step.kind() == v1::EXPECTATION || later_hop) steps.emplace_back(step.kind(), step.variant());
    }
  }
  return steps;
}

// Both were tried. What a success says beyond being one is compared, too.
bool Differ(const v1::Pair& pair, const v1::StepSummary& inside, const v1::StepSummary& outside) {
  if (FailureClass(inside.failure()) != FailureClass(outside.failure())) return true;
  const v1::Step& left = inside.sample();
  const v1::Step& right = outside.sample();
  if (inside.kind() == v1::RESOLVE) {
    return !std::equal(left.resolve().addresses().begin(), left.resolve().addresses().end(),
                       right.resolve().addresses().begin(), right.resolve().addresses().end());
  }
  if (inside.kind() == v1::SSL_REQUEST && left.peer_bytes().head() != right.peer_bytes().head()) return true;
  if (inside.kind() == v1::TLS_HANDSHAKE && inside.failure() == v1::NONE) {
    const v1::SideOutcome& in = *FindSide(pair, "inside");
    const v1::SideOutcome& out = *FindSide(pair, "outside");
    if (IdentitiesDiffer(in, out) && Certificates(in) != Certificates(out)) return true;
  }
  return left.has_server_error() && left.server_error().code() != right.server_error().code();
}

}  // namespace

std::optional<v1::Difference> FirstDifference(const v1::Pair& pair) {
  const v1::SideOutcome* inside = FindSide(pair, "inside");
  const v1::SideOutcome* outside = FindSide(pair, "outside");
  if (inside == nullptr || outside == nullptr || !inside->present() || !outside->present()) return std::nullopt;
  for (const auto& [kind, variant] : ComparedSteps(pair, *inside, *outside)) {
    const v1::StepSummary* left = FindStep(*inside, kind, variant);
    const v1::StepSummary* right = FindStep(*outside, kind, variant);
    if (left == nullptr && right == nullptr) continue;
    if (left != nullptr && right != nullptr && !Differ(pair, *left, *right)) continue;
    v1::Difference difference;
    difference.set_step(kind);
    difference.set_inside(left == nullptr ? "not reached" : StepCell(*left));
    difference.set_outside(right == nullptr ? "not reached" : StepCell(*right));
    return difference;
  }
  return std::nullopt;
}

}  // namespace parallax::compare
