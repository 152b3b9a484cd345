// Writes HTML and SVG such that nothing that a peer said can become markup: names of elements and attributes are
// literals of ours, and every text and every value is cleaned and escaped here.
//
// A value; one thread at a time.
#ifndef PARALLAX_CONTROLLER_REPORT_HTML_MARKUP_H_
#define PARALLAX_CONTROLLER_REPORT_HTML_MARKUP_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parallax::report {

struct Attribute {
  const char* name;
  std::string value;
};
using Attributes = std::vector<Attribute>;

class Markup {
 public:
  Markup& Open(const char* element, const Attributes& attributes = {});
  Markup& Close();                                                        // the innermost that is open
  Markup& Empty(const char* element, const Attributes& attributes = {});  // one that has no content
  Markup& Text(std::string_view text);
  // Open, Text, Close.
  Markup& Element(const char* element, std::string_view text, const Attributes& attributes = {});
  // A style sheet of ours, as it is: its digest stands in the page's policy.
  Markup& Style(const char* css);
  // A value too long for the bound on a piece of text, of base64's characters only; any other is dropped.
  Markup& Data(const Attributes& attributes, std::string_view base64);

  size_t size() const { return out_.size(); }
  std::string Take() { return std::move(out_); }

 private:
  void Begin(const char* element, const Attributes& attributes);

  std::string out_;
  std::vector<const char*> open_;
};

}  // namespace parallax::report

#endif  // PARALLAX_CONTROLLER_REPORT_HTML_MARKUP_H_
