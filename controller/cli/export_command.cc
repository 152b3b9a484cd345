#include <google/protobuf/text_format.h>

#include <nlohmann/json.hpp>
#include <string>

#include "controller/cli/commands.h"
#include "controller/cli/exit_codes.h"
#include "controller/cli/say.h"
#include "controller/cli/stored_run.h"
#include "controller/report/json_message.h"
#include "controller/report/redact/redact.h"
#include "parallax/v1/plan.pb.h"

namespace parallax::cli {
namespace {

// Everything that was observed and nothing derived; the plans as what they say, beside the bytes that were digested.
std::string RunJson(const v1::Run& run) {
  nlohmann::ordered_json json;
  json["schemaVersion"] = 1;
  json.update(report::MessageJson(run));
  for (int i = 0; i < run.phases_size(); ++i) {
    v1::Plan plan;
    if (plan.ParseFromString(run.phases(i).plan_bytes())) json["phases"][i]["plan"] = report::MessageJson(plan);
  }
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

int Export(const ExportFlags& flags) {
  auto output = Output::Open(flags.form.output);
  if (!output.ok()) return UsageError(std::string(output.status().message()));
  const auto stored = FetchRun(flags.store, flags.run);
  if (!stored.ok()) return UsageError(std::string(stored.status().message()));
  const v1::Run run = flags.form.redact ? report::Redacted(stored->run) : stored->run;
  std::string bytes;
  if (flags.form.format == "json") {
    bytes = RunJson(run);
  } else {
    google::protobuf::TextFormat::PrintToString(run, &bytes);
  }
  const auto status = output->Write(bytes);
  return status.ok() ? kExitHealthy : UsageError(std::string(status.message()));
}

}  // namespace parallax::cli
