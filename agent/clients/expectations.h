// What was asked of an HTTP answer, against what came: one EXPECTATION step each.
#ifndef PARALLAX_AGENT_CLIENTS_EXPECTATIONS_H_
#define PARALLAX_AGENT_CLIENTS_EXPECTATIONS_H_

#include "agent/clients/http_fetch.h"
#include "agent/clients/reporter.h"

namespace parallax::clients {

// A status, header or JSON value (RFC 6901) that is not as wanted is SERVER_ERROR with the HTTP status as its code: the
// server answered, and something else. Without expectations: a status below 400. The observation's outcome is that of
// the first that does not hold.
void CheckExpectations(const v1::HttpProbe& spec, const FetchResult& answer, Reporter& reporter);

}  // namespace parallax::clients

#endif  // PARALLAX_AGENT_CLIENTS_EXPECTATIONS_H_
