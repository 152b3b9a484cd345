// Where the result goes: stdout, or a file that appears whole or not at all.
//
// One thread at a time.
#ifndef PARALLAX_CONTROLLER_CLI_OUTPUT_H_
#define PARALLAX_CONTROLLER_CLI_OUTPUT_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace parallax::cli {

class Output {
 public:
  // "" is stdout. For a file, what will be written to is opened now: one that cannot be written is an error before
  // anything is started. A device or a pipe is written to as it is.
  static absl::StatusOr<Output> Open(const std::string& path);
  ~Output();
  Output(Output&& other) noexcept;
  Output& operator=(Output&&) = delete;

  // To be called once. A reader of stdout that went away (EPIPE) is no error.
  absl::Status Write(std::string_view bytes);

  bool is_stdout() const { return path_.empty(); }

 private:
  Output() = default;
  std::string path_;
  std::string temporary_;  // "" : written in place
  int fd_ = -1;
};

}  // namespace parallax::cli

#endif  // PARALLAX_CONTROLLER_CLI_OUTPUT_H_
