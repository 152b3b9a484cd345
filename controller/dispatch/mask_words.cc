#include "controller/dispatch/mask_words.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "contract/secret_names.h"

namespace parallax::dispatch {
namespace {

constexpr std::string_view kMask = "***";
constexpr int kDepth = 4;  // commands in commands
constexpr size_t kLongWord = 32;

// Programs of which a flag's value is a password though the flag's name does not say so. `joined`: it stands in the
// same word, -pX; `apart`: it is the next word.
struct Program {
  std::string_view name;
  std::string_view flag;
  bool joined;
  bool apart;
};
constexpr Program kPrograms[] = {
    {"sshpass", "-p", true, true},        {"mysql", "-p", true, false},        {"mysqldump", "-p", true, false},
    {"mysqladmin", "-p", true, false},    {"mysqlcheck", "-p", true, false},   {"mysqlimport", "-p", true, false},
    {"mysqlshow", "-p", true, false},     {"mysqlsh", "-p", true, false},      {"mycli", "-p", true, true},
    {"mariadb", "-p", true, false},       {"mariadb-dump", "-p", true, false}, {"mariadb-admin", "-p", true, false},
    {"mongo", "-p", true, true},          {"mongosh", "-p", true, true},       {"mongodump", "-p", true, true},
    {"mongorestore", "-p", true, true},   {"mongoexport", "-p", true, true},   {"redis-cli", "-a", false, true},
    {"valkey-cli", "-a", false, true},    {"ldapsearch", "-w", true, true},    {"ldapmodify", "-w", true, true},
    {"sqlcmd", "-P", true, true},         {"bcp", "-P", true, true},           {"mosquitto_pub", "-P", false, true},
    {"mosquitto_sub", "-P", false, true}, {"ipmitool", "-P", false, true},     {"clickhouse-client", "-p", true, true},
    {"curl", "-b", true, true},           {"login", "-p", false, true},        {"doctl", "-t", false, true},
    {"cqlsh", "-p", true, true},          {"isql", "-P", true, true},
};

// Headers that bring no secret; every other may.
constexpr std::string_view kInnocentHeaders[] = {"accept",
                                                 "accept-charset",
                                                 "accept-encoding",
                                                 "accept-language",
                                                 "cache-control",
                                                 "connection",
                                                 "content-type",
                                                 "content-length",
                                                 "content-encoding",
                                                 "date",
                                                 "dnt",
                                                 "expect",
                                                 "host",
                                                 "if-match",
                                                 "if-modified-since",
                                                 "if-none-match",
                                                 "origin",
                                                 "pragma",
                                                 "range",
                                                 "te",
                                                 "traceparent",
                                                 "transfer-encoding",
                                                 "upgrade",
                                                 "user-agent",
                                                 "x-amz-date",
                                                 "x-amz-target",
                                                 "x-forwarded-for",
                                                 "x-forwarded-host",
                                                 "x-forwarded-proto",
                                                 "x-real-ip",
                                                 "x-request-id",
                                                 "x-correlation-id",
                                                 "x-requested-with"};

std::string Lower(std::string_view text) { return absl::AsciiStrToLower(absl::string_view(text.data(), text.size())); }

bool IsQuote(char c) { return c == '\'' || c == '"'; }
bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n'; }

// Where the quote that opens at `at` closes; the text's size when it does not.
size_t ClosingQuote(std::string_view text, size_t at) {
  for (size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '\\' && text[at] == '"') {
      ++i;
    } else if (text[i] == text[at]) {
      return i;
    }
  }
  return text.size();
}

size_t EndOfWord(std::string_view text, size_t at) {
  while (at < text.size() && !IsBlank(text[at])) {
    if (text[at] == '\\') {
      at += 2;
    } else {
      at = IsQuote(text[at]) ? ClosingQuote(text, at) + 1 : at + 1;
    }
  }
  return std::min(at, text.size());
}

// "/usr/bin/mysql" is mysql.
std::string BaseName(std::string_view word) { return std::string(word.substr(word.rfind('/') + 1)); }

// What a word's quotes hold; the word itself where it has none around it.
std::string_view Unquoted(std::string_view word) {
  const bool whole = word.size() > 1 && IsQuote(word[0]) && ClosingQuote(word, 0) == word.size() - 1;
  return whole ? word.substr(1, word.size() - 2) : word;
}

// "me:hunter2" becomes "me:***"; what is no pair stays: `sudo -u postgres`.
std::string WithoutPassword(const std::string& user) {
  const size_t colon = user.find_first_of(":%");
  if (colon == std::string::npos || user.compare(colon, 3, "://") == 0) return user;
  return user.substr(0, colon + 1) + std::string(kMask) + (IsQuote(user[0]) ? user.substr(0, 1) : "");
}

// "'X-Api: hunter2'" becomes "'X-Api: ***'". What is no header, the address behind docker's -H say, stays.
std::string WithoutHeaderValue(const std::string& word) {
  const std::string_view inner = Unquoted(word);
  const size_t colon = inner.find(':');
  if (colon == std::string_view::npos || inner.substr(colon + 1).starts_with("//")) return word;
  const std::string name = Lower(inner.substr(0, colon));
  if (std::find(std::begin(kInnocentHeaders), std::end(kInnocentHeaders), name) != std::end(kInnocentHeaders))
    return word;
  const std::string_view value = inner.substr(colon + 1);
  const bool port = !value.empty() && value.find_first_not_of("0123456789") == std::string_view::npos;
  if (port && (name == "localhost" || name.find('.') != std::string::npos)) return word;
  const std::string quote = inner.size() == word.size() ? "" : word.substr(0, 1);
  const size_t text = value.find_first_not_of(" \t");
  if (text == std::string_view::npos) return word;
  return quote + std::string(inner.substr(0, colon + 1 + text)) + std::string(kMask) + quote;
}

// Long, and of letters of both cases and digits: no name that a person gave. Paths and digests stay.
bool IsRandom(std::string_view word) {
  if (contract::LooksLikeASecret(word)) return true;
  if (word.size() < kLongWord) return false;
  int upper = 0;
  int lower = 0;
  int digits = 0;
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) == 0 && std::string_view("+/=_-").find(c) == std::string_view::npos) return false;
    upper += absl::ascii_isupper(byte) ? 1 : 0;
    lower += absl::ascii_islower(byte) ? 1 : 0;
    digits += absl::ascii_isdigit(byte) ? 1 : 0;
  }
  const bool path =
      word.find('/') != std::string_view::npos && (word[0] == '/' || word.find_first_of("-_") < word.size());
  return upper >= 3 && lower >= 3 && digits >= 3 && !path;
}

// `word`, or what is assigned in it.
std::string WithoutRandom(const std::string& word) {
  const size_t equals = word.find('=');
  if (IsRandom(Unquoted(word))) return std::string(kMask);
  if (equals == std::string::npos || !IsRandom(Unquoted(std::string_view(word).substr(equals + 1)))) return word;
  return word.substr(0, equals + 1) + std::string(kMask);
}

class Words {
 public:
  explicit Words(int depth) : depth_(depth) {}

  std::string Read(const std::string& text) {
    std::string shown;
    for (size_t at = 0; at < text.size();) {
      const size_t begin = std::min(text.find_first_not_of(" \t\n", at), text.size());
      shown.append(text, at, begin - at);
      at = EndOfWord(text, begin);
      if (begin < at) shown += Show(text.substr(begin, at - begin));
    }
    return shown;
  }

 private:
  enum class Next { kAnything, kSecret, kUser, kHeader };

  std::string Show(const std::string& word) {
    const Next next = std::exchange(next_, Next::kAnything);
    const std::string bare(Unquoted(word));
    const bool flag = word[0] == '-' && word != "-" && word != "--";
    if (next == Next::kSecret && !flag) return std::string(kMask);
    if (next == Next::kUser) return WithoutPassword(word);
    if (next == Next::kHeader && !flag) return WithoutHeaderValue(word);
    if (flag) return ShowFlag(word);
    // `vault login TOKEN`, and what redis and mail servers are told: AUTH X.
    if (vault_login_ && word.find('=') == std::string::npos) return std::string(kMask);
    vault_login_ = vault_login_ || (bare == "login" && (Named("vault") || Named("bao")));
    if (bare == "AUTH" || bare == "PASS") next_ = Next::kSecret;
    const std::string name = BaseName(bare);
    for (const Program& program : kPrograms) {
      if (program.name == name) programs_.push_back(&program);
    }
    named_.push_back(name);
    if (word.size() != bare.size() && depth_ > 0 && bare.find_first_of(" \t") != std::string::npos)
      return Inner(word, bare);
    return WithoutRandom(word);
  }

  std::string ShowFlag(const std::string& word) {
    for (const Program* program : programs_) {
      if (!word.starts_with(program->flag)) continue;
      const bool same = word == program->flag;
      if (same && program->apart) next_ = Next::kSecret;
      // -port and --password are flags of their own.
      if (!same && program->joined && !word.starts_with("--") && !IsLongFlag(word))
        return std::string(program->flag) + std::string(kMask);
    }
    for (const std::string_view header : {"--header=", "-H"}) {
      if (word.starts_with(header) && word.size() > header.size())
        return std::string(header) + WithoutHeaderValue(word.substr(header.size()));
    }
    const bool user =
        word.starts_with("--user=") || word.starts_with("--proxy-user=") || (word.starts_with("-u") && word.size() > 2);
    if (user) return WithoutPassword(word);
    if (word == "-H" || word == "--header") {
      next_ = Next::kHeader;
    } else if (word == "-u" || word == "--user" || word == "--proxy-user" || word == "-U") {
      next_ = Next::kUser;
    } else if (word.find('=') == std::string::npos && AnnouncesASecret(word)) {
      next_ = Next::kSecret;
    }
    return WithoutRandom(word);
  }

  // "-port", "-password": flags that some programs write with one dash.
  static bool IsLongFlag(const std::string& word) {
    return word == "-port" || word == "-path" || word == "-print" || word == "-password" || word == "-quiet";
  }

  // Of a quoted command: what it shows, in its quotes.
  std::string Inner(const std::string& word, const std::string& bare) const {
    const bool escapes = word[0] == '"';
    const std::string inside = escapes ? absl::StrReplaceAll(bare, {{"\\\"", "\""}, {"\\\\", "\\"}}) : bare;
    const std::string shown = Words(depth_ - 1).Read(inside);
    if (shown == inside) return word;
    const std::string written = escapes ? absl::StrReplaceAll(shown, {{"\"", "\\\""}, {"\\", "\\\\"}}) : shown;
    return word.substr(0, 1) + written + word.substr(0, 1);
  }

  bool Named(std::string_view name) const { return std::find(named_.begin(), named_.end(), name) != named_.end(); }

  const int depth_;
  Next next_ = Next::kAnything;
  bool vault_login_ = false;
  std::vector<const Program*> programs_;  // named so far
  std::vector<std::string> named_;
};

}  // namespace

bool AnnouncesASecret(std::string_view name) {
  const std::string lower = Lower(name);
  for (const char* end : {"file", "path", "dir", "folder", "stdin"}) {
    if (absl::EndsWith(lower, end)) return false;
  }
  for (const char* hint : {"pass", "secret", "token", "pwd", "credential", "bearer"}) {
    if (absl::StrContains(lower, hint)) return true;
  }
  // At its end only: StrictHostKeyChecking=no and PubkeyAuthentication=no are how the user knows the side.
  for (const char* hint : {"key", "auth", "authorization", "_pw", "-pw", "cookie"}) {
    if (absl::EndsWith(lower, hint)) return true;
  }
  return contract::NamesASecret(name);
}

std::string WithoutSecretWords(const std::string& text) { return Words(kDepth).Read(text); }

}  // namespace parallax::dispatch
