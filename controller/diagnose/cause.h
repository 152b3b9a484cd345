// What a cause is: a row of a table over the atoms (causes.cc). No code stands in it.
#ifndef PARALLAX_CONTROLLER_DIAGNOSE_CAUSE_H_
#define PARALLAX_CONTROLLER_DIAGNOSE_CAUSE_H_

#include <optional>
#include <span>
#include <string_view>

#include "controller/diagnose/atoms.h"
#include "parallax/v1/finding.pb.h"

namespace parallax::diagnose {

// What an answer says of a cause. There is no other number; weigh.cc has what each of them is worth.
enum class Strength { kRefutes, kAgainst, kNothing, kFor, kStrong };

// An answer that says nothing still stands among the evidence, when the atom has a sentence for it.
struct Link {
  Atom atom;
  Strength yes;
  Strength no = Strength::kNothing;
};

// Where on the way the cause stands. One that stands explains those of later layers on the same path. kNone: it is an
// observation (a note, a side that is missing), and explains nothing.
enum class Layer {
  kName,
  kRoute,
  kTunnel,
  kBastion,
  kCarrier,
  kBeyond,
  kTarget,
  kIdentity,
  kStage,
  kLogin,
  kApp,
  kNone
};

enum class TextKind {
  kSummary,  // one or two sentences: the first whose atom is yes
  kMore,     // a further sentence of the summary, when its atom is yes
  kTitle,    // in the place of the cause's title, when its atom is yes
  kDo,       // a line of remedy before the others, when its atom is yes
  kOnlyDo,   // lines in the place of the remedy, when its atom is yes
  kSettle,   // what would settle it, when its atom is yes
};

// A text, and the atom without whose yes it is not said; none: always. {names} are filled in from the run; a part in
// [brackets] is left out when a name in it has no value.
struct Text {
  TextKind kind;
  std::optional<Atom> when;
  std::string_view text;
  Answer answer = Answer::kYes;  // or a no
};

struct Cause {
  std::string_view id;  // for ever
  std::string_view title;
  v1::Severity severity;
  Layer layer;
  std::span<const Atom> needs;     // each must be yes for the cause to be a candidate at all
  std::span<const Link> links;     // empty: this release does not look for it
  std::span<const Text> texts;     // of a finding
  std::string_view meaning;        // `parallax causes CAUSE`: what it means
  std::string_view told_apart;     // how it is told apart from its neighbours
  std::string_view remedy;         // what to do, lines separated by '\n'
  std::optional<Atom> worse_when;  // without its yes the finding is no more than `lesser`
  v1::Severity lesser = v1::SEVERITY_UNSPECIFIED;
  bool told = true;  // false: it is weighed as an alternative, and never a finding of its own

  bool IsTold() const { return told && !links.empty(); }
};

// Of two causes of one layer, which explains the other. Short, and it should stay so.
struct Explains {
  std::string_view cause;
  std::string_view explained;
};

}  // namespace parallax::diagnose

#endif  // PARALLAX_CONTROLLER_DIAGNOSE_CAUSE_H_
