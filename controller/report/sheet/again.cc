#include "controller/report/sheet/again.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "parallax/v1/plan.pb.h"

namespace parallax::report {
namespace {

std::string Quoted(const std::string& word) {
  const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("/._-:=+,@%[]").find(c) != std::string_view::npos;
  });
  return plain ? word : absl::StrCat("'", absl::StrReplaceAll(word, {{"'", "'\\''"}}), "'");
}

// Of the first probe that names one.
std::string PasswordFrom(const v1::Run& run) {
  for (const v1::Phase& phase : run.phases()) {
    v1::Plan plan;
    if (!plan.ParseFromString(phase.plan_bytes())) continue;
    for (const v1::ProbeSpec& probe : plan.probes()) {
      const std::string& ref = probe.has_postgres() ? probe.postgres().password().ref()
                               : probe.has_sql()    ? probe.sql().password().ref()
                                                    : probe.http().bearer().ref();
      // One of the controller's own is known to it by another way than this flag.
      if (!ref.empty() && !ref.starts_with("controller:")) return ref;
    }
  }
  return "";
}

}  // namespace

std::string CommandAgain(const v1::Run& run) {
  const bool alone = run.sides_size() == 1;
  std::string command = alone ? "parallax probe" : "parallax compare";
  for (const v1::Target& target : run.targets()) absl::StrAppend(&command, " ", Quoted(target.url()));
  for (const v1::Side& side : run.sides()) {
    const std::string& vantage = side.health_url().empty() ? side.vantage() : side.health_url();
    if (alone) {
      absl::StrAppend(&command, " --from ", Quoted(vantage));
    } else if (side.name() == "inside") {
      absl::StrAppend(&command, " --inside ", Quoted(vantage));
    } else if (side.name() == "outside") {
      if (vantage != "local") absl::StrAppend(&command, " --outside ", Quoted(vantage));
    } else {
      absl::StrAppend(&command, " --witness ", Quoted(absl::StrCat(side.name(), "=", vantage)));
    }
    for (const v1::ConnectTo& map : side.connect_to()) {
      absl::StrAppend(
          &command, " --connect-to ",
          Quoted(absl::StrCat(side.name(), ":", map.host(), ":", map.port(), ":", map.to_host(), ":", map.to_port())));
    }
  }
  const std::string password = PasswordFrom(run);
  if (!password.empty()) absl::StrAppend(&command, " --password-from ", Quoted(password));
  return command;
}

}  // namespace parallax::report
