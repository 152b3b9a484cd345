#include "controller/diagnose/tunnel_evidence.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "controller/compare/words.h"

namespace parallax::diagnose {
namespace {

using compare::Duration;

bool IsStopped(const v1::Process& process) { return process.state() == "stopped" || process.state() == "zombie"; }

}  // namespace

std::string TunnelProbe(const Facts& facts) { return facts.pair == nullptr ? "" : "tunnel " + facts.pair->address(); }

void TellTarget(const Facts& facts, FindingBuilder* finding) {
  if (facts.out == nullptr) return;
  const v1::StepSummary* end = EndingStep(*facts.out);
  if (end == nullptr) return;
  finding->Because(absl::StrCat(compare::StepLabel(end->kind()), " to the target: ", compare::StepCell(*end)),
                   "outside", facts.pair->probe(), end->kind());
}

void TellControls(const Facts& facts, FindingBuilder* finding) {
  const v1::Controls& controls = facts.outside->controls();
  if (controls.negative_connected() > 0) {
    finding->Because(absl::StrCat("the tunnel accepted ", controls.negative_connected(), " of ",
                                  controls.negative_usable(), " addresses and ports that must not connect"),
                     "outside", "", v1::CONNECT);
  }
  if (controls.positive_usable() > 0 && controls.positive_answered() == 0) {
    finding->Because(
        absl::StrCat("none of ", controls.positive_usable(), " other destinations that answer inside answers ",
                     HasTunnel(*facts.outside) ? "through the tunnel" : "outside"),
        "outside");
  }
}

void TellInside(const Facts& facts, FindingBuilder* finding) {
  if (facts.inside_fine() && facts.pair != nullptr) {
    finding->Because(InsideWords(facts), "inside", facts.pair->probe());
  }
}

std::string BannerWords(const v1::SideSummary& side) {
  const v1::BannerDetails& banner = side.banner().sample().banner();
  const std::string what = absl::StrCat("fresh connections to ", banner.address());
  if (banner.answered() > 0) {
    const int64_t best =
        banner.connect_ns().empty() ? 0 : *std::min_element(banner.connect_ns().begin(), banner.connect_ns().end());
    return absl::StrCat(what, ": ", banner.answered(), " of ", banner.attempts(), " got the banner '", banner.banner(),
                        best > 0 ? absl::StrCat("', connected in ", Duration(best)) : "'");
  }
  return absl::StrCat(what, ": ", compare::StepCell(side.banner()));
}

std::string ConnectionWords(const v1::CarrierConnection& connection) {
  std::string words = absl::StrCat("its connection to ", connection.remote_address(), " is ",
                                   connection.state() == "syn-sent" ? "in SYN-SENT" : connection.state());
  if (connection.state() == "established") {
    if (connection.last_received_ns() > 0) {
      absl::StrAppend(&words, ", last heard ", Duration(connection.last_received_ns()), " ago");
    }
    if (connection.unacked() > 0) absl::StrAppend(&words, ", ", connection.unacked(), " segments unacknowledged");
    if (connection.unanswered_retransmits() > 0) {
      absl::StrAppend(&words, ", sent again ", connection.unanswered_retransmits(), " times in vain");
    }
  } else if (connection.age_ns() > 0) {
    absl::StrAppend(&words, " for ", Duration(connection.age_ns()));
  }
  return words;
}

bool FailsOnTheWay(const Facts& facts) {
  return facts.outside_fails() && facts.outside_how != How::kFine && facts.outside_how != How::kLater;
}

const v1::Process* Stopped(const v1::SideSummary& side) {
  if (IsStopped(side.carrier().holder())) return &side.carrier().holder();
  for (const v1::CarrierConnection& connection : side.carrier().connections()) {
    if (connection.certain() && IsStopped(connection.owner())) return &connection.owner();
  }
  for (const v1::SocksListener& listener : side.carrier().socks()) {
    if (IsStopped(listener.owner())) return &listener.owner();
  }
  return nullptr;
}

bool LooksDead(const v1::CarrierConnection& connection) {
  // Not by the retransmits of its whole life, which any long one has, nor by how long nothing was heard, which is only
  // how long nobody spoke.
  return connection.unacked() > 0 && connection.unanswered_retransmits() >= 2;
}

bool IsSilentTunnel(const Facts& facts) {
  const v1::CarrierKind kind = facts.outside->carrier().kind();
  const v1::CarrierDetails& carrier = facts.outside->carrier();
  const bool there =
      kind == v1::KERNEL_TUNNEL ||
      (kind == v1::TUN && (carrier.holder().pid() > 0 || carrier.not_permitted()) && carrier.interface_carrier());
  return there && facts.inside_fine() && facts.others == Others::kFail && facts.outside_how == How::kSilent &&
         Stopped(*facts.outside) == nullptr;
}

}  // namespace parallax::diagnose
