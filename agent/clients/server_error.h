// What a PostgreSQL server said, found in a message of libpq. Pure; thread-safe.
#ifndef PARALLAX_AGENT_CLIENTS_SERVER_ERROR_H_
#define PARALLAX_AGENT_CLIENTS_SERVER_ERROR_H_

#include <string_view>

#include "parallax/v1/observation.pb.h"

namespace parallax::clients {

// `message` must have been made with PQERRORS_VERBOSE. False, and `*error` untouched, when there is nothing of the
// server's in it. In time that grows with the message as its length does: it may be a megabyte of the user's own data.
bool FindServerError(std::string_view message, v1::ServerError* error);

}  // namespace parallax::clients

#endif  // PARALLAX_AGENT_CLIENTS_SERVER_ERROR_H_
