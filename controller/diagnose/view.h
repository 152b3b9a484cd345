// A view: one side of a comparison (the subject) judged against another (the reference). Which pair tells most, how the
// subject ended there, and what other destinations say. The atoms read this.
//
// Values and borrowed pointers into the comparison, which outlives them. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_DIAGNOSE_VIEW_H_
#define PARALLAX_CONTROLLER_DIAGNOSE_VIEW_H_

#include <string>
#include <string_view>
#include <vector>

#include "controller/compare/outcomes.h"
#include "controller/compare/pairs.h"
#include "controller/compare/roles.h"
#include "parallax/v1/comparison.pb.h"

namespace parallax::diagnose {

// How a side's attempts at the target ended, as far as the first byte. RST and FIN are one class.
enum class How {
  kNotAsked,
  kFine,         // it succeeded
  kRefused,      // the connect was refused
  kUnreachable,  // the connect was answered by ICMP, or our own kernel has no way
  kSilent,       // the connect, or the first byte, never came
  kLocalClose,   // accepted, then closed far under a round trip: on this very host
  kFarClose,     // accepted, then closed after about a round trip or more
  kClosed,       // accepted, then closed; whether near or far cannot be told
  kLater,        // the first byte came; it failed after that
  kUnsteady,     // some attempts succeeded
};

// What the other destinations that share the target's way do, by the positive controls.
enum class Others { kUnknown, kAnswer, kFail };

struct View {
  const v1::Comparison& comparison;
  std::string subject_name;
  std::string reference_name;
  const v1::SideSummary* subject = nullptr;  // null when it was not observed
  const v1::SideSummary* reference = nullptr;
  const v1::Pair* pair = nullptr;         // of the target: the one that the subject's own name leads to and that fails
  const v1::SideOutcome* ours = nullptr;  // the subject's, of that pair; null when not observed
  const v1::SideOutcome* theirs = nullptr;  // the reference's
  How how = How::kNotAsked;                 // the subject's end
  How reference_how = How::kNotAsked;
  Others others = Others::kUnknown;            // seen from the subject
  std::string tunnel_probe;                    // the probe that looked at the tunnel last; "" none did
  std::string route_probe;                     // the probe that looked the route up
  v1::Status status = v1::STATUS_UNSPECIFIED;  // what the two come to

  bool reference_healthy() const { return reference != nullptr && reference->healthy(); }
  // There the server itself was heard, whatever it said: the target is there, and reached.
  bool reference_reaches() const {
    return reference != nullptr &&
           (reference->healthy() || reference_how == How::kFine || reference_how == How::kLater);
  }
  // In every attempt: what comes and goes is no proof of a cause that stays.
  bool subject_fails() const {
    return subject != nullptr && !subject->healthy() && ours != nullptr && how != How::kUnsteady;
  }
  // The subject came to no word of the server's: what the reference meets is not contradicted there.
  bool subject_is_not_heard() const { return subject_fails() && how != How::kFine && how != How::kLater; }
  bool both() const { return subject != nullptr && reference != nullptr; }
};

// The subject's view against the reference; the first of the comparison's views, where none is named.
View ReadView(const v1::Comparison& comparison, const compare::Roles& roles = {});

// Sides of neither role that observed the target: present, asked the same, on a host of their own.
std::vector<const v1::SideSummary*> WitnessesOf(const View& view);

// A positive control answered through the tunnel's own SOCKS port.
bool SocksCarries(const v1::SideSummary& side);

using compare::EndingStep;
using compare::PairsWith;
const v1::StepSummary* StepOf(const v1::SideOutcome* outcome, v1::StepKind kind, const std::string& variant = "");
// The SQLSTATE with which the outcome ended; "" when it did not end with one.
std::string SqlState(const v1::SideOutcome* outcome);

bool IsDefaultPrefix(const v1::RouteDetails& route);
// By the default route, or as the default route would: this host's ordinary way out.
bool LeavesByDefault(const v1::RouteDetails& route);
// RFC 1918, RFC 6598, RFC 4193: what only a VPC or a local network has.
bool IsPrivateAddress(const std::string& address);

// The carrier, from outside.
bool HasTunnel(const v1::SideSummary& side);
const v1::CarrierConnection* ConnectionInState(const v1::SideSummary& side, v1::TcpState state);
// "198.51.100.24:22": of the fresh connections, or else of the carrier; "" when it is not known.
std::string Bastion(const v1::SideSummary& side);
// Every, and any, fresh connection to the bastion got its banner.
bool BannerNever(const v1::SideSummary& side);
bool BannerEver(const v1::SideSummary& side);
// The process, or the one that keeps its connection, that is there and does not run; nullptr when all do.
const v1::Process* Stopped(const v1::SideSummary& side);
// "sst (pid 4711)"; "the tunnel" when nobody is known.
std::string HolderWords(const v1::SideSummary& side);
// "the inside side reached the same address and ran a query"; "" when the reference was not observed.
std::string ReferenceWords(const View& view);

// The SOCKS CONNECT to this pair's endpoint, when the tunnel's own port was spoken to.
const v1::Step* SocksTo(const v1::SideSummary& side, const std::string& address, uint32_t port);
// Answered at once, without a way through: closed without a reply, or a reply that is no success.
bool SocksRejected(const v1::Step& step);

}  // namespace parallax::diagnose

#endif  // PARALLAX_CONTROLLER_DIAGNOSE_VIEW_H_
