// The measurements, one function a group of rows. The contestants take turns (ABAB...), several rounds; of each
// contestant its best round counts, because what disturbs a round on a shared machine only ever makes it worse.
#ifndef PARALLAX_TESTS_BENCH_ROWS_H_
#define PARALLAX_TESTS_BENCH_ROWS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/bench/table.h"

namespace parallax::bench {

struct Setting {
  std::string agent;  // the programs
  std::string parallax;
  std::string blackbox;
  std::string folder;  // for files of ours; exists, and is empty
  int rounds = 5;
};

using Rows = absl::StatusOr<std::vector<Row>>;

// The connect time that is told, against the true one and blackbox_exporter's.
Rows Fidelity(const Setting& setting);
// TCP probes a second of CPU, against blackbox_exporter's.
Rows Rate(const Setting& setting);
// Resident memory, idle and over 100,000 probes.
Rows Memory(const Setting& setting);
// From the connect to ReadyForQuery over TLS with SCRAM, against libpq; and what `parallax compare` adds to its sides.
Rows Postgres(const Setting& setting);
// From the start of the process to its Hello.
Rows Start(const Setting& setting);

}  // namespace parallax::bench

#endif  // PARALLAX_TESTS_BENCH_ROWS_H_
