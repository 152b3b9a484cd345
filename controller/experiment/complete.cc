#include "controller/experiment/complete.h"

#include <cstdint>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "controller/experiment/matrix.h"
#include "controller/plan/target_url.h"

namespace parallax::experiment {
namespace {

constexpr uint32_t kRoundsOfAChange = 5;  // fewer cannot show a difference: two of 252 ways are under 0.05

// Of all that any point probes: an axis of targets takes the place of those above it. "http" stands for https too.
std::set<std::string> SchemesOf(const v1::Experiment& experiment) {
  const google::protobuf::RepeatedPtrField<std::string>* urls = &experiment.targets();
  for (const v1::Axis& axis : experiment.matrix()) {
    if (axis.key() == "target") urls = &axis.values();
  }
  std::set<std::string> schemes;
  for (const std::string& url : *urls) {
    const auto parsed = plan::ReadTarget(url);
    if (parsed.ok()) schemes.insert(parsed->target.scheme() == "https" ? "http" : parsed->target.scheme());
  }
  return schemes;
}

// The probes of a target are those of its scheme, and what only a postgres:// one has is not asked of others: silently
// doing nothing, it would look like an answer.
absl::Status CheckProbes(const YamlNode& root, const Reader& reader, const v1::Experiment& experiment) {
  const std::set<std::string> schemes = SchemesOf(experiment);
  const bool postgres = schemes.contains("postgres");
  const YamlNode* list = root.Find("probes");
  for (size_t i = 0; list != nullptr && i < list->items.size(); ++i) {
    const std::string& probe = list->items[i].text;
    const bool of_a_scheme = probe == "tcp" || probe == "tls" || probe == "postgres" || probe == "http";
    if (of_a_scheme && !schemes.contains(probe)) {
      return reader.Error(list->items[i], absl::StrCat("no target is a ", probe, ":// one: add it as a target"));
    }
    if (probe == "sql" && !postgres) {
      return reader.Error(list->items[i], "sql is asked of postgres:// targets, and there is none");
    }
  }
  const YamlNode* sql = root.Find("sql");
  if (sql != nullptr && !postgres) return reader.Error(*sql, "sql is asked of postgres:// targets, and there is none");
  const YamlNode* matrix = root.Find("matrix");
  for (size_t i = 0; matrix != nullptr && i + 1 < matrix->items.size(); i += 2) {
    const YamlNode& key = matrix->items[i];
    if (postgres || (key.text != "sslmode" && key.text != "size")) continue;
    return reader.Error(key, absl::StrCat("'", key.text, "' is varied of postgres:// targets, and there is none"));
  }
  return absl::OkStatus();
}

// How many runs that would be, known once rounds and change are.
absl::Status CheckRuns(const YamlNode& root, const Reader& reader, const v1::Experiment& experiment) {
  absl::Status status = CheckPoints(experiment);
  if (status.ok()) return status;
  const YamlNode* rounds = root.Find("rounds");
  return reader.Error(rounds == nullptr ? root : *rounds, std::string(status.message()));
}

}  // namespace

absl::Status Complete(const YamlNode& root, const Reader& reader, v1::Experiment* experiment) {
  if (experiment->targets().empty()) {
    return reader.Error(root, "there is no 'targets:': say what to probe, as in targets: [postgres://app@db:5432/app]");
  }
  if (experiment->sides().empty()) {
    return reader.Error(root,
                        "there is no 'sides:': say where the agents are, as in sides: {inside: 'ssh:app-host', "
                        "outside: local}");
  }
  const bool timed = experiment->duration_ms() > 0;
  if (timed && root.Find("rounds") != nullptr) {
    return reader.Error(*root.Find("rounds"), "either rounds: or duration:, not both");
  }
  if (experiment->sequential() && (timed || experiment->every_ms() > 0)) {
    return reader.Error(*root.Find("order"), "duration: and every: go round by round, so their order is interleaved");
  }
  if (experiment->repeats() == 0) experiment->set_repeats(3);
  if (experiment->rounds() == 0) experiment->set_rounds(experiment->change().empty() ? 1 : kRoundsOfAChange);
  if (experiment->step_timeout_ms() == 0) experiment->set_step_timeout_ms(5000);
  if (experiment->parallel() == 0) experiment->set_parallel(1);
  if (experiment->name().empty()) experiment->set_name("experiment");
  if (absl::Status status = CheckRuns(root, reader, *experiment); !status.ok()) return status;
  return CheckProbes(root, reader, *experiment);
}

}  // namespace parallax::experiment
