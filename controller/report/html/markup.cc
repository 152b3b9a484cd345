#include "controller/report/html/markup.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "controller/report/sheet/clean.h"

namespace parallax::report {
namespace {

void Escape(std::string_view text, std::string* out) {
  for (const char c : Clean(text)) {
    switch (c) {
      case '&': *out += "&amp;"; break;
      case '<': *out += "&lt;"; break;
      case '>': *out += "&gt;"; break;
      case '"': *out += "&quot;"; break;
      case '\'': *out += "&#39;"; break;
      default: *out += c;
    }
  }
}

}  // namespace

void Markup::Begin(const char* element, const Attributes& attributes) {
  absl::StrAppend(&out_, "<", element);
  for (const Attribute& attribute : attributes) {
    absl::StrAppend(&out_, " ", attribute.name, "=\"");
    Escape(attribute.value, &out_);
    out_ += '"';
  }
}

Markup& Markup::Open(const char* element, const Attributes& attributes) {
  Begin(element, attributes);
  out_ += '>';
  open_.push_back(element);
  return *this;
}

Markup& Markup::Close() {
  if (open_.empty()) return *this;
  absl::StrAppend(&out_, "</", open_.back(), ">\n");
  open_.pop_back();
  return *this;
}

Markup& Markup::Empty(const char* element, const Attributes& attributes) {
  Begin(element, attributes);
  out_ += "/>\n";
  return *this;
}

Markup& Markup::Text(std::string_view text) {
  Escape(text, &out_);
  return *this;
}

Markup& Markup::Element(const char* element, std::string_view text, const Attributes& attributes) {
  Begin(element, attributes);
  out_ += '>';
  Escape(text, &out_);
  absl::StrAppend(&out_, "</", element, ">\n");
  return *this;
}

Markup& Markup::Style(const char* css) {
  absl::StrAppend(&out_, "<style>", css, "</style>\n");
  return *this;
}

Markup& Markup::Data(const Attributes& attributes, std::string_view base64) {
  Begin("data", attributes);
  out_ += " value=\"";
  for (const char c : base64) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '/' || c == '=') out_ += c;
  }
  out_ += "\" hidden></data>\n";
  return *this;
}

}  // namespace parallax::report
