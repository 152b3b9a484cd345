#include "agent/clients/http_failure.h"

#include <cerrno>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "agent/net/classify.h"
#include "agent/net/connection.h"

namespace parallax::clients {
namespace {

v1::Failure OfEnd(const TransferEnd& end) {
  if (end.os_error != 0) return net::FromIoErrno(end.os_error, end.heard);
  return end.reset ? net::FromIoErrno(ECONNRESET, end.heard) : net::FromEndOfStream(end.heard);
}

v1::Failure OfConnect(const TransferEnd& end) {
  if (!end.dialled) return v1::LOCAL_RESOURCE;
  if (end.os_error == 0) return v1::REFUSED;
  // libcurl does not say when the error came, at once or by a router's word.
  return net::FromConnectErrno(end.os_error, /*at_once=*/!net::HasRoute(end.address));
}

}  // namespace

v1::Failure Classify(TransferEnd* end) {
  // The server's last word, also after a handshake that was done for us: in TLS 1.3 a server that misses the client's
  // certificate says so where the first bytes of its answer are due (RFC 8446 section 4.4.2.4).
  if (!end->alert.empty()) {
    end->text = absl::StrCat("the server sent the alert: ", end->alert);
    return v1::TLS_ALERT;
  }
  switch (end->code) {
    case CURLE_COULDNT_CONNECT: return OfConnect(*end);
    case CURLE_PEER_FAILED_VERIFICATION: return v1::TLS_CERTIFICATE;
    case CURLE_SSL_CONNECT_ERROR: {
      // OpenSSL complains where bytes made no sense; an end is an error of the system call, or an "unexpected eof".
      const bool ended = absl::StrContains(end->text, "SSL_ERROR_SYSCALL") ||
                         absl::StrContains(end->text, "unexpected eof") || !end->heard;
      return ended && !end->complained ? OfEnd(*end) : v1::TLS_PROTOCOL;
    }
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_FAILED_INIT: return v1::LOCAL_RESOURCE;
    case CURLE_OUT_OF_MEMORY:  // what curl says of a line that is longer than it keeps
      if (!end->heard) return v1::LOCAL_RESOURCE;
      end->text = "a header line without end";
      return v1::PROTOCOL_VIOLATION;
    case CURLE_OK:  // to curl an end within the headers is an end of them
      end->text = "the headers have no end";
      return OfEnd(*end);
    case CURLE_UNSUPPORTED_PROTOCOL: return v1::UNEXPECTED_FIRST_BYTE;  // "Received HTTP/0.9 when not allowed"
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE: return OfEnd(*end);
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR: return end->os_error != 0 || end->reset ? OfEnd(*end) : v1::PROTOCOL_VIOLATION;
    default: return v1::PROTOCOL_VIOLATION;
  }
}

}  // namespace parallax::clients
