// What an agent may send: an AgentMessage, made safe to keep and to print.
#include <google/protobuf/descriptor.h>

#include "contract/limits.h"
#include "controller/dispatch/scrub.h"
#include "parallax/v1/session.pb.h"
#include "tests/fuzz/fuzzed_stream.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace parallax;  // NOLINT: the entry point has no namespace
  using fuzz::Require;
  v1::AgentMessage message;
  if (!message.ParseFromArray(data, static_cast<int>(size))) return 0;
  v1::SecretValue secret;
  secret.set_ref("controller:P");
  secret.set_value("hunter2");
  const dispatch::Scrub scrub({secret});
  if (message.has_hello()) {
    dispatch::Scrub::Printable(*message.mutable_hello());
    const std::string& name = message.hello().host().hostname();
    Require(name == contract::Printable(name, 8 * 1024));
  }
  if (message.has_observation()) {
    v1::Observation& observation = *message.mutable_observation()->mutable_observation();
    scrub.Clean(observation);
    Require(observation.error().find("hunter2") == std::string::npos);
    for (const v1::Step& step : observation.steps()) {
      Require(step.text().find("hunter2") == std::string::npos);
      Require(step.text() == contract::Printable(step.text(), 8 * 1024));
    }
    const std::string once = observation.SerializeAsString();
    scrub.Clean(observation);
    Require(observation.SerializeAsString() == once);
  }
  v1::AgentMessage again;
  Require(again.ParseFromString(message.SerializeAsString()));
  return 0;
}
