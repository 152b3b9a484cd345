// parallax-bench: measures the programs of this build against others, in one run, and prints one table.
// Ends with 0 when everything could be measured, met or not, and with 1 when something could not.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "tests/bench/rows.h"

namespace parallax::bench {
namespace {

struct Group {
  const char* name;
  Rows (*measure)(const Setting&);
};
constexpr Group kGroups[] = {
    {"fidelity", Fidelity}, {"rate", Rate}, {"memory", Memory}, {"postgres", Postgres}, {"start", Start},
};

int Main(int argc, char** argv) {
  Setting setting;
  setting.blackbox = "/usr/bin/prometheus-blackbox-exporter";
  std::vector<std::string> wanted;
  std::string programs;
  bool json = false;
  CLI::App app("Measures parallax against other programs.", "parallax-bench");
  app.add_option("--bin", programs, "The folder of parallax and parallax-agent")->required();
  app.add_option("--blackbox", setting.blackbox, "blackbox_exporter")->capture_default_str();
  app.add_option("--rounds", setting.rounds, "How often the contestants take turns")->check(CLI::Range(1, 100));
  app.add_flag("--json", json, "Print JSON");
  app.add_option("ROWS", wanted, "fidelity, rate, memory, postgres, start; all when none is named");
  CLI11_PARSE(app, argc, argv);
  setting.agent = programs + "/parallax-agent";
  setting.parallax = programs + "/parallax";
  char folder[] = "/tmp/parallax-bench-XXXXXX";
  if (mkdtemp(folder) == nullptr) {
    std::perror("parallax-bench: no folder under /tmp");
    return 1;
  }
  setting.folder = folder;

  std::vector<Row> rows;
  bool whole = true;
  for (const Group& group : kGroups) {
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), group.name) == wanted.end()) continue;
    std::cerr << "measuring " << group.name << "\n";
    if (const Rows measured = group.measure(setting); measured.ok()) {
      rows.insert(rows.end(), measured->begin(), measured->end());
    } else {
      std::cerr << "parallax-bench: " << group.name << ": " << measured.status().message() << "\n";
      whole = false;
    }
  }
  std::cout << (json ? Json(rows) : Text(rows));
  std::error_code error;
  if (whole) std::filesystem::remove_all(setting.folder, error);
  return whole ? 0 : 1;
}

}  // namespace
}  // namespace parallax::bench

int main(int argc, char** argv) { return parallax::bench::Main(argc, argv); }
