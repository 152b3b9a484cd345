// The http probe with libcurl: each hop by its stages, then the expectations. Runs in the client process only.
#ifndef PARALLAX_AGENT_CLIENTS_HTTP_CLIENT_H_
#define PARALLAX_AGENT_CLIENTS_HTTP_CLIENT_H_

#include "agent/clients/reporter.h"
#include "agent/probes/probe.h"

namespace parallax::clients {

// Steps as in proto/README.md. What cannot be asked at all becomes observation.error.
void RunHttp(const v1::HttpProbe& spec, const probes::Context& context, Reporter& reporter);

}  // namespace parallax::clients

#endif  // PARALLAX_AGENT_CLIENTS_HTTP_CLIENT_H_
