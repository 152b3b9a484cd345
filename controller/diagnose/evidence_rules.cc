// What is not evidence, and what cannot be told.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/compare/client.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"
#include "controller/diagnose/facts.h"
#include "controller/diagnose/finding.h"
#include "controller/diagnose/rules.h"
#include "controller/diagnose/sameness.h"

namespace parallax::diagnose {
namespace {

// "hop 2 ": what a redirect led to.
std::string HopOf(const v1::StepSummary& step) {
  return step.variant().starts_with("hop ") ? step.variant() + " " : "";
}

bool BothWork(const Facts& facts) { return facts.both() && facts.inside->healthy() && facts.outside->healthy(); }

// The target's pair, or the real client's where the target itself is well.
const v1::Pair* FailingPair(const v1::Comparison& comparison, const Facts& facts) {
  for (const v1::SideSummary* side : {facts.inside, facts.outside}) {
    if (!BothWork(facts)) break;
    if (const compare::ClientSays says = compare::ReadClient(comparison, *side); says.failed) return says.pair;
  }
  return facts.pair;
}

bool IsName(const v1::Comparison& comparison, const std::string& address) {
  return comparison.target().host() != address;
}

// The address is one that leads everybody to himself.
std::string OwnHostWords(const v1::Comparison& comparison, const std::string& address) {
  if (!IsName(comparison, address)) {
    return absl::StrCat(address, " is another host for each side, its own: the two were not asked about one ",
                        "target.");
  }
  return absl::StrCat("The name ", comparison.target().host(), " leads to ", address,
                      ", which is each side's own host: the target itself was not asked by anybody.");
}

void TellOwnHost(const v1::Comparison& comparison, const std::string& address, FindingBuilder* finding) {
  if (IsName(comparison, address)) {
    finding->Do(absl::StrCat("where does ", address,
                             " come from? A hosts file, or a resolver that withholds the answer: getent hosts NAME; "
                             "grep NAME /etc/hosts; dig +short NAME @ANOTHER_RESOLVER"));
    finding->Do("name the target's own address, or mend that answer");
  } else {
    finding->Do(
        "name the target as both sides can reach it; where one side goes by a forward, give the target's own "
        "name and map it: --connect-to SIDE:HOST:PORT:127.0.0.1:PORT");
  }
  finding->DoOnlyThat();
}

}  // namespace

std::optional<v1::Finding> MatchLocalAccept(const v1::Comparison& comparison) {
  for (const v1::SideSummary& side : comparison.sides()) {
    if (!side.present() || side.locality() != v1::LOCAL) continue;
    const bool forward = side.carrier().kind() == v1::PORT_FORWARD;
    FindingBuilder finding(
        0.97, absl::StrCat("On the ", side.name(), " side ",
                           forward ? "the forward answers the TCP handshake" : "every TCP handshake is answered",
                           " on that very host. A connect, a ping, a traceroute and TCP's own "
                           "counters say nothing about the way there."));
    finding.Because(side.locality_why(), side.name(), "", v1::CONNECT);
    return finding.Build();
  }
  return std::nullopt;
}

std::optional<v1::Finding> MatchMissing(const v1::Comparison& comparison) {
  // `probe` asks from one place on purpose.
  const bool alone = comparison.sides_size() == 1;
  std::vector<std::string> names = {"inside", "outside"};
  if (alone) names = {comparison.sides(0).name()};
  for (const std::string& name : names) {
    const v1::SideSummary* side = nullptr;
    for (const v1::SideSummary& candidate : comparison.sides()) {
      if (candidate.name() == name) side = &candidate;
    }
    std::string summary;
    if (side == nullptr || !side->present()) {
      summary = alone ? "The vantage gave no observation of the target."
                      : absl::StrCat("The ", name, " side is missing, so the sides cannot be compared.");
    } else if (!side->missing().empty() && side->healthy() && comparison.status() == v1::CANNOT_TELL) {
      summary =
          absl::StrCat("The ", name, " side was lost before the end: what it had seen is well, and what it would ",
                       "have seen nobody knows.");
    } else {
      continue;
    }
    const std::string why =
        side == nullptr || side->missing().empty() ? "it gave no observation of the target" : side->missing();
    return FindingBuilder(1.0, summary).Because(absl::StrCat(name, ": ", why), name).Build();
  }
  return std::nullopt;
}

std::optional<v1::Finding> MatchUnlike(const v1::Comparison& comparison) {
  for (const v1::SideSummary& side : comparison.sides()) {
    if (!side.unlike()) continue;
    if (side.has_health()) {
      const std::string endpoint = side.health().url().substr(0, side.health().url().find('#'));
      return FindingBuilder(1.0,
                            "The health endpoint does not say whether the application reaches the target, so there is "
                            "nothing to compare with.")
          .Because(absl::StrCat(side.name(), ": ", side.unlike_why()), side.name())
          .Do(absl::StrCat("curl -s '", endpoint, "'"))
          .Do("then name what it does say behind the '#', as in #/database/status=connected")
          .Build();
    }
    return FindingBuilder(1.0, "The sides did not run the same, so they cannot be compared.")
        .Because(absl::StrCat(side.name(), ": ", side.unlike_why()), side.name())
        .Build();
  }
  const Facts facts = Read(comparison);
  if (facts.both() && OnOneHost(*facts.inside, *facts.outside)) {
    return FindingBuilder(0.95, "Inside and outside stand on the same host: this compares nothing with nothing.")
        .Because("both have the same addresses and the same network namespace", "inside")
        .Severity(v1::WARNING)
        .Build();
  }
  return std::nullopt;
}

std::optional<v1::Finding> MatchUnsteady(const v1::Comparison& comparison) {
  FindingBuilder finding(1.0, "Attempts of the same probe disagree: what is seen comes and goes.");
  bool any = false;
  for (const v1::Pair& pair : comparison.pairs()) {
    const bool counts = pair.role() == v1::TARGET || pair.role() == v1::CLIENT || pair.role() == v1::POSITIVE_CONTROL;
    if (!counts) continue;
    for (const v1::SideOutcome& side : pair.sides()) {
      if (!side.present() || side.steady()) continue;
      any = true;
      finding.Because(absl::StrCat(pair.probe(), ": ", side.succeeded(), " of ", side.attempts(),
                                   " attempts succeeded ", side.side()),
                      side.side(), pair.probe());
    }
  }
  return any ? finding.Build() : std::nullopt;
}

// Only asked when nothing else matched: every fact, and no claim.
std::optional<v1::Finding> MatchUnexplained(const v1::Comparison& comparison) {
  if (comparison.status() != v1::DIVERGED && comparison.status() != v1::BOTH_FAILED) return std::nullopt;
  const Facts facts = Read(comparison);
  std::string summary = comparison.status() != v1::DIVERGED ? "Both sides fail, and no known cause fits what was seen."
                        : BothWork(facts)
                            ? absl::StrCat("No known cause fits what was seen: ", comparison.status_why(), ".")
                            : "The sides differ, and no known cause fits what was seen.";
  const v1::Pair* pair = FailingPair(comparison, facts);
  // No name of the catalogue, but the server has said it in its own words.
  const v1::SideOutcome* in = pair == nullptr ? nullptr : compare::FindSide(*pair, "inside");
  const v1::SideOutcome* out = pair == nullptr ? nullptr : compare::FindSide(*pair, "outside");
  if (const std::string code = SqlState(in); !code.empty() && code == SqlState(out)) {
    summary = absl::StrCat(
        "The server is reached from both sides and says no, to both alike: ", compare::StepCell(*EndingStep(*in)), ".");
  }
  const std::string own_host = OwnHostAddress(comparison, facts);
  const bool one_password = facts.in != nullptr && facts.out != nullptr && SameSecret(facts) &&
                            (RejectedBesideTaken(facts.out, facts.in) || RejectedBesideTaken(facts.in, facts.out));
  if (!own_host.empty()) summary = OwnHostWords(comparison, own_host);
  if (one_password) {
    summary =
        "One password, sent to both sides by the controller, is taken on one side and rejected on the other, by "
        "servers "
        "that show the same certificate: who asks from where decides how a password is judged, or which server "
        "answers.";
  }
  FindingBuilder finding(0.5, std::move(summary));
  if (!own_host.empty()) TellOwnHost(comparison, own_host, &finding);
  if (one_password) {
    finding.OrElse("postgres.source_rejected",
                   "pg_hba.conf on the server, or the pooler's: which line is for which source?");
    finding.OrElse("target.wrong_server", "do several servers stand behind that certificate?");
  }
  if (pair != nullptr) {
    for (const v1::SideOutcome& side : pair->sides()) {
      const v1::StepSummary* step = side.present() ? EndingStep(side) : nullptr;
      if (!side.present()) continue;
      finding.Because(absl::StrCat(side.side(), ": ",
                                   step == nullptr ? "every step succeeded"
                                                   : absl::StrCat(HopOf(*step), compare::StepLabel(step->kind()), ": ",
                                                                  compare::StepCell(*step))),
                      side.side(), pair->probe(), step == nullptr ? v1::STEP_KIND_UNSPECIFIED : step->kind());
    }
  }
  if (const v1::StepSummary* same = SameSize(comparison); same != nullptr && same->succeeded() == 0) {
    finding.Because(
        absl::StrCat("a message of another kind and the same size fares no better: ", compare::StepCell(*same)),
        "outside", "", v1::MESSAGE_SIZE);
    finding.OrElse("path.mtu_black_hole_up", "ping -M do -s 1400, and smaller, towards the target");
    finding.OrElse("path.mtu_black_hole_down");
  }
  // Packets of an answer that came out of order, and no answer: a large one before them is missing.
  const v1::SideOutcome none;
  for (const v1::Observation& observation : (facts.out == nullptr ? none : *facts.out).observations()) {
    if (observation.outcome() != v1::TIMED_OUT || observation.connections().empty()) continue;
    if (observation.connections(observation.connections_size() - 1).at_end().out_of_order() == 0) continue;
    finding.Because("packets of the answer arrived, and not the ones before them", "outside", observation.probe());
    finding.OrElse("path.mtu_black_hole_down", "ping -M do -s 1400, and smaller, from the target's side");
    break;
  }
  if (comparison.has_first_difference()) {
    const v1::Difference& difference = comparison.first_difference();
    finding.Because(absl::StrCat("the sides part at ", compare::StepLabel(difference.step()), ": inside ",
                                 difference.inside(), ", outside ", difference.outside()),
                    "", comparison.first_difference_probe(), difference.step());
  }
  std::optional<v1::Finding> built = finding.Build();
  if (built->evidence().empty()) built->add_evidence()->set_text(comparison.status_why());
  return built;
}

}  // namespace parallax::diagnose
