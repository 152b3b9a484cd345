// The command line: parses it, runs one command, gives its exit code.
#ifndef PARALLAX_CONTROLLER_CLI_CLI_H_
#define PARALLAX_CONTROLLER_CLI_CLI_H_

namespace parallax::cli {

// To be called once, from main, before any thread is started. 0 every side healthy and alike; 1 a fault was found;
// 2 usage or configuration; 3 cannot tell, and no cause named; 130 interrupted. Results go to stdout (or --output),
// everything else to stderr.
int Main(int argc, char** argv);

}  // namespace parallax::cli

#endif  // PARALLAX_CONTROLLER_CLI_CLI_H_
