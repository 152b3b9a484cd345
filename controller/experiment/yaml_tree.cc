#include "controller/experiment/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "contract/limits.h"

namespace parallax::experiment {
namespace {

constexpr size_t kShown = 60;  // of a key or value, in errors

std::string Place(const std::string& file, uint32_t line, uint32_t column) {
  return line == 0 ? file : absl::StrCat(file, ":", line, ":", column);
}

// Thrown through yaml-cpp, which has no other way to be stopped.
struct Refused {
  YAML::Mark mark;
  std::string what;
};

class TreeBuilder final : public YAML::EventHandler {
 public:
  YamlNode Take() { return std::move(root_); }
  bool any() const { return any_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (any_) throw Refused{mark, "a second document begins: an experiment is one file with one document"};
    any_ = true;
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    RefuseAnchor(mark, anchor);
    Add(mark, YamlNode::Kind::kNull);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    throw Refused{mark, "an alias (*name) stands here: anchors and aliases are not used in experiments, write it out"};
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    RefuseAnchor(mark, anchor);
    RefuseTag(mark, tag);
    RefuseBrokenText(mark, value);
    YamlNode& node = Add(mark, YamlNode::Kind::kScalar);
    node.text = value;
    if (value == "<<" && IsKey()) throw Refused{mark, "'<<' merges another map here: write its keys out"};
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    RefuseAnchor(mark, anchor);
    RefuseTag(mark, tag);
    Enter(mark, YamlNode::Kind::kList);
  }
  void OnSequenceEnd() override { open_.pop_back(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    RefuseAnchor(mark, anchor);
    RefuseTag(mark, tag);
    Enter(mark, YamlNode::Kind::kMap);
  }
  void OnMapEnd() override { open_.pop_back(); }

 private:
  static void RefuseAnchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor == 0) return;
    throw Refused{mark, "an anchor (&name) stands here: anchors and aliases are not used in experiments, write it out"};
  }
  static void RefuseTag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    throw Refused{mark, "a tag (!name) stands here: values need none"};
  }

  // yaml-cpp lets bytes through that are no UTF-8, and a message with such a string cannot be read back.
  static void RefuseBrokenText(const YAML::Mark& mark, std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c >= 0 && c < ' '; }, ' ');  // line breaks and tabs
    if (contract::Printable(text, text.size()) == text) return;
    throw Refused{mark, "a character that is not UTF-8 or cannot be printed: save the file as UTF-8"};
  }

  // Was the node that has just been added a key of a map?
  bool IsKey() const { return !open_.empty() && open_.back()->is_map() && open_.back()->items.size() % 2 == 1; }

  YamlNode& Add(const YAML::Mark& mark, YamlNode::Kind kind) {
    if (++count_ > kMaxYamlNodes) {
      throw Refused{mark, absl::StrCat("there are more than ", kMaxYamlNodes, " values up to here: split the file")};
    }
    YamlNode* node = &root_;
    if (!open_.empty()) {
      YamlNode& parent = *open_.back();
      const bool key = parent.is_map() && parent.items.size() % 2 == 0;
      if (key && kind != YamlNode::Kind::kScalar) throw Refused{mark, "a key is a word, and here is none"};
      node = &parent.items.emplace_back();
    }
    node->kind = kind;
    node->line = static_cast<uint32_t>(mark.line + 1);
    node->column = static_cast<uint32_t>(mark.column + 1);
    return *node;
  }

  // Only the innermost list or map grows, so pointers to those around it stay valid.
  void Enter(const YAML::Mark& mark, YamlNode::Kind kind) {
    if (open_.size() >= kMaxYamlDepth) {
      throw Refused{mark, absl::StrCat("this is nested more than ", kMaxYamlDepth, " deep")};
    }
    open_.push_back(&Add(mark, kind));
  }

  YamlNode root_;
  std::vector<YamlNode*> open_;
  size_t count_ = 0;
  bool any_ = false;
};

// Keys that stand twice in one map: the later one would silently win.
absl::Status CheckKeys(const YamlNode& node, const std::string& file) {
  if (node.is_map()) {
    std::vector<std::pair<std::string_view, const YamlNode*>> keys;
    for (size_t i = 0; i < node.items.size(); i += 2) keys.emplace_back(node.items[i].text, &node.items[i]);
    std::stable_sort(keys.begin(), keys.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (size_t i = 1; i < keys.size(); ++i) {
      if (keys[i].first != keys[i - 1].first) continue;
      return ErrorAt(*keys[i].second, file,
                     absl::StrCat("'", contract::Printable(keys[i].first, kShown), "' stands twice, first in line ",
                                  keys[i - 1].second->line));
    }
  }
  for (const YamlNode& item : node.items) {
    if (absl::Status status = CheckKeys(item, file); !status.ok()) return status;
  }
  return absl::OkStatus();
}

void MoveTo(const std::string& source, YamlNode* node) {
  node->line = 0;
  node->column = 0;
  node->source = source;
  for (YamlNode& item : node->items) MoveTo(source, &item);
}

// yaml-cpp's own words for a tab are about tokens.
absl::Status CheckTabs(std::string_view text, const std::string& file) {
  uint32_t line = 1;
  while (!text.empty()) {
    const std::string_view row = text.substr(0, text.find('\n'));
    const size_t first = row.find_first_not_of(' ');
    if (first != std::string_view::npos && row[first] == '\t' &&
        row.find_first_not_of(" \t") != std::string_view::npos) {
      return absl::InvalidArgumentError(absl::StrCat(Place(file, line, static_cast<uint32_t>(first + 1)),
                                                     ": a tab indents this line: YAML takes spaces only"));
    }
    text.remove_prefix(std::min(text.size(), row.size() + 1));
    ++line;
  }
  return absl::OkStatus();
}

}  // namespace

const YamlNode* YamlNode::Find(std::string_view key) const {
  if (!is_map()) return nullptr;
  for (size_t i = 0; i + 1 < items.size(); i += 2) {
    if (items[i].text == key) return &items[i + 1];
  }
  return nullptr;
}

absl::Status ErrorAt(const YamlNode& node, const std::string& file, std::string_view what) {
  const std::string place = node.source.empty() ? Place(file, node.line, node.column) : node.source;
  return absl::InvalidArgumentError(absl::StrCat(place, ": ", std::string(what)));
}

absl::StatusOr<YamlNode> ParseYaml(std::string_view text, const std::string& file) {
  if (text.size() > kMaxYamlBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(file, ": ", text.size(), " bytes, an experiment has at most ", kMaxYamlBytes));
  }
  if (text.find('\0') != std::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat(file, ": it holds a NUL byte: is it text, in UTF-8?"));
  }
  if (absl::Status status = CheckTabs(text, file); !status.ok()) return status;
  std::istringstream stream{std::string(text)};
  TreeBuilder builder;
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Refused& refused) {
    return absl::InvalidArgumentError(absl::StrCat(
        Place(file, static_cast<uint32_t>(refused.mark.line + 1), static_cast<uint32_t>(refused.mark.column + 1)), ": ",
        refused.what));
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(absl::StrCat(
        Place(file, static_cast<uint32_t>(error.mark.line + 1), static_cast<uint32_t>(error.mark.column + 1)),
        ": this is no YAML: ", contract::Printable(error.msg, 200)));
  }
  YamlNode root = builder.Take();
  if (!builder.any()) root.kind = YamlNode::Kind::kNull;
  if (absl::Status status = CheckKeys(root, file); !status.ok()) return status;
  return root;
}

absl::Status SetAt(YamlNode* root, std::string_view path, YamlNode value, const std::string& source) {
  MoveTo(source, &value);
  YamlNode* at = root;
  for (std::string_view rest = path;;) {
    const std::string_view key = rest.substr(0, rest.find('.'));
    if (key.empty()) return absl::InvalidArgumentError("a key is missing: write KEY=VALUE, as in sides.inside=local");
    if (at->kind == YamlNode::Kind::kNull) at->kind = YamlNode::Kind::kMap;
    if (!at->is_map()) {
      return absl::InvalidArgumentError(
          absl::StrCat("what stands before '", contract::Printable(key, kShown), "' in it is no map"));
    }
    YamlNode* next = nullptr;
    for (size_t i = 0; i + 1 < at->items.size(); i += 2) {
      if (at->items[i].text == key) next = &at->items[i + 1];
    }
    if (next == nullptr) {
      YamlNode& word = at->items.emplace_back();
      word.kind = YamlNode::Kind::kScalar;
      word.text = std::string(key);
      word.source = source;
      next = &at->items.emplace_back();
      next->source = source;
    }
    at = next;
    if (key.size() == rest.size()) break;
    rest.remove_prefix(key.size() + 1);
  }
  *at = std::move(value);
  return absl::OkStatus();
}

}  // namespace parallax::experiment
