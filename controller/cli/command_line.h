// The flags of every command, and what is said about those that are not there.
#ifndef PARALLAX_CONTROLLER_CLI_COMMAND_LINE_H_
#define PARALLAX_CONTROLLER_CLI_COMMAND_LINE_H_

#include <CLI/CLI.hpp>
#include <string>

#include "controller/cli/commands.h"

namespace parallax::cli {

// What the command line fills in. The App holds references into it.
struct Flags {
  CompareFlags compare;
  ProbeFlags probe;
  RunFlags run;
  ExportFlags exported;
  DiffFlags diff;
  ShowFlags show;
  DiagnoseFlags diagnose;
  HistoryFlags history;
  CausesFlags causes;
};

void AddCommands(CLI::App& app, Flags& flags);

// The error in words, with the nearest known flag or command and where the help is. Values are not repeated: what
// follows an unknown flag may be a secret.
std::string DescribeError(const CLI::App& app, const CLI::ParseError& error, int argc, const char* const* argv);

}  // namespace parallax::cli

#endif  // PARALLAX_CONTROLLER_CLI_COMMAND_LINE_H_
