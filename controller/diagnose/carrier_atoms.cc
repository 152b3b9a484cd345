// What carries the tunnel, and the bastion at its far end.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "contract/names.h"
#include "controller/compare/locality.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"
#include "controller/diagnose/atom_reads.h"

namespace parallax::diagnose {
namespace {

using compare::Duration;

// The word of the catalogue for an end on this host, where no round trip is known.
constexpr int64_t kQuickNs = 5'000'000;

// "fresh connections to 198.51.100.24:22: silent for 5.0 s"; the side has a banner.
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

// "its connection to 198.51.100.24:22 is in SYN-SENT for 41 s"
std::string ConnectionWords(const v1::CarrierConnection& connection) {
  std::string words = absl::StrCat(
      "its connection to ", connection.remote_address(), " is ",
      connection.tcp_state() == v1::TCP_STATE_SYN_SENT ? "in SYN-SENT" : contract::Name(connection.tcp_state()));
  if (connection.tcp_state() == v1::TCP_STATE_ESTABLISHED) {
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

// What is in flight is sent again in vain: it may be gone without knowing. Not by the retransmits of its whole life,
// which any long one has, nor by how long nothing was heard, which is only how long nobody spoke.
bool LooksDead(const v1::CarrierConnection& connection) {
  return connection.unacked() > 0 && connection.unanswered_retransmits() >= 2;
}

const v1::CarrierConnection* Established(const View& view) {
  return view.subject == nullptr ? nullptr : ConnectionInState(*view.subject, v1::TCP_STATE_ESTABLISHED);
}

Reading& OnCarrier(const View& view, const std::string& text, Reading* reading) {
  return reading->Because(absl::StrCat(HolderWords(*view.subject), text), view.subject_name, view.tunnel_probe,
                          v1::CARRIER_FOUND);
}

Reading& OnBanner(const View& view, std::string text, Reading* reading) {
  reading->Because(std::move(text), view.subject_name, view.tunnel_probe, v1::BANNER);
  reading->proofs.back().number_ms = static_cast<double>(view.subject->banner().median_ns()) / 1e6;
  return *reading;
}

bool TurnedDown(const v1::SideSummary& side) {
  return std::any_of(side.socks().begin(), side.socks().end(), &SocksRejected);
}

}  // namespace

Reading KernelCarriesIt(const View& view) {
  if (view.subject == nullptr || !view.subject->has_carrier()) return Unknown();
  return If(view.subject->carrier().kind() == v1::KERNEL_TUNNEL);
}

Reading CarrierCannotCarry(const View& view) {
  if (view.subject == nullptr || !view.subject->has_carrier()) return Unknown();
  if (view.subject->carrier().not_permitted() || !view.subject->carrier().holder_looked_for()) return Unknown();
  if (!compare::CarrierCannotCarry(*view.subject)) return No();
  Reading reading = Yes();
  OnCarrier(view, " has no established connection to anywhere", &reading);
  return reading;
}

Reading CarrierStands(const View& view) {
  const v1::CarrierConnection* established = Established(view);
  if (established == nullptr || !established->certain()) return Unknown();
  Reading reading = Yes();
  OnCarrier(view, absl::StrCat(": ", ConnectionWords(*established)), &reading);
  return reading;
}

Reading CarrierIsSound(const View& view) {
  const v1::CarrierConnection* established = Established(view);
  if (established == nullptr) return Unknown();
  if (LooksDead(*established)) return No();
  return Yes().Because("the tunnel's own connection shows no loss yet", view.subject_name, view.tunnel_probe,
                       v1::CARRIER_FOUND);
}

Reading ClosesOnThisHost(const View& view) {
  if (view.subject == nullptr || view.how == How::kNotAsked || view.how == How::kClosed) return Unknown();
  return If(view.how == How::kLocalClose);
}

Reading CarrierSendsInVain(const View& view) {
  const v1::CarrierConnection* established = Established(view);
  if (established == nullptr) return Unknown();
  return If(view.how == How::kSilent && established->certain() && LooksDead(*established) && BannerEver(*view.subject));
}

// Nothing comes back from anywhere, and nobody knows yet that it is lost.
Reading NothingComesBack(const View& view) {
  const v1::CarrierConnection* established = Established(view);
  if (established == nullptr || view.others == Others::kUnknown) return Unknown();
  if (view.how != How::kSilent || view.others != Others::kFail || !BannerEver(*view.subject) ||
      TurnedDown(*view.subject)) {
    return No();
  }
  Reading reading = Yes();
  OnCarrier(view, absl::StrCat(": ", ConnectionWords(*established)), &reading);
  return reading;
}

// Not permitted to see whose connection is whose, but there is none that could be the tunnel's.
Reading NoCarrierIsSeen(const View& view) {
  if (view.subject == nullptr || !view.subject->carrier().not_permitted()) return Unknown();
  const v1::StepSummary* end = view.ours == nullptr ? nullptr : EndingStep(*view.ours);
  if (!view.subject->carrier().connections().empty() || view.how != How::kClosed || end == nullptr ||
      end->min_ns() >= kQuickNs) {
    return No();
  }
  return Yes().Because("no connection of this host leads to an ssh port anywhere", view.subject_name, view.tunnel_probe,
                       v1::CARRIER_FOUND);
}

Reading NothingVouchesForTunnel(const View& view) {
  if (view.subject == nullptr || !HasTunnel(*view.subject)) return Unknown();
  return If(view.others == Others::kUnknown && view.how == How::kSilent);
}

// Near or far cannot be told where nothing else is asked; the connection that carries stands, and that is all.
Reading ClosedOverStandingCarrier(const View& view) {
  if (view.subject == nullptr || view.how != How::kClosed) return view.subject == nullptr ? Unknown() : No();
  const v1::Step* socks = SocksTo(*view.subject, view.pair->address(), view.pair->port());
  const bool told = socks != nullptr && SocksRejected(*socks);
  return If(!told && view.others == Others::kUnknown && Established(view) != nullptr);
}

Reading BannerComes(const View& view) {
  if (view.subject == nullptr || !view.subject->has_banner()) return Unknown();
  if (BannerNever(*view.subject)) return No();
  if (!BannerEver(*view.subject)) return Unknown();
  Reading reading = Yes();
  OnBanner(view, absl::StrCat(BannerWords(*view.subject), ": the bastion is well"), &reading);
  return reading;
}

Reading BastionIsGone(const View& view) {
  if (view.subject == nullptr || !view.subject->has_banner()) return Unknown();
  const v1::Failure failure = view.subject->banner().failure();
  const bool gone = failure == v1::TIMED_OUT || failure == v1::REFUSED || failure == v1::UNREACHABLE ||
                    failure == v1::NO_ROUTE || failure == v1::NAME_NOT_FOUND;
  if (!BannerNever(*view.subject) || !gone) return No();
  Reading reading = Yes();
  return OnBanner(view, BannerWords(*view.subject), &reading);
}

Reading NoWayToBastion(const View& view) {
  if (view.subject == nullptr || !view.subject->has_banner()) return Unknown();
  return If(BannerNever(*view.subject) && view.subject->banner().failure() == v1::NO_ROUTE);
}

Reading CarrierWaitsForBastion(const View& view) {
  if (view.subject == nullptr || !view.subject->has_carrier()) return Unknown();
  const v1::CarrierConnection* waiting = ConnectionInState(*view.subject, v1::TCP_STATE_SYN_SENT);
  if (waiting == nullptr) return view.subject->carrier().not_permitted() ? Unknown() : No();
  if (BannerEver(*view.subject)) return No();
  // Without a look at the process, that this connection is the tunnel's is likely and no more.
  Reading reading = waiting->certain() ? Yes() : Unknown();
  OnCarrier(view, absl::StrCat(": ", ConnectionWords(*waiting), ": the bastion never answered"), &reading);
  return reading;
}

// It speaks no ssh, and gives nothing back from anywhere.
Reading TunnelIsMute(const View& view) {
  if (view.subject == nullptr || !view.subject->has_carrier()) return Unknown();
  const v1::CarrierDetails& carrier = view.subject->carrier();
  const bool there = carrier.kind() == v1::KERNEL_TUNNEL ||
                     (carrier.kind() == v1::TUN && (carrier.holder().pid() > 0 || carrier.not_permitted()) &&
                      carrier.interface_carrier());
  if (!there || view.subject->has_banner()) return No();
  return If(view.reference_healthy() && view.others == Others::kFail && view.how == How::kSilent &&
            Stopped(*view.subject) == nullptr);
}

// Here what comes and goes is the very sign.
Reading SubjectFailsAtTimes(const View& view) {
  if (view.subject == nullptr || view.ours == nullptr) return Unknown();
  if (view.subject->healthy()) return No();
  Reading reading = Yes();
  if (const v1::StepSummary* end = EndingStep(*view.ours)) {
    reading.Because(absl::StrCat(compare::StepLabel(end->kind()), " to the target: ", compare::StepCell(*end)),
                    *view.ours, view.pair->probe(), *end);
  }
  return reading;
}

Reading BastionHangsUp(const View& view) {
  if (view.subject == nullptr || !view.subject->has_banner()) return Unknown();
  const v1::Failure failure = compare::FailureClass(view.subject->banner().failure());
  const bool hung_up = failure == v1::CLOSED_BEFORE_FIRST_BYTE || failure == v1::CLOSED;
  if (view.subject->banner().sample().banner().answered() > 0 || !hung_up) return No();
  Reading reading = Yes();
  return OnBanner(view, BannerWords(*view.subject), &reading);
}

Reading BannerComesSometimes(const View& view) {
  if (view.subject == nullptr || !view.subject->has_banner()) return Unknown();
  const v1::BannerDetails& banner = view.subject->banner().sample().banner();
  if (banner.answered() == 0 || banner.answered() >= banner.attempts()) return No();
  Reading reading = Yes();
  return OnBanner(view, BannerWords(*view.subject), &reading);
}

Reading BannerSaysNo(const View& view) {
  if (view.subject == nullptr || !view.subject->has_banner()) return Unknown();
  const v1::BannerDetails& banner = view.subject->banner().sample().banner();
  if (banner.answered() == 0 || banner.banner().rfind("SSH-", 0) == 0) return No();
  Reading reading = Yes();
  return OnBanner(view, absl::StrCat("it says: ", banner.banner()), &reading);
}

}  // namespace parallax::diagnose
