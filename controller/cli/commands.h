// The commands, one file each. Every one gives the exit code of the process and says its errors on stderr itself.
#ifndef PARALLAX_CONTROLLER_CLI_COMMANDS_H_
#define PARALLAX_CONTROLLER_CLI_COMMANDS_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "controller/cli/render.h"
#include "controller/dispatch/reach.h"

namespace parallax::cli {

class Interrupt;

// How vantages are reached.
struct ReachFlags {
  bool copy_agent = false;                    // ssh: vantages: copy the agent without asking
  std::string agent_binary;                   // ... this one; "" the one beside us
  dispatch::TlsFiles tls;                     // grpcs: vantages
  std::vector<std::string> agent_token_from;  // [SIDE=]REF, of agents that listen
};

// What every command that probes is told.
struct ProbingFlags {
  std::vector<std::string> targets;
  std::vector<std::string> connect_to;  // SIDE:HOST:PORT:TOHOST:TOPORT
  std::string password_from;
  std::string timeout = "5s";  // of one step
  uint32_t repeats = 3;
  std::string ssl_root_cert;
  std::string title;
  bool sql = false;
  bool sql_ddl = false;
  std::string sql_bytes;  // "1MB" each way; "" none
  ReachFlags reach;
  bool no_store = false;
  std::string store;  // "" the default
  Form form;
};

struct CompareFlags {
  ProbingFlags probing;
  std::string inside;
  std::string outside = "local";
  std::vector<std::string> witnesses;  // NAME=VANTAGE
  std::vector<std::string> controls;   // URLs
  bool no_investigate = false;
};

struct ProbeFlags {
  ProbingFlags probing;
  std::string from = "local";
};

struct RunFlags {
  std::string file;
  std::vector<std::string> overrides;  // KEY=VALUE
  bool dry_run = false;
  ReachFlags reach;
  bool no_store = false;
  std::string store;
  Form form;  // "junit" too
};

struct ExportFlags {
  std::string run;
  std::string store;
  Form form;  // "txtpb" or "json"
};

struct DiffFlags {
  std::string before;
  std::string after;
  std::string store;
  Form form;
};

struct ShowFlags {
  std::string run;
  std::string store;
  Form form;
};

struct DiagnoseFlags {
  std::string run;
  std::string store;
  std::string golden;  // a folder; "" none
  std::string name;    // of the golden case; "" by its cause and id
  Form form;
};

struct HistoryFlags {
  uint64_t limit = 20;
  std::string store;
  Form form;
};

struct CausesFlags {
  std::string cause;  // "" all
  Form form;
};

int Compare(const CompareFlags& flags, Interrupt& interrupt);
int Probe(const ProbeFlags& flags, Interrupt& interrupt);
int RunFile(const RunFlags& flags, Interrupt& interrupt);
int Show(const ShowFlags& flags);
int Export(const ExportFlags& flags);
int DiffRuns(const DiffFlags& flags);
int Diagnose(const DiagnoseFlags& flags);
int History(const HistoryFlags& flags);
int Causes(const CausesFlags& flags);

}  // namespace parallax::cli

#endif  // PARALLAX_CONTROLLER_CLI_COMMANDS_H_
