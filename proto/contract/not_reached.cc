#include "contract/not_reached.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace parallax::contract {
namespace {

// First match wins. The text is matched in lower case.
struct Known {
  const char* says;
  const char* remedy;
};
constexpr char kNoResolver[] =
    "no resolver answers on this host: check its network and /etc/resolv.conf, or name the agent by its address (with "
    "--tls-name, where its certificate bears the name)";
constexpr char kNoSuchName[] = "this host does not know the name: check its spelling";
constexpr char kSilent[] =
    "its host does not answer on that port: check the address, what filters the port (security group, firewall), and "
    "the network you are on";
constexpr Known kKnown[] = {
    {"wants a token",
     "its token is in the file or variable that it was started with (--token-file, --token-from): keep a copy here "
     "that "
     "you alone can read, mode 0600"},
    {"wants another token",
     "compare with what it was started with (--token-file, --token-from), by a digest: sha256sum FILE, on both hosts"},
    {"connection refused",
     "nothing listens there: start the agent (parallax-agent serve), and, where a port is forwarded to it, check that "
     "the forward is up"},
    {"certificate verify failed",
     "its certificate is not of an authority that is trusted here, is out of its dates by this host's clock, or is not "
     "made for a server: name the authority's file with --tls-ca; where that is the right one, look on its host for "
     "dates and purpose (serverAuth): openssl x509 -noout -dates -ext extendedKeyUsage -in CERT"},
    {"hostname verification",
     "its certificate bears another name: where a port is forwarded, give the agent's own name with --tls-name"},
    {"http1", "a web server is there: check the port; parallax-agent serve prints where it listens"},
    {"at most", "wait until another run has ended, or start a second agent on another port"},
    {"asked to end", "it is being stopped: start it again, or wait for the one that takes its place"},
    // No spelling helps where no resolver answers (c-ares' words, then getaddrinfo's).
    {"could not contact dns", kNoResolver},
    {"timeout while contacting dns", kNoResolver},
    {"dns server returned general failure", kNoResolver},
    {"dns server refused", kNoResolver},
    {"temporary failure in name resolution", kNoResolver},
    {"non-recoverable failure in name resolution", kNoResolver},
    {"domain name not found", kNoSuchName},
    {"name or service not known", kNoSuchName},
    {"dns resolution failed",
     "this host does not get an address for the name: check its spelling, and getent hosts NAME on this host"},
    {"too many open files", "raise the limit of open files on this host: ulimit -n"},
    {"out of memory", "this host has too little memory, or its limit is too low: free -m; ulimit -v"},
    {"cannot allocate memory", "this host has too little memory, or its limit is too low: free -m; ulimit -v"},
    {"resource temporarily unavailable", "raise the limit of processes and threads on this host: ulimit -u"},
    {"no such file or directory", "no agent serves at that path: start it (parallax-agent serve), and check the path"},
    {"permission denied",
     "this user may not open it: look at the owner and mode of a socket's file and of its folder (ls -ld), and at this "
     "host's own firewall for a port"},
    {"no route to host", "its host cannot be reached from here: check the address and the network you are on"},
    {"network is unreachable", "its host cannot be reached from here: check the network you are on"},
    {"connection timed out", kSilent},
    {"operation timed out", kSilent},
    {"deadline exceeded", kSilent},
    {"unimplemented", "another gRPC server is there: check the port"},
    {"unknown service", "another gRPC server is there: check the port"},
};

std::string Text(std::string_view text) { return std::string(text); }

}  // namespace

std::string NotReachedRemedy(std::string_view why, const Dialling& dialling) {
  const std::string text = absl::AsciiStrToLower(Text(why));
  // OpenSSL 1 and 3 write it differently.
  if (absl::StrContains(text, "wrong_version_number") || absl::StrContains(text, "wrong version number")) {
    return absl::StrCat("no TLS is spoken there: an agent without --tls-cert is reached ", Text(dialling.in_plaintext));
  }
  for (const Known& known : kKnown) {
    if (absl::StrContains(text, known.says)) return known.remedy;
  }
  if (dialling.showed_certificate) {
    return absl::StrCat(
        "it may not accept the certificate of --tls-cert: that must be of an authority in the file of its "
        "--tls-client-ca, not expired, and made for a client (clientAuth): openssl x509 -noout -issuer -dates -ext "
        "extendedKeyUsage -in CERT; else check that an agent serves there: ",
        Text(dialling.look));
  }
  if (dialling.tls) {
    return absl::StrCat(
        "an agent that was started with --tls-client-ca wants a certificate of ours: --tls-cert and --tls-key; else "
        "check that an agent serves there: ",
        Text(dialling.look));
  }
  return absl::StrCat("check that an agent serves there, without TLS: ", Text(dialling.look),
                      "; one that was started with --tls-cert is reached ", Text(dialling.with_tls));
}

}  // namespace parallax::contract
