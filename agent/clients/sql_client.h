// The sql probe with libpqxx: what the user's application does with its database. Runs in the client process only.
#ifndef PARALLAX_AGENT_CLIENTS_SQL_CLIENT_H_
#define PARALLAX_AGENT_CLIENTS_SQL_CLIENT_H_

#include "agent/clients/reporter.h"
#include "agent/probes/probe.h"

namespace parallax::clients {

// Steps as in proto/README.md. What cannot be asked at all becomes observation.error.
void RunSql(const v1::SqlProbe& spec, const probes::Context& context, Reporter& reporter);

}  // namespace parallax::clients

#endif  // PARALLAX_AGENT_CLIENTS_SQL_CLIENT_H_
