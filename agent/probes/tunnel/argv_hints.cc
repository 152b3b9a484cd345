#include "agent/probes/tunnel/argv_hints.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string_view>

#include "agent/net/address.h"
#include "agent/net/connection.h"

namespace parallax::probes {
namespace {

constexpr size_t kMaxHints = 8;
// ssh(1): the options that take a value.
constexpr std::string_view kSshOptionsWithValue = "BbcDEeFIiJLlmOoPpRSWw";

bool IsHostName(std::string_view text) {
  if (text.empty() || text.size() > 253 || text.front() == '-' || text.front() == '.') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == '_';
  });
}

std::string_view BaseName(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

// "host", "host:port", "[v6]:port", "user@host", "ssh://user@host:port".
bool ParseHost(std::string_view word, HostPort* to) {
  if (word.starts_with("ssh://")) word.remove_prefix(6);
  if (const size_t at = word.rfind('@'); at != std::string_view::npos) word.remove_prefix(at + 1);
  if (!word.empty() && word.back() == '/') word.remove_suffix(1);
  std::string host(word);
  to->port = 22;
  if (!net::IsNumericAddress(host)) {
    std::string address;
    uint16_t port = 0;
    if (net::SplitHostPort(word, &address, &port)) {
      if (port == 0) return false;
      host = address;
      to->port = port;
    }
  }
  if (!net::IsNumericAddress(host) && !IsHostName(host)) return false;
  to->host = host;
  return true;
}

void Add(const HostPort& hint, std::vector<HostPort>* to) {
  if (to->size() < kMaxHints && std::find(to->begin(), to->end(), hint) == to->end()) to->push_back(hint);
}

void AddBastion(std::string_view word, uint16_t port, ArgvHints* hints) {
  HostPort hint;
  if (!ParseHost(word, &hint) || net::IsLoopbackAddress(hint.host) || net::IsWildcardAddress(hint.host)) return;
  if (hint.host == "localhost") return;
  if (hint.port == 22 && port != 0) hint.port = port;
  Add(hint, &hints->bastions);
}

// "1080" or "127.0.0.1:1080" of ssh -D.
void AddLocal(std::string_view word, ArgvHints* hints) {
  std::string address = "127.0.0.1";
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), port);
  if ((error != std::errc() || end != word.data() + word.size()) && !net::SplitHostPort(word, &address, &port)) return;
  if (port != 0 && net::IsLoopbackAddress(address)) Add({address, port}, &hints->local);
}

void ReadSsh(const std::vector<std::string>& argv, size_t from, ArgvHints* hints) {
  std::string_view destination;
  std::string_view jump;
  uint16_t port = 0;
  for (size_t i = from; i < argv.size(); ++i) {
    std::string_view word = argv[i];
    if (word == "--") continue;
    if (word.size() < 2 || word.front() != '-') {
      destination = word;
      break;  // the rest is a command for the far side
    }
    // Flags may be bundled: "-NfD 1080".
    for (size_t at = 1; at < word.size(); ++at) {
      const char option = word[at];
      if (kSshOptionsWithValue.find(option) == std::string_view::npos) continue;
      std::string_view value = word.substr(at + 1);
      if (value.empty() && i + 1 < argv.size()) value = argv[++i];
      if (option == 'p') std::from_chars(value.data(), value.data() + value.size(), port);
      if (option == 'D') AddLocal(value, hints);
      if (option == 'J') jump = value.substr(0, value.find(','));
      break;
    }
  }
  // Behind a jump host it is the jump host that a TCP connection goes to.
  if (!jump.empty()) AddBastion(jump, 0, hints);
  if (!destination.empty()) AddBastion(destination, port, hints);
}

bool NamesAHost(std::string_view flag) {
  constexpr std::string_view kFlags[] = {"-h",    "--host",       "--bastion", "--bastion-host", "--ssh-host",
                                         "--ssh", "--ssh-server", "--jump",    "--jump-host",    "--hostname"};
  return std::find(std::begin(kFlags), std::end(kFlags), flag) != std::end(kFlags);
}

}  // namespace

bool SpeaksSsh(uint16_t port, const std::string& program) {
  return port % 100 == 22 || program.starts_with("ssh") || program == "autossh" || program == "plink" ||
         program == "dbclient";
}

ArgvHints ReadArgv(const std::vector<std::string>& argv) {
  ArgvHints hints;
  if (argv.empty()) return hints;
  const std::string_view program = BaseName(argv[0]);
  if (program == "ssh" || program == "autossh") {
    ReadSsh(argv, 1, &hints);
    return hints;
  }
  // An interpreter's first word is the script.
  const bool sshuttle =
      std::any_of(argv.begin(), argv.begin() + static_cast<std::ptrdiff_t>(std::min<size_t>(3, argv.size())),
                  [](const std::string& word) { return BaseName(word).starts_with("sshuttle"); });
  for (size_t i = 1; i < argv.size(); ++i) {
    const std::string_view word = argv[i];
    const size_t equals = word.find('=');
    const std::string_view flag = word.substr(0, equals);
    if (NamesAHost(flag) || (sshuttle && (flag == "-r" || flag == "--remote"))) {
      if (equals != std::string_view::npos) {
        AddBastion(word.substr(equals + 1), 0, &hints);
      } else if (i + 1 < argv.size() && !argv[i + 1].starts_with("-")) {
        AddBastion(argv[++i], 0, &hints);
      }
      continue;
    }
    std::string address;
    uint16_t port = 0;
    if (net::SplitHostPort(word, &address, &port) && net::IsLoopbackAddress(address) && port != 0) {
      Add({address, port}, &hints.local);
    } else if (const size_t at = word.find('@');
               at != std::string_view::npos && at > 0 && IsHostName(word.substr(0, at))) {
      AddBastion(word, 0, &hints);
    }
  }
  return hints;
}

}  // namespace parallax::probes
