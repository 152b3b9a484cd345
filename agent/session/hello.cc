// Who this agent is, for the first message of a session.
#include <pwd.h>
#include <unistd.h>

#include <random>
#include <string>

#include "absl/strings/str_format.h"
#include "agent/host/host_facts.h"
#include "agent/session/agent_session.h"
#include "contract/limits.h"

namespace parallax::session {
namespace {

std::string UserName() {
  passwd entry{};
  passwd* found = nullptr;
  char buffer[4096];
  if (getpwuid_r(geteuid(), &entry, buffer, sizeof(buffer), &found) == 0 && found != nullptr) {
    return contract::Printable(found->pw_name, 80);
  }
  return absl::StrFormat("uid %d", geteuid());  // containers often have no passwd entry
}

}  // namespace

v1::Hello MakeHello(std::span<const probes::Probe> probes) {
  v1::Hello hello;
  hello.set_protocol(contract::kProtocolVersion);
  hello.set_agent_version(PARALLAX_VERSION);
  std::random_device random;
  hello.set_agent_id(absl::StrFormat("%08x%08x", random(), random()));
  for (const probes::Probe& probe : probes) hello.add_probes(std::string(probe.name));
  *hello.mutable_host() = host::ReadHostFacts();
  hello.set_user(UserName());
  return hello;
}

}  // namespace parallax::session
