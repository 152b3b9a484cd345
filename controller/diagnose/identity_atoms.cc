// Who answers: the same server on both sides, another one, or somebody between.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/compare/ladder.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"
#include "controller/diagnose/atom_reads.h"
#include "controller/diagnose/sameness.h"

namespace parallax::diagnose {
namespace {

constexpr char kScramPlus[] = "scram-sha-256-plus";

bool Offers(const v1::AuthDetails* auth, const char* mechanism) {
  return auth != nullptr &&
         std::find(auth->offered().begin(), auth->offered().end(), mechanism) != auth->offered().end();
}

bool SameIssuer(const View& view) {
  const v1::TlsDetails* ours = TlsOf(view.ours);
  const v1::TlsDetails* theirs = TlsOf(view.theirs);
  return ours != nullptr && theirs != nullptr && theirs->chain(0).issuer() == ours->chain(0).issuer() &&
         theirs->chain(0).issuer() != theirs->chain(0).subject();
}

void TellServers(const View& view, Reading* reading) {
  for (const v1::SideOutcome* outcome : {view.theirs, view.ours}) {
    auto ids = compare::ServerIdentities(*outcome, false);
    const bool by_address = ids.empty();
    if (by_address) ids = compare::ServerIdentities(*outcome, true);
    if (ids.empty()) continue;
    reading->Because(absl::StrCat(outcome->side(), ": the server's ", by_address ? "address" : "system identifier",
                                  " is ", absl::StrJoin(ids, ", ")),
                     outcome->side(), view.pair->probe(), v1::QUERY);
  }
}

Reading TellEnd(const View& view, Reading reading) {
  const v1::StepSummary* end = EndingStep(*view.ours);
  if (reading.yes() && end != nullptr) {
    reading.Because(absl::StrCat(compare::StepLabel(end->kind()), ": ", compare::StepCell(*end)), *view.ours,
                    view.pair->probe(), *end);
  }
  return reading;
}

}  // namespace

Reading BothAreSeen(const View& view) { return view.theirs == nullptr || view.ours == nullptr ? Unknown() : Yes(); }

Reading CertificatesDiffer(const View& view) {
  if (view.theirs == nullptr || view.ours == nullptr) return Unknown();
  if (compare::Certificates(*view.theirs).empty() || compare::Certificates(*view.ours).empty()) return Unknown();
  if (!ReadIdentity(*view.theirs, *view.ours).certificates_differ) return No();
  Reading reading = Yes();
  for (const v1::SideOutcome* outcome : {view.theirs, view.ours}) {
    const v1::TlsDetails* tls = TlsOf(outcome);
    if (tls == nullptr) continue;
    reading.Because(absl::StrCat(outcome->side(), ": certificate ", tls->chain(0).sha256().substr(0, 16), ".. of '",
                                 tls->chain(0).subject(), "', issued by '", tls->chain(0).issuer(), "'"),
                    *outcome, view.pair->probe(), *StepOf(outcome, v1::TLS_HANDSHAKE));
  }
  return reading;
}

Reading ServersDiffer(const View& view) {
  if (view.theirs == nullptr || view.ours == nullptr) return Unknown();
  const Identity identity = ReadIdentity(*view.theirs, *view.ours);
  if (!identity.servers_differ) return identity.same_server ? No() : Unknown();
  Reading reading = Yes();
  TellServers(view, &reading);
  return reading;
}

// A restored copy has the same identifier: it proves less than another one does.
Reading SameServer(const View& view) {
  if (view.theirs == nullptr || view.ours == nullptr) return Unknown();
  const Identity identity = ReadIdentity(*view.theirs, *view.ours);
  if (!identity.same_server) return identity.servers_differ ? No() : Unknown();
  Reading reading = Yes();
  TellServers(view, &reading);
  return reading;
}

// The server took a proof that is bound to the certificate seen there: the certificate is its own, whoever it is.
Reading OwnsItsCertificate(const View& view) {
  const v1::StepSummary* step = StepOf(view.ours, v1::AUTHENTICATION);
  if (step == nullptr || !CertificatesDiffer(view).yes()) return Unknown();
  if (step->failure() != v1::NONE || !step->sample().auth().channel_bound()) return Unknown();
  return Yes().Because(
      absl::StrCat(view.subject_name,
                   " the server takes authentication that is bound to that certificate: it is its own"),
      *view.ours, view.pair->probe(), *step);
}

// The interceptor cannot bind the channel: the server sees another certificate than the one that we hashed.
Reading BindingFails(const View& view) {
  const v1::StepSummary* step = StepOf(view.ours, v1::AUTHENTICATION);
  const v1::AuthDetails* ours = AuthOf(view.ours);
  const v1::AuthDetails* theirs = AuthOf(view.theirs);
  if (step == nullptr || ours == nullptr || theirs == nullptr) return Unknown();
  // Bound, and turned down with another reason than a wrong password, while the same succeeds from the reference.
  const bool fails = step->failure() != v1::NONE && ours->channel_bound() &&
                     step->sample().server_error().code() != "28P01" &&
                     StepOf(view.theirs, v1::AUTHENTICATION)->failure() == v1::NONE;
  if (!fails) return No();
  return Yes().Because(absl::StrCat("authentication bound to the certificate is turned down ", view.subject_name, ": ",
                                    compare::StepCell(*step)),
                       *view.ours, view.pair->probe(), *step);
}

// Which of the two it is, when the certificates differ: somebody on the way, or another server.
Reading LooksIntercepted(const View& view) {
  if (!CertificatesDiffer(view).yes()) return Unknown();
  const Identity identity = ReadIdentity(*view.theirs, *view.ours);
  if (identity.servers_differ || OwnsItsCertificate(view).yes()) return No();
  if (identity.same_server || BindingFails(view).yes()) return Yes();
  // PLUS is taken away where TLS is ended on the way.
  if (Offers(AuthOf(view.theirs), kScramPlus) && AuthOf(view.ours) != nullptr &&
      !Offers(AuthOf(view.ours), kScramPlus)) {
    return Yes().Because(
        absl::StrCat("channel binding, offered ", view.reference_name, ", is not offered ", view.subject_name),
        *view.ours, view.pair->probe(), *StepOf(view.ours, v1::AUTHENTICATION));
  }
  // Another server of the same owner has its certificate from the same authority, and does not know this user or
  // database.
  const std::string code = SqlState(view.ours);
  return If(!SameIssuer(view) && code != "28P01" && code != "3D000" && code != "28000");
}

// Something else than PostgreSQL answers, where from the reference it is PostgreSQL.
Reading StrangerAnswers(const View& view) {
  const v1::StepSummary* first = StepOf(view.ours, v1::SSL_REQUEST);
  if (view.reference == nullptr || view.theirs == nullptr || first == nullptr) return Unknown();
  return TellEnd(view, If(view.reference_healthy() && first->failure() == v1::UNEXPECTED_FIRST_BYTE));
}

Reading DatabaseUnknownHere(const View& view) {
  if (view.reference == nullptr || view.theirs == nullptr || view.ours == nullptr) return Unknown();
  return TellEnd(view, If(view.reference_healthy() && SqlState(view.ours) == "3D000"));
}

// The controller sent one password to both; one takes it, and the other's server rejects it.
Reading OnePasswordTwoAnswers(const View& view) {
  if (AuthOf(view.theirs) == nullptr || AuthOf(view.ours) == nullptr) return Unknown();
  const bool ours = RejectedBesideTaken(view.ours, view.theirs);
  if (!SameSecret(view) || (!ours && !RejectedBesideTaken(view.theirs, view.ours))) return No();
  return Yes().Because(
      "the controller sent one password to both sides: one takes it, and the other's server rejects it",
      ours ? view.subject_name : view.reference_name, view.pair->probe(), v1::AUTHENTICATION);
}

// Of two that answer a password differently: neither a certificate nor an identifier shows that they are one.
Reading NobodyShowsWhoItIs(const View& view) {
  if (view.theirs == nullptr || view.ours == nullptr) return Unknown();
  if (!RejectedBesideTaken(view.ours, view.theirs) && !RejectedBesideTaken(view.theirs, view.ours)) return Unknown();
  const Identity identity = ReadIdentity(*view.theirs, *view.ours);
  return If(!identity.same_certificate && !identity.same_server);
}

// Its listener keeps no connection to anywhere: it is no forward, and may be a server of that host's own.
Reading ForwardIsNobodys(const View& view) {
  if (!ThroughForward(view)) return Unknown();
  if (!ForwardLeadsNowhere(view)) return No();
  return Yes().Because(absl::StrCat("what listens at that port, ", HolderWords(*view.subject),
                                    ", keeps no connection to anywhere: it is no forward"),
                       view.subject_name, view.tunnel_probe, v1::CARRIER_FOUND);
}

// Who has taken the forward's port has no TLS there.
Reading TakenPort(const View& view) {
  if (view.theirs == nullptr || view.ours == nullptr) return Unknown();
  return If(PlainAtForward(view).yes() && ForwardIsNobodys(view).yes());
}

// No certificate, no identifier, no other protocol and no missing database: only how it answers.
Reading OnlyGuessed(const View& view) {
  if (view.theirs == nullptr || view.ours == nullptr) return Unknown();
  return If(!CertificatesDiffer(view).yes() && !ServersDiffer(view).yes() && !StrangerAnswers(view).yes() &&
            !DatabaseUnknownHere(view).yes());
}

}  // namespace parallax::diagnose
