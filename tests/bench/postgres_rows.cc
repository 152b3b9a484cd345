// What needs a real PostgreSQL: a login against libpq's, and a whole `parallax compare`.
#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <limits>
#include <map>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "contract/limits.h"
#include "controller/dispatch/now.h"
#include "controller/store/run_store.h"
#include "tests/bench/agent.h"
#include "tests/bench/rows.h"
#include "tests/support/postgres_server.h"

namespace parallax::bench {
namespace {

constexpr int kLogins = 20;  // a round
constexpr char kPassword[] = "correct horse battery staple";

double Ms(int64_t ns) { return static_cast<double>(ns) / 1e6; }

absl::StatusOr<double> LibpqMs(uint16_t port) {
  const std::string connection =
      absl::StrCat("host=127.0.0.1 port=", port, " user=bench dbname=postgres sslmode=require gssencmode=disable ",
                   "password='", kPassword, "'");
  const int64_t begin_ns = dispatch::MonotonicNs();
  PGconn* session = PQconnectdb(connection.c_str());
  const int64_t end_ns = dispatch::MonotonicNs();
  const bool ready = PQstatus(session) == CONNECTION_OK && PQsslInUse(session) == 1;
  const std::string why = PQerrorMessage(session);
  PQfinish(session);
  if (!ready) return absl::InternalError("libpq cannot log in: " + why);
  return Ms(end_ns - begin_ns);
}

v1::Plan LoginPlan(uint16_t port) {
  v1::Plan plan;
  plan.set_version(contract::kPlanVersion);
  plan.set_attempts(1);
  v1::ProbeSpec* probe = plan.add_probes();
  probe->set_name("postgres");
  probe->set_timeout_ms(10'000);
  v1::PostgresProbe* postgres = probe->mutable_postgres();
  postgres->mutable_endpoint()->set_address("127.0.0.1");
  postgres->mutable_endpoint()->set_port(port);
  postgres->set_user("bench");
  postgres->set_database("postgres");
  postgres->set_ssl_mode(v1::REQUIRE);
  postgres->mutable_password()->set_ref("controller:password");
  return plan;
}

// From the start of CONNECT to the end of READY, as the steps tell it.
absl::StatusOr<double> OurLoginMs(Agent& agent, const v1::Plan& plan) {
  int64_t connect_ns = 0;
  int64_t ready_ns = -1;
  absl::Status status = agent.Run(plan, [&](const v1::Observation& observation) {
    for (const v1::Step& step : observation.steps()) {
      if (step.kind() == v1::CONNECT) connect_ns = step.start_ns();
      if (step.kind() == v1::READY) ready_ns = step.start_ns() + step.duration_ns();
    }
  });
  if (!status.ok()) return status;
  if (ready_ns < 0) return absl::InternalError("a login did not come to READY");
  return Ms(ready_ns - connect_ns);
}

// Until the backend of the last login is gone and reaped, so that no login pays for the one before it.
void LetTheServerRest() { poll(nullptr, 0, 20); }

Rows Logins(const Setting& setting, uint16_t port) {
  auto agent = Agent::Start(setting.agent);
  if (!agent.ok()) return agent.status();
  (*agent)->set_password(kPassword);
  const v1::Plan plan = LoginPlan(port);
  std::vector<double> ours, theirs;
  for (int round = 0; round < setting.rounds; ++round) {
    std::vector<double> our_logins, their_logins;
    for (int i = 0; i < kLogins; ++i) {
      LetTheServerRest();
      const auto our_login = OurLoginMs(**agent, plan);
      if (!our_login.ok()) return our_login.status();
      our_logins.push_back(*our_login);
      LetTheServerRest();
      const auto their_login = LibpqMs(port);
      if (!their_login.ok()) return their_login.status();
      their_logins.push_back(*their_login);
    }
    ours.push_back(Median(our_logins));
    theirs.push_back(Median(their_logins));
  }
  Row ready{"postgres: ready", "ms", Least(ours), "libpq", Least(theirs), 1, false, ""};
  Row aim = ready;
  aim.name = "postgres: the aim";
  aim.wanted = 0.5;
  ready.note = absl::StrFormat(
      "from connect to ReadyForQuery, sslmode=require, SCRAM-SHA-256-PLUS, the same server; a login of ours, one of "
      "libpq's, in turn, each an assignment of its own; median of %d logins a round, the least of %d rounds",
      kLogins, setting.rounds);
  return std::vector<Row>{ready, aim};
}

// The time in which any side probed: for each attempt of each phase from the first probe's start to the last one's end,
// on whichever side. The sides start 300 ms apart on purpose, so the later of them ends last.
double ProbedMs(const v1::Run& run) {
  std::map<std::tuple<uint32_t, uint32_t>, std::pair<int64_t, int64_t>> attempts;
  for (const v1::SideObservation& kept : run.observations()) {
    const v1::Observation& observation = kept.observation();
    auto [entry, fresh] =
        attempts.try_emplace({kept.phase(), observation.attempt()}, std::numeric_limits<int64_t>::max(), 0);
    entry->second.first = std::min(entry->second.first, observation.started_unix_ns());
    entry->second.second = std::max(entry->second.second, observation.started_unix_ns() + observation.duration_ns());
  }
  double sum = 0;
  for (const auto& [key, span] : attempts) sum += Ms(span.second - span.first);
  return sum;
}

absl::StatusOr<Row> CompareOverhead(const Setting& setting, uint16_t port) {
  const std::string store = setting.folder + "/runs.db";
  const std::string secret = setting.folder + "/password";
  std::vector<double> added;
  double whole_ms = 0;
  int attempts = 0;
  for (int round = 0; round < setting.rounds; ++round) {
    const int64_t begin_ns = dispatch::MonotonicNs();
    auto compare = Process::Start(
        {setting.parallax, "compare", absl::StrCat("postgres://bench@127.0.0.1:", port, "/postgres?sslmode=require"),
         "--inside", absl::StrCat("exec:'", setting.agent, "' stdio"), "--password-from", "env:PARALLAX_BENCH_PASSWORD",
         "--store", store, "--format", "json", "--output", setting.folder + "/report.json"},
        -1, setting.folder + "/compare.log");
    if (!compare.ok()) return compare.status();
    const int code = (*compare)->Wait();
    const double wall_ms = Ms(dispatch::MonotonicNs() - begin_ns);
    // Healthy, or with a finding about loopback: either way it ran to its end.
    if (code != 0 && code != 1) {
      return absl::InternalError(absl::StrCat("parallax compare ended with ", code, "; see ", setting.folder));
    }
    auto runs = store::OpenStore(store);
    if (!runs.ok()) return runs.status();
    auto run = (*runs)->Get("last");
    if (!run.ok()) return run.status();
    added.push_back(wall_ms - ProbedMs(*run));
    whole_ms = wall_ms;
    attempts = 0;
    for (const v1::Phase& phase : run->phases()) {
      v1::Plan plan;
      if (plan.ParseFromString(phase.plan_bytes())) attempts += static_cast<int>(plan.attempts());
    }
  }
  Row row{"compare: added", "ms", Median(added), "150 ms", 150, 1, false, ""};
  row.note = absl::StrFormat(
      "`parallax compare` of this PostgreSQL with two local agents, from the start of the process to its end (%.0f "
      "ms), "
      "without the time in which a side probed: for each of the %d attempts of all phases from the first probe's start "
      "to the last one's end on whichever side; median of %d runs",
      whole_ms, attempts, setting.rounds);
  return row;
}

}  // namespace

Rows Postgres(const Setting& setting) {
  setenv("PARALLAX_BENCH_PASSWORD", kPassword, 1);
  std::string why_not;
  const support::TlsIdentity identity({"bench", {}, {"127.0.0.1"}});
  auto server = support::PostgresServer::Start(
      identity, "hostssl all bench 127.0.0.1/32 scram-sha-256\n",
      absl::StrCat("SET password_encryption = 'scram-sha-256'; CREATE ROLE bench LOGIN PASSWORD '", kPassword, "'"),
      &why_not);
  if (server == nullptr) return absl::UnavailableError("no PostgreSQL to measure with: " + why_not);
  auto logins = Logins(setting, server->port());
  if (!logins.ok()) return logins.status();
  auto compare = CompareOverhead(setting, server->port());
  if (!compare.ok()) return compare.status();
  logins->push_back(*compare);
  return logins;
}

}  // namespace parallax::bench
