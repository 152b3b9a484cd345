#include "controller/cli/stored_run.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "contract/limits.h"
#include "contract/regular_file.h"
#include "contract/upgrade.h"
#include "controller/report/html/embedded_run.h"
#include "controller/report/json_message.h"

namespace parallax::cli {

absl::StatusOr<std::unique_ptr<store::RunStore>> OpenForReading(const std::string& store_url) {
  const std::string path = store_url.starts_with("sqlite:") ? store_url.substr(7) : store_url;
  std::error_code ignored;
  // What is no path is for OpenStore to refuse.
  if (!path.empty() && path.find("://") == std::string::npos && path.size() < 4096 &&
      !std::filesystem::exists(path, ignored)) {
    return absl::NotFoundError(absl::StrCat("--store: there is no store at ", contract::Printable(path, 200),
                                            "; name the file that `parallax compare --store` was given"));
  }
  return store::OpenStore(store_url);
}

namespace {

constexpr uintmax_t kMaxFileBytes = 256UL << 20;
constexpr size_t kMaxPageBytes = 32UL << 20;     // of a report; what we write is a hundredth of it
constexpr uintmax_t kMaxJsonBytes = 64UL << 20;  // which takes many times as much while it is read

// An exported run: a path, or at least a name that no id has.
bool IsFile(const std::string& id) {
  return id.find('/') != std::string::npos || id.ends_with(".txtpb") || id.ends_with(".json") || id.ends_with(".html");
}

// What `export --format json` wrote; a report of the same run is not all of it, and has no id.
absl::StatusOr<v1::Run> FromJson(const std::string& text, const std::string& shown) {
  if (text.size() > kMaxJsonBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(shown, " is too large for JSON of a run: export it with --format txtpb"));
  }
  v1::Run run;
  const auto json = nlohmann::ordered_json::parse(text, nullptr, false);
  absl::Status status =
      json.is_discarded() ? absl::InvalidArgumentError("no JSON document") : report::MessageFromJson(json, &run);
  if (status.ok() && run.id().empty()) status = absl::InvalidArgumentError("it has no id");
  if (status.ok()) return run;
  return absl::InvalidArgumentError(absl::StrCat(shown, " is no exported run (", std::string(status.message()),
                                                 "): parallax export RUN --format json --output FILE writes one"));
}

// What `--format html` wrote.
absl::StatusOr<v1::Run> FromPage(const std::string& text, const std::string& shown) {
  if (text.size() > kMaxPageBytes) return absl::InvalidArgumentError(absl::StrCat(shown, " is too large for a report"));
  auto run = report::RunInPage(text, kMaxFileBytes);
  if (run.ok()) return run;
  return absl::InvalidArgumentError(absl::StrCat(shown, ": ", std::string(run.status().message()),
                                                 "; parallax show RUN --format html --output FILE writes one"));
}

absl::StatusOr<v1::Run> ReadFile(const std::string& path) {
  const std::string shown = contract::Printable(path, 200);
  const auto read = contract::ReadRegularFile(path, kMaxFileBytes);
  if (absl::IsOutOfRange(read.status()))
    return absl::InvalidArgumentError(absl::StrCat(shown, " is too large for a run"));
  if (!read.ok()) {
    return absl::NotFoundError(absl::StrCat("cannot read ", shown, " (", std::string(read.status().message()), ")"));
  }
  const std::string& text = *read;
  // A txtpb begins with the name of a field.
  if (text.starts_with('{')) return FromJson(text, shown);
  if (report::LooksLikePage(text)) return FromPage(text, shown);
  v1::Run run;
  // Its own words on stderr would name lines of a format that nobody writes by hand.
  class Quiet final : public google::protobuf::io::ErrorCollector {
   public:
    void AddError(int line, int /*column*/, const std::string& message) override {
      if (first_.empty()) first_ = absl::StrCat("line ", line + 1, ": ", contract::Printable(message, 200));
    }
    const std::string& first() const { return first_; }

   private:
    std::string first_;
  } errors;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  if (!parser.ParseFromString(text, &run)) {
    return absl::InvalidArgumentError(absl::StrCat(shown, " is no exported run (", errors.first(),
                                                   "): parallax export RUN --output FILE writes one"));
  }
  return run;
}

}  // namespace

absl::StatusOr<StoredRun> FetchRun(const std::string& store_url, const std::string& id) {
  // Not repeated: a URL may hold a password.
  if (id.find("://") != std::string::npos) {
    return absl::InvalidArgumentError(
        "RUN is a URL, and must be a run's id, the beginning of one, or 'last' (parallax history lists them)");
  }
  if (IsFile(id)) {
    auto run = ReadFile(id);
    if (!run.ok()) return run.status();
    contract::Upgrade(&*run);
    return StoredRun{nullptr, *std::move(run)};
  }
  auto store = OpenForReading(store_url);
  if (!store.ok()) return store.status();
  auto run = (*store)->Get(id);
  if (!run.ok()) return run.status();
  return StoredRun{*std::move(store), *std::move(run)};
}

}  // namespace parallax::cli
