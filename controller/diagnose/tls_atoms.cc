// TLS: whether it is offered, wanted, and to be believed.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"
#include "controller/diagnose/atom_reads.h"
#include "controller/diagnose/clocks.h"
#include "controller/diagnose/sameness.h"

namespace parallax::diagnose {
namespace {

std::string FirstByte(const v1::SideOutcome* outcome) {
  const v1::StepSummary* step = StepOf(outcome, v1::SSL_REQUEST);
  return step == nullptr ? "" : step->sample().peer_bytes().head();
}

// "inside the SSLRequest is answered S"
void TellFirstBytes(const View& view, Reading* reading) {
  for (const v1::SideOutcome* outcome : {view.theirs, view.ours}) {
    reading->Because(absl::StrCat(outcome->side(), " the SSLRequest is answered ", FirstByte(outcome)), *outcome,
                     view.pair->probe(), *StepOf(outcome, v1::SSL_REQUEST));
  }
}

// The sides whose startup message was rejected in plain text.
std::vector<const v1::SideOutcome*> RejectedInPlain(const View& view) {
  std::vector<const v1::SideOutcome*> rejected;
  if (view.comparison.target().ssl_mode() != "disable" || view.theirs == nullptr || view.ours == nullptr)
    return rejected;
  for (const v1::SideOutcome* outcome : {view.theirs, view.ours}) {
    const v1::StepSummary* end = EndingStep(*outcome);
    if (end == nullptr || end->kind() != v1::STARTUP || end->failure() != v1::SERVER_ERROR) continue;
    const std::string& code = end->sample().server_error().code();
    if (code == "28000" || code == "08P01" || code == "08004") rejected.push_back(outcome);
  }
  return rejected;
}

std::string Names(const std::vector<const v1::SideOutcome*>& outcomes) {
  return absl::StrJoin(outcomes, " and ",
                       [](std::string* out, const v1::SideOutcome* outcome) { absl::StrAppend(out, outcome->side()); });
}

// On which sides the certificate that was shown is wrong in that way; a fault only where the handshake fails by it.
Reading WrongCertificate(const View& view, bool (*wrong)(const v1::TlsDetails&)) {
  Reading reading = Unknown();
  std::vector<const v1::SideOutcome*> sides;
  for (const v1::SideOutcome* outcome : {view.theirs, view.ours}) {
    const v1::TlsDetails* tls = TlsOf(outcome);
    if (tls == nullptr || !tls->verify_attempted()) continue;
    if (!reading.yes()) reading.answer = Answer::kNo;
    if (!wrong(*tls)) continue;
    reading.answer = Answer::kYes;
    sides.push_back(outcome);
    const v1::Certificate& leaf = tls->chain(0);
    reading.Because(absl::StrCat(outcome->side(), ": ", tls->verify_error(), "; the certificate is for ",
                                 leaf.dns_names().empty() ? leaf.subject() : absl::StrJoin(leaf.dns_names(), ", "),
                                 ", issued by ", leaf.issuer(), ", roots from ", tls->trust_store()),
                    *outcome, view.pair->probe(), *StepOf(outcome, v1::TLS_HANDSHAKE));
  }
  return reading.Word("seen_by", Names(sides));
}

// The sides by whose clock alone it is out of date; none, unless that is so of each side that holds it for wrong.
std::vector<ClockFault> WrongClocks(const View& view) {
  std::vector<ClockFault> wrong;
  for (const v1::SideOutcome* outcome : {view.theirs, view.ours}) {
    const v1::TlsDetails* tls = TlsOf(outcome);
    if (tls == nullptr || tls->within_dates() || !tls->verify_attempted()) continue;
    auto fault = WrongClock(view.comparison, outcome->side(), *tls);
    if (!fault.has_value()) return {};
    wrong.push_back(*std::move(fault));
  }
  return wrong;
}

// What OpenSSL says of a chain, where another root does not help: x509_vfy.h's texts, matched in lower case.
struct ChainFault {
  const char* says;
  const char* what;
  const char* title;
  const char* remedy;
};
constexpr ChainFault kChainFaults[] = {
    {"purpose", "is not made for a server: its extended key usage lacks serverAuth",
     "The certificate is made for another purpose",
     "issue it again with extendedKeyUsage=serverAuth: neither another root nor a later date helps\n"
     "{postgres}openssl s_client -starttls postgres -connect {host}:{port} </dev/null | openssl x509 -noout -ext "
     "extendedKeyUsage\n{others}openssl s_client -connect {host}:{port} -servername {host} </dev/null | openssl x509 "
     "-noout -ext extendedKeyUsage"},
    {"too small", "has a key that is too small for this host's policy", "The certificate's key is too weak",
     "issue it again with a larger key: RSA of 2048 bits, or P-256"},
    {"too weak", "is signed with a digest or a key that is too weak for this host's policy",
     "The certificate's signature or key is too weak",
     "issue it again: RSA of 2048 bits or P-256, signed with SHA-256"},
    {"invalid ca", "is issued by a certificate that may issue none", "The chain has an issuer that is no authority",
     "on the server: send the intermediates that issued the certificate, and no other; then reload"},
    {"path length", "stands below more authorities than one of them allows", "The chain is longer than it may be",
     "have it issued by an authority that is allowed to"},
    {"signature failure", "bears a signature that is not its issuer's", "A signature in the chain is wrong",
     "on the server: send the intermediates that issued the certificate, and no other; then reload"},
};

}  // namespace

Reading TlsTakenAway(const View& view) {
  if (FirstByte(view.theirs).empty() || FirstByte(view.ours).empty()) return Unknown();
  if (!TlsInsideOnly(view)) return No();
  Reading reading = Yes();
  TellFirstBytes(view, &reading);
  return reading;
}

// Who answers at the end of a forward is chosen by the forward, and by whoever took its port.
Reading PlainAtForward(const View& view) {
  if (!TlsInsideOnly(view)) return Unknown();
  if (!ThroughForward(view) || SpeaksTlsBeyond(view) || ReadIdentity(*view.theirs, *view.ours).same_server) return No();
  return Yes().Because(absl::StrCat(view.subject_name, " it is a port of that side's own host"), view.subject_name,
                       view.pair->probe(), v1::SSL_REQUEST);
}

// Another server may well have no TLS, where nothing shows that it is the same.
Reading MayBeAnotherInPlain(const View& view) {
  if (!TlsInsideOnly(view)) return Unknown();
  const Identity identity = ReadIdentity(*view.theirs, *view.ours);
  return If(!SpeaksTlsBeyond(view) && !identity.same_server && !identity.servers_differ && !PlainAtForward(view).yes());
}

Reading BindingOfferedInPlain(const View& view) {
  if (!TlsInsideOnly(view)) return Unknown();
  if (SpeaksTlsBeyond(view)) {
    return Yes().Because(absl::StrCat(view.subject_name,
                                      " the server offers channel binding over plain text: it believes that it speaks "
                                      "TLS"),
                         view.subject_name, view.pair->probe(), v1::AUTHENTICATION);
  }
  const auto asked = PairsWith(view.comparison, v1::INVESTIGATION);
  const bool matrix = std::any_of(asked.begin(), asked.end(), [](const v1::Pair* pair) {
    return pair->kind() == "postgres" && !pair->spec().postgres().padded_client_hello();
  });
  if (matrix || AuthOf(view.ours) != nullptr) return No();
  // What the server offers in plain text tells, where nothing else shows who it is.
  const bool open = MayBeAnotherInPlain(view).yes() || PlainAtForward(view).yes();
  return open ? NotAskedYet() : Unknown();
}

Reading NoTlsWhereverHeard(const View& view) {
  const std::string theirs = FirstByte(view.theirs);
  const std::string ours = FirstByte(view.ours);
  const bool reference_has_none = theirs == "N" && view.theirs->failure() == v1::TLS_PROTOCOL;
  if (ours.empty() && reference_has_none && view.subject_is_not_heard()) {
    return Yes().Because(absl::StrCat(view.reference_name, " the SSLRequest is answered N"), *view.theirs,
                         view.pair->probe(), *StepOf(view.theirs, v1::SSL_REQUEST));
  }
  if (theirs.empty() || ours.empty()) return Unknown();
  if (!reference_has_none || ours != "N" || view.ours->failure() != v1::TLS_PROTOCOL) return No();
  Reading reading = Yes();
  TellFirstBytes(view, &reading);
  return reading;
}

Reading PlainTextRejected(const View& view) {
  if (view.comparison.target().ssl_mode() != "disable" || view.theirs == nullptr || view.ours == nullptr) {
    return Unknown();
  }
  const std::vector<const v1::SideOutcome*> rejected = RejectedInPlain(view);
  if (rejected.empty()) return No();
  Reading reading = Yes();
  for (const v1::SideOutcome* outcome : {view.theirs, view.ours}) {
    const v1::StepSummary* end = EndingStep(*outcome);
    if (end == nullptr) continue;
    reading.Because(absl::StrCat(outcome->side(), ": ", compare::StepCell(*end)), *outcome, view.pair->probe(), *end);
  }
  return reading.Word("rejected", Names(rejected));
}

// The same user and database get further with TLS, on a side that was rejected.
Reading StartupPassesWithTls(const View& view) {
  const std::vector<const v1::SideOutcome*> rejected = RejectedInPlain(view);
  if (rejected.empty()) return Unknown();
  bool asked = false;
  for (const v1::Pair* pair : PairsWith(view.comparison, v1::INVESTIGATION)) {
    for (const v1::SideOutcome& outcome : pair->sides()) {
      const v1::StepSummary* startup = StepOf(&outcome, v1::STARTUP, "sslmode=require");
      asked = asked || !outcome.steps().empty();
      const bool was_rejected = std::any_of(rejected.begin(), rejected.end(), [&](const v1::SideOutcome* side) {
        return side->side() == outcome.side();
      });
      if (startup == nullptr || startup->succeeded() == 0 || !was_rejected) continue;
      return Yes().Because("with sslmode=require the same startup message is answered by a request for the password",
                           outcome, pair->probe(), *startup);
    }
  }
  return asked ? No() : NotAskedYet();
}

Reading CertificateOutOfDate(const View& view) {
  return WrongCertificate(view, [](const v1::TlsDetails& tls) { return !tls.within_dates(); });
}
Reading CertificateNamesAnother(const View& view) {
  return WrongCertificate(view, [](const v1::TlsDetails& tls) { return !tls.name_matches(); });
}
Reading CertificateUntrusted(const View& view) {
  return WrongCertificate(view, [](const v1::TlsDetails& tls) { return !tls.trusted(); });
}

// It is not the certificate that is out of date, but a clock that is off.
Reading ClockIsWrong(const View& view) {
  const std::vector<ClockFault> wrong = WrongClocks(view);
  if (!CertificateOutOfDate(view).yes()) return Unknown();
  if (wrong.empty()) return No();
  Reading reading = Yes();
  std::string clocks;
  for (const ClockFault& fault : wrong) {
    const std::string off = absl::StrCat(SpanWords(fault.ahead_s), fault.ahead_s > 0 ? " ahead" : " behind");
    absl::StrAppend(&clocks, clocks.empty() ? "" : ", and that of the ", fault.side, " is ", off);
    reading.Because(absl::StrCat("by the clock of ", absl::StrJoin(fault.valid_by, " and "),
                                 " the same certificate is valid; the ", fault.side, "'s clock is ", off),
                    fault.side, view.pair->probe(), v1::TLS_HANDSHAKE);
    reading.Word(reading.words.contains("clock_side") ? "other_clock_side" : "clock_side", fault.side);
  }
  return reading.Word("clocks", clocks)
      .Word("by_that_clock", wrong.front().ahead_s > 0 ? "has expired" : "is not valid yet");
}

Reading ClockIsCertain(const View& view) {
  const std::vector<ClockFault> wrong = WrongClocks(view);
  if (wrong.empty()) return Unknown();
  return If(std::all_of(wrong.begin(), wrong.end(), [](const ClockFault& fault) { return fault.certain; }));
}

// What OpenSSL says of a chain, where another root does not help.
Reading ChainIsAtFault(const View& view) {
  if (!CertificateUntrusted(view).yes()) return Unknown();
  for (const v1::SideOutcome* outcome : {view.theirs, view.ours}) {
    const v1::TlsDetails* tls = TlsOf(outcome);
    if (tls == nullptr || tls->trusted()) continue;
    const std::string says = absl::AsciiStrToLower(tls->verify_error());
    for (const ChainFault& fault : kChainFaults) {
      if (!absl::StrContains(says, fault.says)) continue;
      Reading reading = Yes();
      reading.own_remedy = fault.remedy;
      return reading.Word("chain_is", fault.what).Word("chain_title", fault.title).Word("chain_side", outcome->side());
    }
  }
  return No();
}

Reading CertificateEndsHandshake(const View& view) {
  bool any = false;
  for (const v1::SideOutcome* outcome : {view.theirs, view.ours}) {
    const v1::StepSummary* step = StepOf(outcome, v1::TLS_HANDSHAKE);
    any = any || step != nullptr;
    if (step != nullptr && step->failure() == v1::TLS_CERTIFICATE) return Yes();
  }
  return any ? No() : Unknown();
}

}  // namespace parallax::diagnose
