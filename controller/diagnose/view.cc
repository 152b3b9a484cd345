#include "controller/diagnose/view.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "contract/tunnel_kinds.h"
#include "controller/compare/locality.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"
#include "controller/diagnose/sameness.h"

namespace parallax::diagnose {
namespace {

using compare::FindSide;

const v1::SideSummary* Present(const v1::Comparison& comparison, std::string_view name) {
  for (const v1::SideSummary& side : comparison.sides()) {
    // What a health endpoint says is no observation: atoms that read a side's own must not find one there.
    if (side.name() == name && side.present() && !side.unlike() && !side.has_health()) return &side;
  }
  return nullptr;
}

const v1::SideOutcome* Observed(const v1::Pair* pair, const std::string& side) {
  const v1::SideOutcome* outcome = pair == nullptr ? nullptr : FindSide(*pair, side);
  return outcome == nullptr || !outcome->present() ? nullptr : outcome;
}

// Which pair of the target to read: one that fails for the subject, of the addresses that it itself resolves, if any.
const v1::Pair* MostTelling(const v1::Comparison& comparison, const View& view) {
  const v1::Pair* best = nullptr;
  int best_score = -1;
  for (const v1::Pair* pair : PairsWith(comparison, v1::TARGET)) {
    const v1::SideOutcome* ours = Observed(pair, view.subject_name);
    const v1::SideOutcome* theirs = Observed(pair, view.reference_name);
    int score = 0;
    if (view.subject != nullptr && std::find(view.subject->addresses().begin(), view.subject->addresses().end(),
                                             pair->address()) != view.subject->addresses().end()) {
      score += 4;
    }
    if (ours != nullptr && !compare::Fine(*ours)) score += 2;
    if (theirs != nullptr && !compare::Fine(*theirs)) score += 1;
    if (score > best_score) {
      best = pair;
      best_score = score;
    }
  }
  return best;
}

// The last probe of that role that the subject ran for its own address: asked again later, the later answer holds.
std::string LastProbe(const v1::Comparison& comparison, v1::Role role, const View& view) {
  std::string last;
  for (const v1::Pair* pair : PairsWith(comparison, role)) {
    const bool ours = view.pair == nullptr || pair->address().empty() || pair->address() == view.pair->address();
    if (ours && Observed(pair, view.subject_name) != nullptr) last = pair->probe();
  }
  return last;
}

How WhenClosed(const v1::StepSummary& step, const v1::SideSummary& side) {
  const int64_t rtt = side.reference_rtt_ns();
  // What cannot carry closes here, whatever the clock says.
  if (compare::CarrierCannotCarry(side)) return How::kLocalClose;
  if (rtt < compare::kMinTellingRttNs) return How::kClosed;
  const double share = static_cast<double>(step.min_ns()) / static_cast<double>(rtt);
  if (share < compare::kLocalShare) return How::kLocalClose;
  return share > 0.5 ? How::kFarClose : How::kClosed;
}

How HowEnded(const v1::SideOutcome* outcome, const v1::SideSummary& side) {
  if (outcome == nullptr) return How::kNotAsked;
  const v1::StepSummary* step = EndingStep(*outcome);
  if (step == nullptr) return How::kFine;
  if (outcome->succeeded() > 0) return How::kUnsteady;
  // Of a later hop or an expectation: the target itself answered.
  if (!step->variant().empty()) return How::kLater;
  switch (step->failure()) {
    case v1::REFUSED: return How::kRefused;
    case v1::UNREACHABLE:
    case v1::NO_ROUTE: return How::kUnreachable;
    default: break;
  }
  const bool heard = std::any_of(outcome->steps().begin(), outcome->steps().end(), [](const v1::StepSummary& other) {
    return other.variant().empty() && other.kind() != v1::CONNECT && other.max_bytes_in() > 0;
  });
  if (heard) return How::kLater;
  if (step->failure() == v1::TIMED_OUT) return How::kSilent;
  if (compare::FailureClass(step->failure()) == v1::CLOSED_BEFORE_FIRST_BYTE) return WhenClosed(*step, side);
  return How::kLater;
}

Others OthersSeenFrom(const v1::SideSummary& side) {
  const v1::Controls& controls = side.controls();
  if (controls.positive_answered() > 0) return Others::kAnswer;
  if (controls.positive_usable() > 0) return Others::kFail;
  return SocksCarries(side) ? Others::kAnswer : Others::kUnknown;
}

}  // namespace

namespace {

v1::Status StatusOf(const v1::Comparison& comparison, const compare::Roles& roles) {
  for (const v1::ViewSummary& view : comparison.views()) {
    if (view.subject() == roles.subject && view.reference() == roles.reference) return view.status();
  }
  return comparison.status();
}

}  // namespace

View ReadView(const v1::Comparison& comparison, const compare::Roles& roles) {
  View view{
      comparison, roles.subject,  roles.reference, nullptr,          nullptr, nullptr, nullptr,
      nullptr,    How::kNotAsked, How::kNotAsked,  Others::kUnknown, "",      "",      StatusOf(comparison, roles)};
  view.reference = Present(comparison, roles.reference);
  view.subject = Present(comparison, roles.subject);
  view.pair = MostTelling(comparison, view);
  if (view.reference != nullptr) view.theirs = Observed(view.pair, view.reference_name);
  if (view.subject != nullptr) view.ours = Observed(view.pair, view.subject_name);
  if (view.reference != nullptr) view.reference_how = HowEnded(view.theirs, *view.reference);
  view.tunnel_probe = LastProbe(comparison, v1::TUNNEL, view);
  view.route_probe = LastProbe(comparison, v1::ROUTE, view);
  if (view.subject == nullptr) return view;
  view.how = HowEnded(view.ours, *view.subject);
  view.others = OthersSeenFrom(*view.subject);
  // A connect that is answered here, and nothing after it, is silence, where nothing else answers either.
  const bool unproved = view.how == How::kFine && !view.subject->healthy();
  const v1::Step* socks =
      view.pair == nullptr ? nullptr : SocksTo(*view.subject, view.pair->address(), view.pair->port());
  const bool socks_silent = socks != nullptr && socks->failure() == v1::TIMED_OUT;
  if (unproved && (view.others == Others::kFail || socks_silent)) view.how = How::kSilent;
  return view;
}

std::vector<const v1::SideSummary*> WitnessesOf(const View& view) {
  std::vector<const v1::SideSummary*> witnesses;
  for (const v1::SideSummary& side : view.comparison.sides()) {
    const bool has_a_role = side.name() == view.subject_name || side.name() == view.reference_name;
    if (has_a_role || Present(view.comparison, side.name()) == nullptr) continue;
    // Two agents on one host see what one sees.
    const bool doubles = (view.subject != nullptr && OnOneHost(side, *view.subject)) ||
                         (view.reference != nullptr && OnOneHost(side, *view.reference));
    if (!doubles) witnesses.push_back(&side);
  }
  return witnesses;
}

bool SocksCarries(const v1::SideSummary& side) {
  return std::any_of(side.socks().begin(), side.socks().end(), [](const v1::Step& step) {
    return step.socks().positive_control() && step.failure() == v1::NONE;
  });
}

const v1::StepSummary* StepOf(const v1::SideOutcome* outcome, v1::StepKind kind, const std::string& variant) {
  return outcome == nullptr ? nullptr : compare::FindStep(*outcome, kind, variant);
}

std::string SqlState(const v1::SideOutcome* outcome) {
  const v1::StepSummary* step = outcome == nullptr ? nullptr : EndingStep(*outcome);
  return step == nullptr ? "" : step->sample().server_error().code();
}

bool IsDefaultPrefix(const v1::RouteDetails& route) {
  const std::string& prefix = route.matched_prefix();
  return prefix == "default" || prefix == "0.0.0.0/0" || prefix == "::/0";
}

bool LeavesByDefault(const v1::RouteDetails& route) {
  if (contract::IsTunnelKind(route.link_kind()) || route.connected()) return false;
  return IsDefaultPrefix(route) || (!route.interface().empty() && route.interface() == route.default_interface());
}

bool IsPrivateAddress(const std::string& address) {
  const auto second_in = [&](const char* prefix, int low, int high) {
    if (address.rfind(prefix, 0) != 0) return false;
    const int second = std::atoi(address.c_str() + std::string_view(prefix).size());
    return second >= low && second <= high;
  };
  return address.rfind("10.", 0) == 0 || address.rfind("192.168.", 0) == 0 || second_in("172.", 16, 31) ||
         second_in("100.", 64, 127) || address.rfind("fc", 0) == 0 || address.rfind("fd", 0) == 0;
}

bool HasTunnel(const v1::SideSummary& side) {
  const v1::CarrierKind kind = side.carrier().kind();
  return kind == v1::TUN || kind == v1::KERNEL_TUNNEL || kind == v1::REDIRECTOR || kind == v1::PORT_FORWARD;
}

const v1::CarrierConnection* ConnectionInState(const v1::SideSummary& side, v1::TcpState state) {
  for (const v1::CarrierConnection& connection : side.carrier().connections()) {
    if (connection.tcp_state() == state) return &connection;
  }
  return nullptr;
}

std::string Bastion(const v1::SideSummary& side) {
  const std::string& fresh = side.banner().sample().banner().address();
  if (!fresh.empty()) return fresh;
  return side.carrier().connections_size() > 0 ? side.carrier().connections(0).remote_address() : "";
}

bool BannerNever(const v1::SideSummary& side) {
  const v1::BannerDetails& banner = side.banner().sample().banner();
  return side.has_banner() && banner.attempts() > 0 && banner.answered() == 0;
}

bool BannerEver(const v1::SideSummary& side) {
  return side.has_banner() && side.banner().sample().banner().answered() > 0;
}

const v1::Process* Stopped(const v1::SideSummary& side) {
  const auto is_stopped = [](const v1::Process& process) {
    return process.process_state() == v1::PROCESS_STATE_STOPPED || process.process_state() == v1::PROCESS_STATE_ZOMBIE;
  };
  if (is_stopped(side.carrier().holder())) return &side.carrier().holder();
  for (const v1::CarrierConnection& connection : side.carrier().connections()) {
    if (connection.certain() && is_stopped(connection.owner())) return &connection.owner();
  }
  for (const v1::SocksListener& listener : side.carrier().socks()) {
    if (is_stopped(listener.owner())) return &listener.owner();
  }
  return nullptr;
}

std::string HolderWords(const v1::SideSummary& side) {
  const v1::Process& holder = side.carrier().holder();
  if (holder.pid() > 0) return absl::StrCat(holder.name(), " (pid ", holder.pid(), ")");
  if (side.carrier().kind() == v1::TUN) return absl::StrCat("the tunnel on ", side.carrier().interface());
  return "the tunnel";
}

std::string ReferenceWords(const View& view) {
  if (view.reference == nullptr) return "";
  const std::string who = absl::StrCat("the ", view.reference_name, " side reached the same address");
  switch (view.reference->rung()) {
    case v1::QUERY_RUNG: return absl::StrCat(who, " and ran a query");
    case v1::AUTHENTICATED_STAGE: return absl::StrCat(who, ", up to the server's authentication");
    default: return absl::StrCat(who, " and got an answer");
  }
}

const v1::Step* SocksTo(const v1::SideSummary& side, const std::string& address, uint32_t port) {
  const std::string destination = compare::HostPort(address, port);
  for (const v1::Step& step : side.socks()) {
    if (step.socks().destination() == destination) return &step;
  }
  return nullptr;
}

bool SocksRejected(const v1::Step& step) {
  if (step.failure() == v1::NONE || step.failure() == v1::TIMED_OUT || !step.socks().greeted()) return false;
  const v1::Failure failure = compare::FailureClass(step.failure());
  return step.socks().replied() || failure == v1::CLOSED || failure == v1::CLOSED_BEFORE_FIRST_BYTE ||
         failure == v1::REFUSED;
}

}  // namespace parallax::diagnose
