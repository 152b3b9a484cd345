// The parts of the page, one function each. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_REPORT_HTML_PARTS_H_
#define PARALLAX_CONTROLLER_REPORT_HTML_PARTS_H_

#include <string>

#include "controller/report/html/markup.h"
#include "controller/report/sheet/sheet.h"

namespace parallax::report {

// The page's style sheet, and the source of its policy that allows it and nothing else.
extern const char kPageStyle[];
std::string StyleSource();

// Where a thing of one target stands in the page.
class Places {
 public:
  Places(const TargetSheet& target, size_t index) : target_(target), prefix_("t" + std::to_string(index) + "-") {}

  std::string Row(size_t row) const { return prefix_ + "s" + std::to_string(row); }
  std::string Connection(size_t connection) const { return prefix_ + "c" + std::to_string(connection); }
  std::string Section(const char* name) const { return prefix_ + name; }
  // Of the row that shows it, of the connection else; "" when nothing in the page does.
  std::string Find(const Ref& ref) const;

 private:
  const TargetSheet& target_;
  const std::string prefix_;
};

void DrawPicture(const TargetSheet& target, Markup& page);
void DrawSteps(const TargetSheet& target, const Places& places, Markup& page);
void DrawLadder(const TargetSheet& target, Markup& page);
void DrawControls(const TargetSheet& target, Markup& page);
// As many as fit `max_bytes`; what is left out is counted.
void DrawConnections(const TargetSheet& target, const Places& places, size_t max_bytes, Markup& page);

}  // namespace parallax::report

#endif  // PARALLAX_CONTROLLER_REPORT_HTML_PARTS_H_
