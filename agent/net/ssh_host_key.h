// As much of the SSH transport protocol (RFC 4253, RFC 8731) as it takes to hear a server's banner and to be shown its
// host key. Nothing is authenticated: the server's signature is not verified, because nothing secret follows; a
// fingerprint says which key was *shown*. Not thread-safe per stream; no state.
//
// Bounded: at most kMaxBannerBytes before the banner and contract-sized packets after it, whatever a server sends.
#ifndef PARALLAX_AGENT_NET_SSH_HOST_KEY_H_
#define PARALLAX_AGENT_NET_SSH_HOST_KEY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "agent/net/byte_stream.h"

namespace parallax::net {

// RFC 4253 section 4.2 lets a server send other lines before its version; more than this is no SSH server.
inline constexpr size_t kMaxBannerBytes = 8 * 1024;

struct SshBanner {
  v1::Failure failure = v1::NONE;
  std::string text;  // for people, when it failed
  int os_error = 0;
  int64_t first_byte_at_ns = 0;  // CLOCK_MONOTONIC, when anything came; 0: nothing did
  std::string line;              // "SSH-2.0-OpenSSH_9.2", raw; without it the first line that came instead
  std::string rest;              // bytes that came after the line
  size_t bytes_in = 0;
};

// NONE when a line "SSH-..." came. PROTOCOL_VIOLATION for too much of anything else; CLOSED when other text came and
// then the end (the text says why, for instance "Exceeded MaxStartups").
SshBanner ReadSshBanner(ByteStream& stream, int64_t deadline_ns);

struct SshHostKey {
  v1::Failure failure = v1::NONE;
  std::string text;    // for people, when it failed
  std::string type;    // "ssh-ed25519"
  std::string sha256;  // "SHA256:..." as `ssh-keygen -l` prints it
};

// After the banner: versions, KEXINIT, curve25519-sha256, the key out of KEX_ECDH_REPLY. Ends there; the caller closes.
SshHostKey AskSshHostKey(ByteStream& stream, const SshBanner& banner, int64_t deadline_ns);

// The type that a public key blob (RFC 4253 section 6.6) names; "" when it is none.
std::string SshKeyType(std::string_view blob);
// "SHA256:" and the base64 of the digest, without padding.
std::string SshFingerprint(std::string_view blob);

}  // namespace parallax::net

#endif  // PARALLAX_AGENT_NET_SSH_HOST_KEY_H_
