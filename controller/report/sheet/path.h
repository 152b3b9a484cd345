// The way from one side to the target, stop by stop, and what is proved of each piece of it. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_REPORT_SHEET_PATH_H_
#define PARALLAX_CONTROLLER_REPORT_SHEET_PATH_H_

#include <string>
#include <vector>

#include "controller/report/sheet/span.h"
#include "parallax/v1/finding.pb.h"

namespace parallax::report {

enum class Place { kHost, kTunnel, kBastion, kNetwork, kTarget };
inline constexpr int kPlaces = 5;

// What is known of a piece of the way.
enum class Crossing {
  kProved,    // bytes crossed it that nobody on this side of it could have sent
  kAccepted,  // somebody accepted a connect, or a table names it: that proves nothing
  kBroken,    // it breaks here
  kUnseen,    // nobody looked, or nobody could
};

struct Stop {
  Place place = Place::kHost;
  std::string name;
  std::string detail;
  bool fails = false;  // the bytes arrive, and this stop itself fails
};

// From one stop to the next.
struct Leg {
  Crossing crossing = Crossing::kUnseen;
  std::string words;  // what was seen of it
  Ref ref;
};

struct Path {
  std::string side;
  std::vector<Stop> stops;
  std::vector<Leg> legs;  // one fewer than stops
};

// One a side, in the order of the comparison. The break stands where the verdict's cause stands.
std::vector<Path> Paths(const v1::TargetReport& target);

// "proved", "accepted, which proves nothing", "broken", "not seen".
std::string CrossingWords(Crossing crossing);

// "this laptop -> sst: accepted, which proves nothing (..); sst -> 198.51.100.24:22: broken (..)": the picture in
// words.
std::string PathWords(const Path& path);

}  // namespace parallax::report

#endif  // PARALLAX_CONTROLLER_REPORT_SHEET_PATH_H_
