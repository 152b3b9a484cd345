// A home of its own for the real `parallax` program, and words to call it.
#ifndef PARALLAX_TESTS_E2E_CLI_FIXTURE_H_
#define PARALLAX_TESTS_E2E_CLI_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/e2e/child_run.h"

namespace parallax::e2e {

class CliTest : public ::testing::Test {
 protected:
  CliTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "parallax_cli_XXXXXX").string();
    home_ = mkdtemp(pattern.data());
    options_.environment = {{"PATH", "/usr/bin:/bin"}, {"HOME", home_}, {"XDG_STATE_HOME", home_ + "/state"}};
    options_.own_network = true;
  }
  ~CliTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(home_, ignored);
  }

  static std::vector<std::string> Words(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), PARALLAX_PROGRAM);
    return arguments;
  }
  ChildResult Run(const std::vector<std::string>& arguments) const {
    ChildResult result = RunChild(Words(arguments), options_);
    EXPECT_NE(result.exit, kNoNetworkOfOurOwn) << "these tests need a network namespace: root, or user namespaces";
    EXPECT_LT(result.exit, 128 + 1) << "killed: " << result.err;
    return result;
  }
  // A comparison in which nothing is there: an agent inside and one outside, and a port where nobody listens.
  std::vector<std::string> Compare(std::vector<std::string> more = {}) const {
    more.insert(more.begin(),
                {"compare", "tcp://127.0.0.1:1", "--inside", "exec:" PARALLAX_AGENT " stdio", "--repeats", "1"});
    return more;
  }
  std::string Store() const { return home_ + "/state/parallax/runs.db"; }

  static std::string ReadFile(const std::filesystem::path& path) {
    std::stringstream all;
    all << std::ifstream(path, std::ios::binary).rdbuf();
    return all.str();
  }
  static void WriteFile(const std::filesystem::path& path, const std::string& bytes) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
  }
  // Every byte of every file of the home.
  std::string AllFiles() const {
    std::string all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(home_)) {
      if (entry.is_regular_file()) all += ReadFile(entry.path());
    }
    return all;
  }

  std::string home_;
  ChildOptions options_;
};

}  // namespace parallax::e2e

#endif  // PARALLAX_TESTS_E2E_CLI_FIXTURE_H_
