// tunnel.bastion_*: the host at the far end of the tunnel.
#include <string>

#include "absl/strings/str_cat.h"
#include "controller/compare/outcomes.h"
#include "controller/diagnose/facts.h"
#include "controller/diagnose/finding.h"
#include "controller/diagnose/rules.h"
#include "controller/diagnose/tunnel_evidence.h"

namespace parallax::diagnose {

std::optional<v1::Finding> MatchBastionUnreachable(const v1::Comparison& comparison) {
  const Facts facts = Read(comparison);
  if (!FailsOnTheWay(facts) || facts.others == Others::kAnswer || !HasTunnel(*facts.outside)) return std::nullopt;
  const v1::SideSummary& side = *facts.outside;
  if (!side.has_banner() && IsSilentTunnel(facts)) {
    FindingBuilder finding(
        0.6, absl::StrCat("Nothing comes back through ", HolderWords(side),
                          ", from any destination: its far end does not answer, or what it forwards finds no way "
                          "back to it (no NAT there, no route)."));
    TellTarget(facts, &finding);
    TellControls(facts, &finding);
    TellInside(facts, &finding);
    finding.OrElse("tunnel.carrier_dead",
                   "the tunnel's own word for its far end: wg show (latest handshake), or its log");
    finding.OrElse("path.return_lost",
                   "with a recent handshake it is the way back: does the far end masquerade what it forwards, or does "
                   "the VPC route this host's tunnel address to it?");
    return finding.Build();
  }
  if (!BannerNever(side)) return std::nullopt;
  const v1::Failure failure = side.banner().failure();
  const bool gone = failure == v1::TIMED_OUT || failure == v1::REFUSED || failure == v1::UNREACHABLE ||
                    failure == v1::NO_ROUTE || failure == v1::NAME_NOT_FOUND;
  if (!gone) return std::nullopt;
  const std::string bastion = Bastion(side);
  const v1::CarrierConnection* waiting = ConnectionInState(side, "syn-sent");
  const v1::CarrierConnection* established = ConnectionInState(side, "established");
  // Without a look at the process, that this connection is the tunnel's is likely and no more.
  const bool likely = waiting != nullptr && !waiting->certain();
  FindingBuilder finding(
      established != nullptr ? 0.93
      : likely               ? 0.9
                             : 0.98,
      failure == v1::NO_ROUTE
          ? absl::StrCat("The tunnel runs, but this host has no route to its bastion ", bastion,
                         ": its own network is down. Nothing beyond it is involved.")
          : absl::StrCat("The tunnel runs, but its bastion ", bastion, " does not answer. Nothing gets further than ",
                         "this host's way to it.",
                         // Said only where the inside has shown it.
                         facts.inside_fine() ? " TLS, SCRAM, MTU and the database are not involved." : ""));
  finding.Because(BannerWords(side), "outside", TunnelProbe(facts), v1::BANNER);
  if (waiting != nullptr) {
    finding.Because(absl::StrCat(HolderWords(side), ": ", ConnectionWords(*waiting), ": the bastion never answered"),
                    "outside", TunnelProbe(facts), v1::CARRIER_FOUND);
  } else if (established != nullptr) {
    finding.Because(absl::StrCat(HolderWords(side), ": ", ConnectionWords(*established)), "outside", TunnelProbe(facts),
                    v1::CARRIER_FOUND);
  }
  TellTarget(facts, &finding);
  TellControls(facts, &finding);
  TellInside(facts, &finding);
  if (established != nullptr && !LooksDead(*established)) {
    finding.Against("the tunnel's own connection shows no loss yet", "outside", TunnelProbe(facts), v1::CARRIER_FOUND);
  }
  return finding.Build();
}

std::optional<v1::Finding> MatchBastionRefusesSessions(const v1::Comparison& comparison) {
  const Facts facts = Read(comparison);
  // Here what comes and goes is the very sign.
  const bool fails = facts.outside != nullptr && !facts.outside->healthy() && facts.out != nullptr;
  if (!fails || !facts.outside->has_banner()) return std::nullopt;
  const v1::SideSummary& side = *facts.outside;
  const v1::BannerDetails& banner = side.banner().sample().banner();
  const v1::Failure failure = compare::FailureClass(side.banner().failure());
  const bool hung_up = failure == v1::CLOSED_BEFORE_FIRST_BYTE || failure == v1::CLOSED;
  const bool some = banner.answered() > 0 && banner.answered() < banner.attempts();
  const bool all = banner.answered() == 0 && hung_up;
  const bool says_no = banner.answered() > 0 && banner.banner().rfind("SSH-", 0) != 0;
  if (!some && !all && !says_no) return std::nullopt;
  if (facts.others == Others::kAnswer) return std::nullopt;
  FindingBuilder finding(all || says_no ? 0.9 : 0.8,
                         absl::StrCat("The bastion ", Bastion(side), " is up and turns new ssh connections away",
                                      some ? " some of the time." : "."));
  finding.Because(BannerWords(side), "outside", TunnelProbe(facts), v1::BANNER);
  if (says_no) finding.Because(absl::StrCat("it says: ", banner.banner()), "outside", TunnelProbe(facts), v1::BANNER);
  TellTarget(facts, &finding);
  TellInside(facts, &finding);
  return finding.Build();
}

}  // namespace parallax::diagnose
