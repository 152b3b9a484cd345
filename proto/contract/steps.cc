#include "contract/steps.h"

#include <algorithm>

namespace parallax::contract {
namespace {

constexpr bool yes = true;
constexpr bool no = false;
// clang-format off
constexpr StepInfo kSteps[] = {
    // kind                      label             staged client compared measured speaks moves
    {v1::STEP_KIND_UNSPECIFIED,  "",               no,    no,    no,      no,      no,    no},
    {v1::ROUTE_LOOKUP,           "route",          no,    no,    no,      no,      no,    no},
    {v1::CARRIER_FOUND,          "carrier found",  no,    no,    no,      no,      no,    no},
    {v1::BANNER,                 "bastion",        no,    no,    no,      no,      no,    no},
    {v1::SOCKS_CONNECT,          "socks connect",  no,    no,    no,      no,      no,    no},
    {v1::RESOLVE,                "resolve",        yes,   yes,   yes,     yes,     no,    no},
    {v1::RESOLVER_QUERY,         "resolver query", no,    no,    no,      no,      no,    no},
    {v1::CONNECT,                "connect",        yes,   no,    yes,     yes,     no,    no},
    {v1::LISTEN_UNASKED,         "unasked",        yes,   no,    yes,     yes,     yes,   no},
    {v1::EXCHANGE,               "exchange",       yes,   no,    no,      no,      yes,   no},
    {v1::SSL_REQUEST,            "ssl request",    yes,   no,    yes,     yes,     yes,   no},
    {v1::TLS_HANDSHAKE,          "tls",            yes,   no,    yes,     yes,     yes,   no},
    {v1::REQUEST,                "request",        yes,   no,    yes,     yes,     yes,   no},
    {v1::BODY,                   "body",           yes,   no,    yes,     yes,     no,    yes},
    {v1::EXPECTATION,            "expects",        no,    no,    no,      no,      no,    no},
    {v1::STARTUP,                "startup",        yes,   no,    yes,     yes,     no,    no},
    {v1::AUTHENTICATION,         "authentication", yes,   no,    yes,     yes,     no,    no},
    {v1::READY,                  "ready",          yes,   no,    yes,     yes,     no,    no},
    {v1::CLIENT_CONNECT,         "client: connect", no,   yes,   yes,     yes,     no,    no},
    {v1::QUERY,                  "query",          yes,   yes,   yes,     yes,     no,    no},
    {v1::DOWNLOAD,               "client: down",   no,    yes,   yes,     yes,     no,    yes},
    {v1::UPLOAD,                 "client: up",     no,    yes,   yes,     yes,     no,    yes},
    {v1::DDL,                    "client: ddl",    no,    yes,   yes,     yes,     no,    no},
    {v1::MESSAGE_SIZE,           "same size",      yes,   no,    no,      no,      no,    no},
    {v1::HTTP_LINE,              "speaks http?",   yes,   no,    no,      no,      no,    no},
};
// clang-format on

}  // namespace

std::span<const StepInfo> Steps() { return std::span(kSteps).subspan(1); }

const StepInfo& AboutStep(v1::StepKind kind) {
  const auto* found = std::ranges::find(kSteps, kind, &StepInfo::kind);
  return found == std::end(kSteps) ? kSteps[0] : *found;
}

}  // namespace parallax::contract
