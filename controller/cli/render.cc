#include "controller/cli/render.h"

#include <unistd.h>

#include "controller/cli/terminal.h"
#include "controller/diagnose/diagnose.h"
#include "controller/report/html/html.h"
#include "controller/report/markdown/markdown.h"
#include "controller/report/redact/redact.h"
#include "controller/report/report.h"

namespace parallax::cli {

namespace {

absl::Status Draw(const v1::Run& run, const v1::Report& report, const Form& form, Output& output) {
  if (form.format == "json") return output.Write(report::Json(run, report));
  if (form.format == "markdown") return output.Write(report::Markdown(report::MakeSheet(run, report)));
  if (form.format == "html") return output.Write(report::Html(report::MakeSheet(run, report)));
  report::TextOptions options;
  options.colour = output.is_stdout() ? UseColour(form.color, STDOUT_FILENO) : form.color == "always";
  options.columns = output.is_stdout() ? Columns(STDOUT_FILENO) : report::TextOptions().columns;
  return output.Write(report::Text(run, report, options));
}

}  // namespace

absl::Status Render(const v1::Run& run, const v1::Report& report, const Form& form, Output& output) {
  if (!form.Redacts()) return Draw(run, report, form, output);
  const v1::Run redacted = report::Redacted(run);
  return Draw(redacted, diagnose::MakeReport(redacted), form, output);
}

}  // namespace parallax::cli
