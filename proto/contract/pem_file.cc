#include "contract/pem_file.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "contract/limits.h"
#include "contract/regular_file.h"

namespace parallax::contract {
namespace {

constexpr size_t kMaxBytes = 8 * 1024 * 1024;  // a system's bundle of all authorities has a quarter of one

}  // namespace

absl::StatusOr<PemFile> ReadPemFile(const std::string& path) {
  auto bytes = ReadRegularFile(path, kMaxBytes);
  if (bytes.ok() && !bytes->empty()) return PemFile{path, *std::move(bytes)};
  std::string why = bytes.ok() ? "it holds nothing" : std::string(bytes.status().message());
  if (absl::IsFailedPrecondition(bytes.status())) why += "; name one PEM file";
  return absl::NotFoundError(absl::StrCat("cannot read '", Printable(path, 200), "': ", why));
}

}  // namespace parallax::contract
