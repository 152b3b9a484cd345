// target.*: what both sides see alike.
#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"
#include "controller/diagnose/facts.h"
#include "controller/diagnose/finding.h"
#include "controller/diagnose/rules.h"

namespace parallax::diagnose {
namespace {

constexpr int64_t kLateNs = 1'000'000'000;

void TellBoth(const Facts& facts, FindingBuilder* finding) {
  for (const v1::SideOutcome* outcome : {facts.in, facts.out}) {
    const v1::StepSummary* end = outcome == nullptr ? nullptr : EndingStep(*outcome);
    if (end == nullptr) continue;
    finding->Because(
        absl::StrCat(outcome->side(), ": ", compare::StepLabel(end->kind()), ": ", compare::StepCell(*end)),
        outcome->side(), facts.pair->probe(), end->kind());
  }
}

// Of a name with several addresses: those that work, which is where to look next.
void TellOtherAddresses(const v1::Comparison& comparison, const Facts& facts, FindingBuilder* finding) {
  for (const v1::Pair* pair : PairsWith(comparison, v1::TARGET)) {
    const v1::SideOutcome* inside = compare::FindSide(*pair, "inside");
    if (pair == facts.pair || inside == nullptr || !compare::Fine(*inside)) continue;
    finding->Because(absl::StrCat(pair->address(), ", another address of the same name, works inside"), "inside",
                     pair->probe());
  }
}

// Through a tunnel that answers for the target, its refusal and its silence look otherwise.
bool OutsideEnded(const Facts& facts) {
  return facts.out != nullptr && facts.outside_how != How::kFine && facts.outside_how != How::kLater &&
         facts.outside_how != How::kNotAsked;
}

// A closed port of this very address was refused inside. What is known of another address is not known of this one.
bool RefusesAClosedPort(const v1::Comparison& comparison, const v1::Pair& target) {
  for (const v1::Pair* pair : PairsWith(comparison, v1::NEGATIVE_CONTROL)) {
    const v1::StepSummary* connect = StepOf(compare::FindSide(*pair, "inside"), v1::CONNECT);
    if (pair->address() == target.address() && pair->port() != target.port() && connect != nullptr &&
        connect->succeeded() == 0 && connect->failure() == v1::REFUSED) {
      return true;
    }
  }
  return false;
}

bool IsFirstByteStep(v1::StepKind kind) {
  return kind == v1::SSL_REQUEST || kind == v1::STARTUP || kind == v1::TLS_HANDSHAKE;
}

// What the investigation heard from that side: unasked, or to an HTTP line. "" when nothing, or when it was not asked.
std::string OtherWords(const v1::Comparison& comparison, const char* side, bool* asked) {
  for (const v1::Pair* pair : PairsWith(comparison, v1::INVESTIGATION)) {
    const v1::SideOutcome* outcome = compare::FindSide(*pair, side);
    for (const v1::StepKind kind : {v1::LISTEN_UNASKED, v1::HTTP_LINE}) {
      const v1::StepSummary* step = StepOf(outcome, kind);
      if (step == nullptr) continue;
      *asked = true;
      if (step->max_bytes_in() > 0 && step->sample().peer_bytes().size() > 0) return step->sample().peer_bytes().head();
    }
  }
  return "";
}

bool SpokeAnotherLanguage(const v1::SideOutcome* outcome) {
  for (const v1::StepKind kind : {v1::SSL_REQUEST, v1::STARTUP}) {
    const v1::StepSummary* step = StepOf(outcome, kind);
    if (step != nullptr && step->failure() == v1::UNEXPECTED_FIRST_BYTE) return true;
  }
  return false;
}

bool NoFirstByte(const Facts& facts, const v1::SideOutcome* outcome) {
  const v1::StepSummary* end = outcome == nullptr ? nullptr : EndingStep(*outcome);
  if (end == nullptr || !IsFirstByteStep(end->kind())) return false;
  const How how = outcome == facts.in ? facts.inside_how : facts.outside_how;
  return how != How::kFine && how != How::kLater && end->failure() != v1::TLS_PROTOCOL;
}

}  // namespace

std::optional<v1::Finding> MatchDown(const v1::Comparison& comparison) {
  const Facts facts = Read(comparison);
  if (facts.inside_how != How::kRefused || !OutsideEnded(facts)) return std::nullopt;
  FindingBuilder finding(
      0.95, absl::StrCat("Nothing listens at ", compare::HostPort(facts.pair->address(), facts.pair->port()),
                         ": inside, the connect itself is refused."));
  TellBoth(facts, &finding);
  TellOtherAddresses(comparison, facts, &finding);
  return finding.Build();
}

std::optional<v1::Finding> MatchUnreachable(const v1::Comparison& comparison) {
  const Facts facts = Read(comparison);
  const v1::StepSummary* connect = StepOf(facts.in, v1::CONNECT);
  if (connect == nullptr || connect->succeeded() > 0 || !OutsideEnded(facts)) return std::nullopt;
  if (facts.inside_how != How::kSilent && facts.inside_how != How::kUnreachable) return std::nullopt;
  const bool up = RefusesAClosedPort(comparison, *facts.pair);
  FindingBuilder finding(
      0.9, up ? "The host answers inside, on other ports; the target's port is filtered, there too."
              : "The target does not answer inside either: the host is down, gone, or filtered for both sides.");
  TellBoth(facts, &finding);
  TellOtherAddresses(comparison, facts, &finding);
  if (up) {
    finding.Because(absl::StrCat("a closed port of ", facts.pair->address(),
                                 ", the same address, is refused inside: something answers for it"),
                    "inside");
  }
  return finding.Build();
}

std::optional<v1::Finding> MatchNotPostgres(const v1::Comparison& comparison) {
  const Facts facts = Read(comparison);
  if (facts.in == nullptr || facts.out == nullptr) return std::nullopt;
  bool inside_asked = false;
  bool outside_asked = false;
  const std::string inside_words = OtherWords(comparison, "inside", &inside_asked);
  const bool inside_other = SpokeAnotherLanguage(facts.in) || (NoFirstByte(facts, facts.in) && !inside_words.empty());
  const std::string outside_words = OtherWords(comparison, "outside", &outside_asked);
  const bool outside_other =
      SpokeAnotherLanguage(facts.out) || (NoFirstByte(facts, facts.out) && !outside_words.empty());
  if (!inside_other) return std::nullopt;
  // The outside must not say the contrary; where its own path is broken it says nothing.
  if (!outside_other && !OutsideEnded(facts)) return std::nullopt;
  // An ErrorResponse to an SSLRequest is lawful, and rare: a server from before TLS, or one that could not fork.
  const v1::StepSummary* first = StepOf(facts.in, v1::SSL_REQUEST);
  const bool error = first != nullptr && first->sample().peer_bytes().head().rfind('E', 0) == 0;
  FindingBuilder finding(
      error           ? 0.5
      : outside_other ? 0.96
                      : 0.85,
      error ? "The target answers with an error before any login: a PostgreSQL of before TLS, one that "
              "can start no process, or no PostgreSQL at all."
            : "What listens on the target's port is not PostgreSQL.");
  if (error) finding.OrElse("", "the server's own log, and its words above");
  TellBoth(facts, &finding);
  for (const auto& [side, words] : {std::pair("inside", inside_words), std::pair("outside", outside_words)}) {
    if (words.empty()) continue;
    const std::string line = words.substr(0, words.find_first_of("\r\n"));
    finding.Because(absl::StrCat(side, ": asked in another way it says '", line.substr(0, 40), "'"), side, "",
                    v1::HTTP_LINE);
  }
  return finding.Build();
}

std::optional<v1::Finding> MatchOverloaded(const v1::Comparison& comparison) {
  const Facts facts = Read(comparison);
  if (!facts.both()) return std::nullopt;
  FindingBuilder finding(0.8, "The server's first byte is late on both sides, while connects and queries are quick.");
  for (const v1::SideOutcome* outcome : {facts.in, facts.out}) {
    const v1::StepSummary* first = StepOf(outcome, v1::SSL_REQUEST);
    const v1::StepSummary* connect = StepOf(outcome, v1::CONNECT);
    const v1::StepSummary* query = StepOf(outcome, v1::QUERY);
    if (first == nullptr || connect == nullptr || first->failure() != v1::NONE || first->min_ns() < kLateNs ||
        connect->min_ns() > first->min_ns() / 5 || (query != nullptr && query->min_ns() > first->min_ns() / 5)) {
      return std::nullopt;
    }
    finding.Because(absl::StrCat(outcome->side(), ": connect ", compare::StepCell(*connect), ", first byte ",
                                 compare::StepCell(*first)),
                    outcome->side(), facts.pair->probe(), v1::SSL_REQUEST);
  }
  return finding.Build();
}

std::optional<v1::Finding> MatchFrozen(const v1::Comparison& comparison) {
  const Facts facts = Read(comparison);
  const std::string& scheme = comparison.target().scheme();
  const bool http = scheme == "http" || scheme == "https";
  if (facts.in == nullptr || facts.out == nullptr || (scheme != "postgres" && !http)) return std::nullopt;
  const v1::StepSummary* connect = StepOf(facts.in, v1::CONNECT);
  if (facts.inside_how != How::kSilent || connect == nullptr || connect->succeeded() == 0) return std::nullopt;
  if (!OutsideEnded(facts)) return std::nullopt;
  bool asked = false;
  if (!OtherWords(comparison, "inside", &asked).empty()) return std::nullopt;
  FindingBuilder finding(asked ? 0.85 : 0.6,
                         "The target accepts connections and then says nothing, on both sides: its process hangs.");
  TellBoth(facts, &finding);
  if (asked) finding.Because("inside it is silent to an HTTP request line too", "inside", "", v1::HTTP_LINE);
  if (scheme == "https") finding.OrElse("", "is it TLS that is spoken there? Ask http:// too");
  if (http) return finding.OrElse("", "what runs on the target's host and listens on that port?").Build();
  finding.OrElse("target.not_postgres", "what runs on the target's host and listens on that port?");
  return finding.Build();
}

}  // namespace parallax::diagnose
