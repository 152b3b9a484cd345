// What the rules about a tunnel and its bastion say alike: evidence, in words, and what they ask of the facts. Pure;
// thread-safe.
#ifndef PARALLAX_CONTROLLER_DIAGNOSE_TUNNEL_EVIDENCE_H_
#define PARALLAX_CONTROLLER_DIAGNOSE_TUNNEL_EVIDENCE_H_

#include <string>

#include "controller/diagnose/facts.h"
#include "controller/diagnose/finding.h"

namespace parallax::diagnose {

// The name of the probe that looked at the tunnel.
std::string TunnelProbe(const Facts& facts);

// How the target ended outside, what the controls say of the tunnel, and what the inside has shown, as evidence.
void TellTarget(const Facts& facts, FindingBuilder* finding);
void TellControls(const Facts& facts, FindingBuilder* finding);
void TellInside(const Facts& facts, FindingBuilder* finding);

// "fresh connections to 198.51.100.24:22: silent for 5.0 s"; the side has a banner.
std::string BannerWords(const v1::SideSummary& side);
// "its connection to 198.51.100.24:22 is in SYN-SENT for 41 s"
std::string ConnectionWords(const v1::CarrierConnection& connection);

// The outside fails before the target's own first byte, in every attempt.
bool FailsOnTheWay(const Facts& facts);
// The process, or the one that keeps its connection, that is there and does not run; nullptr when all do.
const v1::Process* Stopped(const v1::SideSummary& side);
// What is in flight is sent again in vain: it may be gone without knowing.
bool LooksDead(const v1::CarrierConnection& connection);
// A tunnel that speaks no ssh, and gives nothing back from anywhere.
bool IsSilentTunnel(const Facts& facts);

}  // namespace parallax::diagnose

#endif  // PARALLAX_CONTROLLER_DIAGNOSE_TUNNEL_EVIDENCE_H_
