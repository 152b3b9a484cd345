#include "controller/cli/command_line.h"

#include <memory>
#include <sstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "contract/limits.h"
#include "controller/plan/values.h"
#include "controller/report/layout.h"

namespace parallax::cli {
namespace {

constexpr char kExitCodes[] =
    "Exit codes: 0 every side healthy and alike; 1 a fault was found; 2 usage or\n"
    "configuration; 3 cannot tell, and no fault named; 130 interrupted.";

constexpr char kRun[] =
    "Its id, the beginning of it, 'last', or a file of it: exported, as ./run.txtpb, or a report, as ./run.html";

// Of commands that find no fault; without one of their own they would have that of the program.
constexpr char kPlainExitCodes[] = "Exit codes: 0 it is written; 2 usage or configuration.";

constexpr char kCompareFooter[] =
    "A VANTAGE is where an agent stands:\n"
    "  local                     this machine (the agent beside parallax)\n"
    "  ssh:app-host              the agent there, found or copied by ssh\n"
    "  'exec:kubectl exec -i deploy/api -- parallax-agent stdio'\n"
    "  'exec:docker exec -i api parallax-agent stdio'\n"
    "  grpcs://127.0.0.1:7411    one that listens (parallax-agent serve)\n"
    "  'https://api.example.com/health#/database/status=connected'\n"
    "                            no agent: what a deployed health endpoint says\n"
    "A TARGET is a URL: postgres://USER@HOST:PORT/DB?sslmode=MODE, tcp://HOST:PORT,\n"
    "tls://HOST:PORT, dns:NAME, http[s]://HOST/PATH, with what is expected of the\n"
    "answer behind '#': status=200&/json/pointer=VALUE&header:NAME=VALUE, and\n"
    "redirects=follow. A postgres:// one is whatever psql takes ('host=db user=app',\n"
    "'service=app'), and what it leaves open comes from where psql takes it: PGHOST,\n"
    "PGUSER, PGPASSWORD, ~/.pg_service.conf, ~/.pgpass. The report says from where.\n"
    "\n"
    "  export PGPASSWORD=...\n"
    "  parallax compare 'postgres://app@db.internal:5432/app?sslmode=require' \\\n"
    "      --password-from env:PGPASSWORD --inside ssh:app-host\n"
    "\n"
    "Exit codes: 0 every side healthy and alike; 1 a fault was found; 2 usage or\n"
    "configuration; 3 cannot tell, and no fault named; 130 interrupted.";

const std::vector<std::string> kReportFormats = {"text", "json", "markdown", "html"};

void AddForm(CLI::App* command, Form& form, bool colour, const std::vector<std::string>& formats = {"text", "json"}) {
  command
      ->add_option("--format", form.format, absl::StrCat("How the result is written: ", absl::StrJoin(formats, ", ")))
      ->check(CLI::IsMember(formats))
      ->capture_default_str();
  command->add_option("--output", form.output, "Write it to this file (whole or not at all) instead of stdout")
      ->type_name("FILE");
  if (!colour) return;
  command->add_option("--color", form.color, "auto: on a terminal without NO_COLOR")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str();
}

void AddRedact(CLI::App* command, Form& form) {
  command->add_flag("--redact", form.redact, "Names, addresses and paths as stable aliases, for other people's eyes");
}

void AddReportForm(CLI::App* command, Form& form) {
  AddForm(command, form, true, kReportFormats);
  AddRedact(command, form);
  command->add_flag("--no-redact", form.no_redact, "Markdown with the names as they are; default: redacted")
      ->excludes("--redact");
}

void AddStore(CLI::App* command, std::string& store) {
  command->add_option("--store", store, "The store of runs; default $XDG_STATE_HOME/parallax/runs.db")
      ->type_name("PATH");
}

// Without this an option that may be repeated swallows the targets that follow it.
CLI::Option* Repeated(CLI::Option* option) { return option->allow_extra_args(false)->take_all(); }

void AddReach(CLI::App* command, ReachFlags& flags) {
  command->add_flag("--copy-agent", flags.copy_agent,
                    "Copy the agent to the host of an ssh: vantage that has none, without asking");
  command->add_option("--agent-binary", flags.agent_binary, "... this one, built for that host; default: our own")
      ->type_name("FILE");
  command->add_option("--tls-ca", flags.tls.ca, "grpcs: authorities of the agents' certificates; default: the system's")
      ->type_name("FILE");
  command->add_option("--tls-cert", flags.tls.cert, "grpcs: the certificate to show to agents")->type_name("FILE");
  command->add_option("--tls-key", flags.tls.key, "grpcs: its key")->type_name("FILE");
  command
      ->add_option("--tls-name", flags.tls.name, "grpcs: the name in the agent's certificate, through a forwarded port")
      ->type_name("NAME");
  Repeated(
      command->add_option("--agent-token-from", flags.agent_token_from,
                          "grpc:, grpcs:, unix: the token that an agent wants: env:NAME or file:PATH, of all sides "
                          "or of that one (repeatable)"))
      ->type_name("[SIDE=]REF");
}

void AddProbing(CLI::App* command, ProbingFlags& flags) {
  command->add_option("TARGET", flags.targets, "What to probe: one or more URLs")->type_name("");
  Repeated(command->add_option("--connect-to", flags.connect_to,
                               "A side dials elsewhere, through ssh -L for instance (repeatable)"))
      ->type_name("SIDE:HOST:PORT:TOHOST:TOPORT");
  command
      ->add_option("--password-from", flags.password_from,
                   "Where the password (or, for http, the bearer token) is: env:NAME, file:PATH, exec:COMMAND (looked "
                   "up by each agent), controller:NAME")
      ->type_name("REF");
  command->add_option("--ssl-root-cert", flags.ssl_root_cert, "CA certificates, a path on the agents' hosts")
      ->type_name("PATH");
  command->add_option("--timeout", flags.timeout, "How long one step may take, as in 5s or 500ms")
      ->type_name("DURATION")
      ->capture_default_str();
  command->add_option("--repeats", flags.repeats, "How often each probe is run")->type_name("N")->capture_default_str();
  command->add_flag("--sql", flags.sql, "Also connect and query with the real client (libpqxx)");
  command->add_flag("--sql-ddl", flags.sql_ddl, "... and make a table in a transaction that is rolled back");
  command->add_option("--sql-bytes", flags.sql_bytes, "... and move this much down and up, as in 1MB")
      ->type_name("SIZE");
  AddReach(command, flags.reach);
  command->add_option("--title", flags.title, "A line of your own for the report")->type_name("TEXT");
  AddStore(command, flags.store);
  command->add_flag("--no-store", flags.no_store, "Do not keep the run");
  AddReportForm(command, flags.form);
}

void AddCompare(CLI::App& app, CompareFlags& flags) {
  CLI::App* command = app.add_subcommand("compare", "Probe a target from two places at once, and say where they part");
  command->footer(kCompareFooter);
  command->add_option("--inside", flags.inside, "Where the agent inside the VPC is")->type_name("VANTAGE");
  command->add_option("--outside", flags.outside, "Where the other side is")
      ->type_name("VANTAGE")
      ->capture_default_str();
  Repeated(command->add_option("--witness", flags.witnesses, "One more side, on the bastion for instance (repeatable)"))
      ->type_name("NAME=VANTAGE");
  Repeated(command->add_option("--control", flags.controls, "Another endpoint that must answer (repeatable)"))
      ->type_name("URL");
  command->add_flag("--no-investigate", flags.no_investigate, "Do not ask more when several causes remain");
  AddProbing(command, flags.probing);
}

void AddProbe(CLI::App& app, ProbeFlags& flags) {
  CLI::App* command = app.add_subcommand("probe", "Probe a target from one place; nothing is compared");
  command->add_option("--from", flags.from, "Where the agent is")->type_name("VANTAGE")->capture_default_str();
  AddProbing(command, flags.probing);
  command->footer(
      "Exit codes: 0 the target answers as it should; 1 it does not; 2 usage or\n"
      "configuration; 3 the vantage gave no observation; 130 interrupted.");
}

void AddRun(CLI::App& app, RunFlags& flags) {
  CLI::App* command =
      app.add_subcommand("run", "Carry out an experiment: a file of targets, sides, points and expectations");
  command->add_option("FILE", flags.file, "The experiment, in YAML; parallax-experiment(5) describes it")
      ->required()
      ->type_name("");
  Repeated(command->add_option("--set", flags.overrides,
                               "Put a value over the file's, as in --set sides.inside=ssh:app-host (repeatable)"))
      ->type_name("KEY=VALUE");
  command->add_flag("--dry-run", flags.dry_run, "Print what would be run, and run nothing");
  AddReach(command, flags.reach);
  AddStore(command, flags.store);
  command->add_flag("--no-store", flags.no_store, "Do not keep the runs");
  AddForm(command, flags.form, true, {"text", "json", "junit"});
  command->footer(
      "Exit codes: 0 every expectation met (healthy, where none is written); 1 one is\n"
      "not met; 2 usage or configuration; 3 none is unmet and something could not be\n"
      "judged; 130 interrupted.");
}

void AddOthers(CLI::App& app, Flags& flags) {
  CLI::App* exported =
      app.add_subcommand("export", "Write a stored run out: everything that was observed, nothing derived");
  exported->add_option("RUN", flags.exported.run, kRun)->required()->type_name("");
  AddStore(exported, flags.exported.store);
  flags.exported.form.format = "txtpb";
  AddForm(exported, flags.exported.form, false, {"txtpb", "json"});
  AddRedact(exported, flags.exported.form);
  exported->footer(
      absl::StrCat("The file can be given as RUN to show, diagnose and diff, as ./incident.txtpb.\n", kPlainExitCodes));

  CLI::App* diff = app.add_subcommand("diff", "What is otherwise in the second of two runs");
  diff->add_option("BEFORE", flags.diff.before, kRun)->required()->type_name("");
  diff->add_option("AFTER", flags.diff.after, "The other, in the same way")->required()->type_name("");
  AddStore(diff, flags.diff.store);
  AddForm(diff, flags.diff.form, true);
  AddRedact(diff, flags.diff.form);
  diff->footer("Exit codes: 0 they tell the same; 1 they differ; 2 usage or configuration.");

  CLI::App* show = app.add_subcommand("show", "Draw a stored run again");
  show->add_option("RUN", flags.show.run, kRun)->required()->type_name("");
  AddStore(show, flags.show.store);
  AddReportForm(show, flags.show.form);
  show->footer(kExitCodes);

  CLI::App* history = app.add_subcommand("history", "List the stored runs, the newest first");
  history->add_option("--limit", flags.history.limit, "At most this many")->type_name("N")->capture_default_str();
  history->footer(kPlainExitCodes);
  AddStore(history, flags.history.store);
  AddForm(history, flags.history.form, true);

  CLI::App* diagnose = app.add_subcommand("diagnose", "Put a stored run through the rules again, without any agent");
  diagnose->add_option("RUN", flags.diagnose.run, kRun)->required()->type_name("");
  diagnose
      ->add_option("--golden", flags.diagnose.golden,
                   "Also write it as a test case: NAME.run.txtpb and NAME.expect.json")
      ->type_name("DIR");
  diagnose->add_option("--name", flags.diagnose.name, "The NAME of that case; default: the cause and the run's id")
      ->type_name("NAME");
  AddStore(diagnose, flags.diagnose.store);
  AddReportForm(diagnose, flags.diagnose.form);
  diagnose->footer(kExitCodes);

  CLI::App* causes =
      app.add_subcommand("causes", "The catalogue: what a cause means, how it is told apart, what to do");
  causes->add_option("CAUSE", flags.causes.cause, "One cause; default: all")->type_name("");
  AddForm(causes, flags.causes.form, true);
  causes->footer(kPlainExitCodes);
}

// Descriptions at most as wide as a terminal; CLI11 indents what follows a line break.
class Narrow : public CLI::Formatter {
 public:
  Narrow() { column_width(kNameColumns); }
  std::string make_option_desc(const CLI::Option* option) const override {
    return Wrapped(Formatter::make_option_desc(option), kColumns - kNameColumns);
  }
  std::string make_subcommand(const CLI::App* command) const override {
    std::ostringstream out;
    CLI::detail::format_help(out, command->get_name(), Wrapped(command->get_description(), kColumns - kNameColumns),
                             kNameColumns);
    return out.str();
  }
  std::string make_description(const CLI::App* command) const override {
    return absl::StrCat(Wrapped(command->get_description(), kColumns), "\n");
  }

 private:
  static constexpr size_t kColumns = 80;
  static constexpr size_t kNameColumns = 30;

  static std::string Wrapped(const std::string& text, size_t columns) {
    return absl::StrJoin(report::Wrap(text, columns), "\n");
  }
};

std::vector<std::string> LongFlags(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::vector<std::string> Commands(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

std::string DidYouMean(const std::string& near) {
  return near.empty() ? "" : absl::StrCat("; did you mean ", near, "?");
}

}  // namespace

void AddCommands(CLI::App& app, Flags& flags) {
  app.require_subcommand(1);
  app.formatter(std::make_shared<Narrow>());
  app.set_version_flag("--version", "parallax " PARALLAX_VERSION);
  app.footer(absl::StrCat("parallax COMMAND --help says more about one.\n\n", kExitCodes));
  AddCompare(app, flags.compare);
  AddProbe(app, flags.probe);
  AddRun(app, flags.run);
  AddOthers(app, flags);
}

std::string DescribeError(const CLI::App& app, const CLI::ParseError& error, int argc, const char* const* argv) {
  const auto chosen = app.get_subcommands();
  const CLI::App& command = chosen.empty() ? app : *chosen.front();
  const std::string help =
      chosen.empty() ? "parallax --help" : absl::StrCat("parallax ", command.get_name(), " --help");
  if (chosen.empty() && argc > 1 && argv[1][0] != '-') {
    const std::string name = contract::Printable(argv[1], 80);
    return absl::StrCat("there is no command '", name, "'", DidYouMean(plan::Nearest(argv[1], Commands(app))), " (see ",
                        help, ")");
  }
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    for (const CLI::App* at : {&command, &app}) {
      for (const std::string& extra : at->remaining()) {
        // What follows the '=' is the value, and may be a secret.
        const std::string flag = extra.substr(0, extra.find('='));
        if (extra.starts_with('-')) {
          return absl::StrCat("unknown flag '", contract::Printable(flag, 80), "'",
                              DidYouMean(plan::Nearest(flag, LongFlags(command))), " (see ", help, ")");
        }
        const bool url = extra.find("://") != std::string::npos;
        return absl::StrCat("there is one argument too many",
                            url ? "" : absl::StrCat(": '", contract::Printable(extra, 80), "'"), " (see ", help, ")");
      }
    }
  }
  if (chosen.empty() && argc > 1) {
    const std::string first = argv[1];
    const std::string flag = first.substr(0, first.find('='));
    return absl::StrCat("unknown flag '", contract::Printable(flag, 80), "' before the command",
                        DidYouMean(plan::Nearest(flag, LongFlags(app))), " (see ", help, ")");
  }
  if (chosen.empty())
    return absl::StrCat("say what to do, as in parallax compare TARGET --inside VANTAGE (see ", help, ")");
  return absl::StrCat(contract::Printable(error.what(), 300), " (see ", help, ")");
}

}  // namespace parallax::cli
