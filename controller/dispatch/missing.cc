#include "controller/dispatch/missing.h"

#include <sys/wait.h>

#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "contract/limits.h"
#include "contract/not_reached.h"
#include "controller/dispatch/command_words.h"

namespace parallax::dispatch {
namespace {

// An agent that serves: there is no command, and no process of ours.
bool Serves(const Symptoms& symptoms) {
  return symptoms.carrier != Carrier::kCommand && symptoms.carrier != Carrier::kSsh;
}

std::string TryByHand(const Symptoms& symptoms) {
  if (Serves(symptoms)) return "look there, on its host: parallax-agent check ADDRESS:PORT, and the agent's own log";
  if (symptoms.carrier == Carrier::kSsh) {
    return absl::StrCat("try by hand: ssh ", symptoms.host, " uname -sm should print one line, such as Linux x86_64");
  }
  return absl::StrCat(
      symptoms.local ? absl::StrCat("run '", symptoms.command, " stdio' by hand") : "run the command by hand",
      ": it should print one line that begins with PARALLAX-AGENT/1, and then wait");
}

// An agent that sends its callers away is there.
bool LetsNobodyIn(const Symptoms& symptoms) { return absl::StrContains(symptoms.detail, "this agent wants"); }

std::string NotReachedRemedy(const Symptoms& symptoms) {
  if (symptoms.carrier == Carrier::kSocket && !LetsNobodyIn(symptoms)) {
    return "on its host, as the agent's own user: parallax-agent check unix:PATH";
  }
  contract::Dialling dialling;
  dialling.tls = symptoms.tls;
  dialling.showed_certificate = symptoms.tls && symptoms.showed_certificate;
  dialling.in_plaintext = "by grpc://127.0.0.1:PORT";
  dialling.with_tls = "by grpcs://";
  dialling.look = "parallax-agent check ADDRESS:PORT, on its host";
  return contract::NotReachedRemedy(symptoms.detail, dialling);
}

constexpr std::string_view kElsewhere =
    "copy it by hand to a folder where it may be written and run, and name it: --inside 'exec:ssh HOST "
    "/path/parallax-agent stdio'";

// What to do by hand where no copy was made.
std::string InstallByHand(const Symptoms& symptoms) {
  if (absl::StrContains(absl::AsciiStrToLower(symptoms.detail), "permission denied")) {
    return absl::StrCat("it may not be executed there: chmod +x it, or let parallax copy its own: --copy-agent; where ",
                        "that lies on a file system that is mounted noexec, ", std::string(kElsewhere));
  }
  const std::string agent = symptoms.agent_to_copy.empty() ? "parallax-agent" : symptoms.agent_to_copy;
  return absl::StrCat("let parallax copy it: --copy-agent; or copy it yourself: scp ", agent, " ", symptoms.host,
                      ":parallax-agent");
}

std::string CannotCopyRemedy(const Symptoms& symptoms) {
  if (absl::StrContains(symptoms.detail, "runs on Linux")) {
    return "use another host inside, a container or a virtual machine with Linux for instance; a deployed health "
           "endpoint can stand in for it: --inside 'https://HOST/health#/status=ok'";
  }
  if (absl::StrContains(symptoms.detail, "musl")) {
    return "run the agent in a container there ('exec:ssh HOST docker run -i --rm ...'), or build it on that system "
           "and name it with --agent-binary FILE";
  }
  if (absl::StrContains(symptoms.detail, "built for")) {
    return "build the agent for that machine (deploy/arm64/build.sh for 64-bit ARM) and name it with --agent-binary "
           "FILE";
  }
  return "name a build of the agent that runs there with --agent-binary FILE";
}

std::string CopyFailedRemedy(const Symptoms& symptoms) {
  const std::string text = absl::AsciiStrToLower(symptoms.detail + "\n" + symptoms.stderr_tail);
  if (std::string want = WantRemedy(text, "the agent's host"); !want.empty()) return want;
  if (absl::StrContains(text, "shared libraries")) {
    return "install what it needs there (Debian 12: libgrpc++1.51 libprotobuf32 libc-ares2 libspdlog1.10), or give a "
           "static build with --agent-binary FILE";
  }
  if (absl::StrContains(text, "glibc")) {
    return "build the agent on a system as old as that host, and name it with --agent-binary FILE";
  }
  return std::string(kElsewhere);
}

// Which agent it is that speaks otherwise, where ssh found it; and what to do about it.
std::string FoundThere(const Symptoms& symptoms) {
  return symptoms.there.empty() ? "" : absl::StrCat("; it is ", symptoms.there);
}
std::string OtherReleaseRemedy(const Symptoms& symptoms) {
  if (symptoms.there.empty()) return "use the same release on both";
  return "let parallax copy its own there, which goes before that one: --copy-agent; or install the same release there";
}

// What it printed and how it ended, as far as known: "; exit code 3; stderr: ...".
std::string Circumstances(const Symptoms& symptoms) {
  std::string text;
  if (symptoms.wait_status.has_value()) absl::StrAppend(&text, "; ", DescribeExit(*symptoms.wait_status));
  if (const std::string line = OneLine(symptoms.stderr_tail); !line.empty()) absl::StrAppend(&text, "; stderr: ", line);
  return text;
}

std::string Printed(const Symptoms& symptoms) {
  const std::string line = contract::Printable(OneLine(symptoms.noise, 4096), 300);
  if (symptoms.noise_bytes == 0) return "; it printed nothing";
  return absl::StrCat("; it printed ", symptoms.noise_bytes, " bytes: ", line);
}

std::string LostRemedy(const Symptoms& symptoms) {
  if (symptoms.local) return "what it observed before is kept; run again, and report it when it ends again";
  return Serves(symptoms)
             ? "what it observed before is kept; look at the agent's log on its host, and at the link, then run again"
             : "what it observed before is kept; check the link and the agent's host, then run again";
}

// Why it would not run the plan, in the agent's words.
std::string RefusedRemedy(const Symptoms& symptoms) {
  const std::string text = absl::AsciiStrToLower(symptoms.detail);
  if (absl::StrContains(text, "asked to end")) {
    return "it was stopped meanwhile; what it observed before is kept: run again when it is back";
  }
  if (std::string want = WantRemedy(text, symptoms.local ? "this host" : "the agent's host"); !want.empty())
    return want;
  if (absl::StrContains(text, "are allowed")) return "ask for less in one run: fewer --repeats, or several runs";
  if (absl::StrContains(text, "still runs")) return "what it still runs ends soon: run again";
  if (absl::StrContains(text, "same release") || absl::StrContains(text, "no probe of that name") ||
      absl::StrContains(text, "could not be read")) {
    return "use the same release on both";
  }
  return "what it says names what it wants; where that is nothing that you set, use the same release on both";
}

std::string First(const std::string& a, std::string_view b) { return a.empty() ? std::string(b) : a; }

}  // namespace

std::string DescribeExit(int wait_status) {
  if (WIFSIGNALED(wait_status)) {
    const int signal = WTERMSIG(wait_status);
    const char* name = strsignal(signal);
    return absl::StrCat("killed by signal ", signal, " (", name == nullptr ? "unknown" : name, ")");
  }
  return absl::StrCat("exit code ", WEXITSTATUS(wait_status));
}

std::string OneLine(std::string_view text, size_t max_bytes) {
  std::string joined;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const absl::string_view piece(text.data(), end == std::string_view::npos ? text.size() : end);
    const absl::string_view line = absl::StripAsciiWhitespace(piece);
    if (!line.empty()) absl::StrAppend(&joined, joined.empty() ? "" : " | ", line);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  if (joined.size() <= max_bytes) return contract::Printable(joined, max_bytes);
  // The end of what it said is the error; the start is chatter.
  return "..." + contract::Printable(std::string_view(joined).substr(joined.size() - (max_bytes - 3)), max_bytes);
}

Missing Explain(const Symptoms& symptoms) {
  const std::string& command = symptoms.command;
  switch (symptoms.loss) {
    case Loss::kCannotStart:
      return {absl::StrCat("the command cannot be started: ", symptoms.detail), CannotStartRemedy(symptoms)};
    case Loss::kEndedBefore:
      return {absl::StrCat("'", command, "' ended before the agent spoke", Circumstances(symptoms), Printed(symptoms)),
              First(FromItsWords(symptoms), TryByHand(symptoms))};
    case Loss::kTooMuchNoise:
      return {absl::StrCat("'", command, "' printed more than ", contract::kMaxNoiseBeforeMagic / 1024,
                           " KB, and no agent spoke", Printed(symptoms), Circumstances(symptoms)),
              First(FromItsWords(symptoms), TryByHand(symptoms))};
    case Loss::kTerminal:
      return {absl::StrCat("a terminal stands between: '", command,
                           "' turns line ends into CR LF, which garbles the session"),
              "leave out -t: the session needs plain bytes (ssh without -t, kubectl exec -i, docker exec -i)"};
    case Loss::kNeverSpoke:
      return {absl::StrCat("'", command, "' started, and no agent spoke in time", Circumstances(symptoms),
                           Printed(symptoms)),
              First(FromItsWords(symptoms), TryByHand(symptoms))};
    case Loss::kOtherMagic:
      return {absl::StrCat("the agent there speaks '", symptoms.detail, "', this controller ",
                           std::string(contract::kMagic), FoundThere(symptoms)),
              OtherReleaseRemedy(symptoms)};
    case Loss::kNoHello:
      return {absl::StrCat("the agent began (", symptoms.agent_version, ") and then did not greet",
                           Circumstances(symptoms)),
              First(FromItsWords(symptoms), TryByHand(symptoms))};
    case Loss::kOtherProtocol:
      return {
          absl::StrCat("this agent (", symptoms.agent_version, ") speaks protocol ", symptoms.agent_protocol,
                       ", this controller (", PARALLAX_VERSION, ") ", contract::kProtocolVersion, FoundThere(symptoms)),
          OtherReleaseRemedy(symptoms)};
    case Loss::kEndedMidway:
      return {absl::StrCat("the agent was lost while ", symptoms.doing, Circumstances(symptoms),
                           symptoms.detail.empty() ? "" : "; the link: ", symptoms.detail),
              First(FromItsEnd(symptoms), LostRemedy(symptoms))};
    case Loss::kSilent:
      return {absl::StrCat("the agent did not finish while ", symptoms.doing, ", nor answer the cancel",
                           Circumstances(symptoms)),
              symptoms.local ? "what it observed before is kept; is this host overloaded?"
                             : "what it observed before is kept; is the agent's host overloaded or the link stuck?"};
    case Loss::kRefused:
      return {absl::StrCat("the agent did not run the plan: ", symptoms.detail), RefusedRemedy(symptoms)};
    case Loss::kNotReached:
      return {absl::StrCat(LetsNobodyIn(symptoms) ? absl::StrCat("the agent at ", command, " does not let us in: ")
                                                  : absl::StrCat("no agent answers at ", command, ": "),
                           symptoms.detail),
              NotReachedRemedy(symptoms)};
    case Loss::kNotInstalled:
      return {absl::StrCat("there is no parallax-agent on ", symptoms.host, " (", symptoms.detail, ")"),
              InstallByHand(symptoms)};
    case Loss::kCannotCopy:
      return {absl::StrCat("there is no parallax-agent on ", symptoms.host, " (", symptoms.detail, ")"),
              CannotCopyRemedy(symptoms)};
    case Loss::kCopyFailed:
      return {
          absl::StrCat("the agent could not be copied to ", symptoms.host, ": ",
                       symptoms.detail.empty() ? "the host did not say why" : symptoms.detail, Circumstances(symptoms)),
          CopyFailedRemedy(symptoms)};
    case Loss::kInterrupted: return {absl::StrCat("interrupted while ", symptoms.doing), ""};
  }
  return {"unknown", ""};
}

}  // namespace parallax::dispatch
