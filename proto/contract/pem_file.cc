#include "contract/pem_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "contract/limits.h"

namespace parallax::contract {

absl::StatusOr<PemFile> ReadPemFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string why = file ? "it holds nothing" : strerror(errno);
  std::stringstream bytes;
  // A folder opens like a file, and gives nothing.
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    why = "it is a directory; name one PEM file";
  } else if (file && bytes << file.rdbuf()) {
    return PemFile{path, std::move(bytes).str()};
  }
  return absl::NotFoundError(absl::StrCat("cannot read '", Printable(path, 200), "': ", why));
}

}  // namespace parallax::contract
