// One HTTP request with libcurl, stage by stage: CONNECT, TLS_HANDSHAKE, REQUEST, BODY. The only place that sees
// libcurl, but for http_handle, http_failure and http_url.
#ifndef PARALLAX_AGENT_CLIENTS_HTTP_FETCH_H_
#define PARALLAX_AGENT_CLIENTS_HTTP_FETCH_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "agent/clients/reporter.h"
#include "agent/probes/dial.h"
#include "agent/probes/probe.h"

namespace parallax::clients {

struct FetchRequest {
  std::string url;  // scheme, host, port, path and query
  bool tls = false;
  std::string host;  // of the URL, for the certificate
  uint16_t port = 0;
  probes::Destination to;  // where to dial for it
  std::string method = "GET";
  bool verify = true;
  std::string root_cert;  // PEM file; "": the system's store
  std::string bearer;     // ""; goes only over verified TLS or to loopback
  std::string bearer_origin;
  bool elsewhere = false;  // a redirect led to another host, port or scheme
  uint64_t max_body_bytes = 0;
  std::string variant;    // of the steps
  std::string came_from;  // the URL that redirected here, "" for none
};

struct FetchResult {
  bool answered = false;  // headers came, whole
  bool whole = false;     // and the body, or as much of it as was wanted
  bool cut = false;       // there is more of the body
  uint32_t status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // as they came, names in lower case
  std::string redirect_url;                                  // absolute; "" when it is no redirect
  std::string body;
};

// As far as it goes by the deadlines of `context`; the steps say how far. Nothing comes from the environment or from
// files of the user: no proxy, no .netrc, no cookies.
FetchResult Fetch(const FetchRequest& request, const probes::Context& context, Reporter& reporter);

}  // namespace parallax::clients

#endif  // PARALLAX_AGENT_CLIENTS_HTTP_FETCH_H_
