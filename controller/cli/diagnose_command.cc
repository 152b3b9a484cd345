#include <google/protobuf/text_format.h>

#include <filesystem>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "contract/limits.h"
#include "contract/names.h"
#include "controller/cli/commands.h"
#include "controller/cli/say.h"
#include "controller/cli/stored_run.h"
#include "controller/diagnose/diagnose.h"
#include "controller/report/golden.h"

namespace parallax::cli {
namespace {

constexpr size_t kMaxName = 100;

bool IsNameByte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.';
}

// "tunnel-carrier-dead-7f3a00c0ffee".
std::string NameOf(const v1::Run& run, const report::Expectation& expectation) {
  std::string name = absl::StrCat(expectation.cause.empty() ? expectation.status : expectation.cause, "-", run.id());
  for (char& c : name) {
    if (!IsNameByte(c) || c == '.') c = '-';
  }
  return name;
}

absl::Status WriteFile(const std::filesystem::path& path, const std::string& bytes) {
  auto file = Output::Open(path.string());
  if (!file.ok()) return file.status();
  return file->Write(bytes);
}

absl::Status WriteGolden(const DiagnoseFlags& flags, const v1::Run& run, const v1::Report& report) {
  const report::Expectation expectation = report::Expect(report);
  const std::string name = flags.name.empty() ? NameOf(run, expectation) : flags.name;
  if (name.size() > kMaxName || !std::all_of(name.begin(), name.end(), IsNameByte) || name.starts_with('.')) {
    return absl::InvalidArgumentError(
        absl::StrCat("--name: '", contract::Printable(name, 80),
                     "' is no name of a file: letters, digits, '-', '_' and '.', at most ", kMaxName));
  }
  std::error_code failed;
  std::filesystem::create_directories(flags.golden, failed);
  if (failed) {
    return absl::InvalidArgumentError(absl::StrCat("--golden: cannot make the folder ",
                                                   contract::Printable(flags.golden, 200), " (", failed.message(),
                                                   "): name one that you may write to"));
  }
  std::string text;
  google::protobuf::TextFormat::PrintToString(run, &text);
  const std::filesystem::path folder = flags.golden;
  for (const auto& [suffix, bytes] :
       {std::pair(".run.txtpb", text), std::pair(".expect.json", report::ExpectationJson(expectation))}) {
    if (const auto status = WriteFile(folder / (name + suffix), bytes); !status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("--golden: ", std::string(status.message())));
    }
  }
  return absl::OkStatus();
}

}  // namespace

int Diagnose(const DiagnoseFlags& flags) {
  auto output = Output::Open(flags.form.output);
  if (!output.ok()) return UsageError(std::string(output.status().message()));
  const auto stored = FetchRun(flags.store, flags.run);
  if (!stored.ok()) return UsageError(std::string(stored.status().message()));
  const v1::Report report = diagnose::MakeReport(stored->run);
  if (!flags.golden.empty()) {
    if (const auto status = WriteGolden(flags, stored->run, report); !status.ok())
      return UsageError(std::string(status.message()));
  }
  const auto status = Render(stored->run, report, flags.form, *output);
  // The rules may have learned since the run was stored: history shows what they say now.
  const report::Expectation now = report::Expect(report);
  if (const auto kept =
          stored->store == nullptr ? absl::OkStatus() : stored->store->Put(stored->run, now.status, now.cause);
      !kept.ok()) {
    Warn(absl::StrCat("what history shows of this run stays as it was: ", std::string(kept.message())));
  }
  if (!status.ok()) return UsageError(std::string(status.message()));
  return diagnose::ExitCode(report);
}

}  // namespace parallax::cli
