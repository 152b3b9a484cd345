// tls.expired, tls.name_mismatch, tls.untrusted: what a side says of the certificate that it was shown.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/diagnose/clocks.h"
#include "controller/diagnose/facts.h"
#include "controller/diagnose/finding.h"
#include "controller/diagnose/remedy.h"
#include "controller/diagnose/rules.h"
#include "controller/diagnose/sameness.h"

namespace parallax::diagnose {
namespace {

// Which side's certificate is at fault under a verifying mode, or could be noted under another.
std::optional<v1::Finding> CertificateFinding(const v1::Comparison& comparison, bool (*wrong)(const v1::TlsDetails&),
                                              const char* what) {
  const Facts facts = Read(comparison);
  std::string sides;
  bool fault = false;
  FindingBuilder* finding = nullptr;
  std::optional<FindingBuilder> built;
  for (const v1::SideOutcome* outcome : {facts.in, facts.out}) {
    const v1::TlsDetails* tls = TlsOf(outcome);
    if (tls == nullptr || !tls->verify_attempted() || !wrong(*tls)) continue;
    const v1::StepSummary* step = StepOf(outcome, v1::TLS_HANDSHAKE);
    fault = fault || step->failure() == v1::TLS_CERTIFICATE;
    sides += sides.empty() ? outcome->side() : " and " + outcome->side();
    if (!built.has_value()) built.emplace(0.95, "");
    finding = &*built;
    const v1::Certificate& leaf = tls->chain(0);
    finding->Because(absl::StrCat(outcome->side(), ": ", tls->verify_error(), "; the certificate is for ",
                                  leaf.dns_names().empty() ? leaf.subject() : absl::StrJoin(leaf.dns_names(), ", "),
                                  ", issued by ", leaf.issuer(), ", roots from ", tls->trust_store()),
                     outcome->side(), facts.pair->probe(), v1::TLS_HANDSHAKE);
  }
  if (finding == nullptr) return std::nullopt;
  std::optional<v1::Finding> result = finding->Build();
  result->set_summary(absl::StrCat("The server's certificate ", what, ", seen ", sides, "."));
  if (!fault) result->set_severity(v1::NOTE);
  return result;
}

bool Expired(const v1::TlsDetails& tls) { return !tls.within_dates(); }
bool Untrusted(const v1::TlsDetails& tls) { return !tls.trusted(); }
bool OtherName(const v1::TlsDetails& tls) { return !tls.name_matches(); }

// It is not the certificate that is out of date, but a clock that is off.
void TellClocks(const Facts& facts, const std::vector<ClockFault>& wrong, v1::Finding* finding) {
  bool certain = true;
  std::string clocks;
  for (const ClockFault& fault : wrong) {
    certain = certain && fault.certain;
    absl::StrAppend(&clocks, clocks.empty() ? "" : ", and that of the ", fault.side, " is ", SpanWords(fault.ahead_s),
                    fault.ahead_s > 0 ? " ahead" : " behind");
    v1::Evidence* evidence = finding->add_evidence();
    evidence->set_text(absl::StrCat("by the clock of ", absl::StrJoin(fault.valid_by, " and "),
                                    " the same certificate is valid; the ", fault.side, "'s clock is ",
                                    SpanWords(fault.ahead_s), fault.ahead_s > 0 ? " ahead" : " behind"));
    evidence->set_side(fault.side);
    evidence->set_probe(facts.pair->probe());
    evidence->set_step(v1::TLS_HANDSHAKE);
    finding->add_remedy(absl::StrCat("on the ", fault.side, "'s host: date -u; timedatectl"));
    finding->add_remedy(
        absl::StrCat("set the ", fault.side, "'s clock right: timedatectl set-ntp true, or: chronyc makestep"));
  }
  finding->set_title("A clock is wrong, and the certificate seems out of date");
  finding->set_summary(absl::StrCat("The clock of the ", clocks, ", and by that clock alone the server's certificate ",
                                    wrong.front().ahead_s > 0 ? "has expired." : "is not valid yet."));
  finding->set_confidence(certain ? 0.95 : 0.75);
  if (!certain) {
    finding->add_next_evidence(
        "date -u on both hosts: it is one clock against one other, and if the other is wrong the certificate is out "
        "of date");
  }
  finding->set_own_remedy(true);
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

std::optional<v1::Finding> MatchNameMismatch(const v1::Comparison& comparison) {
  return CertificateFinding(comparison, &OtherName, "does not name the host that was dialled");
}

std::optional<v1::Finding> MatchUntrusted(const v1::Comparison& comparison) {
  std::optional<v1::Finding> finding =
      CertificateFinding(comparison, &Untrusted, "leads to no root that is trusted here");
  if (!finding.has_value()) return std::nullopt;
  const Facts facts = Read(comparison);
  for (const v1::SideOutcome* outcome : {facts.in, facts.out}) {
    const v1::TlsDetails* tls = TlsOf(outcome);
    if (tls == nullptr || tls->trusted()) continue;
    const std::string says = absl::AsciiStrToLower(tls->verify_error());
    for (const ChainFault& fault : kChainFaults) {
      if (!absl::StrContains(says, fault.says)) continue;
      finding->set_summary(absl::StrCat("The server's certificate ", fault.what, ", seen ", outcome->side(), "."));
      finding->set_title(fault.title);
      for (std::string& line : FillRemedy(fault.remedy, comparison)) finding->add_remedy(std::move(line));
      finding->set_own_remedy(true);
      return finding;
    }
  }
  return finding;
}

std::optional<v1::Finding> MatchExpired(const v1::Comparison& comparison) {
  std::optional<v1::Finding> finding = CertificateFinding(comparison, &Expired, "is not valid at this date");
  if (!finding.has_value()) return std::nullopt;
  const Facts facts = Read(comparison);
  std::vector<ClockFault> wrong;
  for (const v1::SideOutcome* outcome : {facts.in, facts.out}) {
    const v1::TlsDetails* tls = TlsOf(outcome);
    if (tls == nullptr || tls->within_dates() || !tls->verify_attempted()) continue;
    const auto fault = WrongClock(comparison, outcome->side(), *tls);
    if (!fault.has_value()) return finding;
    wrong.push_back(*fault);
  }
  if (!wrong.empty()) TellClocks(facts, wrong, &*finding);
  return finding;
}

}  // namespace parallax::diagnose
