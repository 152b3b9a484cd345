#include "controller/experiment/reader.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "contract/limits.h"
#include "controller/plan/quantities.h"
#include "controller/plan/values.h"

namespace parallax::experiment {
namespace {

constexpr size_t kShown = 80;  // of what a user wrote, in errors
constexpr size_t kMaxTextBytes = 4096;

std::string Quoted(std::string_view text) { return absl::StrCat("'", contract::Printable(text, kShown), "'"); }

std::string KindWords(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull: return "nothing";
    case YamlNode::Kind::kList: return "a list";
    case YamlNode::Kind::kMap: return "a map";
    case YamlNode::Kind::kScalar: break;
  }
  return Quoted(node.text);
}

std::string DidYouMean(const std::string& word, const std::vector<std::string>& known) {
  const std::string near = plan::Nearest(word, known);
  return near.empty() ? "" : absl::StrCat("; did you mean '", near, "'?");
}

}  // namespace

absl::StatusOr<std::string> Reader::Text(const YamlNode& node) const {
  if (!node.is_scalar() || node.text.empty()) {
    return Error(node, absl::StrCat("a text is due here, and here stands ", KindWords(node)));
  }
  if (node.text.size() > kMaxTextBytes) {
    return Error(node, absl::StrCat("this text is of ", node.text.size(), " bytes, at most ", kMaxTextBytes));
  }
  return node.text;
}

absl::StatusOr<std::vector<std::string>> Reader::Texts(const YamlNode& node, size_t max) const {
  std::vector<std::string> texts;
  if (!node.is_list()) {
    auto text = Text(node);
    if (!text.ok()) return text.status();
    return std::vector<std::string>{*std::move(text)};
  }
  if (node.items.size() > max) {
    return Error(node, absl::StrCat("there are ", node.items.size(), " here, at most ", max, " are possible"));
  }
  if (node.items.empty()) return Error(node, "this list is empty");
  for (const YamlNode& item : node.items) {
    auto text = Text(item);
    if (!text.ok()) return text.status();
    texts.push_back(*std::move(text));
  }
  return texts;
}

absl::StatusOr<uint32_t> Reader::Number(const YamlNode& node, uint32_t min, uint32_t max) const {
  uint32_t number = 0;
  const char* end = node.text.data() + node.text.size();
  const auto [stopped, error] = std::from_chars(node.text.data(), end, number);
  if (!node.is_scalar() || node.text.empty() || error != std::errc() || stopped != end || number < min ||
      number > max) {
    return Error(node, absl::StrCat(KindWords(node), " is no whole number from ", min, " to ", max));
  }
  return number;
}

absl::StatusOr<int64_t> Reader::DurationMs(const YamlNode& node, int64_t min_ms, int64_t max_ms) const {
  if (!node.is_scalar()) return Error(node, absl::StrCat(KindWords(node), " is no duration; write 5s, 500ms or 1m"));
  const auto duration = plan::ParseDuration(node.text, min_ms, max_ms);
  if (!duration.ok()) return Error(node, std::string(duration.status().message()));
  return *duration;
}

absl::StatusOr<bool> Reader::Flag(const YamlNode& node) const {
  if (node.is_scalar() && node.text == "true") return true;
  if (node.is_scalar() && node.text == "false") return false;
  return Error(node, absl::StrCat(KindWords(node), " is neither true nor false"));
}

absl::StatusOr<std::string> Reader::OneOf(const YamlNode& node, std::span<const std::string_view> words) const {
  if (node.is_scalar() && std::find(words.begin(), words.end(), node.text) != words.end()) return node.text;
  std::vector<std::string> known;
  for (const std::string_view word : words) known.emplace_back(word);
  return Error(node, absl::StrCat(KindWords(node), " is none of ", absl::StrJoin(known, ", "),
                                  node.is_scalar() ? DidYouMean(node.text, known) : ""));
}

absl::Status Reader::UnknownKey(const YamlNode& key, const std::vector<std::string>& known) const {
  const std::string near = DidYouMean(key.text, known);
  return Error(key,
               absl::StrCat("unknown key ", Quoted(key.text),
                            near.empty() ? absl::StrCat("; the keys here are ", absl::StrJoin(known, ", ")) : near));
}

}  // namespace parallax::experiment
