// What the C library's allocator does with memory that was freed. An agent waits for weeks between two sessions, and
// should be small meanwhile. Hints: a system that has no such knob does nothing. Thread-safe.
#ifndef PARALLAX_AGENT_HOST_MEMORY_H_
#define PARALLAX_AGENT_HOST_MEMORY_H_

namespace parallax::host {

// Lets memory not grow with the number of threads that ever allocated. Before any thread.
void ShareFreedMemory();

// Gives what was freed back to the system.
void ReturnFreedMemory();

}  // namespace parallax::host

#endif  // PARALLAX_AGENT_HOST_MEMORY_H_
