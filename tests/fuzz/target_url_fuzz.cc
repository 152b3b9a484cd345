// What a user writes as a target, and what stands in the files that psql would look at.
#include <algorithm>
#include <string>

#include "controller/plan/conninfo.h"
#include "controller/plan/target_url.h"
#include "tests/fuzz/fuzzed_stream.h"

namespace {

using parallax::fuzz::Require;
using parallax::plan::Conninfo;
using parallax::plan::Setting;

bool ByName(const Setting& a, const Setting& b) { return a.name < b.name; }

// What is printed of settings parses to the same ones.
void CheckPrinted(Conninfo info) {
  std::sort(info.settings.begin(), info.settings.end(), ByName);
  auto again = parallax::plan::ParseConninfo(parallax::plan::PrintUri(info.settings));
  // A driver's ssl= is read into sslmode on its way in, and a name of the keyword form may be it.
  if (info.Find("ssl") != nullptr) return;
  for (const Setting& setting : info.settings) {
    if (setting.name.find('\0') != std::string::npos || setting.value.find('\0') != std::string::npos) return;
  }
  Require(again.ok());
  std::sort(again->settings.begin(), again->settings.end(), ByName);
  Require(again->settings == info.settings);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view all = parallax::fuzz::View(data, size);
  const size_t end = std::min(all.find('\n'), all.size());
  const std::string_view text = all.substr(0, end);
  const std::string rest(all.substr(std::min(end + 1, all.size())));
  if (const auto info = parallax::plan::ParseConninfo(text); info.ok()) CheckPrinted(*info);
  parallax::plan::Surroundings around;
  around.home = "/home";
  around.read = [&](const std::string&) { return parallax::plan::FileText{true, true, true, rest, ""}; };
  for (const auto& parsed : {parallax::plan::ParseTarget(text, around), parallax::plan::ReadTarget(text)}) {
    if (!parsed.ok()) {
      // The caller shows it on a terminal.
      Require(absl::IsInvalidArgument(parsed.status()));
      continue;
    }
    if (parsed->target.host().empty()) continue;  // only read
    const auto again = parallax::plan::ParseTarget(parsed->target.url());
    Require(again.ok());
    Require(again->target.url() == parsed->target.url());
  }
  return 0;
}
