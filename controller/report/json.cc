#include <ctime>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_format.h"
#include "contract/names.h"
#include "controller/diagnose/diagnose.h"
#include "controller/report/json_message.h"
#include "controller/report/report.h"
#include "controller/report/sheet/notes.h"
#include "parallax/v1/plan.pb.h"

namespace parallax::report {
namespace {

using nlohmann::ordered_json;

// A step that is not named is "", as everything that is not there.
std::string StepWord(v1::StepKind kind) { return kind == v1::STEP_KIND_UNSPECIFIED ? "" : contract::Name(kind); }

template <typename Strings>
ordered_json Array(const Strings& strings) {
  ordered_json array = ordered_json::array();
  for (const auto& text : strings) array.push_back(text);
  return array;
}

template <typename M>
ordered_json MaybeMessage(bool has, const M& message) {
  return has ? MessageJson(message) : ordered_json(nullptr);
}

ordered_json DifferenceJson(bool has, const v1::Difference& difference) {
  if (!has) return nullptr;
  const bool unnamed = difference.kind() == v1::DIFFERENCE_KIND_UNSPECIFIED;
  return {{"step", StepWord(difference.step())},
          {"variant", difference.variant()},
          {"kind", unnamed ? "" : contract::Name(difference.kind())},
          {"inside", difference.inside()},
          {"outside", difference.outside()}};
}

ordered_json FindingJson(const v1::Finding& finding) {
  ordered_json evidence = ordered_json::array();
  for (const v1::Evidence& item : finding.evidence()) {
    evidence.push_back({{"text", item.text()},
                        {"side", item.side()},
                        {"probe", item.probe()},
                        {"step", StepWord(item.step())},
                        {"against", item.against()}});
  }
  const bool none = finding.severity() == v1::SEVERITY_UNSPECIFIED;
  return {{"cause", finding.cause()},
          {"title", finding.title()},
          {"severity", none ? "" : contract::Name(finding.severity())},
          {"alternatives", Array(finding.alternatives())},
          {"nextEvidence", Array(finding.next_evidence())},
          {"confidence", finding.confidence()},
          {"summary", finding.summary()},
          {"remedy", Array(finding.remedy())},
          {"evidence", std::move(evidence)},
          {"explainedBy", finding.explained_by()},
          {"subject", finding.subject()},
          {"reference", finding.reference()}};
}

ordered_json AtomJson(const diagnose::AtomAnswer& atom) {
  ordered_json proofs = ordered_json::array();
  for (const diagnose::Proof& proof : atom.reading.proofs) {
    proofs.push_back({{"text", proof.text},
                      {"side", proof.side},
                      {"probe", proof.probe},
                      {"attempt", proof.attempt},
                      {"step", StepWord(proof.step)},
                      {"numberMs", proof.number_ms}});
  }
  return {{"name", atom.name},
          {"answer", atom.reading.yes()  ? "yes"
                     : atom.reading.no() ? "no"
                                         : "unknown"},
          {"proofs", std::move(proofs)}};
}

ordered_json StepJson(const v1::StepSummary& step) {
  ordered_json json = {{"step", StepWord(step.kind())},
                       {"variant", step.variant()},
                       {"seen", step.seen()},
                       {"succeeded", step.succeeded()},
                       {"failure", contract::Name(step.failure())},
                       {"steady", step.steady()},
                       {"minMs", Milliseconds(step.min_ns())},
                       {"medianMs", Milliseconds(step.median_ns())},
                       {"maxMs", Milliseconds(step.max_ns())},
                       {"maxBytesIn", step.max_bytes_in()},
                       {"end", contract::Name(step.end())}};
  const v1::Step& sample = step.sample();
  json["text"] = sample.text();
  json["bytesOut"] = sample.bytes_out();
  json["osError"] = sample.os_error();
  json["serverError"] = MaybeMessage(sample.has_server_error(), sample.server_error());
  // The details under their own name, so that a reader need not guess what they are.
  ordered_json details = ordered_json::object();
  const auto* oneof = v1::Step::descriptor()->FindOneofByName("details");
  if (const auto* field = sample.GetReflection()->GetOneofFieldDescriptor(sample, oneof); field != nullptr) {
    details[field->json_name()] = MessageJson(sample.GetReflection()->GetMessage(sample, field));
  }
  json["details"] = std::move(details);
  return json;
}

ordered_json OutcomeJson(const v1::SideOutcome& outcome) {
  ordered_json steps = ordered_json::array();
  for (const v1::StepSummary& step : outcome.steps()) steps.push_back(StepJson(step));
  return {{"name", outcome.side()},
          {"present", outcome.present()},
          {"attempts", outcome.attempts()},
          {"succeeded", outcome.succeeded()},
          {"steady", outcome.steady()},
          {"failure", outcome.failure() == v1::FAILURE_UNSPECIFIED ? "" : contract::Name(outcome.failure())},
          {"failedStep", StepWord(outcome.failed_step())},
          {"lastGoodStep", StepWord(outcome.last_good_step())},
          {"error", outcome.error()},
          {"address", outcome.address()},
          {"steps", std::move(steps)}};
}

ordered_json PairJson(const v1::Pair& pair) {
  uint32_t attempts = 0;
  ordered_json sides = ordered_json::array();
  for (const v1::SideOutcome& outcome : pair.sides()) {
    attempts = std::max(attempts, outcome.attempts());
    sides.push_back(OutcomeJson(outcome));
  }
  return {{"probe", pair.probe()},
          {"kind", pair.kind()},
          {"role", contract::Name(pair.role())},
          {"target", pair.target()},
          {"host", pair.host()},
          {"address", pair.address()},
          {"port", pair.port()},
          {"phase", pair.phase()},
          {"attempts", attempts},
          {"judgement", contract::Name(pair.judgement())},
          {"firstDifference", DifferenceJson(pair.has_first_difference(), pair.first_difference())},
          {"sides", std::move(sides)}};
}

ordered_json AgentJson(const v1::Hello& agent) {
  const v1::HostFacts& host = agent.host();
  ordered_json interfaces = ordered_json::array();
  for (const v1::Interface& interface : host.interfaces()) interfaces.push_back(MessageJson(interface));
  return {{"version", agent.agent_version()},
          {"id", agent.agent_id()},
          {"user", agent.user()},
          {"hostname", host.hostname()},
          {"os", host.os()},
          {"privileged", host.privileged()},
          {"probes", Array(agent.probes())},
          {"resolvers", Array(host.resolvers())},
          {"interfaces", std::move(interfaces)}};
}

ordered_json SideJson(const v1::SideSummary& side, const v1::Run& run) {
  v1::Side record;
  for (const v1::Side& candidate : run.sides()) {
    if (candidate.name() == side.name()) record = candidate;
  }
  ordered_json socks = ordered_json::array();
  for (const v1::Step& step : side.socks()) {
    ordered_json json = MessageJson(step.socks());
    json["failure"] = contract::Name(step.failure());
    json["durationMs"] = Milliseconds(step.duration_ns());
    socks.push_back(std::move(json));
  }
  ordered_json connect_to = ordered_json::array();
  for (const v1::ConnectTo& map : record.connect_to()) connect_to.push_back(MessageJson(map));
  const bool has_agent = side.has_agent() || record.has_agent();
  return {{"name", side.name()},
          {"vantage", side.vantage()},
          {"present", side.present()},
          {"missing", side.missing().empty() ? record.missing() : side.missing()},
          {"missingRemedy", record.missing_remedy()},
          {"rung", contract::Name(side.rung())},
          {"healthy", side.healthy()},
          {"locality", contract::Name(side.locality())},
          {"localityWhy", side.locality_why()},
          {"referenceRttMs", Milliseconds(side.reference_rtt_ns())},
          {"addresses", Array(side.addresses())},
          {"identity", side.identity()},
          {"serverIdentity", side.server_identity()},
          {"samePlaceAsBastion", side.same_place_as_bastion()},
          {"unlike", side.unlike()},
          {"unlikeWhy", side.unlike_why()},
          {"health", MaybeMessage(side.has_health(), side.health())},
          {"controls", MessageJson(side.controls())},
          {"carrier", MaybeMessage(side.has_carrier(), side.carrier())},
          {"banner", side.has_banner() ? StepJson(side.banner()) : ordered_json(nullptr)},
          {"route", MaybeMessage(side.has_route(), side.route())},
          {"socks", std::move(socks)},
          {"connectTo", std::move(connect_to)},
          {"secretNotes", Array(record.secret_notes())},
          {"clockOffsetMs", Milliseconds(record.clock_offset_ns())},
          {"clockUncertaintyMs", Milliseconds(record.clock_uncertainty_ns())},
          {"agent", has_agent ? AgentJson(side.has_agent() ? side.agent() : record.agent()) : ordered_json(nullptr)}};
}

ordered_json PhasesJson(const v1::Run& run) {
  ordered_json phases = ordered_json::array();
  for (const v1::Phase& phase : run.phases()) {
    v1::Plan plan;
    const bool parsed = plan.ParseFromString(phase.plan_bytes());
    ordered_json sides = ordered_json::array();
    for (const v1::PhaseDigest& side : phase.sides())
      sides.push_back({{"name", side.side()}, {"digest", side.digest()}});
    ordered_json probes = ordered_json::array();
    for (const v1::ProbeSpec& probe : plan.probes()) probes.push_back({{"probe", probe.name()}, {"why", probe.why()}});
    phases.push_back({{"phase", parsed ? plan.phase() : ""},
                      {"digest", phase.digest()},
                      {"why", phase.why()},
                      {"attempts", plan.attempts()},
                      {"sides", std::move(sides)},
                      {"probes", std::move(probes)}});
  }
  return phases;
}

// From where each value of a target came, and what of it was ignored.
ordered_json OriginsJson(const v1::Target& target) {
  ordered_json origins = ordered_json::array();
  for (const v1::ParameterOrigin& origin : target.origins()) {
    origins.push_back({{"name", origin.name()},
                       {"value", origin.value()},
                       {"from", origin.from()},
                       {"note", origin.note()},
                       {"ignored", origin.ignored()}});
  }
  return origins;
}

// What the top level shows of the worst target, and each entry of `targets` of its own.
void AddTarget(const v1::Run& run, const v1::TargetReport& target, ordered_json& json) {
  const v1::Comparison& comparison = target.comparison();
  const v1::Diagnosis& diagnosis = target.diagnosis();
  json["target"] = comparison.target().url();
  json["origins"] = OriginsJson(comparison.target());
  json["planDigest"] = comparison.plan_digest();
  json["digestsAgree"] = comparison.digests_agree();
  json["status"] = contract::Name(diagnosis.status());
  json["statusWhy"] = comparison.status_why();
  json["verdict"] = FindingJson(diagnosis.verdict());
  json["findings"] = ordered_json::array();
  for (const v1::Finding& finding : diagnosis.findings()) json["findings"].push_back(FindingJson(finding));
  json["atoms"] = ordered_json::array();
  for (const diagnose::AtomAnswer& atom : diagnose::AtomAnswers(comparison)) json["atoms"].push_back(AtomJson(atom));
  json["firstDifference"] = DifferenceJson(comparison.has_first_difference(), comparison.first_difference());
  json["firstDifferenceProbe"] = comparison.first_difference_probe();
  json["notes"] = ordered_json::array();
  for (const v1::Note& note : comparison.notes()) {
    json["notes"].push_back({{"note", contract::Name(note.kind())},
                             {"side", note.side()},
                             {"probe", note.probe()},
                             {"step", StepWord(note.step())},
                             {"facts", Array(note.facts())},
                             {"text", NoteWords(comparison, note)}});
  }
  json["addressChoice"] = MaybeMessage(comparison.has_addresses(), comparison.addresses());
  json["clockSkewMs"] = Milliseconds(comparison.clock_skew_ns());
  json["sides"] = ordered_json::array();
  for (const v1::SideSummary& side : comparison.sides()) json["sides"].push_back(SideJson(side, run));
  json["pairs"] = ordered_json::array();
  for (const v1::Pair& pair : comparison.pairs()) json["pairs"].push_back(PairJson(pair));
}

}  // namespace

std::string Json(const v1::Run& run, const v1::Report& report) {
  ordered_json json;
  json["run"] = run.id();
  json["schemaVersion"] = 1;
  json["title"] = run.title();
  json["started"] = Rfc3339(run.started_unix_ns());
  json["durationMs"] = Milliseconds(run.duration_ns());
  json["controllerVersion"] = run.controller_version();
  json["interrupted"] = run.interrupted();
  json["exitCode"] = run.interrupted() ? 130 : diagnose::ExitCode(report);
  const bool any = report.targets_size() > 0;
  const auto worst = static_cast<int>(report.worst());
  AddTarget(run, any && worst < report.targets_size() ? report.targets(worst) : v1::TargetReport(), json);
  json["phases"] = PhasesJson(run);
  json["targets"] = ordered_json::array();
  for (const v1::TargetReport& target : report.targets()) {
    ordered_json entry;
    AddTarget(run, target, entry);
    json["targets"].push_back(std::move(entry));
  }
  return json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace parallax::report
