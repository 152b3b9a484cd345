#include "controller/compare/difference.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/compare/ladder.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"

namespace parallax::compare {
namespace {

constexpr v1::StepKind kTargetSteps[] = {
    v1::RESOLVE,        v1::CONNECT, v1::LISTEN_UNASKED, v1::SSL_REQUEST,    v1::TLS_HANDSHAKE,
    v1::REQUEST,        v1::BODY,    v1::STARTUP,        v1::AUTHENTICATION, v1::READY,
    v1::CLIENT_CONNECT, v1::QUERY,   v1::DOWNLOAD,       v1::UPLOAD,         v1::DDL};

// The steps of a pair that are put side by side, in order: kind and variant. An expectation is a variant of its own;
// so are what a followed redirect leads to, and the end of a session that was held.
std::vector<std::pair<v1::StepKind, std::string>> ComparedSteps(const v1::Pair& pair, const v1::SideOutcome& inside,
                                                                const v1::SideOutcome& outside) {
  std::vector<std::pair<v1::StepKind, std::string>> steps;
  for (const v1::StepKind kind : kTargetSteps) steps.emplace_back(kind, pair.role() == v1::NAME ? "system" : "");
  for (const v1::SideOutcome* outcome : {&inside, &outside}) {
    for (const v1::StepSummary& step : outcome->steps()) {
      const bool later_hop = pair.kind() == "http" && !step.variant().empty();
      const bool held = step.variant() == kHeld;
      if (step.kind() == v1::EXPECTATION || later_hop || held) steps.emplace_back(step.kind(), step.variant());
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
  const bool answered = left.http().status() > 0 && right.http().status() > 0;
  if (inside.kind() == v1::REQUEST && answered && left.http().status() != right.http().status()) return true;
  const bool quiet = inside.max_bytes_in() == 0;
  if (inside.kind() == v1::LISTEN_UNASKED && quiet != (outside.max_bytes_in() == 0)) return true;
  if (inside.kind() == v1::SSL_REQUEST && left.peer_bytes().head() != right.peer_bytes().head()) return true;
  if (inside.kind() == v1::TLS_HANDSHAKE && inside.failure() == v1::NONE) {
    const v1::SideOutcome& in = *FindSide(pair, "inside");
    const v1::SideOutcome& out = *FindSide(pair, "outside");
    if (IdentitiesDiffer(in, out) && Certificates(in) != Certificates(out)) return true;
  }
  return left.has_server_error() && left.server_error().code() != right.server_error().code();
}

// Of the last hop; 0 when none came.
uint32_t LastStatus(const v1::SideOutcome& outcome) {
  uint32_t status = 0;
  for (const v1::StepSummary& step : outcome.steps()) {
    if (step.kind() == v1::REQUEST && step.sample().http().status() > 0) status = step.sample().http().status();
  }
  return status;
}

struct Greeting {
  bool always = true;
  bool never = true;
  int64_t slowest_ns = 0;   // until it came
  int64_t shortest_ns = 0;  // that was waited for it
};

Greeting ReadGreeting(const v1::SideOutcome& outcome) {
  Greeting greeting;
  for (const v1::Observation& observation : outcome.observations()) {
    for (const v1::Step& step : observation.steps()) {
      if (step.kind() != v1::LISTEN_UNASKED || !step.variant().empty()) continue;
      const bool came = step.bytes_in() > 0;
      greeting.always = greeting.always && came;
      greeting.never = greeting.never && !came;
      if (came) greeting.slowest_ns = std::max(greeting.slowest_ns, step.duration_ns());
      const bool first = greeting.shortest_ns == 0;
      if (!came) greeting.shortest_ns = first ? step.duration_ns() : std::min(greeting.shortest_ns, step.duration_ns());
    }
  }
  return greeting;
}

// One round trip of this side's way to the target, at the most; 0 when nothing tells.
int64_t RoundTripNs(const v1::SideOutcome& outcome, const v1::SideSummary& side) {
  const v1::StepSummary* connect = MainStep(outcome, v1::CONNECT);
  const int64_t own_ns = side.locality() == v1::REMOTE && connect != nullptr ? connect->max_ns() : 0;
  return std::max(own_ns, side.reference_rtt_ns());
}

// It greets `a`, and `b` was quiet for longer than the greeting can have taken, several round trips of a tunnel
// included.
bool GreetsOnly(const v1::SideOutcome& a, const v1::SideOutcome& b, const v1::SideSummary& side_of_b) {
  constexpr int64_t kRoundTrips = 5;
  const Greeting there = ReadGreeting(a);
  const Greeting here = ReadGreeting(b);
  const int64_t rtt_ns = RoundTripNs(b, side_of_b);
  return there.slowest_ns > 0 && there.always && here.never && rtt_ns > 0 &&
         here.shortest_ns > there.slowest_ns + kRoundTrips * rtt_ns;
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

std::string AnswersDiffer(const v1::Pair& pair, const v1::SideSummary& inside, const v1::SideSummary& outside) {
  const v1::SideOutcome* in = FindSide(pair, inside.name());
  const v1::SideOutcome* out = FindSide(pair, outside.name());
  if (in == nullptr || out == nullptr || !Fine(*in) || !Fine(*out)) return "";
  if (pair.kind() == "http" && pair.spec().http().expect().empty() && LastStatus(*in) != LastStatus(*out)) {
    return absl::StrCat("both are answered, with status ", LastStatus(*in), " inside and ", LastStatus(*out),
                        " outside");
  }
  if (pair.kind() != "tcp") return "";
  if (GreetsOnly(*in, *out, outside)) return "the target speaks first inside, and says nothing outside";
  if (GreetsOnly(*out, *in, inside)) return "the target speaks first outside, and says nothing inside";
  return "";
}

}  // namespace parallax::compare
