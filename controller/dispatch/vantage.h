// What a vantage names: which command reaches an agent there. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_DISPATCH_VANTAGE_H_
#define PARALLAX_CONTROLLER_DISPATCH_VANTAGE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace parallax::dispatch {

struct Vantage {
  bool local = false;
  std::vector<std::string> words;  // the command; never empty
  std::string shown;               // as the user wrote it, with the values of FOO_PASSWORD=... and the like as "***"
};

// "local" (`local_agent` stdio) and "exec:COMMAND". InvalidArgument, naming what there is, for anything else.
absl::StatusOr<Vantage> ParseVantage(std::string_view vantage, const std::string& local_agent);

}  // namespace parallax::dispatch

#endif  // PARALLAX_CONTROLLER_DISPATCH_VANTAGE_H_
