// A run whose names, addresses and paths are aliases, for other people's eyes. What it says of the network is the same:
// it compares and diagnoses as the run that it was made of. Whatever is drawn of it, or exported, holds aliases only.
//
// One thread at a time.
#ifndef PARALLAX_CONTROLLER_REPORT_REDACT_REDACT_H_
#define PARALLAX_CONTROLLER_REPORT_REDACT_REDACT_H_

#include <memory>
#include <vector>

#include "parallax/v1/run.pb.h"

namespace parallax::report {

class Aliases;

class Redactor {
 public:
  // Learns from all of them: what is in two of them has one alias.
  explicit Redactor(const std::vector<const google::protobuf::Message*>& messages);
  ~Redactor();
  Redactor(const Redactor&) = delete;
  Redactor& operator=(const Redactor&) = delete;

  // The title, which is a person's free text, says that these are aliases.
  v1::Run Redacted(v1::Run run);

 private:
  std::unique_ptr<Aliases> aliases_;
};

v1::Run Redacted(const v1::Run& run);

}  // namespace parallax::report

#endif  // PARALLAX_CONTROLLER_REPORT_REDACT_REDACT_H_
