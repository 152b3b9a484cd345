#include "controller/cli/cli.h"

#include <CLI/CLI.hpp>
#include <csignal>
#include <exception>

#include "absl/strings/str_cat.h"
#include "controller/cli/command_line.h"
#include "controller/cli/commands.h"
#include "controller/cli/exit_codes.h"
#include "controller/cli/interrupt.h"
#include "controller/cli/say.h"

namespace parallax::cli {
namespace {

int Dispatch(const CLI::App& app, const Flags& flags) {
  const bool probes = app.got_subcommand("compare") || app.got_subcommand("probe") || app.got_subcommand("run");
  if (probes) {
    Interrupt interrupt;
    if (app.got_subcommand("run")) return RunFile(flags.run, interrupt);
    return app.got_subcommand("compare") ? Compare(flags.compare, interrupt) : Probe(flags.probe, interrupt);
  }
  LetSignalsEnd();
  if (app.got_subcommand("export")) return Export(flags.exported);
  if (app.got_subcommand("diff")) return DiffRuns(flags.diff);
  if (app.got_subcommand("show")) return Show(flags.show);
  if (app.got_subcommand("history")) return History(flags.history);
  if (app.got_subcommand("diagnose")) return Diagnose(flags.diagnose);
  return Causes(flags.causes);
}

}  // namespace

int Main(int argc, char** argv) {
  // A reader that goes away and a file that may not grow are errors of the call, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  SetUpLog();
  CLI::App app("Parallax runs the same network probe from two places at once, and names the place where they part.",
               "parallax");
  Flags flags;
  AddCommands(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {  // --help, --version
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return UsageError(DescribeError(app, error, argc, argv));
  }
  try {
    return Dispatch(app, flags);
  } catch (const std::exception& error) {  // bad_alloc and the like
    return UsageError(absl::StrCat("cannot go on: ", error.what()));
  }
}

}  // namespace parallax::cli
