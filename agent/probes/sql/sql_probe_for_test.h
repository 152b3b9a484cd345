// For tests: the sql probe against a server that a test plays.
#ifndef PARALLAX_AGENT_PROBES_SQL_SQL_PROBE_FOR_TEST_H_
#define PARALLAX_AGENT_PROBES_SQL_SQL_PROBE_FOR_TEST_H_

#include <dirent.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <future>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "agent/net/linux/own_namespace_for_test.h"
#include "agent/probes/client_frames.h"
#include "agent/probes/client_process.h"
#include "agent/probes/sql/sql_probe.h"
#include "tests/support/fake_postgres.h"
#include "tests/support/probe_run.h"
#include "tests/support/scripted_server.h"

namespace parallax::probes {

namespace fake = support::fake;
using support::Peer;
using support::ScriptedServer;
using support::StepOf;
using support::Steps;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

inline constexpr char kPassword[] = "correct-horse-battery";

inline std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The client process that this test's probe has started; 0 when there is none.
inline pid_t ClientPid() {
  pid_t found = 0;
  DIR* proc = opendir("/proc");
  for (const dirent* entry = readdir(proc); entry != nullptr; entry = readdir(proc)) {
    if (std::atoi(entry->d_name) == 0) continue;
    const std::string stat = ReadFile(absl::StrCat("/proc/", entry->d_name, "/stat"));
    const size_t name_end = stat.rfind(')');
    if (name_end == std::string::npos || stat.find("(parallax-agent-") == std::string::npos) continue;
    // "pid (name) state ppid ..."
    if (std::atoi(stat.c_str() + name_end + 4) == getpid()) found = std::atoi(entry->d_name);
  }
  closedir(proc);
  return found;
}

// A login that is let in; then the script goes on.
inline ScriptedServer::Script LetIn(const std::function<void(Peer&)>& then) {
  return [then](Peer& peer) {
    fake::ReadUntyped(peer);
    peer.Send(fake::Authentication(0) + fake::Parameter("server_version", "15.8") +
              fake::Parameter("client_encoding", "UTF8") + fake::Parameter("standard_conforming_strings", "on") +
              fake::KeyData(7) + fake::Ready());
    then(peer);
  };
}

class SqlProbeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    spec_.set_name("sql");
    sql().mutable_endpoint()->set_host("db.test");
    sql().mutable_endpoint()->set_address("127.0.0.1");
    sql().set_user("app");
    sql().set_ssl_mode(v1::DISABLE);
    sql().mutable_password()->set_ref("controller:P");
    run_.AddSecret("controller:P", kPassword);
    run_.step_timeout_ms = 2000;
  }
  v1::SqlProbe& sql() { return *spec_.mutable_sql(); }
  v1::Observation Probe(const ScriptedServer::Script& script) {
    const ScriptedServer server(script);  // has ended when this returns: what the script left behind may be read
    sql().mutable_endpoint()->set_port(server.port());
    v1::Observation seen = run_.Run(kSqlProbe, spec_);
    EXPECT_FALSE(support::Holds(seen, kPassword));
    EXPECT_EQ(ClientPid(), 0) << "no client process outlives its probe";
    return seen;
  }

  v1::ProbeSpec spec_;
  support::ProbeRun run_;
};

}  // namespace parallax::probes

#endif  // PARALLAX_AGENT_PROBES_SQL_SQL_PROBE_FOR_TEST_H_
