// The files of --tls-ca, --tls-cert and --tls-key, looked at before anything is started. Stateless; thread-safe.
#ifndef PARALLAX_CONTROLLER_DISPATCH_TLS_FILES_H_
#define PARALLAX_CONTROLLER_DISPATCH_TLS_FILES_H_

#include "absl/status/status.h"
#include "controller/dispatch/reach.h"

namespace parallax::dispatch {

// InvalidArgument, naming the flag, the file and what is wrong with it: not there, no PEM, or not each other's. Of a
// file that does not fit gRPC says only that a handshake failed.
absl::Status CheckTlsFiles(const TlsFiles& tls);

}  // namespace parallax::dispatch

#endif  // PARALLAX_CONTROLLER_DISPATCH_TLS_FILES_H_
