// The one table that the bench prints: each row a number of ours beside one of a peer, and whether it is what we want.
#ifndef PARALLAX_TESTS_BENCH_TABLE_H_
#define PARALLAX_TESTS_BENCH_TABLE_H_

#include <cstdint>
#include <string>
#include <vector>

namespace parallax::bench {

struct Row {
  std::string name;
  std::string unit;
  double ours = 0;
  std::string peer_name;
  double peer = 0;        // what it is compared with; a bound of its own where no program is
  double wanted = 0;      // of ours / peer
  bool at_least = false;  // wanted is the least that will do; else the most
  std::string note;       // what was measured, in a line below the table

  double ratio() const { return peer == 0 ? 0 : ours / peer; }
  bool met() const { return at_least ? ratio() >= wanted : ratio() <= wanted; }
};

std::string Text(const std::vector<Row>& rows);
std::string Json(const std::vector<Row>& rows);

// Of a sorted copy; 0 of nothing.
double Median(std::vector<double> values);
double Least(const std::vector<double>& values);
double Most(const std::vector<double>& values);

}  // namespace parallax::bench

#endif  // PARALLAX_TESTS_BENCH_TABLE_H_
