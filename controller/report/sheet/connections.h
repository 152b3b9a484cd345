// What travelled on each connection, message by message. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_REPORT_SHEET_CONNECTIONS_H_
#define PARALLAX_CONTROLLER_REPORT_SHEET_CONNECTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "controller/report/sheet/span.h"
#include "parallax/v1/comparison.pb.h"

namespace parallax::report {

struct Message {
  double at_ms = 0;  // from the start of the attempt
  bool inbound = false;
  uint64_t size = 0;
  uint32_t first_byte = 0;
  std::string step;  // the step during which it travelled; "" none
};

struct Connection {
  Ref ref;  // side and probe
  uint32_t attempt = 0;
  uint32_t attempts = 0;  // that the side made of this probe; this one stands for them
  std::string local;
  std::string remote;
  std::string interface;
  double opened_ms = 0;
  double ended_ms = 0;
  v1::End end = v1::END_UNSPECIFIED;
  uint64_t bytes_out = 0;
  uint64_t bytes_in = 0;
  double rtt_ms = 0;  // smoothed, at the end; 0 unknown
  uint32_t mss = 0;
  uint32_t retransmits = 0;
  std::vector<Message> messages;
  uint64_t messages_dropped = 0;  // beyond those that the agent kept
};

// Those of the attempt that stands for each side, of the target's probes first, then of the others.
std::vector<Connection> Connections(const v1::Comparison& comparison);

}  // namespace parallax::report

#endif  // PARALLAX_CONTROLLER_REPORT_SHEET_CONNECTIONS_H_
