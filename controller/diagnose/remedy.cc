#include "controller/diagnose/remedy.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/diagnose/facts.h"

namespace parallax::diagnose {
namespace {

// What a remote side said may end up in a command that a tired person pastes: only what a host, a name or a number
// needs.
std::string SafeWord(const std::string& text) {
  const bool safe = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_' || c == ':' || c == '@';
  });
  return safe && !text.empty() && text[0] != '-' ? text : "";
}

std::map<std::string, std::string, std::less<>> ValuesOf(const v1::Comparison& comparison) {
  const Facts facts = Read(comparison);
  const v1::Target& target = comparison.target();
  std::map<std::string, std::string, std::less<>> values;
  values["run"] = comparison.run();
  values["host"] = target.host();
  values["port"] = target.port() > 0 ? absl::StrCat(target.port()) : "";
  values["user"] = target.user();
  values["database"] = target.database();
  values["address"] = facts.pair == nullptr ? "" : facts.pair->address();
  if (facts.outside != nullptr) {
    const std::string bastion = Bastion(*facts.outside);
    const size_t colon = bastion.rfind(':');
    values["bastion_host"] = bastion.substr(0, colon);
    values["bastion_port"] = colon == std::string::npos ? "" : bastion.substr(colon + 1);
    const v1::CarrierDetails& carrier = facts.outside->carrier();
    values["interface"] = carrier.kind() == v1::TUN ? carrier.interface() : "";
  }
  for (auto& [name, value] : values) value = SafeWord(value);
  return values;
}

constexpr std::pair<std::string_view, RemedyFor> kGuards[] = {{"{postgres}", RemedyFor::kPostgres},
                                                              {"{others}", RemedyFor::kOthers}};

}  // namespace

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

std::vector<std::string> FillRemedy(std::string_view remedy, const v1::Comparison& comparison) {
  const auto values = ValuesOf(comparison);
  const RemedyFor other = comparison.target().scheme() == "postgres" ? RemedyFor::kOthers : RemedyFor::kPostgres;
  std::vector<std::string> lines;
  for (const RemedyLine& of_all : RemedyLines(remedy)) {
    if (of_all.target == other) continue;
    std::string_view line = of_all.text;
    std::string filled;
    bool whole = true;
    while (!line.empty()) {
      const size_t open = line.find('{');
      const size_t close = line.find('}', open == std::string_view::npos ? 0 : open);
      if (open == std::string_view::npos || close == std::string_view::npos) break;
      filled += line.substr(0, open);
      const auto value = values.find(line.substr(open + 1, close - open - 1));
      whole = whole && value != values.end() && !value->second.empty();
      if (whole) filled += value->second;
      line.remove_prefix(close + 1);
    }
    if (whole) lines.push_back(filled + std::string(line));
  }
  return lines;
}

}  // namespace parallax::diagnose
