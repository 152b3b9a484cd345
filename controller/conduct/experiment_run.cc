#include "controller/conduct/experiment_run.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "contract/limits.h"
#include "controller/conduct/experiment_steps.h"
#include "controller/conduct/local_agent.h"
#include "controller/conduct/run_once.h"
#include "controller/conduct/shown_experiment.h"
#include "controller/experiment/judge.h"
#include "controller/experiment/matrix.h"
#include "controller/experiment/samples.h"
#include "controller/plan/quantities.h"

namespace parallax::conduct {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr auto kGlance = milliseconds(50);

int64_t UnixNs(std::chrono::system_clock::time_point at) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count();
}

class Experimenter {
 public:
  Experimenter(const v1::Experiment& experiment, const std::vector<Prepared>& points, const Means& means,
               const std::function<void()>& takes_time)
      : experiment_(experiment),
        prepared_(points),
        means_(means),
        interrupted_(means.interrupted),
        takes_time_(takes_time) {}

  v1::ExperimentResult Run() {
    result_.set_execution(NewRunId());
    *result_.mutable_experiment() = ShownExperiment(experiment_);
    result_.set_started_unix_ns(UnixNs(std::chrono::system_clock::now()));
    for (const v1::Point& point : experiment::Points(experiment_)) {
      v1::PointResult* result = result_.add_points();
      *result->mutable_point() = point;
      result->set_label(experiment::Label(point));
    }
    const bool staged = !experiment_.change().empty();
    const bool timed = experiment_.duration_ms() > 0;
    if (!timed) {
      result_.set_runs_planned(static_cast<uint32_t>(prepared_.size()) * experiment_.rounds() * (staged ? 2 : 1));
    }
    if (Steps(experiment_.before(), "before") && CanGoOn(experiment_.change()) && CanGoOn(experiment_.after()) &&
        Stage(staged ? "before" : "") && staged && Steps(experiment_.change(), "change")) {
      Stage("after");
    }
    CleanUp();
    NoteKept();
    result_.set_interrupted(interrupted_);
    result_.set_duration_ns(std::chrono::nanoseconds(Clock::now() - begun_).count());
    experiment::Judge(&result_);
    return std::move(result_);
  }

 private:
  // False when the experiment is to end here.
  bool GoesOn() {
    if (!result_.stopped().empty()) return false;
    if (interrupted_) {
      result_.set_stopped("interrupted");
    } else if (Clock::now() >= Deadline()) {
      result_.set_stopped(absl::StrCat("its deadline of ", plan::DurationText(experiment_.deadline_ms()),
                                       " was reached after ", runs_, " runs"));
    }
    return result_.stopped().empty();
  }

  Clock::time_point Deadline() const {
    const milliseconds deadline(experiment_.deadline_ms());
    return deadline.count() > 0 ? begun_ + deadline : Clock::time_point::max();
  }

  // False when one failed: nothing is measured after it.
  bool Steps(const google::protobuf::RepeatedPtrField<v1::ExperimentStep>& steps, const std::string& part) {
    for (const v1::ExperimentStep& step : steps) {
      if (!GoesOn()) return false;
      const v1::StepResult& done = RunStep(step, part, interrupted_, Deadline());
      if (done.error().empty()) continue;
      return Stopped(step, absl::StrCat(" failed: ", done.error()));
    }
    return true;
  }

  const v1::StepResult& RunStep(const v1::ExperimentStep& step, const std::string& part,
                                const std::atomic<bool>& interrupted, Clock::time_point deadline) {
    means_.observer.StepBegins(step, part);
    v1::StepResult* result = result_.add_steps();
    *result = CarryOut(step, part, interrupted, deadline);
    means_.observer.StepEnds(*result);
    return *result;
  }

  // False when a later step is known to fail: what would be measured before it would be for nothing.
  bool CanGoOn(const google::protobuf::RepeatedPtrField<v1::ExperimentStep>& steps) {
    for (const v1::ExperimentStep& step : steps) {
      const std::string why = WhyNever(step);
      if (!why.empty()) return Stopped(step, absl::StrCat(" could not be carried out, so nothing was measured: ", why));
    }
    return true;
  }

  bool Stopped(const v1::ExperimentStep& step, const std::string& why) {
    result_.set_stopped(absl::StrCat("the step '", ShownStep(step), "'",
                                     step.line() > 0 ? absl::StrCat(" (line ", step.line(), ")") : "", why));
    return false;
  }

  // What was set up is taken down, however it ended. An interrupt in the middle of that ends no command: half taken
  // down is worst of all, and a second one ends everything.
  void CleanUp() {
    const std::atomic<bool> never{false};
    if (!experiment_.after().empty() && takes_time_) takes_time_();
    for (const v1::ExperimentStep& step : experiment_.after()) {
      if (interrupted_ && !step.pause().empty()) continue;
      const v1::StepResult& done =
          RunStep(step, "after", step.pause().empty() ? never : interrupted_, Clock::time_point::max());
      if (!done.error().empty() && result_.stopped().empty()) {
        result_.set_stopped(absl::StrCat("all was measured; then the step '", done.what(), "' failed: ", done.error()));
      }
    }
  }

  void NoteKept() {
    for (v1::PointResult& point : *result_.mutable_points()) {
      for (v1::PointRun& run : *point.mutable_runs()) {
        if (means_.keeper != nullptr && !run.run().empty()) run.set_kept(means_.keeper->IsKept(run.run()));
      }
    }
  }

  // False when it ended early.
  bool Stage(const std::string& stage) {
    const size_t points = prepared_.size();
    if (experiment_.sequential()) {
      for (size_t point = 0; point < points; ++point) {
        for (uint32_t round = 1; round <= experiment_.rounds(); ++round) {
          if (!RunPoint(point, round, stage)) return false;
        }
      }
      return true;
    }
    const auto begun = Clock::now();
    const bool timed = experiment_.duration_ms() > 0;
    for (uint32_t round = 1; timed || round <= experiment_.rounds(); ++round) {
      const auto due = std::max(Clock::now(), begun + (round - 1) * milliseconds(experiment_.every_ms()));
      const auto next = std::max(due, ended_ + milliseconds(experiment_.pause_ms()));
      if (timed && round > 1 && next >= begun + milliseconds(experiment_.duration_ms())) return true;
      if (!WaitUntil(due)) return false;
      for (const size_t point : experiment::RoundOrder(points, round)) {
        if (!RunPoint(point, round, stage)) return false;
      }
    }
    return true;
  }

  bool WaitUntil(Clock::time_point until) {
    while (GoesOn() && Clock::now() < until) {
      std::this_thread::sleep_for(std::min<Clock::duration>(kGlance, until - Clock::now()));
    }
    return GoesOn();
  }

  bool RunPoint(size_t index, uint32_t round, const std::string& stage) {
    if (runs_ > 0 && !WaitUntil(ended_ + milliseconds(experiment_.pause_ms()))) return false;
    if (!GoesOn()) return false;
    ++runs_;
    v1::PointResult& point = *result_.mutable_points(static_cast<int>(index));
    Prepared prepared = prepared_[index];
    prepared.place.set_execution(result_.execution());
    prepared.place.set_stage(stage);
    prepared.place.set_round(round);
    means_.observer.ExperimentRunBegins({runs_, result_.runs_planned(), stage, point.label()});
    const auto finished = RunOnce(prepared, means_);
    ended_ = Clock::now();
    v1::PointRun* run = point.add_runs();
    run->set_stage(stage);
    run->set_round(round);
    if (!finished.ok()) {
      run->set_error(std::string(finished.status().message()));
      return GoesOn();
    }
    Note(*finished, run);
    // Half a run is kept and shown, and is no sample.
    if (!finished->run.interrupted()) experiment::AddRun(finished->run, stage, point.mutable_samples());
    return GoesOn();
  }

  static void Note(const FinishedRun& finished, v1::PointRun* run) {
    run->set_run(finished.run.id());
    run->set_started_unix_ns(finished.run.started_unix_ns());
    run->set_duration_ns(finished.run.duration_ns());
    if (finished.run.interrupted()) {
      run->set_error("interrupted");
      return;
    }
    run->set_status(finished.report.status());
    std::vector<std::string> missing;
    for (const v1::Side& side : finished.run.sides()) {
      // A witness takes nothing from the two sides that are compared.
      if (side.missing().empty() || (side.name() != "inside" && side.name() != "outside")) continue;
      missing.push_back(absl::StrCat(side.name(), ": ", side.missing()));
    }
    run->set_missing(absl::StrJoin(missing, "; "));
    const auto worst = static_cast<int>(finished.report.worst());
    if (worst >= finished.report.targets_size()) return;
    const v1::Finding& verdict = finished.report.targets(worst).diagnosis().verdict();
    run->set_cause(verdict.cause());
    run->set_confidence(verdict.confidence());
    run->set_summary(verdict.summary());
  }

  const v1::Experiment& experiment_;
  const std::vector<Prepared>& prepared_;
  const Means& means_;
  const std::atomic<bool>& interrupted_;  // of means_
  const std::function<void()>& takes_time_;
  const Clock::time_point begun_ = Clock::now();
  Clock::time_point ended_ = begun_;
  uint32_t runs_ = 0;
  v1::ExperimentResult result_;
};

}  // namespace

absl::StatusOr<std::vector<Prepared>> PreparePoints(const v1::Experiment& experiment, const ReachRequest& reach) {
  const auto& probes = experiment.probes();
  const auto asked = [&](const char* probe) {
    return probes.empty() || std::find(probes.begin(), probes.end(), probe) != probes.end();
  };
  std::vector<Prepared> prepared;
  for (const v1::Point& point : experiment::Points(experiment)) {
    const experiment::Setting setting = experiment::SettingOf(experiment, point);
    RunRequest request;
    request.targets = setting.targets;
    request.address = setting.address;
    for (const v1::NamedVantage& side : experiment.sides()) request.sides.push_back({side.name(), side.vantage()});
    request.connect_to.assign(experiment.connect_to().begin(), experiment.connect_to().end());
    request.controls.assign(experiment.controls().begin(), experiment.controls().end());
    request.password_from = experiment.password_from();
    request.ssl_root_cert = experiment.ssl_root_cert();
    request.step_timeout_ms = experiment.step_timeout_ms();
    request.repeats = experiment.repeats();
    if (setting.client)
      request.client = plan::ClientQuestions{experiment.client_ddl(), setting.client_bytes, setting.client_bytes};
    request.reach = reach;
    request.parallel = experiment.parallel();
    request.hold_ms = experiment.hold_ms();
    request.locate = asked("route") || asked("tunnel");
    request.try_controls = asked("controls");
    request.investigate = experiment.investigate();
    const std::string label = experiment::Label(point);
    request.title = label.empty() ? experiment.name() : absl::StrCat(experiment.name(), ": ", label);
    request.place.set_experiment(experiment.name());
    request.place.set_point(label);
    auto one = Prepare(request);
    if (!one.ok()) return one.status();
    prepared.push_back(*std::move(one));
  }
  return prepared;
}

v1::ExperimentResult RunExperiment(const v1::Experiment& experiment, const std::vector<Prepared>& points,
                                   const Means& means, const std::function<void()>& takes_time) {
  return Experimenter(experiment, points, means, takes_time).Run();
}

}  // namespace parallax::conduct
