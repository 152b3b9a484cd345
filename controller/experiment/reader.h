// Reads values of one kind out of a YAML tree; errors say where and what is right. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_EXPERIMENT_READER_H_
#define PARALLAX_CONTROLLER_EXPERIMENT_READER_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/experiment/yaml_tree.h"

namespace parallax::experiment {

class Reader {
 public:
  explicit Reader(std::string file) : file_(std::move(file)) {}

  absl::Status Error(const YamlNode& node, std::string_view what) const { return ErrorAt(node, file_, what); }

  // One line of text, not empty.
  absl::StatusOr<std::string> Text(const YamlNode& node) const;
  // A list of texts; a single text is a list of one.
  absl::StatusOr<std::vector<std::string>> Texts(const YamlNode& node, size_t max) const;
  absl::StatusOr<uint32_t> Number(const YamlNode& node, uint32_t min, uint32_t max) const;
  absl::StatusOr<int64_t> DurationMs(const YamlNode& node, int64_t min_ms, int64_t max_ms) const;
  absl::StatusOr<bool> Flag(const YamlNode& node) const;
  // One of `words`; an error names the nearest.
  absl::StatusOr<std::string> OneOf(const YamlNode& node, std::span<const std::string_view> words) const;

  // "unknown key 'targts'; did you mean 'targets'? ...": at the key's own place.
  absl::Status UnknownKey(const YamlNode& key, const std::vector<std::string>& known) const;

 private:
  const std::string file_;
};

}  // namespace parallax::experiment

#endif  // PARALLAX_CONTROLLER_EXPERIMENT_READER_H_
