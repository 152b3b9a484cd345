// All that is known of a kind of step beside what it records: one row each. Pure; thread-safe.
#ifndef PARALLAX_PROTO_CONTRACT_STEPS_H_
#define PARALLAX_PROTO_CONTRACT_STEPS_H_

#include <span>
#include <string_view>

#include "parallax/v1/observation.pb.h"

namespace parallax::contract {

struct StepInfo {
  v1::StepKind kind;
  // What people read where the step has a row: "ssl request", "tls".
  std::string_view label;
  // A probe of a target goes through it in stages of ours; the table has a row for it.
  bool staged;
  // The real client of a target (sql) goes through it; the table has a row for it, below the stages.
  bool by_client;
  // The sides' outcomes of it are put against each other, so that the first difference can be named.
  bool compared;
  // An experiment measures it.
  bool measured;
  // Bytes that come in it are the peer's own answer to a question of ours, or its greeting.
  bool peer_speaks;
  // It moves many bytes: where it never ends, what had come is not known to be nothing.
  bool moves_much;
};

// Every kind, in the order in which a probe goes through them.
std::span<const StepInfo> Steps();

// UNSPECIFIED's row, which is false throughout, for a kind that this version does not know.
const StepInfo& AboutStep(v1::StepKind kind);

}  // namespace parallax::contract

#endif  // PARALLAX_PROTO_CONTRACT_STEPS_H_
