#include "controller/cli/dry_run.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/conduct/shown_experiment.h"
#include "controller/experiment/matrix.h"
#include "controller/plan/addresses.h"
#include "controller/plan/planner.h"
#include "controller/plan/quantities.h"
#include "controller/report/json_message.h"
#include "controller/report/layout.h"
#include "controller/report/page.h"

namespace parallax::cli {
namespace {

constexpr size_t kLabel = 9;
constexpr uint32_t kRoundsShown = 3;
constexpr size_t kPointsShown = 40;

std::string Urls(const conduct::Prepared& point) {
  std::vector<std::string> urls;
  for (const v1::Target& target : point.questions.options.targets) urls.push_back(target.url());
  return absl::StrJoin(urls, ", ");
}

// The names of the probes of one run, phase by phase.
std::vector<std::string> ProbesOf(const conduct::Prepared& point) {
  plan::Options options = point.questions.options;
  const v1::Plan names = plan::PlanNames(options);
  // Addresses are known only to the agents: a placeholder stands where a name would lead.
  for (v1::Target& target : options.targets) {
    if (target.address().empty() && !plan::IsNumeric(target.host())) target.set_address("ADDRESS");
  }
  std::vector<std::string> probes;
  for (const v1::Plan& plan : {names, plan::PlanLocate(options, v1::Run()), plan::PlanProbe(options, v1::Run())}) {
    for (const v1::ProbeSpec& spec : plan.probes()) probes.push_back(spec.name());
  }
  return probes;
}

uint64_t RunsOf(const v1::Experiment& experiment, size_t points) {
  return points * experiment.rounds() * (experiment.change().empty() ? 1 : 2);
}

class Drawing {
 public:
  Drawing(const v1::Experiment& experiment, const std::vector<conduct::Prepared>& points,
          const report::TextOptions& options)
      : experiment_(conduct::ShownExperiment(experiment)),
        points_(points),
        page_(static_cast<size_t>(options.columns), options.colour) {}

  std::string Draw() {
    page_.Add(report::Clean(experiment_.name()), report::Style::kBold);
    Line("", "nothing is run: this is what would be");
    for (const v1::NamedVantage& side : experiment_.sides())
      Line("side", absl::StrCat(side.name(), ": ", side.vantage()));
    Steps("before", experiment_.before());
    Line("runs", Runs());
    Points();
    Order();
    Steps("change", experiment_.change());
    if (!experiment_.change().empty()) Line("", "and all runs once more");
    Steps("after", experiment_.after());
    if (!points_.empty()) Line("probes", absl::StrCat("of one run: ", absl::StrJoin(ProbesOf(points_.front()), "; ")));
    if (points_.front().questions.options.try_controls)
      Line("", "and, once the inside has said Hello, what must answer there: its resolvers and its sshd");
    const char* after = experiment_.change().empty() ? "" : " after the change";
    Line("expects", experiment_.expect().empty() ? absl::StrCat("healthy", after, ", since nothing else is said")
                                                 : absl::StrCat(experiment_.expect_size(), " expectations"));
    return page_.Take();
  }

 private:
  void Line(const std::string& label, const std::string& text) {
    page_.Paragraph(absl::StrCat("  ", report::Pad(label, kLabel)), report::Clean(text));
  }

  void Steps(const std::string& part, const google::protobuf::RepeatedPtrField<v1::ExperimentStep>& steps) {
    for (const v1::ExperimentStep& step : steps) {
      const std::string what =
          step.pause().empty() ? absl::StrCat("command: ", step.command()) : absl::StrCat("pause: ", step.pause());
      Line(part, absl::StrCat(what, " (at most ", plan::DurationText(step.timeout_ms()), ")"));
    }
  }

  std::string Runs() const {
    const std::string each = absl::StrCat("; each asks every probe ", experiment_.repeats(), " times on every side");
    if (experiment_.duration_ms() > 0) {
      return absl::StrCat(
          points_.size(), " points, round after round for ", plan::DurationText(experiment_.duration_ms()),
          experiment_.every_ms() > 0 ? absl::StrCat(", a round every ", plan::DurationText(experiment_.every_ms()))
                                     : "",
          each);
    }
    return absl::StrCat(points_.size(), " points x ", experiment_.rounds(), " rounds",
                        experiment_.change().empty() ? "" : " x before and after", " = ",
                        RunsOf(experiment_, points_.size()), each);
  }

  void Points() {
    for (size_t i = 0; i < points_.size() && i < kPointsShown; ++i) {
      const std::string& label = points_[i].place.point();
      Line(absl::StrCat("  ", i + 1), absl::StrCat(label, label.empty() ? "" : ": ", Urls(points_[i])));
    }
    if (points_.size() > kPointsShown) Line("", absl::StrCat("and ", points_.size() - kPointsShown, " more"));
  }

  void Order() {
    if (points_.size() < 2) return;
    if (experiment_.sequential()) return Line("order", "all rounds of a point, then the next");
    std::vector<std::string> rounds;
    for (uint32_t round = 1; round <= std::min(experiment_.rounds(), kRoundsShown) && points_.size() <= 12; ++round) {
      std::vector<size_t> order = experiment::RoundOrder(points_.size(), round);
      for (size_t& point : order) ++point;
      rounds.push_back(absl::StrJoin(order, " "));
    }
    Line("order", absl::StrCat("interleaved", rounds.empty() ? "" : ": ", absl::StrJoin(rounds, ", then "),
                               experiment_.rounds() > kRoundsShown ? " ..." : ""));
  }

  const v1::Experiment experiment_;
  const std::vector<conduct::Prepared>& points_;
  report::Page page_;
};

}  // namespace

std::string DryRunText(const v1::Experiment& experiment, const std::vector<conduct::Prepared>& points,
                       const report::TextOptions& options) {
  return Drawing(experiment, points, options).Draw();
}

std::string DryRunJson(const v1::Experiment& experiment, const std::vector<conduct::Prepared>& points) {
  nlohmann::ordered_json json;
  json["schemaVersion"] = 1;
  json["dryRun"] = true;
  json["runs"] = experiment.duration_ms() > 0 ? 0 : RunsOf(experiment, points.size());
  json["experiment"] = report::MessageJson(conduct::ShownExperiment(experiment));
  json["points"] = nlohmann::ordered_json::array();
  for (const conduct::Prepared& point : points) {
    nlohmann::ordered_json targets = nlohmann::ordered_json::array();
    for (const v1::Target& target : point.questions.options.targets) targets.push_back(target.url());
    json["points"].push_back({{"label", point.place.point()}, {"targets", targets}, {"probes", ProbesOf(point)}});
  }
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace parallax::cli
