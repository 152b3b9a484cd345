// The processes of this host that see the same network as we do: who they are, what sockets and TUNs they hold, as far
// as we are permitted to see. Reads the system each time; keeps nothing. Thread-safe. Each system's part is a file of
// its own (linux/processes.cc: /proc).
#ifndef PARALLAX_AGENT_HOST_PROCESSES_H_
#define PARALLAX_AGENT_HOST_PROCESSES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "parallax/v1/observation.pb.h"

namespace parallax::host {

struct Process {
  int32_t pid = 0;
  int32_t parent = 0;
  std::string name;   // the kernel's, which may be cut short
  std::string state;  // "running", "sleeping", "stopped", "zombie", ...
  int64_t age_ns = -1;
  uint64_t start_ticks = 0;                 // of the system's own clock: tells which of two is older
  std::vector<std::string> argv;            // never to be recorded: it may hold secrets
  std::vector<uint64_t> sockets;            // net::TcpSocket::id
  std::vector<std::string> tun_interfaces;  // that it holds open
};

class ProcessTable {
 public:
  // Looks at every process now. At most `deadline_ns` (monotonic): a host with very many is then seen in part.
  static ProcessTable Read(int64_t deadline_ns);
  ProcessTable(std::vector<Process> processes, bool complete, std::string why, bool blind = false);

  // Whether every process could be looked into. Where not, an absent owner says nothing, and `why_incomplete` why.
  bool complete() const { return complete_; }
  const std::string& why_incomplete() const { return why_incomplete_; }
  // No process could be seen at all, this one included: /proc is not there, or this system is not known.
  bool blind() const { return blind_; }

  const std::vector<Process>& all() const { return processes_; }
  const Process* Find(int32_t pid) const;
  const Process* OwnerOfSocket(uint64_t id) const;  // the oldest that holds it: the one that made it
  const Process* HolderOfTun(std::string_view interface) const;
  // The process and all that descend from it, parents first.
  std::vector<const Process*> Tree(int32_t pid) const;

 private:
  std::vector<Process> processes_;
  bool complete_;
  std::string why_incomplete_;
  bool blind_;
  std::unordered_map<uint64_t, size_t> by_socket_;  // index of the oldest holder
};

// For an observation: name, pid, state, age.
v1::Process ToMessage(const Process& process);

}  // namespace parallax::host

#endif  // PARALLAX_AGENT_HOST_PROCESSES_H_
