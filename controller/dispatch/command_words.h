// What helps, told from what a command said and how it ended: ssh, docker, kubectl, a shell, the loader, the agent
// itself. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_DISPATCH_COMMAND_WORDS_H_
#define PARALLAX_CONTROLLER_DISPATCH_COMMAND_WORDS_H_

#include <string>
#include <string_view>

#include "controller/dispatch/missing.h"

namespace parallax::dispatch {

// Of a command that ended, or went silent, before its agent spoke; "" where nothing known was said.
std::string FromItsWords(const Symptoms& symptoms);
// Of one that was lost later: its words before that are of no account, but what the host had not, and who killed it.
std::string FromItsEnd(const Symptoms& symptoms);
// Of a command that could not be started on this host: symptoms.os_error.
std::string CannotStartRemedy(const Symptoms& symptoms);
// What a host ran out of, descriptors, memory, processes, room, by the system's words for it; "" of anything else.
// `where` is the host: "this host", "the agent's host".
std::string WantRemedy(std::string_view text, std::string_view where);

}  // namespace parallax::dispatch

#endif  // PARALLAX_CONTROLLER_DISPATCH_COMMAND_WORDS_H_
