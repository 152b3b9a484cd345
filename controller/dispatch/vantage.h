// What a vantage names: where an agent stands, and how it is reached. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_DISPATCH_VANTAGE_H_
#define PARALLAX_CONTROLLER_DISPATCH_VANTAGE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace parallax::dispatch {

enum class Carrier {
  kCommand,  // stdio of a command of ours: local, exec:, and the agent that asks a health endpoint
  kSsh,      // stdio of an agent that ssh finds on the host, or copies there
  kListen,   // the agent serves on TCP
  kSocket,   // the agent serves on a unix socket of this host
};

struct Vantage {
  Carrier carrier = Carrier::kCommand;
  bool local = false;              // the agent beside us
  std::string health_url;          // no agent stands there: a local one asks this endpoint; "" otherwise
  std::vector<std::string> words;  // kCommand: the command; never empty
  std::string host;                // kSsh: [USER@]HOST as ssh takes it; kListen: HOST:PORT as gRPC takes it
  uint16_t port = 0;               // kSsh: 0 is what ssh's own configuration says
  bool tls = false;                // kListen
  std::string path;                // kSocket
  std::string shown;               // as the user wrote it, masked (mask.h)
};

// "local", "exec:COMMAND", "ssh:[USER@]HOST", "ssh://[USER@]HOST[:PORT]", "unix:PATH", "grpc://127.0.0.1:PORT",
// "grpcs://HOST:PORT", "https://HOST/PATH#EXPECTATIONS" (http too). `local_agent` is the path of parallax-agent.
// InvalidArgument, naming what there is, for anything else, and for plaintext to another host.
absl::StatusOr<Vantage> ParseVantage(std::string_view vantage, const std::string& local_agent);

// Whether it is a health endpoint and no agent.
bool IsHealthUrl(std::string_view vantage);

}  // namespace parallax::dispatch

#endif  // PARALLAX_CONTROLLER_DISPATCH_VANTAGE_H_
