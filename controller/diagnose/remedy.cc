#include "controller/diagnose/remedy.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "controller/compare/words.h"

namespace parallax::diagnose {
namespace {

constexpr char kHealthUrl[] = "health_url";
constexpr char kScheme[] = "scheme";

// What a remote side said may end up in a command that a tired person pastes: only what a host, a name or a number
// needs.
bool IsSafe(const std::string& name, const std::string& text) {
  if (name == kHealthUrl) return text.find('\'') == std::string::npos;  // as the user wrote it; it stands in quotes
  const bool safe = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_' || c == ':' || c == '@';
  });
  return safe && text[0] != '-';
}

std::string Capital(std::string word) {
  if (!word.empty()) word[0] = absl::ascii_toupper(static_cast<unsigned char>(word[0]));
  return word;
}

// Where beyond the subject's way the target stands.
std::string Where(const View& view) {
  if (view.subject == nullptr || !HasTunnel(*view.subject)) return "on the way to it";
  const std::string bastion = Bastion(*view.subject);
  return bastion.empty() ? "beyond the bastion" : absl::StrCat("beyond the bastion ", bastion);
}

constexpr std::pair<std::string_view, RemedyFor> kGuards[] = {{"{postgres}", RemedyFor::kPostgres},
                                                              {"{others}", RemedyFor::kOthers}};

// Fills the {names} of one text; nullopt when a name has no value. A brace that opens no name stays.
template <typename Fits>
std::optional<std::string> Fill(std::string_view text, const Words& values, Fits fits) {
  std::string filled;
  while (true) {
    const size_t open = text.find('{');
    const size_t close = open == std::string_view::npos ? open : text.find('}', open);
    if (close == std::string_view::npos) break;
    filled += text.substr(0, open);
    const auto value = values.find(text.substr(open + 1, close - open - 1));
    if (value == values.end() || value->second.empty() || !fits(value->first, value->second)) return std::nullopt;
    filled += value->second;
    text.remove_prefix(close + 1);
  }
  return filled + std::string(text);
}

}  // namespace

Words ValuesOf(const View& view) {
  const v1::Target& target = view.comparison.target();
  Words values;
  values[kScheme] = target.scheme();
  values["run"] = view.comparison.run();
  values["host"] = target.host();
  values["port"] = target.port() > 0 ? absl::StrCat(target.port()) : "";
  values["user"] = target.user();
  values["database"] = target.database();
  values["ssl_mode"] = target.ssl_mode();
  values["https"] = target.scheme() == "https" ? "https" : "";
  values["subject"] = view.subject_name;
  values["reference"] = view.reference_name;
  values["Subject"] = Capital(view.subject_name);
  values["Reference"] = Capital(view.reference_name);
  values["where"] = Where(view);
  if (view.pair != nullptr) {
    values["address"] = view.pair->address();
    values["endpoint"] = compare::HostPort(view.pair->address(), view.pair->port());
  }
  if (view.subject == nullptr) return values;
  const std::string bastion = Bastion(*view.subject);
  const size_t colon = bastion.rfind(':');
  values["bastion"] = bastion;
  values["bastion_host"] = bastion.substr(0, colon);
  values["bastion_port"] = colon == std::string::npos ? "" : bastion.substr(colon + 1);
  const v1::CarrierDetails& carrier = view.subject->carrier();
  values["interface"] = carrier.kind() == v1::TUN ? carrier.interface() : "";
  values["holder"] = HolderWords(*view.subject);
  values["way_out"] = view.subject->route().interface();
  return values;
}

std::vector<RemedyLine> RemedyLines(std::string_view remedy) {
  std::vector<RemedyLine> lines;
  while (!remedy.empty()) {
    const size_t end = remedy.find('\n');
    RemedyLine line{RemedyFor::kAny, remedy.substr(0, end)};
    remedy.remove_prefix(end == std::string_view::npos ? remedy.size() : end + 1);
    for (const auto& [guard, target] : kGuards) {
      if (!line.text.starts_with(guard)) continue;
      line.target = target;
      line.text.remove_prefix(guard.size());
    }
    lines.push_back(line);
  }
  return lines;
}

std::vector<std::string> FillRemedy(std::string_view remedy, const Words& values) {
  const auto scheme = values.find(kScheme);
  const bool postgres = scheme != values.end() && scheme->second == "postgres";
  std::vector<std::string> lines;
  for (const RemedyLine& line : RemedyLines(remedy)) {
    if (line.target == (postgres ? RemedyFor::kOthers : RemedyFor::kPostgres)) continue;
    if (auto filled = Fill(line.text, values, &IsSafe)) lines.push_back(*std::move(filled));
  }
  return lines;
}

std::vector<std::string> FillRemedy(std::string_view remedy, const v1::Comparison& comparison) {
  return FillRemedy(remedy, ValuesOf(ReadView(comparison)));
}

std::string FillSentence(std::string_view sentence, const Words& values) {
  const auto any = [](const std::string&, const std::string&) { return true; };
  std::string filled;
  while (!sentence.empty()) {
    const size_t open = sentence.find('[');
    const size_t close = open == std::string_view::npos ? open : sentence.find(']', open);
    filled += Fill(sentence.substr(0, close == std::string_view::npos ? close : open), values, any).value_or("");
    if (close == std::string_view::npos) break;
    filled += Fill(sentence.substr(open + 1, close - open - 1), values, any).value_or("");
    sentence.remove_prefix(close + 1);
  }
  return filled;
}

}  // namespace parallax::diagnose
