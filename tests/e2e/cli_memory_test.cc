// Limits on memory, under which a sanitizer's build cannot be started.
#include <gmock/gmock.h>
#include <sys/resource.h>

#include "tests/e2e/cli_fixture.h"

namespace parallax::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class MemoryTest : public CliTest {};

TEST_F(MemoryTest, WithLittleMemoryBothProgramsEndInWords) {
  for (const int64_t megabytes : {64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536}) {
    SCOPED_TRACE(megabytes);
    options_.limits = {{RLIMIT_AS, megabytes << 20}};
    const ChildResult result = RunChild(Words(Compare()), options_);
    // Too little for the loader of shared libraries is not ours to put in words: it says so and gives 127.
    EXPECT_LT(result.exit, 128) << result.err;
    if (result.exit == 2) {
      EXPECT_THAT(result.err, HasSubstr("memory"));
    }
    EXPECT_THAT(result.err, Not(HasSubstr("CHECK")));
    EXPECT_THAT(result.err, Not(HasSubstr("terminate called")));
  }
}

}  // namespace
}  // namespace parallax::e2e
