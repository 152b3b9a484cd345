// Fidelity, rate, memory and start: what needs nothing but loopback and blackbox_exporter.
#include <poll.h>

#include <atomic>
#include <thread>

#include "absl/strings/str_format.h"
#include "contract/limits.h"
#include "tests/bench/agent.h"
#include "tests/bench/bare_connect.h"
#include "tests/bench/blackbox.h"
#include "tests/bench/rows.h"

namespace parallax::bench {
namespace {

constexpr double kNsPerUs = 1e3;
constexpr int kWholePlan = static_cast<int>(contract::kMaxPlanProbes);

v1::Plan TcpPlan(const Acceptor& acceptor, int probes, uint32_t attempts, uint32_t parallelism) {
  v1::Plan plan;
  plan.set_version(contract::kPlanVersion);
  plan.set_attempts(attempts);
  plan.set_parallelism(parallelism);
  for (int i = 0; i < probes; ++i) {
    v1::ProbeSpec* probe = plan.add_probes();
    probe->set_name(absl::StrFormat("tcp %d", i));
    probe->set_timeout_ms(5'000);
    probe->mutable_tcp()->mutable_endpoint()->set_address("127.0.0.1");
    probe->mutable_tcp()->mutable_endpoint()->set_port(acceptor.port(static_cast<size_t>(i)));
  }
  return plan;
}

// Connect times that the agent tells.
absl::StatusOr<std::vector<double>> ToldUs(Agent& agent, const v1::Plan& plan) {
  std::vector<double> times;
  absl::Status status = agent.Run(plan, [&](const v1::Observation& observation) {
    for (const v1::Step& step : observation.steps()) {
      if (step.kind() == v1::CONNECT) times.push_back(static_cast<double>(step.duration_ns()) / kNsPerUs);
    }
  });
  if (!status.ok()) return status;
  return times;
}

// `count` probes by `clients` connections at once. False when one failed.
bool AskBlackbox(const Blackbox& blackbox, const Acceptor& acceptor, int count, int clients) {
  std::atomic<bool> all_worked{true};
  std::vector<std::thread> threads;
  for (int i = 0; i < clients; ++i) {
    threads.emplace_back([&] {
      Blackbox::Client client(blackbox);
      for (int j = 0; j < count / clients; ++j) {
        if (!client.ConnectSeconds(acceptor.port(static_cast<size_t>(j))).ok()) all_worked = false;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return all_worked;
}

}  // namespace

Rows Fidelity(const Setting& setting) {
  constexpr size_t kConnects = 1'000;
  const Acceptor acceptor;
  auto agent = Agent::Start(setting.agent);
  if (!agent.ok()) return agent.status();
  auto blackbox = Blackbox::Start(setting.blackbox, setting.folder);
  if (!blackbox.ok()) return blackbox.status();
  Blackbox::Client client(**blackbox);
  std::vector<double> bare, told, theirs;
  for (int round = 0; round < setting.rounds; ++round) {
    bare.push_back(Median(BareConnectsUs(acceptor, kConnects)));
    auto ours = ToldUs(**agent, TcpPlan(acceptor, 500, 2, 1));
    if (!ours.ok()) return ours.status();
    told.push_back(Median(*ours));
    std::vector<double> seconds;
    for (size_t i = 0; i < kConnects / 2; ++i) {
      const auto one = client.ConnectSeconds(acceptor.port(i));
      if (!one.ok()) return one.status();
      seconds.push_back(*one * 1e6);
    }
    theirs.push_back(Median(seconds));
  }
  Row floor{"fidelity: bare", "us", Least(told), "a bare connect(2) loop", Least(bare), 2, false, ""};
  floor.note = absl::StrFormat(
      "the CONNECT step's duration, TCP to loopback, one probe at a time; median of %d connects a round, the least of "
      "%d "
      "rounds",
      static_cast<int>(kConnects), setting.rounds);
  Row peer{"fidelity: blackbox", "us", Least(told), "blackbox_exporter", Least(theirs), 0.2, false, ""};
  peer.note = "probe_duration_seconds of its tcp module, the one time it tells; one probe at a time";
  return std::vector<Row>{floor, peer};
}

Rows Rate(const Setting& setting) {
  constexpr int kTheirProbes = 4'000;
  constexpr int kAtOnce = static_cast<int>(contract::kDefaultParallelism);
  const Acceptor acceptor;
  auto agent = Agent::Start(setting.agent);
  if (!agent.ok()) return agent.status();
  auto blackbox = Blackbox::Start(setting.blackbox, setting.folder);
  if (!blackbox.ok()) return blackbox.status();
  const v1::Plan plan = TcpPlan(acceptor, kWholePlan, 16, 0);
  const double our_probes = kWholePlan * 16.0;
  std::vector<double> ours, theirs;
  for (int round = 0; round < setting.rounds; ++round) {
    double before = (*agent)->process().CpuSeconds();
    if (absl::Status status = (*agent)->Run(plan, [](const auto&) {}); !status.ok()) return status;
    ours.push_back(our_probes / ((*agent)->process().CpuSeconds() - before));
    before = (*blackbox)->process().CpuSeconds();
    if (!AskBlackbox(**blackbox, acceptor, kTheirProbes, kAtOnce)) {
      return absl::InternalError("a probe of blackbox_exporter failed");
    }
    theirs.push_back(kTheirProbes / ((*blackbox)->process().CpuSeconds() - before));
  }
  Row row{"rate", "probes/CPU-s", Most(ours), "blackbox_exporter", Most(theirs), 5, true, ""};
  row.note = absl::StrFormat(
      "TCP connects to loopback, %d at once on either side; user and system time of the whole process, ours with its "
      "gRPC session and every ack, theirs over HTTP connections that stay open; the most of %d rounds",
      kAtOnce, setting.rounds);
  return std::vector<Row>{row};
}

Rows Memory(const Setting& setting) {
  std::vector<double> ours, theirs;
  for (int round = 0; round < setting.rounds; ++round) {
    auto agent = Agent::Start(setting.agent);
    if (!agent.ok()) return agent.status();
    auto blackbox = Blackbox::Start(setting.blackbox, setting.folder);
    if (!blackbox.ok()) return blackbox.status();
    poll(nullptr, 0, 500);  // what a start stirs up settles
    ours.push_back(static_cast<double>((*agent)->process().ResidentKb()));
    theirs.push_back(static_cast<double>((*blackbox)->process().ResidentKb()));
  }
  Row idle{"memory: idle", "kB", Median(ours), "blackbox_exporter", Median(theirs), 1, false, ""};
  idle.note = absl::StrFormat("resident, shared pages too; ours in a session, after Hello and Welcome; median of %d",
                              setting.rounds);

  const Acceptor acceptor;
  auto agent = Agent::Start(setting.agent);
  if (!agent.ok()) return agent.status();
  const v1::Plan warm = TcpPlan(acceptor, 500, 100, 0);
  const v1::Plan long_run = TcpPlan(acceptor, 500, 200, 0);
  size_t kb[2] = {};
  for (int i = 0; i < 2; ++i) {
    if (absl::Status status = (*agent)->Run(i == 0 ? warm : long_run, [](const auto&) {}); !status.ok()) return status;
    poll(nullptr, 0, 200);  // it gives memory back after its Done
    kb[i] = (*agent)->process().ResidentKb();
  }
  // A leak of 5 bytes a probe would be over this.
  Row growth{"memory: growth",
             "kB",
             static_cast<double>(kb[1]),
             "itself 100,000 probes ago",
             static_cast<double>(kb[0]),
             1.03,
             false,
             ""};
  growth.note =
      "resident after 150,000 TCP probes, against after 50,000, by when it has levelled off; 3 % are an allocator's "
      "unevenness";
  return std::vector<Row>{idle, growth};
}

Rows Start(const Setting& setting) {
  std::vector<double> times;
  for (int i = 0; i < 4 * setting.rounds; ++i) {
    auto agent = Agent::Start(setting.agent);
    if (!agent.ok()) return agent.status();
    times.push_back((*agent)->hello_ms());
  }
  Row row{"start: Hello", "ms", Median(times), "50 ms", 50, 1, false, ""};
  row.note = absl::StrFormat(
      "from before posix_spawn(3) to Hello in the controller's hands; median of %d starts, most "
      "%.1f ms",
      static_cast<int>(times.size()), Most(times));
  return std::vector<Row>{row};
}

}  // namespace parallax::bench
