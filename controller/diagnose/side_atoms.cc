// The sides themselves: who is there, who ran the same, and what their connects are worth.
#include <optional>

#include "absl/strings/str_cat.h"
#include "controller/compare/outcomes.h"
#include "controller/diagnose/atom_reads.h"
#include "controller/diagnose/sameness.h"

namespace parallax::diagnose {
namespace {

const v1::SideSummary* SideNamed(const View& view, const std::string& name) {
  for (const v1::SideSummary& side : view.comparison.sides()) {
    if (side.name() == name) return &side;
  }
  return nullptr;
}

// `probe` asks from one place on purpose.
bool IsAlone(const View& view) { return view.comparison.sides_size() == 1; }

struct Absent {
  std::string name;
  std::string why;
  bool lost = false;  // it had come, and all was well until then
};

// The first side of the view that gave nothing, or was lost before the end.
std::optional<Absent> FindAbsent(const View& view) {
  std::vector<std::string> names = {view.reference_name, view.subject_name};
  if (IsAlone(view)) names = {view.comparison.sides(0).name()};
  for (const std::string& name : names) {
    const v1::SideSummary* side = SideNamed(view, name);
    const std::string why =
        side == nullptr || side->missing().empty() ? "it gave no observation of the target" : side->missing();
    if (side == nullptr || !side->present()) return Absent{name, why, false};
    if (!side->missing().empty() && side->healthy() && view.status == v1::CANNOT_TELL) {
      return Absent{name, why, true};
    }
  }
  return std::nullopt;
}

const v1::SideSummary* Unlike(const View& view) {
  for (const v1::SideSummary& side : view.comparison.sides()) {
    if (side.unlike()) return &side;
  }
  return nullptr;
}

}  // namespace

Reading SideIsMissing(const View& view) {
  const std::optional<Absent> absent = FindAbsent(view);
  if (!absent.has_value()) return No();
  return Yes().Because(absl::StrCat(absent->name, ": ", absent->why), absent->name).Word("missing", absent->name);
}

Reading AskedFromOnePlace(const View& view) { return If(IsAlone(view)); }

Reading SideWasLost(const View& view) {
  const std::optional<Absent> absent = FindAbsent(view);
  return If(absent.has_value() && absent->lost);
}

Reading SidesRanUnlike(const View& view) {
  const v1::SideSummary* side = Unlike(view);
  if (side == nullptr) return No();
  return Yes().Because(absl::StrCat(side->name(), ": ", side->unlike_why()), side->name());
}

Reading EndpointSaysNothing(const View& view) {
  const v1::SideSummary* side = Unlike(view);
  if (side == nullptr || !side->has_health()) return No();
  return Yes().Word("health_url", side->health().url().substr(0, side->health().url().find('#')));
}

Reading SidesShareAHost(const View& view) {
  if (!view.both()) return Unknown();
  if (!OnOneHost(*view.reference, *view.subject)) return No();
  return Yes().Because("both have the same addresses and the same network namespace", view.reference_name);
}

Reading AddressIsEachSidesOwn(const View& view) {
  if (!view.both()) return Unknown();
  const std::string address = OwnHostAddress(view);
  return If(!address.empty()).Word("own_host", address);
}

Reading AskedByThatAddress(const View& view) {
  return If(!OwnHostAddress(view).empty() && view.comparison.target().host() == OwnHostAddress(view));
}

Reading NameIsEachSidesOwn(const View& view) {
  return If(!OwnHostAddress(view).empty() && view.comparison.target().host() != OwnHostAddress(view));
}

// A health endpoint's word stands beside what the other sides observed.
Reading EndpointSaysConnected(const View& view) {
  for (const v1::SideSummary& side : view.comparison.sides()) {
    if (!side.has_health() || !side.present() || side.unlike()) continue;
    Reading reading = If(side.healthy());
    return reading.Because(
        absl::StrCat("the health endpoint of the application says ",
                     side.healthy() ? "that it is connected: " : "that it is not: ", side.health().says()),
        side.name());
  }
  return Unknown();
}

Reading AttemptsDisagree(const View& view) {
  Reading reading = No();
  for (const v1::Pair& pair : view.comparison.pairs()) {
    const bool counts = pair.role() == v1::TARGET || pair.role() == v1::CLIENT || pair.role() == v1::POSITIVE_CONTROL;
    if (!counts) continue;
    for (const v1::SideOutcome& side : pair.sides()) {
      if (!side.present() || side.steady()) continue;
      reading.answer = Answer::kYes;
      reading.Because(absl::StrCat(pair.probe(), ": ", side.succeeded(), " of ", side.attempts(),
                                   " attempts succeeded ", side.side()),
                      side.side(), pair.probe());
    }
  }
  return reading;
}

Reading ConnectsEndHere(const View& view) {
  Reading reading = Unknown();
  for (const v1::SideSummary& side : view.comparison.sides()) {
    if (!side.present() || side.locality() == v1::UNKNOWN_LOCALITY) continue;
    if (side.locality() != v1::LOCAL) {
      reading.answer = Answer::kNo;
      continue;
    }
    return Yes().Because(side.locality_why(), side.name(), "", v1::CONNECT).Word("local_side", side.name());
  }
  return reading;
}

Reading ConnectsEndAtAForward(const View& view) {
  for (const v1::SideSummary& side : view.comparison.sides()) {
    if (!side.present() || side.locality() != v1::LOCAL) continue;
    return If(side.carrier().kind() == v1::PORT_FORWARD);
  }
  return Unknown();
}

}  // namespace parallax::diagnose
