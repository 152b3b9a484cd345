// A report in the form that was asked for.
#ifndef PARALLAX_CONTROLLER_CLI_RENDER_H_
#define PARALLAX_CONTROLLER_CLI_RENDER_H_

#include <string>

#include "controller/cli/output.h"
#include "parallax/v1/finding.pb.h"
#include "parallax/v1/run.pb.h"

namespace parallax::cli {

struct Form {
  std::string format = "text";  // a renderer's
  std::string color = "auto";   // "auto", "always", "never"
  std::string output;           // a file; "" stdout
  bool redact = false;
  bool no_redact = false;

  // What is for pasting is read by others: Markdown is redacted unless the user says otherwise.
  bool Redacts() const { return redact || (format == "markdown" && !no_redact); }
};

// Writes the report there. An error says where it could not be written.
absl::Status Render(const v1::Run& run, const v1::Report& report, const Form& form, Output& output);

}  // namespace parallax::cli

#endif  // PARALLAX_CONTROLLER_CLI_RENDER_H_
