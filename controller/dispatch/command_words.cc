#include "controller/dispatch/command_words.h"

#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace parallax::dispatch {
namespace {

// First match wins; the order is from particular to general. The text is matched in lower case.
struct Known {
  const char* says;
  const char* remedy;  // "{where}" is the host
};

// The loader has a text for few errors: 24 is EMFILE, 23 ENFILE (glibc, elf/dl-minimal.c).
constexpr const char* kDescriptors =
    "raise the limit of open files on {where}: ulimit -n in the shell that starts it (a service: LimitNOFILE=, a "
    "container: --ulimit nofile=)";
constexpr const char* kMemory =
    "{where} has too little memory for it, or its limit is too low: free -m; ulimit -v (a service: MemoryMax=, a "
    "container: its memory limit)";
constexpr const char* kTasks =
    "raise the limit of processes and threads on {where}: ulimit -u (a service: TasksMax=, a container: --pids-limit)";
constexpr const char* kRoom = "make room on {where}: df -h; df -i";
constexpr Known kWants[] = {
    {"too many open files", kDescriptors},
    {"shared object file: error 24", kDescriptors},
    {"shared object file: error 23", kDescriptors},
    {"cannot allocate memory", kMemory},
    {"out of memory", kMemory},
    {"bad_alloc", kMemory},
    {"failed to map segment", kMemory},
    {"resource temporarily unavailable", kTasks},
    {"cannot fork", kTasks},
    {"can't fork", kTasks},
    {"no space left on device", kRoom},
    {"disk quota exceeded", kRoom},
};

constexpr char kNoAnswer[] =
    "the host does not answer: check its address, its security group, and the network you are on";
constexpr char kNoPassword[] =
    "the command wants to ask for a password, and cannot here: allow it without one (sudo -n)";
constexpr Known kKnown[] = {
    {"permission denied (",
     "ssh could not log in: load the key (ssh-add) or name it (ssh -i KEY USER@HOST ...); ssh "
     "cannot ask here, so try first: ssh -o BatchMode=yes HOST true"},
    // Before the general one: of a key that changed ssh says both.
    {"remote host identification has changed",
     "the host's key changed: another machine may have its address now; "
     "compare the key before you accept it"},
    {"host key verification failed",
     "ssh does not know this host's key: connect once by hand with ssh, and compare the key before you accept it"},
    // getaddrinfo(3): EAI_AGAIN, EAI_FAIL. No spelling helps where nobody answers.
    {"temporary failure in name resolution",
     "no resolver answers on this host: check its network and /etc/resolv.conf, or name the host by its address"},
    {"non-recoverable failure in name resolution",
     "the resolver of this host fails: check its network and /etc/resolv.conf, or name the host by its address"},
    {"could not resolve hostname", "ssh does not know this host name: check its spelling and ~/.ssh/config"},
    {"cannot connect to the docker daemon",
     "docker's daemon does not run here, or this user may not speak to it: docker ps should answer"},
    {"no such container", "there is no such container: check its name, docker ps"},
    {"response from daemon: container",
     "what the command names does not run: start it, and look at it with docker ps or kubectl get pods"},
    {"(notfound)", "there is no such pod or namespace: check the names, kubectl get pods -A"},
    {"connection timed out", kNoAnswer},
    {"operation timed out", kNoAnswer},
    {"no route to host", "the host cannot be reached from here: check its address and the network you are on"},
    {"network is unreachable", "the host cannot be reached from here: check the network you are on"},
    {"a terminal is required", kNoPassword},
    {"a password is required", kNoPassword},
    {"is a terminal", "leave out -t: the session needs plain bytes (ssh without -t, kubectl exec -i, docker exec -i)"},
    {"exec format error", "the agent there was built for another kind of machine: copy the build for its architecture"},
    {"glibc", "the agent there needs a newer system library: build it on that system, or copy a static build"},
    {"error while loading shared libraries", "the agent there lacks a library: install it, or copy a static build"},
};

std::string Here(std::string_view remedy, std::string_view where) {
  std::string text(remedy);
  constexpr std::string_view kWhere = "{where}";
  for (size_t at = text.find(kWhere); at != std::string::npos; at = text.find(kWhere)) {
    text.replace(at, kWhere.size(), where);
  }
  return text;
}

std::string Lower(std::string_view text) { return absl::AsciiStrToLower(std::string(text)); }

// The last word of a path.
std::string ProgramOf(const Symptoms& symptoms) { return symptoms.command.substr(symptoms.command.rfind('/') + 1); }
bool IsSsh(const Symptoms& symptoms) { return symptoms.carrier == Carrier::kSsh || ProgramOf(symptoms) == "ssh"; }
std::string WhereOf(const Symptoms& symptoms) { return symptoms.local ? "this host" : "the agent's host"; }

// How it ended, where a signal did it; a shell, ssh and docker say 128 + n.
int SignalOf(const Symptoms& symptoms) {
  if (!symptoms.wait_status.has_value()) return 0;
  if (WIFSIGNALED(*symptoms.wait_status)) return WTERMSIG(*symptoms.wait_status);
  const int code = WIFEXITED(*symptoms.wait_status) ? WEXITSTATUS(*symptoms.wait_status) : 0;
  return code > 128 && code < 128 + NSIG ? code - 128 : 0;
}
int CodeOf(const Symptoms& symptoms) {
  return symptoms.wait_status.has_value() && WIFEXITED(*symptoms.wait_status) ? WEXITSTATUS(*symptoms.wait_status) : -1;
}

std::string SignalRemedy(const Symptoms& symptoms) {
  switch (SignalOf(symptoms)) {
    case SIGKILL:
      return absl::StrCat("it was killed, most often for want of memory: on ", WhereOf(symptoms),
                          ", dmesg | grep -i 'killed process'; in a container raise its memory limit");
    case SIGILL: return "the agent was built for a newer processor: copy a build for that machine";
    case SIGSEGV:
    case SIGBUS:
    case SIGABRT:
      return absl::StrCat("the program crashed: run parallax-agent --version on ", WhereOf(symptoms),
                          ", and report it with what it said");
    default: return "";
  }
}

std::string InstallRemedy(const Symptoms& symptoms) {
  const std::string program = ProgramOf(symptoms);
  if (program == "docker" || program == "podman") {
    return absl::StrCat("install the agent in that container: ", program,
                        " cp parallax-agent NAME:/usr/local/bin/, or copy it into the image");
  }
  if (program == "kubectl") {
    return "install the agent in that container: kubectl cp parallax-agent POD:/tmp/, and name it by its full path; "
           "or run it beside the application, from an image of its own";
  }
  if (IsSsh(symptoms)) {
    return "install the agent there: copy the parallax-agent binary to the host (scp parallax-agent HOST:) and name it "
           "by its full path: exec:ssh HOST ./parallax-agent stdio; or let parallax do both: ssh:HOST --copy-agent";
  }
  return "install the agent where the command starts it, and name it by its full path: /path/parallax-agent stdio";
}

}  // namespace

std::string WantRemedy(std::string_view text, std::string_view where) {
  const std::string lower = Lower(text);
  for (const Known& want : kWants) {
    if (absl::StrContains(lower, want.says)) return Here(want.remedy, where);
  }
  return "";
}

std::string FromItsWords(const Symptoms& symptoms) {
  const std::string text = Lower(symptoms.stderr_tail + "\n" + symptoms.noise);
  if (std::string want = WantRemedy(text, WhereOf(symptoms)); !want.empty()) return want;
  // An ssh: vantage has no place for options, and may have asked already.
  if (symptoms.carrier == Carrier::kSsh && absl::StrContains(text, "permission denied (")) {
    return absl::StrCat(
        "ssh could not log in: load the key (ssh-add) or name it in ~/.ssh/config (IdentityFile), and "
        "try by hand: ssh ",
        symptoms.host, " true");
  }
  for (const Known& known : kKnown) {
    if (absl::StrContains(text, known.says)) return known.remedy;
  }
  if (absl::StrContains(text, "connection refused")) {
    return IsSsh(symptoms) || absl::StrContains(text, "ssh: connect to host")
               ? "nothing listens there: check the host and port, and that its sshd runs"
               : "what the command connects to turns it away: check its address, and that the service there runs";
  }
  const int code = CodeOf(symptoms);
  // 126: found and not executable (POSIX.1-2017, XCU 2.8.2).
  if (code == 126 || absl::StrContains(text, "permission denied")) {
    return "the agent may not be executed there: chmod +x it, and check that its file system allows it (noexec)";
  }
  if (std::string remedy = SignalRemedy(symptoms); !remedy.empty()) return remedy;
  // 127: the command is not found. Another file that is missing is no agent that is missing.
  const bool not_found = absl::StrContains(text, "not found") || absl::StrContains(text, "no such file");
  if (code == 127 || (not_found && absl::StrContains(text, "parallax-agent"))) return InstallRemedy(symptoms);
  return "";
}

std::string FromItsEnd(const Symptoms& symptoms) {
  std::string want = WantRemedy(absl::StrCat(symptoms.stderr_tail, "\n", symptoms.detail), WhereOf(symptoms));
  return want.empty() ? SignalRemedy(symptoms) : want;
}

std::string CannotStartRemedy(const Symptoms& symptoms) {
  const char* here = "this host";
  switch (symptoms.os_error) {
    case EMFILE:
    case ENFILE: return Here(kDescriptors, here);
    case ENOMEM: return Here(kMemory, here);
    case EAGAIN: return Here(kTasks, here);
    case ENOEXEC: return absl::StrCat("'", symptoms.command, "' is no program for this kind of machine");
    case EACCES:
    case EPERM:
      return absl::StrCat("'", symptoms.command,
                          "' may not be executed here: chmod +x it, and check that its file system allows it (noexec)");
    default: break;
  }
  if (symptoms.local) {
    return "parallax-agent is looked for beside parallax, then in PATH: put it there, or name another vantage than "
           "local, such as 'exec:/path/to/parallax-agent stdio'";
  }
  if (symptoms.carrier == Carrier::kSsh) return "install the OpenSSH client on this host: ssh: vantages run it";
  return absl::StrCat("check that '", symptoms.command,
                      "' is installed here and in PATH; the command is not given to a "
                      "shell (for pipes and variables write exec:sh -c '...')");
}

}  // namespace parallax::dispatch
