// YAML as a tree that knows where each of its parts stands. The one place that sees yaml-cpp.
//
// What an experiment needs of YAML and no more: maps, lists and scalars. Anchors, aliases, tags, merge keys, several
// documents and tabs as indentation are refused with their place, so that what is read is what is written, and a small
// file cannot become a large tree. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_EXPERIMENT_YAML_TREE_H_
#define PARALLAX_CONTROLLER_EXPERIMENT_YAML_TREE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace parallax::experiment {

inline constexpr size_t kMaxYamlBytes = 1024 * 1024;
inline constexpr size_t kMaxYamlNodes = 50'000;
inline constexpr size_t kMaxYamlDepth = 16;

struct YamlNode {
  enum class Kind { kNull, kScalar, kList, kMap };

  Kind kind = Kind::kNull;
  std::string text;             // of a scalar
  std::vector<YamlNode> items;  // of a list; of a map the keys and values in turn
  uint32_t line = 0;            // 1-based
  uint32_t column = 0;
  std::string source;  // what was laid over the file, "--set rounds": it has no line there; "" : the file

  bool is_map() const { return kind == Kind::kMap; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_scalar() const { return kind == Kind::kScalar; }
  // The value of `key` in a map; nullptr when there is none.
  const YamlNode* Find(std::string_view key) const;
};

// InvalidArgument "FILE:LINE:COLUMN: what is wrong; what to write".
absl::StatusOr<YamlNode> ParseYaml(std::string_view text, const std::string& file);

// An error at that node, in the same form; "--set rounds: what is wrong" where it does not come from the file.
absl::Status ErrorAt(const YamlNode& node, const std::string& file, std::string_view what);

// Puts `value` at a path of keys ("sides.inside"), over what is there; maps on the way are made. It and what is made
// have their place in `source`. InvalidArgument when something on the way is no map.
absl::Status SetAt(YamlNode* root, std::string_view path, YamlNode value, const std::string& source);

}  // namespace parallax::experiment

#endif  // PARALLAX_CONTROLLER_EXPERIMENT_YAML_TREE_H_
