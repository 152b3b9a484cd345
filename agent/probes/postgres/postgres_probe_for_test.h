// For tests: the postgres probe against a server that a test plays.
#ifndef PARALLAX_AGENT_PROBES_POSTGRES_POSTGRES_PROBE_FOR_TEST_H_
#define PARALLAX_AGENT_PROBES_POSTGRES_POSTGRES_PROBE_FOR_TEST_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "agent/probes/postgres/postgres_probe.h"
#include "tests/support/fake_postgres.h"
#include "tests/support/probe_run.h"
#include "tests/support/scripted_server.h"

namespace parallax::probes {

using support::Holds;
using support::Peer;
using support::ScriptedServer;
using support::StepOf;
using support::Steps;
using support::TlsIdentity;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
namespace fake = support::fake;

inline constexpr char kRef[] = "controller:PASSWORD";
inline constexpr char kPassword[] = "correct-horse-battery";
inline constexpr int kShortMs = 150;

// Shared by all tests: making a key is the slow part. Never destroyed.
inline const TlsIdentity& Identity() {
  static const TlsIdentity& identity = *new TlsIdentity({"db.test", {"db.test"}, {"127.0.0.1"}});
  return identity;
}

class PostgresProbeTest : public ::testing::Test {
 protected:
  v1::ProbeSpec Spec(uint16_t port, v1::SslMode mode, bool with_password = false) {
    v1::ProbeSpec spec;
    spec.set_name("postgres");
    v1::PostgresProbe* postgres = spec.mutable_postgres();
    postgres->mutable_endpoint()->set_host("db.test");
    postgres->mutable_endpoint()->set_address("127.0.0.1");
    postgres->mutable_endpoint()->set_port(port);
    postgres->set_user("app");
    postgres->set_database("shop");
    postgres->set_ssl_mode(mode);
    if (with_password) {
      postgres->mutable_password()->set_ref(kRef);
      run_.AddSecret(kRef, kPassword);
    }
    return spec;
  }

  v1::Observation Run(const v1::ProbeSpec& spec) {
    v1::Observation observation = run_.Run(kPostgresProbe, spec);
    EXPECT_FALSE(Holds(observation, kPassword)) << observation.DebugString();
    return observation;
  }

  // The answer to the SSLRequest, and nothing else.
  v1::Observation AfterSslRequest(const std::function<void(Peer&)>& answer, v1::SslMode mode = v1::REQUIRE) {
    ScriptedServer server([&](Peer& peer) {
      fake::ReadUntyped(peer);
      answer(peer);
    });
    return Run(Spec(server.port(), mode));
  }

  // From the startup message on, in clear.
  v1::Observation InClear(const std::function<void(Peer&)>& answer, bool with_password = false) {
    ScriptedServer server([&](Peer& peer) {
      startup_ = fake::ReadUntyped(peer);
      answer(peer);
    });
    v1::Observation observation = Run(Spec(server.port(), v1::DISABLE, with_password));
    received_ = server.received();
    return observation;
  }

  // From the startup message on, over TLS.
  v1::Observation OverTls(const std::function<void(Peer&)>& answer, v1::SslMode mode, const std::string& roots = "") {
    ScriptedServer server([&](Peer& peer) {
      fake::ReadUntyped(peer);
      peer.Send("S");
      if (!peer.StartTls(Identity())) return;
      startup_ = fake::ReadUntyped(peer);
      answer(peer);
    });
    v1::ProbeSpec spec = Spec(server.port(), mode, /*with_password=*/true);
    spec.mutable_postgres()->set_ssl_root_cert(roots);
    v1::Observation observation = Run(spec);
    received_ = server.received();
    return observation;
  }

  support::ProbeRun run_;
  std::string startup_;
  std::string received_;  // what the server got, decrypted
};

// What a healthy server says from the startup message on, when it trusts the client.
inline void ServeTrusting(Peer& peer) {
  peer.Send(fake::Authentication(0) + fake::Parameter("server_version", "15.3") +
            fake::Parameter("is_superuser", "off") + fake::KeyData(4711) + fake::Ready());
  for (std::string asked; !(asked = fake::ReadTyped(peer)).empty() && asked[0] == 'Q';) {
    std::string row = fake::Row({"1"});
    if (asked.find("inet_server_addr") != std::string::npos) row = fake::Row({"10.0.4.172:5432", "10.0.8.50", "f"});
    if (asked.find("pg_control_system") != std::string::npos) row = fake::Row({"7012345678901234567"});
    peer.Send(row + fake::Complete() + fake::Ready());
  }
}

}  // namespace parallax::probes

#endif  // PARALLAX_AGENT_PROBES_POSTGRES_POSTGRES_PROBE_FOR_TEST_H_
