// The answer to one atom: yes, no or unknown, with what it rests on. Values; no threads.
#ifndef PARALLAX_CONTROLLER_DIAGNOSE_READING_H_
#define PARALLAX_CONTROLLER_DIAGNOSE_READING_H_

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parallax/v1/comparison.pb.h"

namespace parallax::diagnose {

// Unknown is what was not asked or cannot be told from what came back. It is never a no.
enum class Answer { kUnknown, kNo, kYes };

using Words = std::map<std::string, std::string, std::less<>>;

// What an answer rests on, carried from the observation.
struct Proof {
  std::string text;  // a whole sentence for people, with its number
  std::string side;
  std::string probe;     // ProbeSpec.name
  uint32_t attempt = 0;  // 1-based; 0: all of them, or of no attempt
  v1::StepKind step = v1::STEP_KIND_UNSPECIFIED;
  double number_ms = 0;  // the time of that step; 0: none
};

// What an atom says of one view, and what it saw. A proof names the side, the probe and the step that it was carried
// from; its text is a sentence for people.
struct Reading {
  Answer answer = Answer::kUnknown;
  bool askable = false;  // unknown, and the atom's probe could answer it here
  std::vector<Proof> proofs;
  std::string_view own_remedy;  // lines, in the place of the cause's; "" none
  Words words;                  // what the texts of a cause may name: {stopped}, {gone}

  bool yes() const { return answer == Answer::kYes; }
  bool no() const { return answer == Answer::kNo; }

  // Adds a sentence, and what it rests on: a step over all attempts, whose number is its time in milliseconds.
  Reading& Because(std::string text, std::string side = "", std::string probe = "",
                   v1::StepKind step = v1::STEP_KIND_UNSPECIFIED);
  Reading& Because(std::string text, const v1::SideOutcome& outcome, const std::string& probe,
                   const v1::StepSummary& step);
  Reading& Word(std::string name, std::string value) {
    words.insert_or_assign(std::move(name), std::move(value));
    return *this;
  }
};

inline Reading Yes() { return {Answer::kYes, false, {}, {}, {}}; }
inline Reading No() { return {Answer::kNo, false, {}, {}, {}}; }
inline Reading Unknown() { return {}; }
// Unknown, and its probe can answer it.
inline Reading NotAskedYet() { return {Answer::kUnknown, true, {}, {}, {}}; }
inline Reading If(bool condition) { return condition ? Yes() : No(); }

}  // namespace parallax::diagnose

#endif  // PARALLAX_CONTROLLER_DIAGNOSE_READING_H_
