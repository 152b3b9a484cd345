// How an ssh: vantage finds the agent on its host, or receives it: the words of the ssh command, the script that it
// runs there, and what that script says back. Pure; thread-safe.
//
// All of it is one ssh session, so that whoever must type a passphrase types it once. The script looks for an agent of
// this release and becomes it. Where there is none it says so in one line, kAbsentMarker, and reads what to do:
//   put SIZE SHA256 NAME    -> "go", or "failed"; then the bytes -> "done", or "failed"
//   run                     the agent that was put; its magic line follows, or "failed"
//   use                     the one that is there all the same: of another release, or copied without its companion
// Replies are lines that begin with kCopyMarker.
#ifndef PARALLAX_CONTROLLER_DISPATCH_SSH_SCRIPT_H_
#define PARALLAX_CONTROLLER_DISPATCH_SSH_SCRIPT_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/dispatch/elf_file.h"
#include "controller/dispatch/vantage.h"

namespace parallax::dispatch {

inline constexpr std::string_view kAbsentMarker = "PARALLAX-NO-AGENT/1|";
inline constexpr std::string_view kCopyMarker = "PARALLAX-COPY/1|";

// The names of the programs, here and there.
inline constexpr char kAgentName[] = "parallax-agent";
inline constexpr char kCompanionName[] = "parallax-agent-client";

// The command, to be run without a shell. `may_ask`: ssh may ask for a passphrase or about a host key, on the terminal.
// `with_companion`: we have one to give, so an agent that was copied without it is to be reported.
std::vector<std::string> SshCommand(const Vantage& vantage, bool may_ask, bool with_companion);

// What the script said of a host without the agent of this release.
struct Absence {
  std::string system;   // uname -s: "Linux"
  std::string machine;  // uname -m: "x86_64"
  std::string libc;     // "glibc 2.36", "musl", "unknown"
  std::string folder;   // where a copy would go
  bool usable = false;  // `there` runs, and "use" would start it
  std::string there;    // an agent that is not the one we want, by its path, and what it says; "" none
};

// From the line that begins with kAbsentMarker; nullopt when it is not one.
std::optional<Absence> ParseAbsence(std::string_view line);

// Why this program cannot run on that host, in words for people; "" when it can, as far as one can see.
std::string WhyNotThere(const Absence& absence, const ElfFacts& program);

}  // namespace parallax::dispatch

#endif  // PARALLAX_CONTROLLER_DISPATCH_SSH_SCRIPT_H_
