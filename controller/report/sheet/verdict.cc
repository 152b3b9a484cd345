#include "controller/report/sheet/verdict.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "contract/names.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"
#include "controller/diagnose/catalogue.h"
#include "controller/report/sheet/clean.h"
#include "controller/report/sheet/notes.h"

namespace parallax::report {
namespace {

// Why nobody went on from the server's request for a password.
std::string WhyNoFurther(const v1::Comparison& comparison) {
  for (const v1::Pair& pair : comparison.pairs()) {
    if (pair.role() != v1::TARGET || !comparison.target().credentials()) continue;
    for (const v1::SideOutcome& side : pair.sides()) {
      const v1::StepSummary* auth = compare::FindStep(side, v1::AUTHENTICATION, "");
      if (auth == nullptr || side.last_good_step() != v1::AUTHENTICATION) continue;
      return absl::StrCat("the password was not sent: ", Clean(auth->sample().text()));
    }
  }
  return "no credentials were given to go on";
}

// "was answered with status 200": of the last hop, where nothing was asked of the answer.
std::string AnsweredWords(const v1::Comparison& comparison) {
  uint32_t status = 0;
  for (const v1::Pair& pair : comparison.pairs()) {
    if (pair.role() != v1::TARGET || pair.sides().empty()) continue;
    for (const v1::StepSummary& step : pair.sides(pair.sides_size() - 1).steps()) {
      if (step.kind() == v1::REQUEST && step.sample().http().status() > 0) status = step.sample().http().status();
    }
  }
  return absl::StrCat("was answered with status ", status);
}

// "every side runs a query" and the like: the highest rung that all sides proved, and who they are.
std::string HealthyWords(const v1::Comparison& comparison) {
  std::vector<std::string> sides;
  v1::Rung lowest = v1::SUSTAINED;
  std::string by_word;
  for (const v1::SideSummary& side : comparison.sides()) {
    if (!side.healthy()) continue;  // a witness that never came, say
    if (side.has_health()) {
      absl::StrAppend(&by_word, " ", side.name(), ": by the word of its health endpoint (", side.health().says(), ").");
      continue;
    }
    sides.push_back(side.name());
    lowest = std::min(lowest, side.rung());
  }
  const bool http = comparison.target().scheme().starts_with("http");
  std::string what;
  switch (lowest) {
    case v1::SUSTAINED:
    case v1::QUERY_RUNG:
      what = !http                                  ? "logged in and ran a query"
             : comparison.target().expect().empty() ? AnsweredWords(comparison)
                                                    : "got the answer that was expected";
      break;
    case v1::AUTHENTICATED_STAGE:
      what = absl::StrCat("got the server's own answer to a login (", WhyNoFurther(comparison), ")");
      break;
    case v1::SAME_IDENTITY: what = "reached the same server"; break;
    case v1::SERVER_BYTE: what = "got bytes that the server alone could send"; break;
    case v1::CONTROLS_HOLD: what = "connected, while what must not connect did not"; break;
    default: what = "got what was asked for"; break;
  }
  return absl::StrCat(absl::StrJoin(sides, " and "), ": ", sides.size() > 1 ? "each " : "", what, ".",
                      !by_word.empty()    ? by_word
                      : sides.size() == 1 ? " Asked from one place only."
                                          : " Nothing differs.");
}

// Where the target fails, when only one side was asked on purpose; "" else.
std::string OneSideWords(const v1::Comparison& comparison) {
  if (comparison.sides_size() != 1 || !comparison.sides(0).present()) return "";
  for (const v1::Pair& pair : comparison.pairs()) {
    // Where the target itself is well it is the real client that fails.
    const bool of_target = pair.role() == v1::TARGET || pair.role() == v1::NAME;
    if (comparison.sides(0).healthy() ? pair.role() != v1::CLIENT : !of_target) continue;
    const v1::SideOutcome* outcome = compare::FindSide(pair, comparison.sides(0).name());
    const v1::StepSummary* step = outcome == nullptr ? nullptr : compare::EndingStep(*outcome);
    if (step == nullptr) continue;
    return absl::StrCat(compare::StepLabel(step->kind()), ": ", compare::StepCell(*step),
                        ". Whose fault that is cannot be told from one place: parallax compare asks from two.");
  }
  return "";
}

void Tell(const v1::Finding& finding, v1::Status status, Verdict* verdict) {
  verdict->cause = finding.cause();
  verdict->style = status == v1::CANNOT_TELL ? Style::kDoubt : Style::kBad;
  verdict->named = true;
  verdict->title = finding.title();
  verdict->confidence = finding.confidence();
  verdict->summary = finding.summary().empty() ? finding.title() : finding.summary();
  for (const v1::Evidence& evidence : finding.evidence()) {
    (evidence.against() ? verdict->against : verdict->because)
        .push_back({evidence.text(), {evidence.side(), evidence.probe(), evidence.step()}});
  }
  for (const std::string& cause : finding.alternatives()) {
    const diagnose::Cause* known = diagnose::FindCause(cause);
    verdict->could_also_be.push_back({cause, known == nullptr ? "" : std::string(known->title)});
  }
  verdict->to_settle.assign(finding.next_evidence().begin(), finding.next_evidence().end());
  verdict->remedy.assign(finding.remedy().begin(), finding.remedy().end());
}

}  // namespace

Verdict VerdictOf(const v1::TargetReport& target) {
  const v1::Diagnosis& diagnosis = target.diagnosis();
  Verdict verdict;
  if (diagnosis.has_verdict() && !diagnosis.verdict().cause().empty()) {
    Tell(diagnosis.verdict(), diagnosis.status(), &verdict);
  } else if (diagnosis.status() == v1::HEALTHY) {
    verdict.cause = "healthy";
    verdict.style = Style::kGood;
    verdict.summary = HealthyWords(target.comparison());
  } else if (std::string words = OneSideWords(target.comparison()); !words.empty()) {
    verdict.cause = "it fails there";
    verdict.style = Style::kBad;
    verdict.summary = std::move(words);
  } else {
    verdict.cause = absl::StrReplaceAll(contract::Name(diagnosis.status()), {{"_", " "}});
    verdict.style = Style::kDoubt;
    verdict.summary = target.comparison().status_why().empty() ? "No cause can be named from what was observed."
                                                               : target.comparison().status_why();
  }
  for (const v1::Finding& finding : diagnosis.findings()) {
    if (diagnosis.has_verdict() && finding.cause() == diagnosis.verdict().cause()) continue;
    verdict.others.push_back({finding.cause(), finding.explained_by(), contract::Name(finding.severity()),
                              finding.summary().empty() ? finding.title() : finding.summary()});
  }
  for (const v1::Note& note : target.comparison().notes()) {
    verdict.notes.push_back({NoteWords(target.comparison(), note), {note.side(), note.probe(), note.step()}});
  }
  return verdict;
}

bool LooksLikeCommand(std::string_view line) {
  static constexpr std::array<std::string_view, 38> kPrograms = {
      "aws",       "sudo",       "ssh",        "sst",    "npx",         "psql",       "pg_isready", "dig",
      "nslookup",  "getent",     "host",       "ip",     "ss",          "nft",        "iptables",   "kill",
      "systemctl", "journalctl", "resolvectl", "nc",     "openssl",     "curl",       "cat",        "grep",
      "export",    "parallax",   "kubectl",    "docker", "ssh-keyscan", "ssh-keygen", "tcpdump",    "ping",
      "tracepath", "redsocks",   "sshuttle",   "wg",     "pgbouncer",   "chronyc"};
  if (line.starts_with("$ ")) return true;
  const std::string_view first = line.substr(0, line.find(' '));
  if (std::find(kPrograms.begin(), kPrograms.end(), first) == kPrograms.end()) return false;
  // "host db.internal" is a command, "ssh to the bastion and look" is a sentence.
  const bool sentence = line.ends_with('.') || line.find(" the ") != std::string_view::npos ||
                        line.find(" to a ") != std::string_view::npos || line.find(": ") != std::string_view::npos;
  return first.size() < line.size() && !sentence;
}

}  // namespace parallax::report
