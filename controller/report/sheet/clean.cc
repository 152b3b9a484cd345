#include "controller/report/sheet/clean.h"

#include "contract/limits.h"

namespace parallax::report {
namespace {

constexpr size_t kMaxClean = 4096;  // bytes of one piece of text

// U+200E, U+200F, U+2028..U+202E and U+2066..U+2069 all begin with these two bytes.
bool TurnsDirection(std::string_view three) {
  if (three.size() < 3 || three[0] != '\xE2') return false;
  const auto last = static_cast<unsigned char>(three[2]);
  if (three[1] == '\x80') return last == 0x8E || last == 0x8F || (last >= 0xA8 && last <= 0xAE);
  return three[1] == '\x81' && last >= 0xA6 && last <= 0xA9;
}

}  // namespace

std::string Clean(std::string_view text) {
  const std::string printable = contract::Printable(text, kMaxClean);
  std::string out;
  out.reserve(printable.size());
  for (size_t i = 0; i < printable.size(); ++i) {
    if (TurnsDirection(std::string_view(printable).substr(i))) {
      out += '?';
      i += 2;
    } else {
      out += printable[i];
    }
  }
  return out;
}

}  // namespace parallax::report
