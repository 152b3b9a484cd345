// parallax: asks, compares, explains.
#include "contract/no_core_file.h"
#include "contract/standard_streams.h"
#include "controller/cli/cli.h"

int main(int argc, char** argv) {
  parallax::contract::CompleteStandardStreams(argv);
  parallax::contract::BeUnreadable();  // passwords are in here
  return parallax::cli::Main(argc, argv);
}
