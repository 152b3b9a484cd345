#include "controller/plan/libpq_files.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "contract/limits.h"

namespace parallax::plan {
namespace {

// Takes a line off the front, without its end.
std::string_view TakeLine(std::string_view* text) {
  const size_t end = text->find('\n');
  std::string_view line = text->substr(0, end);
  text->remove_prefix(end == std::string_view::npos ? text->size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// Takes a field up to an unescaped ':' off the front of a line of the password file, and says whether it fits.
bool TakeFitting(std::string_view* line, std::string_view wanted, bool* more) {
  std::string field;
  bool escaped = false;
  *more = false;
  while (!line->empty() && !*more) {
    char c = line->front();
    line->remove_prefix(1);
    if (c == '\\' && !line->empty()) {
      c = line->front();
      line->remove_prefix(1);
      escaped = true;
    } else if (c == ':') {
      *more = true;
      break;
    }
    field += c;
  }
  return (field == "*" && !escaped) || field == wanted;
}

}  // namespace

absl::StatusOr<std::optional<std::vector<Setting>>> FindService(std::string_view text, const std::string& name,
                                                                const std::string& path) {
  const std::string from =
      absl::StrCat("service ", contract::Printable(name, 60), " of ", contract::Printable(path, 200));
  std::vector<Setting> settings;
  bool found = false;
  for (int number = 1; !text.empty(); ++number) {
    const std::string_view raw = TakeLine(&text);
    const std::string line(absl::StripAsciiWhitespace(absl::string_view(raw.data(), raw.size())));
    if (line.empty() || line.front() == '#') continue;
    if (line.front() == '[') {
      if (found) break;  // the next group
      found = line == absl::StrCat("[", name, "]");
      continue;
    }
    if (!found) continue;
    const auto wrong = [&](std::string_view what) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", number, " of ", contract::Printable(path, 200), " ", std::string(what)));
    };
    if (line.starts_with("ldap"))
      return wrong("asks a directory (LDAP), which is not done here: write host= and port=");
    const size_t equals = line.find('=');
    if (equals == std::string::npos) return wrong("has no '='");
    const std::string key = line.substr(0, equals);
    if (key == "service" || key == "servicefile")
      return wrong("names another service, which libpq does not take either");
    bool known = false;  // libpq keeps the first
    for (const Setting& setting : settings) known |= setting.name == key;
    if (!known) settings.push_back({key, line.substr(equals + 1), from, ""});
  }
  if (!found) return std::optional<std::vector<Setting>>();
  return std::optional(std::move(settings));
}

std::optional<FoundPassword> FindPassword(std::string_view text, const std::string& host, const std::string& port,
                                          const std::string& database, const std::string& user) {
  for (int number = 1; !text.empty(); ++number) {
    std::string_view line = TakeLine(&text);
    if (line.empty() || line.front() == '#') continue;
    bool fits = true;
    bool more = true;
    for (const std::string* wanted : {&host, &port, &database, &user}) {
      const bool this_one = TakeFitting(&line, *wanted, &more);
      fits = fits && this_one && more;
      if (!fits) break;
    }
    if (!fits) continue;
    std::string password;
    for (size_t i = 0; i < line.size() && line[i] != ':'; ++i) {
      if (line[i] == '\\' && i + 1 < line.size()) ++i;
      password += line[i];
    }
    return FoundPassword{password, number};
  }
  return std::nullopt;
}

}  // namespace parallax::plan
