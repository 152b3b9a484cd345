// What came from a peer, made safe to keep and print: control characters and broken UTF-8 replaced, bounded, and the
// secrets that we sent to that side replaced by "***".
//
// Immutable after construction; thread-safe. Holds the secret values as long as it lives.
#ifndef PARALLAX_CONTROLLER_DISPATCH_SCRUB_H_
#define PARALLAX_CONTROLLER_DISPATCH_SCRUB_H_

#include <google/protobuf/message.h>

#include <string>
#include <string_view>
#include <vector>

#include "parallax/v1/observation.pb.h"
#include "parallax/v1/session.pb.h"

namespace parallax::dispatch {

class Scrub {
 public:
  Scrub() = default;
  explicit Scrub(const std::vector<v1::SecretValue>& secrets);

  // `text` without the secrets; otherwise as it was.
  std::string Text(std::string text) const;

  // Every string field of the message, and of those in it, printable and at most 4 KiB. Bytes fields stay.
  static void Printable(google::protobuf::Message& message);

  // Printable, and free of secrets where it is for people: error, Step.text, ServerError.message. Not in names and
  // addresses: a password that is the word "postgres" must not rename the probe.
  void Clean(v1::Observation& observation) const;

 private:
  std::vector<std::string> values_;  // longest first
};

}  // namespace parallax::dispatch

#endif  // PARALLAX_CONTROLLER_DISPATCH_SCRUB_H_
