#include "agent/probes/client_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "agent/probes/run_for_test.h"

namespace parallax::probes {
namespace {

using ::testing::ElementsAre;

TEST(ClientFolders, AreBesideTheAgentThenInItsPrefixThenWherePackagesPutIt) {
  const auto beside = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  EXPECT_THAT(ClientFolders(), ElementsAre(beside.string(), (beside.parent_path() / "libexec/parallax").string(),
                                           "/usr/libexec/parallax"));
}

// libpq and libcurl open it themselves, and would wait there for as long as the probe may take.
TEST(RunInClient, AFifoOfRootsIsRefusedBeforeAnythingStarts) {
  const std::string fifo = ::testing::TempDir() + "/parallax_roots_fifo";
  unlink(fifo.c_str());
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  v1::ProbeSpec sql;
  sql.mutable_sql()->set_ssl_root_cert(fifo);
  v1::ProbeSpec http;
  http.mutable_http()->set_ssl_root_cert(fifo);
  for (const v1::ProbeSpec& spec : {sql, http}) {
    const Probe probe = {spec.spec_case(), "", [](const v1::ProbeSpec&) { return absl::OkStatus(); },
                         [](const v1::ProbeSpec& asked, const Context& context, Recorder& recorder) {
                           const absl::Status status = RunInClient(
                               asked, [](v1::ProbeSpec*) -> v1::SecretRef* { return nullptr; }, context, recorder);
                           EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
                           EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("it is a FIFO"));
                           return absl::OkStatus();
                         }};
    RunProbe(probe, spec);
  }
}

}  // namespace
}  // namespace parallax::probes
