// The one place that maps errno, EAI_* and c-ares codes to a Failure. Pure; thread-safe.
#ifndef PARALLAX_AGENT_NET_CLASSIFY_H_
#define PARALLAX_AGENT_NET_CLASSIFY_H_

#include "parallax/v1/observation.pb.h"

namespace parallax::net {

// Of connect(2). `at_once`: the call itself failed, so no packet has left this host.
v1::Failure FromConnectErrno(int error, bool at_once);
// Of read(2) and write(2) on an established connection; `heard`: the peer had sent at least one byte.
v1::Failure FromIoErrno(int error, bool heard);
// End of stream where more was due.
v1::Failure FromEndOfStream(bool heard);
// Of getaddrinfo(3); `error` is errno, for EAI_SYSTEM.
v1::Failure FromEai(int eai, int error);
// Of c-ares (ares_query(3)).
v1::Failure FromAres(int status);

}  // namespace parallax::net

#endif  // PARALLAX_AGENT_NET_CLASSIFY_H_
