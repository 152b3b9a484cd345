// What the server itself says, by SQLSTATE (PostgreSQL manual, appendix A).
#include "absl/strings/str_cat.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"
#include "controller/diagnose/atom_reads.h"
#include "controller/diagnose/sameness.h"

namespace parallax::diagnose {
namespace {

// "inside, at authentication: error 28P01: ..."
void TellErrors(const View& view, Reading* reading) {
  for (const v1::SideOutcome* outcome : {view.theirs, view.ours}) {
    if (const v1::StepSummary* error = ServerErrorStep(outcome)) {
      reading->Because(
          absl::StrCat(outcome->side(), ", at ", compare::StepLabel(error->kind()), ": ", compare::StepCell(*error)),
          *outcome, view.pair->probe(), *error);
    }
  }
}

// Where the value of the secret came from, on each side: two values of one name are the usual difference.
void TellOrigins(const View& view, Reading* reading) {
  for (const v1::SideOutcome* outcome : {view.theirs, view.ours}) {
    const v1::StepSummary* auth = StepOf(outcome, v1::AUTHENTICATION);
    if (auth == nullptr || auth->sample().auth().secret_origin().empty()) continue;
    reading->Because(absl::StrCat(outcome->side(), " used the password from: ", auth->sample().auth().secret_origin()),
                     *outcome, view.pair->probe(), *auth);
  }
}

// pgbouncer has no code of its own for it, and says so before it asks for a password.
bool IsFull(const v1::SideOutcome* outcome) {
  const v1::StepSummary* error = ServerErrorStep(outcome);
  if (error == nullptr) return false;
  const v1::ServerError& said = error->sample().server_error();
  return said.code() == "53300" || (error->kind() == v1::STARTUP && said.code() == "08P01" &&
                                    said.message().find("no more connections") != std::string::npos);
}

}  // namespace

// Before any password was asked for; later, it is not the address.
Reading TurnedAwayBeforePassword(const View& view) {
  if (view.ours == nullptr) return Unknown();
  const v1::StepSummary* error = ServerErrorStep(view.ours);
  if (SqlState(view.ours) != "28000" || error == nullptr || error->kind() != v1::STARTUP) return No();
  Reading reading = Yes();
  reading.Because(absl::StrCat("the server says: ", error->sample().server_error().message()), *view.ours,
                  view.pair->probe(), *error);
  if (!view.reference_healthy()) return reading;
  const v1::StepSummary* query = StepOf(view.theirs, v1::QUERY);
  if (query != nullptr && !query->sample().postgres().client_address().empty()) {
    reading.Because(absl::StrCat(view.reference_name, " it sees ", query->sample().postgres().client_address(),
                                 ", and admits the same user"),
                    *view.theirs, view.pair->probe(), *query);
  } else {
    reading.Because(absl::StrCat(view.reference_name, " the same user is admitted"), view.reference_name,
                    view.pair->probe());
  }
  return reading;
}

// By its address before a password, or by its password, where the value is the one that is taken elsewhere: access
// rules can ask each source in another way.
Reading SourceMayBeTurnedAway(const View& view) {
  if (view.ours == nullptr) return Unknown();
  return If(TurnedAwayBeforePassword(view).yes() || OnePasswordTwoAnswers(view).yes());
}

Reading PasswordRejectedWhereverHeard(const View& view) {
  if (view.theirs == nullptr || view.ours == nullptr) return Unknown();
  const bool rejected_here = PasswordRejected(view.ours) || view.subject_is_not_heard();
  if (!PasswordRejected(view.theirs) || !rejected_here) return No();
  Reading reading = Yes();
  TellErrors(view, &reading);
  TellOrigins(view, &reading);
  return reading;
}

Reading PasswordRejectedOnOne(const View& view) {
  if (view.theirs == nullptr || view.ours == nullptr) return Unknown();
  const bool ours = RejectedBesideTaken(view.ours, view.theirs);
  const bool theirs = RejectedBesideTaken(view.theirs, view.ours);
  if (!ours && !theirs) return No();
  const std::string& takes = ours ? view.reference_name : view.subject_name;
  Reading reading = Yes();
  TellErrors(view, &reading);
  TellOrigins(view, &reading);
  reading.Because(absl::StrCat(takes, " authenticates as '", view.comparison.target().user(), "'"), takes,
                  view.pair->probe(), v1::AUTHENTICATION);
  return reading.Word("takes", takes).Word("rejects", ours ? view.subject_name : view.reference_name);
}

// Other clients may send it in another form (SASLprep, RFC 4013).
Reading PasswordSentAsGiven(const View& view) {
  const v1::StepSummary* auth = StepOf(view.ours, v1::AUTHENTICATION);
  if (auth == nullptr) return Unknown();
  if (!auth->sample().auth().without_saslprep()) return Yes();
  return No().Because(
      "the password has characters beyond ASCII, which other clients may send in another form (SASLprep, RFC 4013)",
      *view.ours, view.pair->probe(), *auth);
}

Reading DatabaseMissingWhereverHeard(const View& view) {
  if (view.theirs == nullptr || view.ours == nullptr) return Unknown();
  const bool missing_here = SqlState(view.ours) == "3D000" || view.subject_is_not_heard();
  if (SqlState(view.theirs) != "3D000" || !missing_here) return No();
  Reading reading = Yes();
  TellErrors(view, &reading);
  return reading;
}

Reading NoConnectionLeft(const View& view) {
  if (view.theirs == nullptr && view.ours == nullptr) return Unknown();
  if (!IsFull(view.theirs) && !IsFull(view.ours)) return No();
  Reading reading = Yes();
  TellErrors(view, &reading);
  return reading;
}

Reading NoConnectionLeftForBoth(const View& view) {
  if (view.theirs == nullptr || view.ours == nullptr) return Unknown();
  return If(IsFull(view.theirs) && IsFull(view.ours) && SqlState(view.theirs) == SqlState(view.ours));
}

}  // namespace parallax::diagnose
