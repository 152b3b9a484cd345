// What is known of whether two sides reached one server, and asked it with one password: the facts on which "the same
// server" may be said, and those that forbid it.
//
// Values and borrowed pointers into the comparison, which outlives them. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_DIAGNOSE_SAMENESS_H_
#define PARALLAX_CONTROLLER_DIAGNOSE_SAMENESS_H_

#include <string>

#include "controller/diagnose/view.h"
#include "parallax/v1/comparison.pb.h"

namespace parallax::diagnose {

// What tells the two sides' servers apart at one address.
struct Identity {
  bool certificates_differ = false;
  bool same_certificate = false;  // on both sides one was seen, and they share it
  bool servers_differ = false;    // system identifiers, or addresses where those are not told
  bool same_server = false;       // the same system identifier
};
Identity ReadIdentity(const v1::SideOutcome& reference, const v1::SideOutcome& subject);

// nullptr: it did not come so far.
const v1::TlsDetails* TlsOf(const v1::SideOutcome* outcome);
const v1::AuthDetails* AuthOf(const v1::SideOutcome* outcome);

// The step that ended it with the server's own error; nullptr when it did not end so.
const v1::StepSummary* ServerErrorStep(const v1::SideOutcome* outcome);
// 28P01; a pooler says 08P01 for a wrong password, at the same stage.
bool PasswordRejected(const v1::SideOutcome* outcome);
// One side's password is rejected in every attempt, the other's is taken.
bool RejectedBesideTaken(const v1::SideOutcome* rejects, const v1::SideOutcome* takes);
// The controller sent the value of the password to both: it is one value. Nothing else is known to be the same.
bool SameSecret(const View& view);
// Inside the server answers the SSLRequest with S, and what answers outside says N.
bool TlsInsideOnly(const View& view);
// Over plain text the outside's server offers what is bound to TLS: it believes that it speaks TLS.
bool SpeaksTlsBeyond(const View& view);

// The outside dials a port of its own host, by --connect-to: what answers there stands at the far end of a forward, or
// is whoever has taken the port.
bool ThroughForward(const View& view);
// Of those: its listener keeps no connection to anywhere, so that it is no forward.
bool ForwardLeadsNowhere(const View& view);

// "127.0.0.1", "::1", "0.0.0.0", "::", mapped ones too: whoever dials it reaches the host that it stands on.
bool IsOwnHostAddress(const std::string& address);
// Both agents stand on one host, in one network.
bool OnOneHost(const v1::SideSummary& a, const v1::SideSummary& b);
// The pair's address means another host to each side, or a name that should lead elsewhere leads each side to itself:
// what the two sides meet there is no word about one target.
// Returns that address; "" when it is not so.
std::string OwnHostAddress(const View& view);

}  // namespace parallax::diagnose

#endif  // PARALLAX_CONTROLLER_DIAGNOSE_SAMENESS_H_
