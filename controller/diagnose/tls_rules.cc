// tls.* and target.wrong_server: who answers, and whether it may be believed.
#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/compare/ladder.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"
#include "controller/diagnose/facts.h"
#include "controller/diagnose/finding.h"
#include "controller/diagnose/rules.h"
#include "controller/diagnose/sameness.h"
#include "controller/diagnose/wanted.h"

namespace parallax::diagnose {
namespace {

bool Offers(const v1::AuthDetails* auth, const char* mechanism) {
  return auth != nullptr &&
         std::find(auth->offered().begin(), auth->offered().end(), mechanism) != auth->offered().end();
}

// The interceptor cannot bind the channel: the server sees another certificate than the one that we hashed.
bool ChannelBindingFailed(const Facts& facts) {
  const v1::StepSummary* step = StepOf(facts.out, v1::AUTHENTICATION);
  const v1::AuthDetails* auth = AuthOf(facts.out);
  if (step == nullptr || auth == nullptr || step->failure() == v1::NONE) return false;
  const v1::AuthDetails* inside = AuthOf(facts.in);
  // Bound, and turned down with another reason than a wrong password, while the same succeeds inside.
  return auth->channel_bound() && step->sample().server_error().code() != "28P01" && inside != nullptr &&
         StepOf(facts.in, v1::AUTHENTICATION)->failure() == v1::NONE;
}

void TellCertificates(const Facts& facts, FindingBuilder* finding) {
  for (const v1::SideOutcome* outcome : {facts.in, facts.out}) {
    const v1::TlsDetails* tls = TlsOf(outcome);
    if (tls == nullptr) continue;
    finding->Because(absl::StrCat(outcome->side(), ": certificate ", tls->chain(0).sha256().substr(0, 16), ".. of '",
                                  tls->chain(0).subject(), "', issued by '", tls->chain(0).issuer(), "'"),
                     outcome->side(), facts.pair->probe(), v1::TLS_HANDSHAKE);
  }
}

void TellServers(const Facts& facts, FindingBuilder* finding) {
  for (const v1::SideOutcome* outcome : {facts.in, facts.out}) {
    auto ids = compare::ServerIdentities(*outcome, false);
    const bool by_address = ids.empty();
    if (by_address) ids = compare::ServerIdentities(*outcome, true);
    if (ids.empty()) continue;
    finding->Because(absl::StrCat(outcome->side(), ": the server's ", by_address ? "address" : "system identifier",
                                  " is ", absl::StrJoin(ids, ", ")),
                     outcome->side(), facts.pair->probe(), v1::QUERY);
  }
}

bool SameIssuer(const Facts& facts) {
  const v1::TlsDetails* in = TlsOf(facts.in);
  const v1::TlsDetails* out = TlsOf(facts.out);
  return in != nullptr && out != nullptr && in->chain(0).issuer() == out->chain(0).issuer() &&
         in->chain(0).issuer() != in->chain(0).subject();
}

// The server took a proof that is bound to the certificate seen outside: the certificate is its own, whoever it is. Its
// system identifier proves less, since a restored copy has the same.
bool OwnsItsCertificate(const Facts& facts) {
  const v1::StepSummary* step = StepOf(facts.out, v1::AUTHENTICATION);
  return step != nullptr && step->failure() == v1::NONE && step->sample().auth().channel_bound();
}

// Which of the two it is, when the certificates differ and the server does not say who it is.
bool LooksIntercepted(const Facts& facts, const Identity& identity) {
  if (!identity.certificates_differ || identity.servers_differ || OwnsItsCertificate(facts)) return false;
  if (identity.same_server || ChannelBindingFailed(facts)) return true;
  // PLUS is taken away where TLS is ended on the way.
  if (Offers(AuthOf(facts.in), "scram-sha-256-plus") && AuthOf(facts.out) != nullptr &&
      !Offers(AuthOf(facts.out), "scram-sha-256-plus")) {
    return true;
  }
  // Another server of the same owner has its certificate from the same authority, and does not know this user or
  // database.
  const std::string code = SqlState(facts.out);
  const bool unknown_here = code == "28P01" || code == "3D000" || code == "28000";
  return !SameIssuer(facts) && !unknown_here;
}

}  // namespace

std::optional<v1::Finding> MatchIntercepted(const v1::Comparison& comparison) {
  const Facts facts = Read(comparison);
  if (facts.in == nullptr || facts.out == nullptr) return std::nullopt;
  const Identity identity = ReadIdentity(*facts.in, *facts.out);
  if (!LooksIntercepted(facts, identity)) return std::nullopt;
  const bool bound = ChannelBindingFailed(facts);
  FindingBuilder finding(
      bound || identity.same_server ? 0.95 : 0.75,
      "Outside, TLS ends at somebody else's: the certificate is not the one that the server shows inside.");
  TellCertificates(facts, &finding);
  if (bound) {
    finding.Because(absl::StrCat("authentication bound to the certificate is turned down outside: ",
                                 compare::StepCell(*StepOf(facts.out, v1::AUTHENTICATION))),
                    "outside", facts.pair->probe(), v1::AUTHENTICATION);
  }
  TellServers(facts, &finding);
  if (!bound && !identity.same_server) {
    finding.OrElse("target.wrong_server", "credentials (--password-from) let both sides ask the server who it is");
  }
  return finding.Build();
}

std::optional<v1::Finding> MatchWrongServer(const v1::Comparison& comparison) {
  const Facts facts = Read(comparison);
  if (facts.in == nullptr || facts.out == nullptr) return std::nullopt;
  const Identity identity = ReadIdentity(*facts.in, *facts.out);
  // Something else than PostgreSQL answers outside, where inside it is PostgreSQL.
  const v1::StepSummary* first = StepOf(facts.out, v1::SSL_REQUEST);
  const bool stranger = facts.inside_fine() && first != nullptr && first->failure() == v1::UNEXPECTED_FIRST_BYTE;
  const bool missing_here = facts.inside_fine() && SqlState(facts.out) == "3D000";
  // One password, taken inside and rejected outside, or the other way round, and nothing shows that it is one server.
  const bool shown = identity.same_certificate || identity.same_server;
  const bool rejected = !shown && SameSecret(facts) &&
                        (RejectedBesideTaken(facts.out, facts.in) || RejectedBesideTaken(facts.in, facts.out));
  // No TLS at the end of a forward: who answers there is chosen by the forward, and by whoever took its port.
  const bool plain =
      TlsInsideOnly(facts) && ThroughForward(facts) && !identity.same_server && !SpeaksTlsBeyond(comparison, facts);
  if (!stranger && !missing_here && !rejected && !plain && !identity.servers_differ &&
      (!identity.certificates_differ || LooksIntercepted(facts, identity))) {
    return std::nullopt;
  }
  const bool proved = identity.servers_differ || (identity.certificates_differ && OwnsItsCertificate(facts));
  const bool nobodys_forward = ForwardLeadsNowhere(facts);
  const bool only_guessed = !stranger && !missing_here && !identity.certificates_differ;
  FindingBuilder finding(proved                            ? 0.95
                         : stranger || missing_here        ? 0.8
                         : only_guessed && nobodys_forward ? 0.85
                         : only_guessed                    ? 0.6
                                                           : 0.75,
                         proved || !only_guessed
                             ? "Outside, another server answers at this address than inside."
                             : "Outside, another server seems to answer than inside: none of them showed who it is.");
  if (rejected) {
    finding.Because("the controller sent one password to both sides: one takes it, and the other's server rejects it",
                    "outside", facts.pair->probe(), v1::AUTHENTICATION);
  }
  if (plain) {
    finding.Because("inside the SSLRequest is answered S", "inside", facts.pair->probe(), v1::SSL_REQUEST);
    finding.Because("outside it is answered N, at a port of that side's own host", "outside", facts.pair->probe(),
                    v1::SSL_REQUEST);
  }
  if (nobodys_forward) {
    finding.Because(absl::StrCat("what listens at that port, ", HolderWords(*facts.outside),
                                 ", keeps no connection to anywhere: it is no forward"),
                    "outside", "tunnel " + facts.pair->address(), v1::CARRIER_FOUND);
  }
  TellCertificates(facts, &finding);
  if (OwnsItsCertificate(facts)) {
    finding.Because("outside the server takes authentication that is bound to that certificate: it is its own",
                    "outside", facts.pair->probe(), v1::AUTHENTICATION);
  }
  TellServers(facts, &finding);
  if (const v1::StepSummary* end = EndingStep(*facts.out)) {
    finding.Because(absl::StrCat(compare::StepLabel(end->kind()), ": ", compare::StepCell(*end)), "outside",
                    facts.pair->probe(), end->kind());
  }
  if (!proved && rejected) {
    finding.OrElse("postgres.source_rejected",
                   "pg_hba.conf on the server, or the pooler's users: is each source asked for its password in the "
                   "same way?");
    finding.OrElse("", "TLS, where the server has it (sslmode=require): its certificate tells one server from another");
  }
  if (!proved && plain) {
    finding.OrElse("tls.stripped", nobodys_forward
                                       ? "on the outside's host: which process listens at that port? ss -ltnp"
                                       : "does the forward's far end lead to the target itself?");
  }
  if (!proved && identity.certificates_differ) {
    finding.OrElse("tls.intercepted",
                   "credentials (--password-from) that hold on both sides let them ask the server who it is");
  }
  return finding.Build();
}

std::optional<v1::Finding> MatchStripped(const v1::Comparison& comparison) {
  const Facts facts = Read(comparison);
  if (!TlsInsideOnly(facts)) return std::nullopt;
  const Identity identity = ReadIdentity(*facts.in, *facts.out);
  const bool proved = SpeaksTlsBeyond(comparison, facts);
  // Another server may well have no TLS, and at the end of a forward it is the likelier of the two.
  if (!proved && (identity.servers_differ || (ThroughForward(facts) && !identity.same_server))) return std::nullopt;
  FindingBuilder finding(proved                 ? 0.97
                         : identity.same_server ? 0.92
                                                : 0.7,
                         "Something on the way takes TLS off: the server offers it inside, and not outside.");
  finding.Because("inside the SSLRequest is answered S", "inside", facts.pair->probe(), v1::SSL_REQUEST);
  finding.Because("outside the SSLRequest is answered N", "outside", facts.pair->probe(), v1::SSL_REQUEST);
  if (proved) {
    finding.Because("outside the server offers channel binding over plain text: it believes that it speaks TLS",
                    "outside", facts.pair->probe(), v1::AUTHENTICATION);
  }
  TellServers(facts, &finding);
  if (!proved && !identity.same_server) {
    finding.OrElse("target.wrong_server",
                   "who answers there? With sslmode=prefer both sides ask the server for its identifier, the outside "
                   "in plain text");
  }
  return finding.Build();
}

std::optional<v1::Finding> MatchNotOffered(const v1::Comparison& comparison) {
  const Facts facts = Read(comparison);
  for (const v1::SideOutcome* outcome : {facts.in, facts.out}) {
    const v1::StepSummary* first = StepOf(outcome, v1::SSL_REQUEST);
    if (first == nullptr || first->sample().peer_bytes().head() != "N") return std::nullopt;
  }
  if (facts.in->failure() != v1::TLS_PROTOCOL || facts.out->failure() != v1::TLS_PROTOCOL) return std::nullopt;
  return FindingBuilder(0.97, absl::StrCat("The server offers no TLS, and sslmode=", comparison.target().ssl_mode(),
                                           " demands it. Both sides see the same."))
      .Because("inside the SSLRequest is answered N", "inside", facts.pair->probe(), v1::SSL_REQUEST)
      .Because("outside the SSLRequest is answered N", "outside", facts.pair->probe(), v1::SSL_REQUEST)
      .Build();
}

std::optional<v1::Finding> MatchRequiredByServer(const v1::Comparison& comparison) {
  const Facts facts = Read(comparison);
  if (comparison.target().ssl_mode() != "disable" || facts.in == nullptr || facts.out == nullptr) return std::nullopt;
  std::string rejected;
  for (const v1::SideOutcome* outcome : {facts.in, facts.out}) {
    const v1::StepSummary* end = EndingStep(*outcome);
    if (end == nullptr || end->kind() != v1::STARTUP || end->failure() != v1::SERVER_ERROR) continue;
    const std::string& code = end->sample().server_error().code();
    if (code == "28000" || code == "08P01" || code == "08004")
      rejected += rejected.empty() ? outcome->side() : " and " + outcome->side();
  }
  if (rejected.empty()) return std::nullopt;
  // The same user and database get further with TLS, on the side that was rejected.
  bool with_tls = false;
  bool asked = false;
  for (const v1::Pair* pair : PairsWith(comparison, v1::INVESTIGATION)) {
    for (const v1::SideOutcome& outcome : pair->sides()) {
      const v1::StepSummary* startup = StepOf(&outcome, v1::STARTUP, "sslmode=require");
      asked = asked || !outcome.steps().empty();
      if (startup != nullptr && startup->succeeded() > 0 && rejected.find(outcome.side()) != std::string::npos)
        with_tls = true;
    }
  }
  if (asked && !with_tls) return std::nullopt;
  FindingBuilder finding(with_tls ? 0.96 : 0.7,
                         absl::StrCat("The server takes no plain text from this user (", rejected,
                                      "): it wants TLS, and sslmode=disable forbids it."));
  for (const v1::SideOutcome* outcome : {facts.in, facts.out}) {
    const v1::StepSummary* end = EndingStep(*outcome);
    if (end == nullptr) continue;
    finding.Because(absl::StrCat(outcome->side(), ": ", compare::StepCell(*end)), outcome->side(), facts.pair->probe(),
                    end->kind());
  }
  if (with_tls)
    finding.Because("with sslmode=require the same startup message is answered by a request for the password");
  if (!with_tls) finding.OrElse("postgres.source_rejected", "the same with sslmode=require");
  return finding.Build();
}

}  // namespace parallax::diagnose
