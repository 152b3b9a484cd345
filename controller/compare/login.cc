#include "controller/compare/login.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "controller/compare/ladder.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"

namespace parallax::compare {
namespace {

constexpr char kScram[] = "scram-sha-256";
constexpr char kScramPlus[] = "scram-sha-256-plus";

std::string Family(const std::string& method) { return method == kScramPlus ? kScram : method; }

// The login of each attempt that came through it.
std::vector<const v1::AuthDetails*> AuthsOf(const v1::SideOutcome& outcome) {
  std::vector<const v1::AuthDetails*> auths;
  for (const v1::Observation& observation : outcome.observations()) {
    for (const v1::Step& step : observation.steps()) {
      const bool main = step.kind() == v1::AUTHENTICATION && step.variant().empty();
      if (main && step.failure() == v1::NONE && step.has_auth()) auths.push_back(&step.auth());
    }
  }
  return auths;
}

bool AllOverTls(const v1::SideOutcome& outcome) {
  const v1::StepSummary* tls = MainStep(outcome, v1::TLS_HANDSHAKE);
  return tls != nullptr && tls->succeeded() == tls->seen() && tls->seen() == outcome.attempts();
}

bool RanItsQuery(const v1::SideOutcome& outcome) {
  const v1::StepSummary* query = MainStep(outcome, v1::QUERY);
  return Fine(outcome) && query != nullptr && query->succeeded() == outcome.attempts();
}

// The question who the server is was cut short in every attempt.
bool IdentityQueryFails(const v1::SideOutcome& outcome) {
  const v1::StepSummary* asked = FindStep(outcome, v1::QUERY, kIdentity);
  return asked != nullptr && asked->succeeded() == 0;
}

bool Shows(const v1::SideOutcome& outcome, bool address) { return !ServerIdentities(outcome, address).empty(); }

bool SameCertificate(const v1::SideOutcome& reference, const v1::SideOutcome& subject) {
  const std::set<std::string> in = Certificates(reference);
  const std::set<std::string> out = Certificates(subject);
  return std::any_of(in.begin(), in.end(), [&](const std::string& sha256) { return out.contains(sha256); });
}

// The one of two that is so, when the other is not; "" else.
std::string OnlyOn(const v1::SideOutcome& reference, const v1::SideOutcome& subject, bool reference_is,
                   bool subject_is) {
  return reference_is == subject_is ? "" : reference_is ? reference.side() : subject.side();
}

}  // namespace

std::set<std::string> Logins(const v1::SideOutcome& outcome) {
  std::set<std::string> logins;
  for (const v1::AuthDetails* auth : AuthsOf(outcome)) {
    if (!auth->used().empty()) {
      logins.insert(Family(auth->used()));
    } else if (!auth->offered().empty()) {
      const bool scram = std::any_of(auth->offered().begin(), auth->offered().end(),
                                     [](const std::string& method) { return Family(method) == kScram; });
      logins.insert(scram ? kScram : auth->offered(0));
    }
  }
  return logins;
}

bool LoginsDiffer(const std::set<std::string>& reference, const std::set<std::string>& subject) {
  return !reference.empty() && !subject.empty() &&
         std::none_of(reference.begin(), reference.end(),
                      [&](const std::string& login) { return subject.contains(login); });
}

std::string BoundOn(const v1::SideOutcome& reference, const v1::SideOutcome& subject) {
  if (!AllOverTls(reference) || !AllOverTls(subject)) return "";
  std::set<std::string> used[2];
  const v1::SideOutcome* sides[2] = {&reference, &subject};
  for (int i = 0; i < 2; ++i) {
    for (const v1::AuthDetails* auth : AuthsOf(*sides[i])) used[i].insert(auth->used());
    if (used[i].size() != 1 || Family(*used[i].begin()) != kScram) return "";
  }
  return OnlyOn(reference, subject, used[0].contains(kScramPlus), used[1].contains(kScramPlus));
}

std::string IdentityHiddenFrom(const v1::SideOutcome& reference, const v1::SideOutcome& subject) {
  if (!RanItsQuery(reference) || !RanItsQuery(subject)) return "";
  // A query that was cut short had shown the address before, perhaps: the fact is that it was cut short.
  if (const std::string side = OnlyOn(reference, subject, IdentityQueryFails(reference), IdentityQueryFails(subject));
      !side.empty()) {
    return side;
  }
  if (const std::string side = OnlyOn(reference, subject, !Shows(reference, false), !Shows(subject, false));
      !side.empty())
    return side;
  if (Shows(reference, false) || SameCertificate(reference, subject)) return "";
  return OnlyOn(reference, subject, !Shows(reference, true), !Shows(subject, true));
}

std::string AddressHiddenFrom(const v1::SideOutcome& reference, const v1::SideOutcome& subject) {
  if (!RanItsQuery(reference) || !RanItsQuery(subject) || !IdentityHiddenFrom(reference, subject).empty()) return "";
  return OnlyOn(reference, subject, !Shows(reference, true), !Shows(subject, true));
}

std::string IdentityCell(const v1::SideOutcome& outcome) {
  const v1::StepSummary* asked = FindStep(outcome, v1::QUERY, kIdentity);
  if (asked != nullptr && asked->failure() != v1::NONE) return StepCell(*asked);
  if (const auto shown = ServerIdentities(outcome, false); !shown.empty())
    return absl::StrCat("system ", *shown.begin());
  const auto shown = ServerIdentities(outcome, true);
  const std::string code = asked == nullptr ? "" : asked->sample().server_error().code();
  return absl::StrCat(shown.empty() ? "not shown" : *shown.begin(),
                      code.empty() ? "" : absl::StrCat(shown.empty() ? ": error " : ", no identifier: error ", code));
}

}  // namespace parallax::compare
