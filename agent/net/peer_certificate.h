// What the certificate of somebody else's TLS session shows, that of a client library say, judged as this program
// judges its own. Thread-safe (no state).
#ifndef PARALLAX_AGENT_NET_PEER_CERTIFICATE_H_
#define PARALLAX_AGENT_NET_PEER_CERTIFICATE_H_

#include <string>

#include "parallax/v1/observation.pb.h"

namespace parallax::net {

// `ssl` is an SSL* whose handshake is done. Its chain is verified against the PEM file `root_cert`, "" for the system's
// roots, and against `name`, whatever the session itself verified. Without a chain or roots, verify_error says so.
void DescribePeer(const void* ssl, const std::string& name, const std::string& root_cert, v1::TlsDetails* details);

}  // namespace parallax::net

#endif  // PARALLAX_AGENT_NET_PEER_CERTIFICATE_H_
