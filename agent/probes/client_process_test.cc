#include "agent/probes/client_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace parallax::probes {
namespace {

using ::testing::ElementsAre;

TEST(ClientFolders, AreBesideTheAgentThenInItsPrefixThenWherePackagesPutIt) {
  const auto beside = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  EXPECT_THAT(ClientFolders(), ElementsAre(beside.string(), (beside.parent_path() / "libexec/parallax").string(),
                                           "/usr/libexec/parallax"));
}

}  // namespace
}  // namespace parallax::probes
