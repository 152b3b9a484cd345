#include "controller/cli/render.h"

#include <unistd.h>

#include "controller/cli/terminal.h"
#include "controller/report/html/html.h"
#include "controller/report/report.h"

namespace parallax::cli {

absl::Status Render(const v1::Run& run, const v1::Report& report, const Form& form, Output& output) {
  if (form.format == "json") return output.Write(report::Json(run, report));
  if (form.format == "html") return output.Write(report::Html(report::MakeSheet(run, report)));
  report::TextOptions options;
  options.colour = output.is_stdout() ? UseColour(form.color, STDOUT_FILENO) : form.color == "always";
  options.columns = output.is_stdout() ? Columns(STDOUT_FILENO) : report::TextOptions().columns;
  return output.Write(report::Text(run, report, options));
}

}  // namespace parallax::cli
