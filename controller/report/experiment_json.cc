#include <nlohmann/json.hpp>
#include <string>

#include "controller/report/experiment_report.h"
#include "controller/report/json_message.h"

namespace parallax::report {

std::string ExperimentJson(const v1::ExperimentResult& result, int exit_code) {
  nlohmann::ordered_json json;
  json["schemaVersion"] = 1;
  json["exitCode"] = exit_code;
  json.update(MessageJson(result));
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace parallax::report
