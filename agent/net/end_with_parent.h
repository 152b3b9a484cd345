// For a process that another one started for a purpose.
#ifndef PARALLAX_AGENT_NET_END_WITH_PARENT_H_
#define PARALLAX_AGENT_NET_END_WITH_PARENT_H_

namespace parallax::net {

// Lets the system kill this process when the thread that started it ends. Does nothing on a system that cannot: there
// the end of stdin has to tell.
void EndWithParent();

}  // namespace parallax::net

#endif  // PARALLAX_AGENT_NET_END_WITH_PARENT_H_
