#include "controller/report/sheet/connections.h"

#include <algorithm>
#include <array>

#include "controller/compare/words.h"
#include "controller/report/sheet/rows.h"

namespace parallax::report {
namespace {

constexpr std::array kRoles = {v1::TARGET, v1::CLIENT,           v1::INVESTIGATION,
                               v1::TUNNEL, v1::POSITIVE_CONTROL, v1::NEGATIVE_CONTROL};

double Ms(int64_t ns) { return static_cast<double>(ns) / 1e6; }

// The step on that connection during which it happened: the last that had begun.
std::string StepAt(const v1::Observation& attempt, int connection, int64_t at_ns) {
  const v1::Step* found = nullptr;
  for (const v1::Step& step : attempt.steps()) {
    if (step.connection() != connection || step.start_ns() > at_ns) continue;
    if (found == nullptr || step.start_ns() >= found->start_ns()) found = &step;
  }
  return found == nullptr ? "" : compare::StepLabel(found->kind());
}

Connection Read(const v1::Observation& attempt, int index) {
  const v1::Connection& record = attempt.connections(index);
  Connection connection;
  connection.attempt = attempt.attempt();
  connection.local = record.local_address();
  connection.remote = record.remote_address();
  connection.interface = record.interface();
  connection.opened_ms = Ms(record.opened_ns());
  connection.ended_ms = Ms(record.ended_ns());
  connection.end = record.end();
  connection.bytes_out = record.bytes_out();
  connection.bytes_in = record.bytes_in();
  connection.rtt_ms = Ms(record.at_end().rtt_ns());
  connection.mss = record.at_end().snd_mss();
  connection.retransmits = record.at_end().retransmits();
  connection.messages_dropped = record.io_dropped();
  for (const v1::IoEvent& event : record.io()) {
    connection.messages.push_back({Ms(event.at_ns()), event.inbound(), event.size(), event.first_byte(),
                                   StepAt(attempt, index + 1, event.at_ns())});
  }
  return connection;
}

}  // namespace

std::vector<Connection> Connections(const v1::Comparison& comparison) {
  std::vector<Connection> connections;
  for (const v1::Role role : kRoles) {
    for (const v1::Pair& pair : comparison.pairs()) {
      if (pair.role() != role) continue;
      for (const v1::SideOutcome& outcome : pair.sides()) {
        const v1::Observation* attempt = Representative(outcome);
        if (attempt == nullptr) continue;
        for (int i = 0; i < attempt->connections_size(); ++i) {
          connections.push_back(Read(*attempt, i));
          connections.back().ref = {outcome.side(), pair.probe(), v1::STEP_KIND_UNSPECIFIED};
          connections.back().attempts = outcome.attempts();
        }
      }
    }
  }
  return connections;
}

}  // namespace parallax::report
