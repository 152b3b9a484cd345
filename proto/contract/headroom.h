// Whether this host has room for what a session needs. gRPC does not fail in words when it gets no descriptor, thread
// or memory: it aborts, or waits for ever for a thread that never came. So it is asked for beforehand.
//
// To be called before other threads start: it takes what it asks for, for a moment.
#ifndef PARALLAX_CONTRACT_HEADROOM_H_
#define PARALLAX_CONTRACT_HEADROOM_H_

#include <cstddef>

#include "absl/status/status.h"

namespace parallax::contract {

struct Headroom {
  int descriptors = 0;
  int threads = 0;
  size_t bytes = 0;  // of address space, beside the stacks of the threads
};

// ResourceExhausted names what is short, the limit that makes it so, and how to raise it.
absl::Status CheckHeadroom(const Headroom& needed);

// Raises the soft limit on descriptors to the hard one: for what serves strangers, who may hold many. What it starts
// inherits that.
void RaiseDescriptorLimit();

// Where memory ends all the same, the process says so as `program`, and ends with that code, in place of an abort in a
// library's words. To be called once, before other threads start. `program` outlives the process's work.
void EndInWordsWithoutMemory(const char* program, int exit_code);

}  // namespace parallax::contract

#endif  // PARALLAX_CONTRACT_HEADROOM_H_
