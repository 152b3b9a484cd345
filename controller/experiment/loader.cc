#include "controller/experiment/loader.h"

#include <algorithm>
#include <optional>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "contract/limits.h"
#include "contract/shell_words.h"
#include "controller/experiment/complete.h"
#include "controller/experiment/expectations.h"
#include "controller/experiment/matrix.h"
#include "controller/experiment/reader.h"
#include "controller/experiment/yaml_tree.h"
#include "controller/plan/quantities.h"
#include "controller/plan/target_url.h"
#include "controller/plan/values.h"

namespace parallax::experiment {
namespace {

using plan::kHourMs;
using plan::kMinuteMs;
using plan::kSecondMs;

constexpr size_t kMaxTargets = 32;
constexpr size_t kMaxSides = 64;
constexpr size_t kMaxList = 256;
constexpr uint32_t kMaxRounds = 10'000;
constexpr uint32_t kMaxRepeats = 100;
constexpr uint32_t kMaxParallel = 60;
constexpr int64_t kLongestMs = 48 * kHourMs;
constexpr int64_t kCommandMs = kMinuteMs;      // what a step's command may take when it does not say
constexpr int64_t kPersonMs = 30 * kMinuteMs;  // how long a person is waited for

constexpr std::string_view kProbes[] = {"dns", "route", "tunnel", "controls", "tcp", "tls", "postgres", "http", "sql"};

using Read = absl::Status(const YamlNode& node, const Reader& reader, v1::Experiment* experiment);

struct Key {
  std::string_view name;
  Read* read;
};

// Calls `set` with what was read, or gives the error.
template <typename T, typename Set>
absl::Status Take(absl::StatusOr<T> read, Set set) {
  if (!read.ok()) return read.status();
  set(*std::move(read));
  return absl::OkStatus();
}

// Of a list of texts, or of the one text that may stand for it.
const YamlNode& ItemAt(const YamlNode& node, size_t i) { return node.is_list() ? node.items[i] : node; }

absl::Status CheckUrl(const YamlNode& at, const std::string& url, const Reader& reader) {
  const auto parsed = plan::ReadTarget(url);
  if (!parsed.ok()) return reader.Error(at, std::string(parsed.status().message()));
  if (parsed->password.empty()) return absl::OkStatus();
  return reader.Error(
      at, absl::StrCat("a password stands in the URL of ", parsed->target.url(),
                       ": files are shared and kept; leave it out and write password_from: env:PGPASSWORD"));
}

absl::Status ReadTargets(const YamlNode& node, const Reader& reader, v1::Experiment* experiment) {
  auto texts = reader.Texts(node, kMaxTargets);
  if (!texts.ok()) return texts.status();
  for (size_t i = 0; i < texts->size(); ++i) {
    if (absl::Status status = CheckUrl(ItemAt(node, i), (*texts)[i], reader); !status.ok()) return status;
    experiment->add_targets((*texts)[i]);
  }
  return absl::OkStatus();
}

absl::Status ReadControls(const YamlNode& node, const Reader& reader, v1::Experiment* experiment) {
  auto texts = reader.Texts(node, kMaxList);
  if (!texts.ok()) return texts.status();
  for (size_t i = 0; i < texts->size(); ++i) {
    if (absl::Status status = CheckUrl(ItemAt(node, i), (*texts)[i], reader); !status.ok()) return status;
    experiment->add_controls((*texts)[i]);
  }
  return absl::OkStatus();
}

absl::Status ReadConnectTo(const YamlNode& node, const Reader& reader, v1::Experiment* experiment) {
  auto texts = reader.Texts(node, kMaxList);
  if (!texts.ok()) return texts.status();
  std::vector<std::string> sides;
  for (const v1::NamedVantage& side : experiment->sides()) sides.push_back(side.name());
  for (size_t i = 0; i < texts->size(); ++i) {
    const auto map = plan::ParseConnectTo((*texts)[i]);
    if (!map.ok()) return reader.Error(ItemAt(node, i), std::string(map.status().message()));
    // Without sides that is what is wrong, and it is said at the end.
    if (!sides.empty() && std::find(sides.begin(), sides.end(), map->first) == sides.end()) {
      return reader.Error(ItemAt(node, i), absl::StrCat("there is no side '", contract::Printable(map->first, 80),
                                                        "'; the sides are ", absl::StrJoin(sides, ", ")));
    }
    experiment->add_connect_to((*texts)[i]);
  }
  return absl::OkStatus();
}

bool IsSideName(const std::string& name) {
  return !name.empty() && name.size() <= 32 && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
  });
}

// What is nearly "inside", where there is no inside, is no witness.
absl::Status CheckSideName(const YamlNode& key, const YamlNode& sides, const Reader& reader) {
  if (!IsSideName(key.text)) {
    return reader.Error(key, absl::StrCat("'", contract::Printable(key.text, 40),
                                          "' is no name of a side: letters, digits, '-' and '_', at most 32"));
  }
  const std::string near = plan::Nearest(key.text, {"inside", "outside"});
  if (near.empty() || sides.Find(near) != nullptr) return absl::OkStatus();
  return reader.Error(key, absl::StrCat("there is no '", near, "' among the sides: did you mean '", near, "' by '",
                                        key.text, "'? A witness has another name"));
}

absl::Status ReadSides(const YamlNode& node, const Reader& reader, v1::Experiment* experiment) {
  if (!node.is_map() || node.items.empty()) {
    return reader.Error(node, "the sides are a map: inside: VANTAGE, outside: VANTAGE, and witnesses by their names");
  }
  if (node.items.size() / 2 > kMaxSides) {
    return reader.Error(node, absl::StrCat("there are ", node.items.size() / 2, " sides, at most ", kMaxSides));
  }
  for (size_t i = 0; i + 1 < node.items.size(); i += 2) {
    const YamlNode& key = node.items[i];
    if (absl::Status status = CheckSideName(key, node, reader); !status.ok()) return status;
    auto vantage = reader.Text(node.items[i + 1]);
    if (!vantage.ok()) return vantage.status();
    v1::NamedVantage* side = experiment->add_sides();
    side->set_name(key.text);
    side->set_vantage(*std::move(vantage));
    side->set_line(key.line);
  }
  if (node.Find("inside") == nullptr) {
    return reader.Error(node, "there is no inside: say where an agent is in the VPC, as in inside: 'ssh:app-host'");
  }
  if (node.Find("outside") == nullptr) {
    v1::NamedVantage* outside = experiment->add_sides();
    outside->set_name("outside");
    outside->set_vantage("local");
  }
  return absl::OkStatus();
}

absl::Status ReadPassword(const YamlNode& node, const Reader& reader, v1::Experiment* experiment) {
  auto ref = reader.Text(node);
  if (!ref.ok()) return ref.status();
  if (const auto status = plan::CheckSecretRef(*ref); !status.ok())
    return reader.Error(node, std::string(status.message()));
  experiment->set_password_from(*std::move(ref));
  return absl::OkStatus();
}

absl::Status ReadMatrix(const YamlNode& node, const Reader& reader, v1::Experiment* experiment) {
  if (!node.is_map()) return reader.Error(node, "the matrix is a map of lists, as in sslmode: [disable, require]");
  for (size_t i = 0; i + 1 < node.items.size(); i += 2) {
    const YamlNode& key = node.items[i];
    const auto axes = AxisNames();
    if (std::find(axes.begin(), axes.end(), key.text) == axes.end()) {
      return reader.UnknownKey(key, {axes.begin(), axes.end()});
    }
    // Bounded below, by the number of points: that is what matters, and what is said.
    auto values = reader.Texts(node.items[i + 1], kMaxYamlNodes);
    if (!values.ok()) return values.status();
    std::set<std::string> seen;
    const YamlNode& list = node.items[i + 1];
    for (size_t k = 0; k < values->size(); ++k) {
      const YamlNode& at = ItemAt(list, k);
      if (const auto status = CheckAxisValue(key.text, (*values)[k]); !status.ok())
        return reader.Error(at, std::string(status.message()));
      if (!seen.insert((*values)[k]).second) {
        return reader.Error(at,
                            absl::StrCat("'", contract::Printable((*values)[k], 60), "' stands twice in this list"));
      }
    }
    v1::Axis* axis = experiment->add_matrix();
    axis->set_key(key.text);
    axis->mutable_values()->Add(values->begin(), values->end());
  }
  if (const auto status = CheckPoints(*experiment); !status.ok())
    return reader.Error(node, std::string(status.message()));
  return absl::OkStatus();
}

absl::Status ReadStep(const YamlNode& node, const Reader& reader, v1::ExperimentStep* step) {
  if (!node.is_map()) {
    return reader.Error(node,
                        "a step is a map: command: './toggle-nat on', or pause: 'toggle the NAT, then press enter'");
  }
  std::optional<int64_t> timeout_ms;
  step->set_line(node.line);
  for (size_t i = 0; i + 1 < node.items.size(); i += 2) {
    const YamlNode& key = node.items[i];
    const YamlNode& value = node.items[i + 1];
    absl::Status status;
    if (key.text == "command") {
      status = Take(reader.Text(value), [&](std::string text) { step->set_command(std::move(text)); });
      if (status.ok()) {
        const auto words = contract::SplitShellWords(step->command());
        if (!words.ok()) status = reader.Error(value, std::string(words.status().message()));
      }
    } else if (key.text == "pause") {
      status = Take(reader.Text(value), [&](std::string text) { step->set_pause(std::move(text)); });
    } else if (key.text == "timeout") {
      status = Take(reader.DurationMs(value, 10, kLongestMs), [&](int64_t ms) { timeout_ms = ms; });
    } else {
      status = reader.UnknownKey(key, {"command", "pause", "timeout"});
    }
    if (!status.ok()) return status;
  }
  if (step->command().empty() == step->pause().empty()) {
    return reader.Error(node, "a step has either a command: or a pause:");
  }
  step->set_timeout_ms(timeout_ms.value_or(step->pause().empty() ? kCommandMs : kPersonMs));
  return absl::OkStatus();
}

template <typename Steps>
absl::Status ReadSteps(const YamlNode& node, const Reader& reader, Steps* steps) {
  if (!node.is_list()) return ReadStep(node, reader, steps->Add());
  if (node.items.empty() || node.items.size() > kMaxList) {
    return reader.Error(node, absl::StrCat("there are ", node.items.size(), " steps here: from 1 to ", kMaxList));
  }
  for (const YamlNode& item : node.items) {
    if (absl::Status status = ReadStep(item, reader, steps->Add()); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status ReadProbes(const YamlNode& node, const Reader& reader, v1::Experiment* experiment) {
  if (!node.is_list() || node.items.empty()) {
    return reader.Error(node, "the probes are a list, as in [postgres, sql, controls]");
  }
  for (const YamlNode& item : node.items) {
    auto probe = reader.OneOf(item, kProbes);
    if (!probe.ok()) return probe.status();
    experiment->add_probes(*std::move(probe));
  }
  return absl::OkStatus();
}

absl::Status ReadSql(const YamlNode& node, const Reader& reader, v1::Experiment* experiment) {
  if (!node.is_map()) return reader.Error(node, "write sql: {ddl: true, bytes: 1MB}");
  experiment->set_client(true);
  for (size_t i = 0; i + 1 < node.items.size(); i += 2) {
    const YamlNode& key = node.items[i];
    const YamlNode& value = node.items[i + 1];
    absl::Status status;
    if (key.text == "ddl") {
      status = Take(reader.Flag(value), [&](bool on) { experiment->set_client_ddl(on); });
    } else if (key.text == "bytes") {
      const auto bytes = plan::ParseBytes(value.text);
      if (!bytes.ok()) return reader.Error(value, std::string(bytes.status().message()));
      experiment->set_client_bytes(*bytes);
    } else {
      status = reader.UnknownKey(key, {"ddl", "bytes"});
    }
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// In the order in which they are read, whatever the order in the file: expectations are about what stands before them.
constexpr Key kKeys[] = {
    {"name",
     [](const YamlNode& n, const Reader& r, v1::Experiment* e) {
       return Take(r.Text(n), [&](std::string text) { e->set_name(contract::Printable(text, 200)); });
     }},
    {"description",
     [](const YamlNode& n, const Reader& r, v1::Experiment* e) {
       return Take(r.Text(n), [&](std::string text) { e->set_description(contract::Printable(text)); });
     }},
    {"targets", ReadTargets},
    {"sides", ReadSides},
    {"connect_to", ReadConnectTo},
    {"controls", ReadControls},
    {"password_from", ReadPassword},
    {"ssl_root_cert",
     [](const YamlNode& n, const Reader& r, v1::Experiment* e) {
       return Take(r.Text(n), [&](std::string text) { e->set_ssl_root_cert(std::move(text)); });
     }},
    {"probes", ReadProbes},
    {"sql", ReadSql},
    {"matrix", ReadMatrix},
    {"repeats",
     [](const YamlNode& n, const Reader& r, v1::Experiment* e) {
       return Take(r.Number(n, 1, kMaxRepeats), [&](uint32_t value) { e->set_repeats(value); });
     }},
    {"rounds",
     [](const YamlNode& n, const Reader& r, v1::Experiment* e) {
       return Take(r.Number(n, 1, kMaxRounds), [&](uint32_t value) { e->set_rounds(value); });
     }},
    {"order",
     [](const YamlNode& n, const Reader& r, v1::Experiment* e) {
       constexpr std::string_view kOrders[] = {"interleaved", "sequential"};
       return Take(r.OneOf(n, kOrders), [&](const std::string& order) { e->set_sequential(order == "sequential"); });
     }},
    {"pause",
     [](const YamlNode& n, const Reader& r, v1::Experiment* e) {
       return Take(r.DurationMs(n, 0, kHourMs), [&](int64_t ms) { e->set_pause_ms(ms); });
     }},
    {"every",
     [](const YamlNode& n, const Reader& r, v1::Experiment* e) {
       return Take(r.DurationMs(n, 0, 24 * kHourMs), [&](int64_t ms) { e->set_every_ms(ms); });
     }},
    {"duration",
     [](const YamlNode& n, const Reader& r, v1::Experiment* e) {
       return Take(r.DurationMs(n, 100, kLongestMs), [&](int64_t ms) { e->set_duration_ms(ms); });
     }},
    {"timeout",
     [](const YamlNode& n, const Reader& r, v1::Experiment* e) {
       return Take(r.DurationMs(n, 10, 10 * kMinuteMs), [&](int64_t ms) { e->set_step_timeout_ms(ms); });
     }},
    {"deadline",
     [](const YamlNode& n, const Reader& r, v1::Experiment* e) {
       return Take(r.DurationMs(n, kSecondMs, kLongestMs), [&](int64_t ms) { e->set_deadline_ms(ms); });
     }},
    {"parallel",
     [](const YamlNode& n, const Reader& r, v1::Experiment* e) {
       return Take(r.Number(n, 1, kMaxParallel), [&](uint32_t value) { e->set_parallel(value); });
     }},
    {"hold",
     [](const YamlNode& n, const Reader& r, v1::Experiment* e) {
       return Take(r.DurationMs(n, 0, 30 * kSecondMs), [&](int64_t ms) { e->set_hold_ms(ms); });
     }},
    {"investigate", [](const YamlNode& n, const Reader& r,
                       v1::Experiment* e) { return Take(r.Flag(n), [&](bool on) { e->set_investigate(on); }); }},
    {"before",
     [](const YamlNode& n, const Reader& r, v1::Experiment* e) { return ReadSteps(n, r, e->mutable_before()); }},
    {"change",
     [](const YamlNode& n, const Reader& r, v1::Experiment* e) { return ReadSteps(n, r, e->mutable_change()); }},
    {"after",
     [](const YamlNode& n, const Reader& r, v1::Experiment* e) { return ReadSteps(n, r, e->mutable_after()); }},
    {"expect", ReadExpectations},
};

absl::Status CheckSides(const YamlNode& sides, const Reader& reader, const SideCheck& check) {
  for (size_t i = 0; i + 1 < sides.items.size(); i += 2) {
    const absl::Status status = check(sides.items[i].text, sides.items[i + 1].text);
    if (!status.ok()) return reader.Error(sides.items[i + 1], std::string(status.message()));
  }
  return absl::OkStatus();
}

absl::Status Override(const std::vector<std::string>& overrides, YamlNode* root) {
  for (const std::string& text : overrides) {
    const size_t equals = text.find('=');
    const std::string key = contract::Printable(text.substr(0, equals), 80);
    if (equals == std::string::npos || equals == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("--set: '", key, "': write KEY=VALUE, as in --set sides.inside=local"));
    }
    const std::string source = absl::StrCat("--set ", key);
    auto value = ParseYaml(text.substr(equals + 1), source);
    if (!value.ok()) return value.status();
    if (const auto status = SetAt(root, text.substr(0, equals), *std::move(value), source); !status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(source, ": ", std::string(status.message())));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::Experiment> Load(std::string_view text, const std::string& file,
                                    const std::vector<std::string>& overrides, const SideCheck& check) {
  auto root = ParseYaml(text, file);
  if (!root.ok()) return root.status();
  if (absl::Status status = Override(overrides, &*root); !status.ok()) return status;
  const Reader reader(file);
  if (!root->is_map()) {
    return reader.Error(*root, "an experiment is a map of keys: targets:, sides:, expect: and so on");
  }
  std::vector<std::string> known;
  for (const Key& key : kKeys) known.emplace_back(key.name);
  for (size_t i = 0; i < root->items.size(); i += 2) {
    if (std::find(known.begin(), known.end(), root->items[i].text) == known.end())
      return reader.UnknownKey(root->items[i], known);
  }
  v1::Experiment experiment;
  experiment.set_investigate(true);
  for (const Key& key : kKeys) {
    const YamlNode* value = root->Find(key.name);
    if (value == nullptr) continue;
    if (absl::Status status = key.read(*value, reader, &experiment); !status.ok()) return status;
  }
  if (absl::Status status = Complete(*root, reader, &experiment); !status.ok()) return status;
  if (check) {
    if (absl::Status status = CheckSides(*root->Find("sides"), reader, check); !status.ok()) return status;
  }
  return experiment;
}

}  // namespace parallax::experiment
