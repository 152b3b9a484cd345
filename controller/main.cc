// parallax: asks, compares, explains.
#include "contract/standard_streams.h"
#include "controller/cli/cli.h"

int main(int argc, char** argv) {
  parallax::contract::CompleteStandardStreams(argv);
  return parallax::cli::Main(argc, argv);
}
