// parallax: asks, compares, explains.
#include <malloc.h>

#include "contract/headroom.h"
#include "contract/no_core_file.h"
#include "contract/standard_streams.h"
#include "controller/cli/cli.h"
#include "controller/cli/exit_codes.h"

int main(int argc, char** argv) {
#ifdef __GLIBC__
  // An arena a thread takes 64 MiB of addresses, and gRPC has a dozen threads.
  mallopt(M_ARENA_MAX, 2);
#endif
  parallax::contract::EndInWordsWithoutMemory("parallax: error", parallax::cli::kExitUsage);
  parallax::contract::CompleteStandardStreams(argv);
  parallax::contract::BeUnreadable();  // passwords are in here
  return parallax::cli::Main(argc, argv);
}
