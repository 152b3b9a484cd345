#include "controller/conduct/secret_values.h"

#include <cstdlib>
#include <set>

#include "absl/strings/str_cat.h"
#include "contract/secret_names.h"

namespace parallax::conduct {

absl::StatusOr<TargetSecrets> ResolveSecrets(const std::vector<TargetPassword>& own, const std::string& ref) {
  TargetSecrets secrets;
  const auto send = [&](const std::string& name, const std::string& value) {
    for (const v1::SecretValue& known : secrets.to_send) {
      if (known.ref() == name) return;
    }
    v1::SecretValue& sent = secrets.to_send.emplace_back();
    sent.set_ref(name);
    sent.set_value(value);
  };
  bool ref_used = false;
  for (const TargetPassword& mine : own) {
    if (mine.password.empty() || (!mine.written && !ref.empty())) {
      secrets.refs.push_back(ref);
      ref_used |= !ref.empty();
      continue;
    }
    secrets.refs.push_back(mine.ref);
    send(mine.ref, mine.password);
  }
  if (!ref_used) return secrets;
  for (const std::string_view kind : {"env:", "controller:"}) {
    if (!ref.starts_with(kind)) continue;
    const std::string name = ref.substr(kind.size());
    const char* value = std::getenv(name.c_str());
    if (value != nullptr && *value != '\0') {
      send(ref, value);
    } else if (kind == "controller:") {
      return absl::InvalidArgumentError(
          absl::StrCat("--password-from ", ref, ": the variable ", name,
                       " is not set here; export it, or let the agents look for theirs by env:", name));
    }
  }
  return secrets;
}

void NoteSecretOrigins(const TargetSecrets& secrets, v1::Run& run) {
  std::string refs;
  for (const std::string& ref : std::set<std::string>(secrets.refs.begin(), secrets.refs.end())) {
    if (!ref.empty()) absl::StrAppend(&refs, refs.empty() ? "" : ", ", contract::ShownRef(ref));
  }
  for (v1::Side& side : *run.mutable_sides()) {
    std::set<std::string> notes;
    for (const v1::SideObservation& observation : run.observations()) {
      if (observation.side() != side.name()) continue;
      for (const v1::Step& step : observation.observation().steps()) {
        for (const std::string& origin : {step.auth().secret_origin(), step.client().secret_origin()}) {
          if (!origin.empty()) notes.insert(absl::StrCat("password ", refs, ": ", origin));
        }
        const std::string& origin = step.http().secret_origin();
        if (!origin.empty()) notes.insert(absl::StrCat("bearer token ", refs, ": ", origin));
      }
    }
    for (const std::string& note : notes) side.add_secret_notes(note);
  }
}

}  // namespace parallax::conduct
