#include <algorithm>
#include <chrono>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "contract/limits.h"
#include "contract/names.h"
#include "controller/cli/commands.h"
#include "controller/cli/exit_codes.h"
#include "controller/cli/local_agent.h"
#include "controller/cli/say.h"
#include "controller/cli/secret_values.h"
#include "controller/cli/terminal.h"
#include "controller/cli/values.h"
#include "controller/diagnose/diagnose.h"
#include "controller/dispatch/dispatcher.h"
#include "controller/plan/planner.h"
#include "controller/plan/target_url.h"
#include "controller/store/run_store.h"

namespace parallax::cli {
namespace {

constexpr int kInvestigations = 3;
constexpr size_t kMaxTargets = 32;
constexpr uint32_t kMaxRepeats = 100;
constexpr size_t kMaxWitnesses = 8;

int64_t UnixNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

absl::Status Prefixed(std::string_view flag, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(std::string(flag), ": ", std::string(status.message())));
}

// Everything that is needed before anything is started.
struct Prepared {
  plan::Options options;
  TargetSecrets secrets;
  std::vector<dispatch::SideConfig> sides;
  std::string local_agent;
};

absl::StatusOr<plan::ParsedTarget> Parse(const std::string& url) {
  if (url.size() > contract::kMaxUrlBytes) {
    return absl::InvalidArgumentError(absl::StrCat("the URL is of ", url.size(), " bytes, at most ",
                                                   contract::kMaxUrlBytes,
                                                   " are possible; write postgres://USER@HOST:PORT/DATABASE"));
  }
  return plan::ParseTarget(url);
}

absl::Status PrepareTargets(const CompareFlags& flags, Prepared* prepared) {
  if (flags.targets.empty()) {
    return absl::InvalidArgumentError(
        "there is no target: say what to probe, as in parallax compare 'postgres://app@db.internal:5432/app' --inside "
        "'exec:ssh app-host ./parallax-agent stdio'");
  }
  if (flags.targets.size() > kMaxTargets) {
    return absl::InvalidArgumentError(
        absl::StrCat("there are ", flags.targets.size(), " targets, at most ", kMaxTargets, " are possible"));
  }
  std::vector<std::string> passwords;
  for (const std::string& url : flags.targets) {
    auto parsed = Parse(url);
    if (!parsed.ok()) return Prefixed("TARGET", parsed.status());
    if (!parsed->password.empty()) {
      Warn(absl::StrCat(
          "the password in the URL of ", parsed->target.url(),
          " can be read by others on this machine, in ps and in the shell's history: better export it and give "
          "--password-from env:PGPASSWORD"));
    }
    passwords.push_back(std::move(parsed->password));
    prepared->options.targets.push_back(std::move(parsed->target));
  }
  for (const std::string& url : flags.controls) {
    auto parsed = Parse(url);
    if (!parsed.ok()) return Prefixed("--control", parsed.status());
    prepared->options.controls.push_back(std::move(parsed->target));
  }
  if (!flags.password_from.empty()) {
    if (const auto status = CheckSecretRef(flags.password_from); !status.ok())
      return Prefixed("--password-from", status);
  }
  auto secrets = ResolveSecrets(passwords, flags.password_from);
  if (!secrets.ok()) return secrets.status();
  prepared->secrets = *std::move(secrets);
  prepared->options.password_refs = prepared->secrets.refs;
  for (size_t i = 0; i < prepared->options.targets.size(); ++i) {
    prepared->options.targets[i].set_credentials(!prepared->secrets.refs[i].empty());
  }
  return absl::OkStatus();
}

// A target or a control is dialled by that name and port; an address may be what a name resolves to.
bool IsDialled(const plan::Options& options, const v1::ConnectTo& map) {
  const bool address =
      map.host().find_first_not_of("0123456789.") == std::string::npos || map.host().find(':') != std::string::npos;
  const auto fits = [&](const v1::Target& target) {
    return target.port() == map.port() && (address || target.host() == map.host());
  };
  return std::any_of(options.targets.begin(), options.targets.end(), fits) ||
         std::any_of(options.controls.begin(), options.controls.end(), fits);
}

absl::Status PrepareSides(const CompareFlags& flags, Prepared* prepared) {
  if (flags.inside.empty()) {
    return absl::InvalidArgumentError(
        "--inside is missing: say how to reach an agent inside the VPC, as in --inside 'exec:ssh app-host "
        "./parallax-agent "
        "stdio' or --inside 'exec:kubectl exec -i deploy/api -- parallax-agent stdio'");
  }
  if (flags.witnesses.size() > kMaxWitnesses) {
    return absl::InvalidArgumentError(
        absl::StrCat("--witness: there are ", flags.witnesses.size(), ", at most ", kMaxWitnesses, " are possible"));
  }
  const auto add = [&](std::string name, std::string vantage) {
    dispatch::SideConfig& side = prepared->sides.emplace_back();
    side.name = std::move(name);
    side.vantage = std::move(vantage);
    side.secrets = prepared->secrets.to_send;
  };
  add("inside", flags.inside);
  add("outside", flags.outside);
  std::set<std::string> names;
  for (const std::string& text : flags.witnesses) {
    auto witness = ParseWitness(text);
    if (!witness.ok()) return Prefixed("--witness", witness.status());
    if (!names.insert(witness->first).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("--witness: there are two named '", witness->first, "'; give each a name of its own"));
    }
    add(witness->first, witness->second);
  }
  for (const std::string& text : flags.connect_to) {
    auto map = ParseConnectTo(text);
    if (!map.ok()) return Prefixed("--connect-to", map.status());
    bool found = false;
    for (dispatch::SideConfig& side : prepared->sides) {
      if (side.name != map->first) continue;
      side.connect_to.push_back(map->second);
      found = true;
    }
    if (!found) {
      return absl::InvalidArgumentError(absl::StrCat("--connect-to: there is no side '",
                                                     contract::Printable(map->first, 80),
                                                     "'; the sides are inside, outside and the witnesses"));
    }
    if (!IsDialled(prepared->options, map->second)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--connect-to: no target is ", contract::Printable(map->second.host(), 80), ":", map->second.port(),
          ", so nothing would be dialled elsewhere; name host and port as the target does: ",
          prepared->options.targets.front().host(), ":", prepared->options.targets.front().port()));
    }
  }
  for (const dispatch::SideConfig& side : prepared->sides) {
    if (side.vantage != "local" || !prepared->local_agent.empty()) continue;
    auto agent = FindLocalAgent();
    if (!agent.ok()) return agent.status();
    prepared->local_agent = *std::move(agent);
  }
  return absl::OkStatus();
}

absl::StatusOr<Prepared> Prepare(const CompareFlags& flags) {
  Prepared prepared;
  if (auto status = PrepareTargets(flags, &prepared); !status.ok()) return status;
  if (auto status = PrepareSides(flags, &prepared); !status.ok()) return status;
  const auto timeout = ParseDurationMs(flags.timeout);
  if (!timeout.ok()) return Prefixed("--timeout", timeout.status());
  if (flags.repeats < 1 || flags.repeats > kMaxRepeats) {
    return absl::InvalidArgumentError(absl::StrCat("--repeats: ", flags.repeats, " is not in 1..", kMaxRepeats));
  }
  prepared.options.step_timeout_ms = *timeout;
  prepared.options.repeats = flags.repeats;
  prepared.options.ssl_root_cert = flags.ssl_root_cert;
  return prepared;
}

// Keeps what there is so far, as an interrupted run: if we are killed, that is what it was. A store that fails is told
// of at the end, once.
void KeepSoFar(store::RunStore* store, v1::Run run) {
  if (store == nullptr) return;
  run.set_interrupted(true);
  store->Put(run, "", "").IgnoreError();
}

// The phases, until all is known that the plans can tell, or we are interrupted. `store` may be null.
void RunPhases(const CompareFlags& flags, const plan::Options& options, const std::atomic<bool>& interrupted,
               dispatch::Dispatcher& dispatcher, store::RunStore* store, v1::Run& run) {
  const auto phase = [&](const v1::Plan& plan, std::string why) {
    if (plan.probes_size() == 0 || interrupted) return;
    dispatcher.RunPhase(plan, std::move(why), run);
    KeepSoFar(store, run);
  };
  phase(plan::PlanNames(options), "what each side resolves the names to");
  phase(plan::PlanLocate(options, run), "which route and which tunnel carry the target on each side");
  phase(plan::PlanProbe(options, run), "the target and its controls, from every side");
  for (int i = 0; i < kInvestigations && !flags.no_investigate && !interrupted; ++i) {
    const v1::Report report = diagnose::MakeReport(run);
    const auto plan = plan::PlanInvestigation(options, run, {report.targets().begin(), report.targets().end()});
    if (!plan.has_value() || plan->probes_size() == 0) return;
    std::string why;
    std::set<std::string> said;
    for (const v1::ProbeSpec& probe : plan->probes()) {
      if (probe.why().empty() || !said.insert(probe.why()).second) continue;
      absl::StrAppend(&why, why.empty() ? "" : "; ", probe.why());
    }
    phase(*plan, why);
  }
}

// "" when nothing is kept.
absl::StatusOr<std::unique_ptr<store::RunStore>> OpenStoreFor(const CompareFlags& flags) {
  if (flags.no_store) return nullptr;
  auto store = store::OpenStore(flags.store);
  if (store.ok() || !flags.store.empty()) return store;
  Warn(absl::StrCat(std::string(store.status().message()), ". This run is not kept (--no-store says so on purpose)"));
  return nullptr;
}

}  // namespace

int Compare(const CompareFlags& flags, const std::atomic<bool>& interrupted) {
  auto prepared = Prepare(flags);
  if (!prepared.ok()) return UsageError(std::string(prepared.status().message()));
  auto output = Output::Open(flags.form.output);
  if (!output.ok()) return UsageError(std::string(output.status().message()));
  ProgressLine progress;
  v1::Run run;
  run.set_id(NewRunId());
  run.set_version(contract::kRunVersion);
  run.set_controller_version(PARALLAX_VERSION);
  run.set_title(contract::Printable(flags.title, 200));
  run.set_started_unix_ns(UnixNs());
  for (const v1::Target& target : prepared->options.targets) *run.add_targets() = target;
  auto dispatcher = dispatch::Dispatcher::Create(prepared->sides, prepared->local_agent, run.id(), &interrupted,
                                                 [&](const dispatch::Progress& step) { progress.Show(step.text); });
  if (!dispatcher.ok()) return UsageError(std::string(dispatcher.status().message()));
  auto store = OpenStoreFor(flags);
  if (!store.ok()) return UsageError(std::string(store.status().message()));

  const auto begun = std::chrono::steady_clock::now();
  (*dispatcher)->Connect(run);
  RunPhases(flags, prepared->options, interrupted, **dispatcher, store->get(), run);
  (*dispatcher)->Close();
  run.set_duration_ns(std::chrono::nanoseconds(std::chrono::steady_clock::now() - begun).count());
  if (interrupted) run.set_interrupted(true);
  NoteSecretOrigins(prepared->secrets, run);

  const v1::Report report = diagnose::MakeReport(run);
  progress.Clear();
  bool kept = false;
  if (*store != nullptr) {
    const auto worst = static_cast<int>(report.worst());
    const std::string cause = worst < report.targets_size() ? report.targets(worst).diagnosis().verdict().cause() : "";
    const auto status = (*store)->Put(run, contract::Name(report.status()), cause);
    kept = status.ok();
    if (!kept) Warn(absl::StrCat("this run is not kept: ", std::string(status.message())));
  }
  if (const auto status = Render(run, report, flags.form, *output); !status.ok()) {
    return UsageError(absl::StrCat(std::string(status.message()),
                                   kept ? absl::StrCat(". The run is kept: parallax show ", run.id()) : ""));
  }
  return run.interrupted() ? kExitInterrupted : diagnose::ExitCode(report);
}

}  // namespace parallax::cli
