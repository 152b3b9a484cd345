// Texts with the run's own values in them. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_DIAGNOSE_REMEDY_H_
#define PARALLAX_CONTROLLER_DIAGNOSE_REMEDY_H_

#include <string>
#include <string_view>
#include <vector>

#include "controller/diagnose/reading.h"
#include "controller/diagnose/view.h"
#include "parallax/v1/comparison.pb.h"

namespace parallax::diagnose {

// Which targets a line of a remedy is for. In the catalogue it begins with "{postgres}" or "{others}", or with neither.
enum class RemedyFor { kAny, kPostgres, kOthers };
struct RemedyLine {
  RemedyFor target = RemedyFor::kAny;
  std::string_view text;  // with its {placeholders}
};
std::vector<RemedyLine> RemedyLines(std::string_view remedy);

// {host}, {bastion}, {holder} and the like, of that view.
Words ValuesOf(const View& view);

// The lines of `remedy` with {bastion_host}, {address}, {port} and the like filled in. A line for another kind of
// target is left out, and one whose value is not known, or not safe in a command: a command with a hole in it is no
// help.
std::vector<std::string> FillRemedy(std::string_view remedy, const Words& values);
std::vector<std::string> FillRemedy(std::string_view remedy, const v1::Comparison& comparison);

// A sentence with its {names} filled in. What stands in [brackets] is left out when a name in it has no value.
std::string FillSentence(std::string_view sentence, const Words& values);

}  // namespace parallax::diagnose

#endif  // PARALLAX_CONTROLLER_DIAGNOSE_REMEDY_H_
