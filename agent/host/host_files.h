// The files that say what this host is: resolv.conf, sshd's public keys. The parsers are pure.
//
// Thread-safe: no state.
#ifndef PARALLAX_AGENT_HOST_HOST_FILES_H_
#define PARALLAX_AGENT_HOST_HOST_FILES_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace parallax::host {

// The first `max_bytes` of a file, or "" when it cannot be read.
std::string ReadSmallFile(const std::string& path, size_t max_bytes = 64 * 1024);

struct ResolverConfig {
  std::vector<std::string> addresses;  // as written, numeric, at most 8
  std::vector<std::string> search;     // at most 32
};
// resolv.conf(5). The last of `search` and `domain` counts.
ResolverConfig ParseResolvConf(std::string_view text);

// Those that this host's own resolver asks. Empty where that cannot be told. Each system's part is a file of its own.
ResolverConfig SystemResolvers();

// "ssh-ed25519 SHA256:..." of an OpenSSH public key line (sshd(8)); "" when it is none.
std::string SshKeyFingerprint(std::string_view line);
// Of every ssh_host_*_key.pub in `folder`, sorted, at most 16. A host without sshd has none; a container may carry the
// image's own, which other hosts share: a key is a hint of identity, not a proof.
std::vector<std::string> ReadSshHostKeys(const std::string& folder);

}  // namespace parallax::host

#endif  // PARALLAX_AGENT_HOST_HOST_FILES_H_
