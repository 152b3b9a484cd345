// Signals as a descriptor that a poll(2) can wait for.
#ifndef PARALLAX_AGENT_NET_SIGNALS_H_
#define PARALLAX_AGENT_NET_SIGNALS_H_

#include <initializer_list>

namespace parallax::net {

// Blocks `signals` for this thread and those that it starts, so call it before any other thread. Returns a descriptor
// that is readable while one of them waits, for the life of the process; -1 (errno) when there is none.
int OpenSignals(std::initializer_list<int> signals);

// Takes one signal out of what OpenSignals returned. Of two that were sent at once the second stays.
void TakeSignal(int fd);

}  // namespace parallax::net

#endif  // PARALLAX_AGENT_NET_SIGNALS_H_
