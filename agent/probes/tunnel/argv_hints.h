// What a process's command line says about the tunnel that it makes: addresses only, never another word of it. Pure.
#ifndef PARALLAX_AGENT_PROBES_TUNNEL_ARGV_HINTS_H_
#define PARALLAX_AGENT_PROBES_TUNNEL_ARGV_HINTS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace parallax::probes {

struct HostPort {
  std::string host;  // a numeric address or a host name
  uint16_t port = 22;
  bool operator==(const HostPort&) const = default;
};

struct ArgvHints {
  std::vector<HostPort> bastions;  // where it was told to go with ssh, the likeliest first
  std::vector<HostPort> local;     // loopback addresses with a port: where it was told to listen, or to hand over to
};

// Reads an ssh command line as ssh(1) does; of any other program the values of flags such as --host, and user@host
// words. What follows an '@' is the only part of a word with one that is kept, so user:password@host gives away
// nothing.
ArgvHints ReadArgv(const std::vector<std::string>& argv);

// Whether a banner may be expected there: port 22 and those that people choose in its place (2222, 10022), or whatever
// port an ssh program is connected to. Waiting for a banner of something else would call a healthy tunnel dead.
bool SpeaksSsh(uint16_t port, const std::string& program);

}  // namespace parallax::probes

#endif  // PARALLAX_AGENT_PROBES_TUNNEL_ARGV_HINTS_H_
