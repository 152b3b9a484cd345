#include "agent/net/classify.h"

#include <ares.h>
#include <netdb.h>

#include <cerrno>

namespace parallax::net {

v1::Failure FromConnectErrno(int error, bool at_once) {
  switch (error) {
    case 0: return v1::NONE;
    case ECONNREFUSED: return v1::REFUSED;
    case ETIMEDOUT: return v1::TIMED_OUT;
    case ECONNRESET: return v1::RESET_BEFORE_FIRST_BYTE;
    // ENETUNREACH comes from our own routing table at once, or from a router by ICMP later.
    case ENETUNREACH: return at_once ? v1::NO_ROUTE : v1::UNREACHABLE;
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case ENOPROTOOPT: return v1::UNREACHABLE;
    case EINVAL:        // a blackhole route
    case EAFNOSUPPORT:  // an IPv6 address on a host without IPv6
      return v1::NO_ROUTE;
    default: return v1::LOCAL_RESOURCE;  // EACCES and EPERM: a local firewall; EADDRNOTAVAIL, EMFILE, ENOBUFS, ...
  }
}

v1::Failure FromIoErrno(int error, bool heard) {
  switch (error) {
    case 0: return v1::NONE;
    case ECONNRESET:
    case EPIPE: return heard ? v1::RESET : v1::RESET_BEFORE_FIRST_BYTE;
    case ECONNREFUSED: return v1::REFUSED;
    case ETIMEDOUT: return v1::TIMED_OUT;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
    case EHOSTDOWN: return v1::UNREACHABLE;
    default: return v1::LOCAL_RESOURCE;
  }
}

v1::Failure FromEndOfStream(bool heard) { return heard ? v1::CLOSED : v1::CLOSED_BEFORE_FIRST_BYTE; }

v1::Failure FromEai(int eai, int error) {
  switch (eai) {
    case 0: return v1::NONE;
    case EAI_NONAME:
    case EAI_NODATA:
    case EAI_ADDRFAMILY: return v1::NAME_NOT_FOUND;
    case EAI_AGAIN:
    case EAI_FAIL: return v1::RESOLVER_FAILED;
    case EAI_SYSTEM: return error == ETIMEDOUT ? v1::TIMED_OUT : v1::LOCAL_RESOURCE;
    default: return v1::LOCAL_RESOURCE;
  }
}

v1::Failure FromAres(int status) {
  switch (status) {
    case ARES_SUCCESS: return v1::NONE;
    case ARES_ENOTFOUND:
    case ARES_ENODATA: return v1::NAME_NOT_FOUND;
    case ARES_ETIMEOUT: return v1::TIMED_OUT;
    case ARES_ECONNREFUSED: return v1::REFUSED;
    case ARES_ENOMEM: return v1::LOCAL_RESOURCE;
    case ARES_ECANCELLED:
    case ARES_EDESTRUCTION: return v1::CANCELLED;
    case ARES_EBADRESP:
    case ARES_EFORMERR: return v1::PROTOCOL_VIOLATION;
    default: return v1::RESOLVER_FAILED;
  }
}

}  // namespace parallax::net
