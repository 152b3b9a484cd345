// Every recorded run, put through the rules and the reports again: what was concluded once must not change by accident.
#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "contract/upgrade.h"
#include "controller/diagnose/diagnose.h"
#include "controller/report/golden.h"
#include "controller/report/report.h"

namespace parallax {
namespace {

constexpr char kFolder[] = PARALLAX_SOURCE_DIR "/tests/scenarios";
constexpr std::string_view kRun = ".run.txtpb";

std::string ReadAll(const std::filesystem::path& path) {
  std::stringstream all;
  all << std::ifstream(path, std::ios::binary).rdbuf();
  return all.str();
}

// The names of the cases: files without ".run.txtpb".
std::vector<std::string> Cases() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(kRun)) names.push_back(name.substr(0, name.size() - kRun.size()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

TEST(Replay, ThereAreRecordedRuns) {
  std::cout << Cases().size() << " recorded runs\n";
  EXPECT_GT(Cases().size(), 0U) << "no *.run.txtpb in " << kFolder << ": parallax diagnose RUN --golden " << kFolder;
}

TEST(Replay, EveryExpectationHasItsRun) {
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    const std::string name = entry.path().filename().string();
    constexpr std::string_view kExpect = ".expect.json";
    if (!name.ends_with(kExpect)) continue;
    const std::string run = name.substr(0, name.size() - kExpect.size()) + std::string(kRun);
    EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(kFolder) / run)) << name << " has no " << run;
  }
}

class ReplayCase : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const std::filesystem::path folder = kFolder;
    ASSERT_TRUE(
        google::protobuf::TextFormat::ParseFromString(ReadAll(folder / (GetParam() + std::string(kRun))), &run_));
    contract::Upgrade(&run_);  // as the store does with what it reads
    auto expected = report::ParseExpectation(ReadAll(folder / (GetParam() + ".expect.json")));
    ASSERT_TRUE(expected.ok()) << expected.status();
    expected_ = *std::move(expected);
  }
  v1::Run run_;
  report::Expectation expected_;
};

TEST_P(ReplayCase, SaysTheSame) {
  const v1::Report report = diagnose::MakeReport(run_);
  const report::Expectation now = report::Expect(report);
  EXPECT_EQ(now.status, expected_.status);
  EXPECT_EQ(now.cause, expected_.cause);
  EXPECT_EQ(now.exit_code, expected_.exit_code);
  EXPECT_EQ(now.rungs, expected_.rungs);
}

TEST_P(ReplayCase, IsDrawn) {
  const v1::Report report = diagnose::MakeReport(run_);
  const std::string text = report::Text(run_, report, {});
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto width = std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; });
    EXPECT_LE(width, 80) << line;
  }
  EXPECT_THAT(text, ::testing::HasSubstr(run_.id()));
  EXPECT_THAT(text, ::testing::HasSubstr("VERDICT  "));
  const auto document = nlohmann::json::parse(report::Json(run_, report), nullptr, false);
  ASSERT_FALSE(document.is_discarded());
  EXPECT_EQ(document["verdict"]["cause"], expected_.cause);
  EXPECT_EQ(document["status"], expected_.status);
}

INSTANTIATE_TEST_SUITE_P(Recorded, ReplayCase, ::testing::ValuesIn(Cases()),
                         [](const ::testing::TestParamInfo<std::string>& tested) {
                           std::string name = tested.param;
                           for (char& c : name) {
                             if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
                           }
                           return name;
                         });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ReplayCase);

}  // namespace
}  // namespace parallax
