// The target, as the reference meets it, and whether both meet it alike.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"
#include "controller/diagnose/atom_reads.h"

namespace parallax::diagnose {
namespace {

constexpr int64_t kLateNs = 1'000'000'000;

// "inside: connect: refused in 0.4 ms"
void TellEnd(const View& view, const v1::SideOutcome* outcome, Reading* reading) {
  const v1::StepSummary* end = outcome == nullptr ? nullptr : EndingStep(*outcome);
  if (end == nullptr) return;
  reading->Because(absl::StrCat(outcome->side(), ": ", compare::StepLabel(end->kind()), ": ", compare::StepCell(*end)),
                   *outcome, view.pair->probe(), *end);
}

Reading TellTheirEnd(const View& view, Reading reading) {
  if (reading.yes()) TellEnd(view, view.theirs, &reading);
  return reading;
}

bool IsFirstByteStep(v1::StepKind kind) {
  return kind == v1::SSL_REQUEST || kind == v1::STARTUP || kind == v1::TLS_HANDSHAKE;
}

// What the investigation heard from that side: unasked, or to an HTTP line; nullptr when nothing, or when it was not
// asked.
struct OtherWords {
  const v1::StepSummary* step = nullptr;
  const v1::Pair* pair = nullptr;
  bool asked = false;
};
OtherWords HeardOtherwise(const View& view, const std::string& side) {
  OtherWords words;
  for (const v1::Pair* pair : PairsWith(view.comparison, v1::INVESTIGATION)) {
    for (const v1::StepKind kind : {v1::LISTEN_UNASKED, v1::HTTP_LINE}) {
      const v1::StepSummary* step = StepOf(compare::FindSide(*pair, side), kind);
      if (step == nullptr) continue;
      words.asked = true;
      words.pair = pair;
      if (step->max_bytes_in() == 0 || step->sample().peer_bytes().size() == 0) continue;
      words.step = step;
      return words;
    }
  }
  return words;
}

const v1::StepSummary* OtherLanguage(const v1::SideOutcome* outcome) {
  for (const v1::StepKind kind : {v1::SSL_REQUEST, v1::STARTUP}) {
    const v1::StepSummary* step = StepOf(outcome, kind);
    if (step != nullptr && step->failure() == v1::UNEXPECTED_FIRST_BYTE) return step;
  }
  return nullptr;
}

bool NoFirstByte(How how, const v1::SideOutcome* outcome) {
  const v1::StepSummary* end = outcome == nullptr ? nullptr : EndingStep(*outcome);
  if (end == nullptr || !IsFirstByteStep(end->kind())) return false;
  return how != How::kFine && how != How::kLater && end->failure() != v1::TLS_PROTOCOL;
}

// An ErrorResponse to an SSLRequest is lawful, and rare: a server from before TLS, or one that could not fork.
bool SaysError(const v1::SideOutcome* outcome) {
  const v1::StepSummary* first = StepOf(outcome, v1::SSL_REQUEST);
  return first != nullptr && first->sample().peer_bytes().head().rfind('E', 0) == 0;
}

// "inside: asked in another way it says 'HTTP/1.0 200 OK'"
void TellWords(const std::string& side, const OtherWords& words, Reading* reading) {
  const std::string& all = words.step->sample().peer_bytes().head();
  const std::string line = all.substr(0, all.find_first_of("\r\n"));
  reading->Because(absl::StrCat(side, ": asked in another way it says '", line.substr(0, 40), "'"), side,
                   words.pair->probe(), words.step->kind());
}

Reading SpeaksAnother(const View& view, const std::string& side, const v1::SideOutcome* outcome, How how) {
  if (outcome == nullptr) return Unknown();
  Reading reading = Yes();
  if (OtherLanguage(outcome) != nullptr) {
    TellEnd(view, outcome, &reading);
    return reading;
  }
  const OtherWords words = HeardOtherwise(view, side);
  if (words.step == nullptr || !NoFirstByte(how, outcome)) return No();
  TellEnd(view, outcome, &reading);
  TellWords(side, words, &reading);
  return reading;
}

}  // namespace

// Through a tunnel that answers for the target, its refusal and its silence look otherwise.
Reading SubjectEnds(const View& view) {
  if (view.ours == nullptr) return Unknown();
  Reading reading = If(view.how != How::kFine && view.how != How::kLater && view.how != How::kNotAsked);
  if (reading.yes()) TellEnd(view, view.ours, &reading);
  return reading;
}

// Two agents on one host see what one sees: that they agree is one observation, and not two.
Reading SubjectSeesTheSame(const View& view) {
  if (SidesShareAHost(view).yes()) {
    return No().Because(absl::StrCat(view.reference_name, " and ", view.subject_name,
                                     " stand on one host: that they agree is one observation, and not two"),
                        view.reference_name);
  }
  return view.ours == nullptr ? Unknown() : If(SubjectEnds(view).yes());
}

Reading ReferenceIsRefused(const View& view) {
  if (view.theirs == nullptr) return Unknown();
  return TellTheirEnd(view, If(view.reference_how == How::kRefused));
}

Reading ReferenceGetsNothing(const View& view) {
  const v1::StepSummary* connect = StepOf(view.theirs, v1::CONNECT);
  if (connect == nullptr) return Unknown();
  return TellTheirEnd(view, If(connect->succeeded() == 0 &&
                               (view.reference_how == How::kSilent || view.reference_how == How::kUnreachable)));
}

// A closed port of this very address was refused. What is known of another address is not known of this one.
Reading HostIsUp(const View& view) {
  if (view.reference == nullptr || view.pair == nullptr) return Unknown();
  for (const v1::Pair* pair : PairsWith(view.comparison, v1::NEGATIVE_CONTROL)) {
    const v1::SideOutcome* theirs = compare::FindSide(*pair, view.reference_name);
    const v1::StepSummary* connect = StepOf(theirs, v1::CONNECT);
    if (pair->address() != view.pair->address() || pair->port() == view.pair->port() || connect == nullptr) continue;
    if (connect->succeeded() > 0 || connect->failure() != v1::REFUSED) continue;
    return Yes().Because(absl::StrCat("a closed port of ", pair->address(), ", the same address, is refused ",
                                      view.reference_name, ": something answers for it"),
                         *theirs, pair->probe(), *connect);
  }
  return Unknown();
}

// Of a name with several addresses: those that work, which is where to look next.
Reading AnotherAddressWorks(const View& view) {
  if (view.reference == nullptr || view.pair == nullptr) return Unknown();
  Reading reading = No();
  for (const v1::Pair* pair : PairsWith(view.comparison, v1::TARGET)) {
    const v1::SideOutcome* theirs = compare::FindSide(*pair, view.reference_name);
    if (pair == view.pair || theirs == nullptr || !compare::Fine(*theirs)) continue;
    reading.answer = Answer::kYes;
    reading.Because(absl::StrCat(pair->address(), ", another address of the same name, works ", view.reference_name),
                    view.reference_name, pair->probe());
  }
  return reading;
}

Reading ReferenceIsSilentAfterConnect(const View& view) {
  const v1::StepSummary* connect = StepOf(view.theirs, v1::CONNECT);
  const std::string& scheme = view.comparison.target().scheme();
  if (connect == nullptr || (scheme != "postgres" && scheme != "http" && scheme != "https")) return Unknown();
  return TellTheirEnd(view, If(view.reference_how == How::kSilent && connect->succeeded() > 0));
}

Reading ReferenceGetsNoFirstByte(const View& view) {
  const v1::StepSummary* connect = StepOf(view.theirs, v1::CONNECT);
  if (connect == nullptr || view.comparison.target().scheme() != "postgres") return Unknown();
  const v1::StepSummary* end = EndingStep(*view.theirs);
  return If(connect->succeeded() > 0 && end != nullptr && end->max_bytes_in() == 0 &&
            (end->kind() == v1::SSL_REQUEST || end->kind() == v1::STARTUP));
}

// Listened to unasked, and asked in HTTP, on connections of their own.
Reading SpeaksWhenAskedOtherwise(const View& view) {
  if (view.reference == nullptr) return Unknown();
  const OtherWords words = HeardOtherwise(view, view.reference_name);
  if (!words.asked) return ReferenceGetsNoFirstByte(view).yes() ? NotAskedYet() : Unknown();
  if (words.step == nullptr) {
    return No().Because(absl::StrCat(view.reference_name, " it is silent to an HTTP request line too"),
                        view.reference_name, words.pair->probe(), v1::HTTP_LINE);
  }
  Reading reading = Yes();
  TellWords(view.reference_name, words, &reading);
  return reading;
}

Reading ReferenceSpeaksAnother(const View& view) {
  return SpeaksAnother(view, view.reference_name, view.theirs, view.reference_how);
}

// As the reference hears it. An error is no other language.
Reading SubjectSpeaksAnother(const View& view) {
  if (SaysError(view.ours) || !ReferenceSpeaksAnother(view).yes()) return Unknown();
  return SpeaksAnother(view, view.subject_name, view.ours, view.how);
}

// The subject must not say the contrary; where its own path is broken it says nothing.
Reading SubjectEndsOrSpeaksAnother(const View& view) {
  if (view.ours == nullptr) return Unknown();
  const bool other = SpeaksAnother(view, view.subject_name, view.ours, view.how).yes();
  Reading reading = If(other || SubjectEnds(view).yes());
  if (reading.yes()) TellEnd(view, view.ours, &reading);
  return reading;
}

Reading ErrorBeforeLogin(const View& view) {
  if (view.theirs == nullptr) return Unknown();
  if (!SaysError(view.theirs)) return No();
  return Yes().Because("a PostgreSQL that can start no process answers so, too", view.reference_name,
                       view.pair->probe(), v1::SSL_REQUEST);
}

Reading FirstByteIsLate(const View& view) {
  if (view.theirs == nullptr || view.ours == nullptr) return Unknown();
  Reading reading = Yes();
  for (const v1::SideOutcome* outcome : {view.theirs, view.ours}) {
    const v1::StepSummary* first = StepOf(outcome, v1::SSL_REQUEST);
    const v1::StepSummary* connect = StepOf(outcome, v1::CONNECT);
    const v1::StepSummary* query = StepOf(outcome, v1::QUERY);
    if (first == nullptr || connect == nullptr) return Unknown();
    if (first->failure() != v1::NONE || first->min_ns() < kLateNs || connect->min_ns() > first->min_ns() / 5 ||
        (query != nullptr && query->min_ns() > first->min_ns() / 5)) {
      return No();
    }
    reading.Because(absl::StrCat(outcome->side(), ": connect ", compare::StepCell(*connect), ", first byte ",
                                 compare::StepCell(*first)),
                    *outcome, view.pair->probe(), *first);
  }
  return reading;
}

}  // namespace parallax::diagnose
