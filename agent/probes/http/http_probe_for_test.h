// For tests: the http probe against a server that a test plays.
#ifndef PARALLAX_AGENT_PROBES_HTTP_HTTP_PROBE_FOR_TEST_H_
#define PARALLAX_AGENT_PROBES_HTTP_HTTP_PROBE_FOR_TEST_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "agent/net/linux/own_namespace_for_test.h"
#include "agent/probes/http/http_probe.h"
#include "contract/digest.h"
#include "tests/support/probe_run.h"
#include "tests/support/scripted_server.h"

namespace parallax::probes {

using support::Peer;
using support::ScriptedServer;
using support::StepOf;
using support::Steps;
using support::TlsIdentity;
using ::testing::HasSubstr;
using ::testing::Not;

inline constexpr char kFine[] = "connect request body expectation[status]";
inline constexpr char kToken[] = "a-token-that-nobody-may-see";

inline std::string Answer(std::string_view body, std::string_view headers = "", std::string_view status = "200 OK") {
  return absl::StrCat("HTTP/1.1 ", std::string(status), "\r\nContent-Length: ", body.size(), "\r\n",
                      std::string(headers), "\r\n", std::string(body));
}

inline std::string ReadRequest(Peer& peer) {
  std::string request;
  while (request.find("\r\n\r\n") == std::string::npos) {
    const std::string more = peer.ReadSome();
    if (more.empty()) break;
    request += more;
  }
  return request;
}

// Reads a request and answers with these bytes; keeps the connection until the client ends it.
inline ScriptedServer::Script Saying(const std::string& bytes) {
  return [bytes](Peer& peer) {
    ReadRequest(peer);
    peer.Send(bytes);
    peer.AwaitEnd();
  };
}

class HttpProbeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    spec_.set_name("http");
    http().mutable_endpoint()->set_host("app.test");
    http().mutable_endpoint()->set_address("127.0.0.1");
    run_.step_timeout_ms = 2000;
  }
  v1::HttpProbe& http() { return *spec_.mutable_http(); }
  v1::Observation Probe(uint16_t port) {
    http().mutable_endpoint()->set_port(port);
    v1::Observation seen = run_.Run(kHttpProbe, spec_);
    EXPECT_FALSE(support::Holds(seen, kToken));
    return seen;
  }
  v1::Observation Probe(const ScriptedServer::Script& script) {
    server_ = std::make_unique<ScriptedServer>(script);
    return Probe(server_->port());
  }
  v1::HttpExpectation* Expect(const std::string& equals) {
    v1::HttpExpectation* expected = http().add_expect();
    expected->set_equals(equals);
    return expected;
  }
  void GiveToken() {
    http().mutable_bearer()->set_ref("controller:T");
    run_.AddSecret("controller:T", kToken);
  }

  v1::ProbeSpec spec_;
  support::ProbeRun run_;
  std::unique_ptr<ScriptedServer> server_;
};

}  // namespace parallax::probes

#endif  // PARALLAX_AGENT_PROBES_HTTP_HTTP_PROBE_FOR_TEST_H_
