// parallax: asks, compares, explains.
#include "controller/cli/cli.h"

int main(int argc, char** argv) { return parallax::cli::Main(argc, argv); }
