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
constexpr Known kKnown[] = {
    {"connection refused",
     "nothing listens there: start the agent (parallax-agent serve), and, where a port is forwarded to it, check that "
     "the forward is up"},
    {"certificate verify failed",
     "its certificate is not of an authority that is trusted here, or has expired: name the authority's file with "
     "--tls-ca; where that is the right one, look for its dates on its host: openssl x509 -noout -dates -in CERT"},
    {"hostname verification",
     "its certificate bears another name: where a port is forwarded, give the agent's own name with --tls-name"},
    {"http1", "a web server is there: check the port; parallax-agent serve takes 7411 unless told otherwise"},
    {"at most", "wait until another run has ended, or start a second agent on another port"},
    {"asked to end", "it is being stopped: start it again, or wait for the one that takes its place"},
    {"dns resolution failed", "this host does not know the name: check its spelling"},
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
        "--tls-client-ca, and not expired (openssl x509 -noout -issuer -dates -in CERT); else check that an agent "
        "serves there: ",
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
