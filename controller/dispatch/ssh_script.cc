#include "controller/dispatch/ssh_script.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "contract/limits.h"

namespace parallax::dispatch {
namespace {

// For a POSIX shell (XCU 2), with head -c besides. It travels inside single quotes through the login shell of the
// account, which may be any: so it holds no single quote, no backslash and no '!', which shells read differently.
// Whether an agent that is there runs, and which it is, its --version tells: one of another machine, without its
// libraries or on a file system that forbids it does not run, and a copy would help. Our own folder goes first, and no
// agent of another release is taken unasked: it would hide the right one.
constexpr char kScript[] = R"sh(
name=parallax-agent
folder="${XDG_CACHE_HOME:-$HOME/.cache}/parallax/$version"
clean() { echo "$1" | tr "|[:cntrl:]" "? "; }
say() { echo "PARALLAX-COPY/1|$1|$(clean "$2")"; }

usable= there=
for path in "$folder/$name" "$(command -v $name)" "$HOME/.local/bin/$name" "/usr/local/bin/$name" "$HOME/$name"; do
  [ -f "$path" ] || continue
  if said=$("$path" --version 2>&1 </dev/null); then
    needed=$path
    if [ "$path" = "$folder/$name" ]; then needed="$folder/$companion"; fi
    case $said in *"$name $version")
      if [ -e "$needed" ]; then exec "$path" stdio; fi
      said="without its $companion" ;;
    esac
    if [ -z "$usable" ]; then usable=$path there="$path: $said"; fi
  elif [ -z "$usable" ]; then
    there="$path: $(echo "$said" | head -n 1)"
  fi
done
libc=$(getconf GNU_LIBC_VERSION 2>/dev/null) || libc=unknown
for loader in /lib/ld-musl-*; do
  if [ -e "$loader" ]; then libc=musl; fi
done
echo "PARALLAX-NO-AGENT/1|$(uname -s)|$(uname -m)|$libc|$(clean "$folder")|${usable:+yes}|$(clean "$there")"

umask 077
while read -r word size sum file; do
  case $word in
    put)
      part="$folder/.$file.$$"
      said=$({ mkdir -p "$folder" && : > "$part"; } 2>&1) || { say failed "$said"; exit 1; }
      say go
      said=$({ head -c "$size" > "$part"; } 2>&1) || { say failed "$said"; rm -f "$part"; exit 1; }
      came=$sum
      if command -v sha256sum >/dev/null; then came=$(sha256sum < "$part"); came=${came%% *}; fi
      if [ "$came" = "$sum" ] && [ "$(($(wc -c < "$part")))" = "$size" ]; then
        chmod 700 "$part" && mv -f "$part" "$folder/$file" && say done
      else
        rm -f "$part"
        say failed "what arrived is not what was sent"
        exit 1
      fi ;;
    use) exec "$usable" stdio ;;
    run)
      if said=$("$folder/$name" --version 2>&1 </dev/null); then exec "$folder/$name" stdio; fi
      say failed "$said"
      exit 1 ;;
  esac
done
)sh";

std::vector<std::string> Fields(std::string_view line, std::string_view marker) {
  line.remove_prefix(marker.size());
  return absl::StrSplit(absl::string_view(line.data(), line.size()), absl::MaxSplits('|', 5));
}

}  // namespace

std::vector<std::string> SshCommand(const Vantage& vantage, bool may_ask, bool with_companion) {
  std::vector<std::string> words = {"ssh", "-T", "-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=5", "-o",
                                    may_ask ? "BatchMode=no" : "BatchMode=yes",
                                    // Neither a forward nor a command of the user's configuration belongs to this.
                                    "-o", "ClearAllForwardings=yes", "-o", "RemoteCommand=none"};
  if (vantage.port != 0) words.insert(words.end(), {"-p", std::to_string(vantage.port)});
  words.insert(words.end(), {"--", vantage.host,
                             absl::StrCat("exec sh -c 'version=", PARALLAX_VERSION,
                                          " companion=", with_companion ? kCompanionName : "", kScript, "'")});
  return words;
}

std::optional<Absence> ParseAbsence(std::string_view line) {
  if (!line.starts_with(kAbsentMarker)) return std::nullopt;
  const std::vector<std::string> fields = Fields(line, kAbsentMarker);
  if (fields.size() != 6) return std::nullopt;
  const auto field = [&](size_t i) {
    return contract::Printable(std::string(absl::StripTrailingAsciiWhitespace(fields[i])), 300);
  };
  return Absence{field(0), field(1), field(2), field(3), !fields[4].empty(), field(5)};
}

std::string WhyNotThere(const Absence& absence, const ElfFacts& program) {
  if (absence.system != "Linux") return absl::StrCat("the agent runs on Linux, and this host is ", absence.system);
  const std::string machine = absence.machine == "arm64" ? "aarch64" : absence.machine;
  if (machine != program.machine) {
    return absl::StrCat("the agent here is built for ", program.machine, ", and this host is ", absence.machine);
  }
  if (absence.libc == "musl" && absl::StrContains(program.interpreter, "ld-linux")) {
    return "the agent here needs the GNU C library, and this host has musl";
  }
  return "";
}

}  // namespace parallax::dispatch
