// The rows of the rules' test: runs, and what is to be said of them. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_DIAGNOSE_RULE_ROWS_H_
#define PARALLAX_CONTROLLER_DIAGNOSE_RULE_ROWS_H_

#include <span>
#include <string_view>

#include "parallax/v1/comparison.pb.h"
#include "tests/support/run_builder.h"

namespace parallax::diagnose {

enum class Says {
  kVerdict,    // the cause is the verdict
  kExplained,  // it is found, as another's consequence
  kBeside,     // it is found as a note, a warning, or beside the verdict
  kSilent,     // it is not found, although its neighbour's evidence is there
};

struct RuleRow {
  std::string_view cause;
  Says says;
  v1::Status status;
  std::string_view sentence;
  support::RunBuilder (*build)();
};

std::span<const RuleRow> RuleRows();

}  // namespace parallax::diagnose

#endif  // PARALLAX_CONTROLLER_DIAGNOSE_RULE_ROWS_H_
