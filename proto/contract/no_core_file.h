// A process that holds passwords and leaves none of its memory behind. Like the standard streams no function of
// messages, but both programs need it. Before any thread.
#ifndef PARALLAX_CONTRACT_NO_CORE_FILE_H_
#define PARALLAX_CONTRACT_NO_CORE_FILE_H_

namespace parallax::contract {

// No core file of this process, and no other process of the same user that reads its memory or attaches to it. Both
// limits are needed: where the kernel pipes cores to a program it heeds no RLIMIT_CORE (core(5)), and what is started
// from here, a credential helper say, gets back its dumpability (prctl(2)), but not the limit. Cannot fail.
void LeaveNoCoreFile();

// The same without the limit, for a process that starts what users want to see the cores of.
void BeUnreadable();

}  // namespace parallax::contract

#endif  // PARALLAX_CONTRACT_NO_CORE_FILE_H_
