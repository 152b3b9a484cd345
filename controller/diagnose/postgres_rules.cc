// postgres.*: what the server itself says, by SQLSTATE (PostgreSQL manual, appendix A).
#include <string>

#include "absl/strings/str_cat.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"
#include "controller/diagnose/facts.h"
#include "controller/diagnose/finding.h"
#include "controller/diagnose/rules.h"
#include "controller/diagnose/sameness.h"

namespace parallax::diagnose {
namespace {

void TellErrors(const Facts& facts, FindingBuilder* finding) {
  for (const v1::SideOutcome* outcome : {facts.in, facts.out}) {
    if (const v1::StepSummary* error = ServerErrorStep(outcome)) {
      finding->Because(
          absl::StrCat(outcome->side(), ", at ", compare::StepLabel(error->kind()), ": ", compare::StepCell(*error)),
          outcome->side(), facts.pair->probe(), error->kind());
    }
  }
}

// Where the value of the secret came from, on each side: two values of one name are the usual difference.
void TellOrigins(const Facts& facts, FindingBuilder* finding) {
  for (const v1::SideOutcome* outcome : {facts.in, facts.out}) {
    const v1::StepSummary* auth = StepOf(outcome, v1::AUTHENTICATION);
    if (auth == nullptr || auth->sample().auth().secret_origin().empty()) continue;
    finding->Because(absl::StrCat(outcome->side(), " used the password from: ", auth->sample().auth().secret_origin()),
                     outcome->side(), facts.pair->probe(), v1::AUTHENTICATION);
  }
}

}  // namespace

std::optional<v1::Finding> MatchSourceRejected(const v1::Comparison& comparison) {
  const Facts facts = Read(comparison);
  if (!facts.inside_fine() || SqlState(facts.out) != "28000") return std::nullopt;
  const v1::StepSummary* error = ServerErrorStep(facts.out);
  // Turned down before any password was asked for; later, it is not the address.
  if (error == nullptr || error->kind() != v1::STARTUP) return std::nullopt;
  FindingBuilder finding(
      0.95,
      "The server is reached and turns this source away: its access rules (pg_hba.conf, or the proxy's) "
      "do not admit the address from which the outside arrives.");
  finding.Because(absl::StrCat("the server says: ", error->sample().server_error().message()), "outside",
                  facts.pair->probe(), v1::STARTUP);
  const v1::StepSummary* query = StepOf(facts.in, v1::QUERY);
  if (query != nullptr && !query->sample().postgres().client_address().empty()) {
    finding.Because(
        absl::StrCat("inside it sees ", query->sample().postgres().client_address(), ", and admits the same user"),
        "inside", facts.pair->probe(), v1::QUERY);
  } else {
    finding.Because("inside the same user is admitted", "inside", facts.pair->probe());
  }
  return finding.Build();
}

std::optional<v1::Finding> MatchCredentialsRejected(const v1::Comparison& comparison) {
  const Facts facts = Read(comparison);
  if (!PasswordRejected(facts.in) || !PasswordRejected(facts.out)) return std::nullopt;
  const v1::StepSummary* auth = StepOf(facts.out, v1::AUTHENTICATION);
  const bool unprepared = auth != nullptr && auth->sample().auth().without_saslprep();
  FindingBuilder finding(unprepared ? 0.6 : 0.96,
                         absl::StrCat("The server is reached from both sides and rejects the password of '",
                                      comparison.target().user(), "' on both."));
  TellErrors(facts, &finding);
  TellOrigins(facts, &finding);
  if (unprepared) {
    finding.Against(
        "the password has characters beyond ASCII, which other clients may send in another form (SASLprep, RFC 4013)",
        "outside", facts.pair->probe(), v1::AUTHENTICATION);
    finding.OrElse("", "whether the real client gets in with it: --sql");
  }
  return finding.Build();
}

std::optional<v1::Finding> MatchCredentialsDiffer(const v1::Comparison& comparison) {
  const Facts facts = Read(comparison);
  const bool outside = RejectedBesideTaken(facts.out, facts.in);
  const bool inside = RejectedBesideTaken(facts.in, facts.out);
  if (!outside && !inside) return std::nullopt;
  // One value for both: then it is not the passwords that differ.
  if (SameSecret(facts)) return std::nullopt;
  const Identity identity = ReadIdentity(*facts.in, *facts.out);
  const bool shown = identity.same_certificate || identity.same_server;
  const std::string takes = absl::StrCat(outside ? "inside" : "outside", " and rejects it ",
                                         outside ? "outside" : "inside", ": the two sides do not have the same one");
  FindingBuilder finding(
      shown ? 0.95 : 0.6,
      shown ? absl::StrCat("The same server takes the password ", takes, ". The network is not involved.")
            : absl::StrCat("A server takes the password ", takes,
                           ", or do not reach the same server: none showed who it is."));
  if (!shown) {
    finding.OrElse("target.wrong_server",
                   "TLS, where the server has it (sslmode=require): its certificate tells one server from another");
    if (ForwardLeadsNowhere(facts)) {
      finding.Against(absl::StrCat("what listens at the forward's port, ", HolderWords(*facts.outside),
                                   ", keeps no connection to anywhere: it may be a server of this host's own"),
                      "outside", facts.pair->probe(), v1::CARRIER_FOUND);
    }
  }
  TellErrors(facts, &finding);
  TellOrigins(facts, &finding);
  finding.Because(absl::StrCat(outside ? "inside" : "outside", " authenticates as '", comparison.target().user(), "'"),
                  outside ? "inside" : "outside", facts.pair->probe(), v1::AUTHENTICATION);
  return finding.Build();
}

std::optional<v1::Finding> MatchDatabaseMissing(const v1::Comparison& comparison) {
  const Facts facts = Read(comparison);
  if (SqlState(facts.in) != "3D000" || SqlState(facts.out) != "3D000") return std::nullopt;
  FindingBuilder finding(
      0.97, absl::StrCat("The server is reached, and has no database '", comparison.target().database(), "'."));
  TellErrors(facts, &finding);
  return finding.Build();
}

std::optional<v1::Finding> MatchTooManyConnections(const v1::Comparison& comparison) {
  const Facts facts = Read(comparison);
  const bool inside = SqlState(facts.in) == "53300";
  const bool outside = SqlState(facts.out) == "53300";
  // pgbouncer has no code of its own for it, and says so before it asks for a password.
  const auto pooler_full = [](const v1::SideOutcome* outcome) {
    const v1::StepSummary* error = ServerErrorStep(outcome);
    return error != nullptr && error->kind() == v1::STARTUP && error->sample().server_error().code() == "08P01" &&
           error->sample().server_error().message().find("no more connections") != std::string::npos;
  };
  const bool pooler = pooler_full(facts.in) || pooler_full(facts.out);
  if (!inside && !outside && !pooler) return std::nullopt;
  const bool alike = (inside && outside) || (pooler_full(facts.in) && pooler_full(facts.out));
  const bool one_of_two = !alike && facts.both();
  FindingBuilder finding(alike ? 0.96 : 0.85,
                         one_of_two ? "The server is reached, and its connections run out: one side gets the last."
                                    : "The server is reached, and has no connection left to give.");
  TellErrors(facts, &finding);
  return finding.Build();
}

}  // namespace parallax::diagnose
