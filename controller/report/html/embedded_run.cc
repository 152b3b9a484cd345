#include "controller/report/html/embedded_run.h"

#include <google/protobuf/io/gzip_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <climits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "contract/digest.h"

namespace parallax::report {
namespace {

using google::protobuf::io::ArrayInputStream;
using google::protobuf::io::GzipInputStream;
using google::protobuf::io::GzipOutputStream;
using google::protobuf::io::StringOutputStream;

// What stands between `name="` and the next quote, after `from`; "" when it is not there.
std::string_view ValueOf(std::string_view element, std::string_view name) {
  const std::string start = absl::StrCat(std::string(name), "=\"");
  const size_t begin = element.find(start);
  if (begin == std::string_view::npos) return "";
  const size_t end = element.find('"', begin + start.size());
  if (end == std::string_view::npos) return "";
  return element.substr(begin + start.size(), end - begin - start.size());
}

// At most `max_bytes`: a small file may unpack to a very large one.
absl::StatusOr<std::string> Unpack(const std::string& packed, size_t max_bytes) {
  ArrayInputStream in(packed.data(), static_cast<int>(packed.size()));
  GzipInputStream gzip(&in, GzipInputStream::GZIP);
  std::string bytes;
  const void* data = nullptr;
  int size = 0;
  while (gzip.Next(&data, &size)) {
    if (bytes.size() + static_cast<size_t>(size) > max_bytes) {
      return absl::InvalidArgumentError("the run in it is too large");
    }
    bytes.append(static_cast<const char*>(data), static_cast<size_t>(size));
  }
  return bytes;
}

}  // namespace

PackedRun PackRun(const v1::Run& run) {
  std::string packed;
  {
    StringOutputStream out(&packed);
    GzipOutputStream::Options options;
    options.compression_level = 9;
    GzipOutputStream gzip(&out, options);
    run.SerializeToZeroCopyStream(&gzip);
    gzip.Close();
  }
  return {absl::Base64Escape(packed), contract::Digest(packed)};
}

bool LooksLikePage(std::string_view text) {
  constexpr std::string_view kStart = "<!doctype html";
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return false;
  const std::string start(text.substr(begin, kStart.size()));
  return absl::AsciiStrToLower(start) == kStart;
}

absl::StatusOr<v1::Run> RunInPage(std::string_view page, size_t max_bytes) {
  const size_t id = page.find(absl::StrCat("id=\"", kRunElement, "\""));
  if (id == std::string_view::npos) {
    return absl::InvalidArgumentError("the page holds no run: it is no report of parallax, or it was cut");
  }
  const std::string_view element = page.substr(id, page.find('>', id) - id);
  std::string packed;
  const std::string base64(ValueOf(element, " value"));
  if (base64.empty() || !absl::Base64Unescape(base64, &packed) || packed.size() > INT_MAX ||
      contract::Digest(packed) != ValueOf(element, "data-sha256")) {
    return absl::InvalidArgumentError("the run in the page is damaged: it was cut, or written by something else");
  }
  auto bytes = Unpack(packed, max_bytes);
  if (!bytes.ok()) return bytes.status();
  v1::Run run;
  if (!run.ParseFromString(*bytes)) return absl::InvalidArgumentError("what the page holds is no run");
  if (run.id().empty()) return absl::InvalidArgumentError("the run in the page has no id");
  return run;
}

}  // namespace parallax::report
