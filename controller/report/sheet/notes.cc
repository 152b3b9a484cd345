#include "controller/report/sheet/notes.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "contract/names.h"

namespace parallax::report {
namespace {

constexpr int kShown = 6;  // of addresses; the JSON report has all

template <typename Strings>
std::string Some(const Strings& strings) {
  const auto shown = strings.begin() + std::min(strings.size(), kShown);
  const auto more = strings.end() - shown;
  return absl::StrCat(absl::StrJoin(strings.begin(), shown, ", "),
                      more > 0 ? absl::StrCat(" and ", more, " more") : "");
}

std::string AddressWords(const v1::Comparison& comparison) {
  const v1::AddressChoice& choice = comparison.addresses();
  const int known = choice.probed_size() + choice.left_out_size() + choice.not_dialled_size();
  std::string words = absl::StrCat(choice.probed_size(), " of the ", known, " addresses of ",
                                   comparison.target().host(), " were probed, the same on every side.");
  if (choice.left_out_size() > 0) {
    absl::StrAppend(&words, " Nothing is known of ", Some(choice.left_out()),
                    ": more are not probed in one run; --connect-to or the address in the URL probes one of them.");
  }
  if (choice.not_dialled_size() > 0) {
    absl::StrAppend(&words, " No side has IPv6, so that ", Some(choice.not_dialled()), " was not dialled.");
  }
  return words;
}

}  // namespace

std::string NoteWords(const v1::Comparison& comparison, const v1::Note& note) {
  const std::string& side = note.side();
  switch (note.kind()) {
    case v1::PASSWORD_NOT_ASKED:
      return absl::StrCat(side,
                          ": a password was given, and the server let the user in without asking for one. Whether "
                          "it is the right one was not tried.");
    case v1::BINDING_ONE_SIDED:
      return absl::StrCat("SCRAM is bound to the TLS channel on the ", side,
                          " side only: on the other TLS may end at a pooler before the server.");
    case v1::ADDRESS_ONE_SIDED:
      return absl::StrCat(
          "The server did not tell its own address to the ", side,
          " side. It is the same server all the same, by its identifier or its certificate; a pooler may "
          "stand before it.");
    case v1::ADDRESSES_LEFT_OUT: return AddressWords(comparison);
    case v1::SIDES_SEEM_SWAPPED:
      return absl::StrCat("Are inside and outside exchanged? ", absl::StrJoin(note.facts(), "; "),
                          ". If so, exchange --inside and --outside.");
    default: return absl::StrCat(contract::Name(note.kind()), side.empty() ? "" : " ", side);
  }
}

}  // namespace parallax::report
