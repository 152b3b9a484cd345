// Without points: what goes on around the runs.
#include "controller/conduct/experiment_run.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"

namespace parallax::conduct {
namespace {

using ::testing::HasSubstr;

class ExperimentRunTest : public ::testing::Test {
 protected:
  ExperimentRunTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "parallax_run_XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    experiment_.set_rounds(1);
  }
  ~ExperimentRunTest() override { std::filesystem::remove_all(folder_); }

  static void Add(const std::string& command, google::protobuf::RepeatedPtrField<v1::ExperimentStep>* steps) {
    v1::ExperimentStep* step = steps->Add();
    step->set_command(command);
    step->set_timeout_ms(30'000);
  }
  v1::ExperimentResult Run() { return RunExperiment(experiment_, {}, {no_agents_, interrupted_, nobody_}); }

  std::string folder_;
  v1::Experiment experiment_;
  std::atomic<bool> interrupted_{false};
  const dispatch::MakeDispatcher no_agents_;
  Observer nobody_;
};

TEST_F(ExperimentRunTest, AnInterruptEndsNoCommandThatTakesDown) {
  const std::string fifo = folder_ + "/started";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  // Long enough for an interrupt to be noticed.
  Add(absl::StrCat("sh -c 'echo >", fifo, "; sleep 0.5; echo >", folder_, "/down'"), experiment_.mutable_after());
  v1::ExperimentStep* pause = experiment_.add_after();
  pause->set_pause("look at it, then press enter");
  pause->set_timeout_ms(30'000);
  Add(absl::StrCat("sh -c 'echo >", folder_, "/all'"), experiment_.mutable_after());
  std::thread person([&] {
    std::ifstream(fifo).get();
    interrupted_ = true;
  });
  const v1::ExperimentResult result = Run();
  person.join();
  EXPECT_TRUE(result.interrupted());
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/down"));
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/all"));
  EXPECT_EQ(result.steps_size(), 2) << "nobody is waited for";
}

TEST_F(ExperimentRunTest, TheDeadlineEndsAStepAndNotTheTakingDown) {
  experiment_.set_deadline_ms(50);
  Add("sleep 600", experiment_.mutable_before());
  Add(absl::StrCat("sh -c 'echo >", folder_, "/down'"), experiment_.mutable_after());
  const v1::ExperimentResult result = Run();
  EXPECT_THAT(result.stopped(), HasSubstr("the step 'sleep 600' failed: it had not ended when the deadline:"));
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/down"));
}

TEST_F(ExperimentRunTest, ARoundThatWouldBeginAfterTheEndIsNotWaitedFor) {
  experiment_.set_duration_ms(100);
  experiment_.set_every_ms(600'000);
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(Run().stopped(), "");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(60));
}

}  // namespace
}  // namespace parallax::conduct
