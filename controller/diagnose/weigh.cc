#include "controller/diagnose/weigh.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <tuple>

namespace parallax::diagnose {
namespace {

// A point is worth a factor of three in the odds against "no known cause".
constexpr double kOdds = 3.0;
constexpr double kForPoints = 1.0;
constexpr double kStrongPoints = 2.0;
constexpr double kAgainstPoints = 1.5;
// As much as two independent signs, or one that is strong.
constexpr double kEnough = 2.0;
// What one family can say for a cause at most: its signs are not independent.
constexpr double kFamilyCap = 3.0;
// Less is no rival: nothing in particular speaks for it.
constexpr double kRival = 1.0;
// An alternative is at most so far behind the verdict.
constexpr double kReach = 2.0;

double Odds(double points) { return std::pow(kOdds, points); }

bool Refuted(const Cause& cause, const Readings& readings) {
  const bool met = std::all_of(cause.needs.begin(), cause.needs.end(), [&](Atom atom) { return readings[atom].yes(); });
  return !met || std::any_of(cause.links.begin(), cause.links.end(),
                             [&](const Link& link) { return Said(link, readings[link.atom]) == Strength::kRefutes; });
}

Candidate WeighOne(const Cause& cause, const Readings& readings) {
  Candidate candidate;
  candidate.cause = &cause;
  const bool worse = !cause.worse_when.has_value() || readings[*cause.worse_when].yes();
  candidate.severity = worse ? cause.severity : cause.lesser;
  std::array<double, static_cast<size_t>(Family::kCount)> families{};
  double against = 0;
  for (const Link& link : cause.links) {
    double& family = families[static_cast<size_t>(RowOf(link.atom).family)];
    switch (Said(link, readings[link.atom])) {
      case Strength::kFor: family += kForPoints; break;
      case Strength::kStrong: family += kStrongPoints; break;
      case Strength::kAgainst: against += kAgainstPoints; break;
      default: break;
    }
  }
  for (const double family : families) candidate.speaks_for += std::min(family, kFamilyCap);
  candidate.points = candidate.speaks_for - against;
  candidate.found = cause.IsTold() && candidate.speaks_for >= kEnough;
  return candidate;
}

// Both sides meet it alike, so that no path of one side explains it.
bool IsCommon(const Cause& cause, const Readings& readings, const std::string& reference) {
  return std::any_of(cause.needs.begin(), cause.needs.end(), [&](Atom atom) {
    const About about = RowOf(atom).about;
    if (about != About::kAny) return about == About::kCommon;
    const auto& proofs = readings[atom].proofs;
    return std::any_of(proofs.begin(), proofs.end(), [&](const Proof& proof) { return proof.side == reference; });
  });
}

// What the name leads to does not break a tunnel, nor the host at its far end: they carry other destinations too.
bool OnOnePath(Layer lower, Layer higher) {
  const bool shared = higher == Layer::kTunnel || higher == Layer::kBastion || higher == Layer::kCarrier;
  return lower != Layer::kName || !shared;
}

class Explaining {
 public:
  Explaining(std::span<const Explains> pairs, const Readings& readings) : pairs_(pairs), readings_(readings) {}

  bool operator()(const Candidate& cause, const Candidate& other) const {
    if (cause.cause == other.cause || !cause.found || cause.severity != v1::FAULT) return false;
    const auto is_pair = [&](const Candidate& a, const Candidate& b) {
      return std::any_of(pairs_.begin(), pairs_.end(),
                         [&](const Explains& one) { return one.cause == a.cause->id && one.explained == b.cause->id; });
    };
    if (is_pair(cause, other)) return true;
    // A pair counts before the layers: of two causes one explains the other, and never both.
    if (other.found && is_pair(other, cause)) return false;
    const Layer lower = cause.cause->layer;
    const Layer higher = other.cause->layer;
    if (lower >= higher || higher == Layer::kNone || !OnOnePath(lower, higher)) return false;
    // Where the way as far as the bastion is broken, nothing behind it was tried. Where it is whole, another reading of
    // what happened there stays a rival.
    if (!other.found && lower > Layer::kCarrier) return false;
    // What the reference meets at an address that only the subject's name leads to is the name's doing too.
    if (lower == Layer::kName && readings_[Atom::kNameLeadsElsewhere].yes()) return true;
    const std::string& reference = readings_.reference_name();
    return !IsCommon(*other.cause, readings_, reference) || IsCommon(*cause.cause, readings_, reference);
  }

 private:
  std::span<const Explains> pairs_;
  const Readings& readings_;
};

bool IsRival(const Candidate& candidate) {
  return candidate.severity == v1::FAULT && candidate.explained_by == nullptr && candidate.points >= kRival;
}

double RivalOdds(const std::vector<Candidate>& candidates, const Cause* but) {
  double odds = 0;
  for (const Candidate& other : candidates) {
    if (other.cause != but && IsRival(other)) odds += Odds(other.points);
  }
  return odds;
}

// The likeliest fault that stands first, then what cannot be told, then what another explains, warnings and notes.
int Rank(const Candidate& candidate) {
  if (candidate.severity == v1::FAULT) return candidate.explained_by == nullptr ? 0 : 2;
  return candidate.severity == v1::UNDECIDED ? 1 : candidate.severity == v1::WARNING ? 3 : 4;
}

bool Before(const Candidate& a, const Candidate& b) {
  if (Rank(a) != Rank(b)) return Rank(a) < Rank(b);
  if (a.confidence != b.confidence) return a.confidence > b.confidence;
  if (a.cause->layer != b.cause->layer) return a.cause->layer < b.cause->layer;
  return a.cause->id < b.cause->id;
}

}  // namespace

Strength Said(const Link& link, const Reading& reading) {
  switch (reading.answer) {
    case Answer::kYes: return link.yes;
    case Answer::kNo: return link.no;
    default: return Strength::kNothing;
  }
}

std::vector<Candidate> Weigh(std::span<const Cause> causes, std::span<const Explains> pairs, const Readings& readings) {
  std::vector<Candidate> candidates;
  for (const Cause& cause : causes) {
    if (!cause.links.empty() && !Refuted(cause, readings)) candidates.push_back(WeighOne(cause, readings));
  }
  // Of several that explain it one that stands itself, and of those the one furthest down.
  const Explaining explains(pairs, readings);
  std::vector<bool> is_explained;
  for (const Candidate& candidate : candidates) {
    is_explained.push_back(std::any_of(candidates.begin(), candidates.end(),
                                       [&](const Candidate& other) { return explains(other, candidate); }));
  }
  for (Candidate& candidate : candidates) {
    const Candidate* best = nullptr;
    const auto key = [&](const Candidate* other) {
      return std::tuple(bool{is_explained[static_cast<size_t>(other - candidates.data())]}, other->cause->layer,
                        other->cause->id);
    };
    for (const Candidate& other : candidates) {
      if (explains(other, candidate) && (best == nullptr || key(&other) < key(best))) best = &other;
    }
    if (best != nullptr) candidate.explained_by = best->cause;
  }
  for (Candidate& candidate : candidates) {
    // An observation has no rivals: it is what was seen.
    const bool seen = candidate.cause->layer == Layer::kNone;
    const double own = Odds(candidate.points);
    const double share = seen ? 1 : own / (own + RivalOdds(candidates, candidate.cause) + 1);
    candidate.confidence = std::min(share, kMostSure);
  }
  std::sort(candidates.begin(), candidates.end(), &Before);
  return candidates;
}

double UnexplainedShare(const std::vector<Candidate>& candidates) { return 1 / (2 + RivalOdds(candidates, nullptr)); }

std::vector<const Candidate*> WithinReach(const std::vector<Candidate>& candidates, const Candidate* verdict) {
  std::vector<const Candidate*> found;
  const double least = verdict == nullptr ? kRival : std::max(kRival, verdict->points - kReach);
  for (const Candidate& candidate : candidates) {
    const bool itself = verdict != nullptr && candidate.cause == verdict->cause;
    if (!itself && (candidate.Stands() || (IsRival(candidate) && candidate.points >= least))) {
      found.push_back(&candidate);
    }
  }
  return found;
}

namespace {

bool RestsOn(const Cause& cause, bool subject) {
  return std::any_of(cause.needs.begin(), cause.needs.end(), [&](Atom atom) {
    const About about = RowOf(atom).about;
    if (about == About::kCommon) return !subject;
    return about == About::kBoth || about == (subject ? About::kSubject : About::kReference);
  });
}

}  // namespace

bool SpeaksOfSubject(const Cause& cause) { return RestsOn(cause, true); }
bool SpeaksOfReference(const Cause& cause) { return RestsOn(cause, false); }

}  // namespace parallax::diagnose
