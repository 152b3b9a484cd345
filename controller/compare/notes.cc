#include "controller/compare/notes.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "contract/names.h"
#include "controller/compare/login.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/pairs.h"
#include "controller/compare/roles.h"
#include "controller/compare/words.h"

namespace parallax::compare {
namespace {

bool IsIpv6(const std::string& address) { return address.find(':') != std::string::npos; }

bool HasGlobalIpv6(const v1::Run& run) {
  for (const v1::Side& side : run.sides()) {
    for (const v1::Interface& interface : side.agent().host().interfaces()) {
      for (const std::string& address : interface.addresses()) {
        if (IsIpv6(address) && !address.starts_with("::1") && !address.starts_with("fe80:")) return true;
      }
    }
  }
  return false;
}

v1::Note* Add(v1::NoteKind kind, const std::string& side, const v1::Pair* pair, v1::StepKind step,
              v1::Comparison* comparison) {
  v1::Note* note = comparison->add_notes();
  note->set_kind(kind);
  note->set_side(side);
  if (pair != nullptr) note->set_probe(pair->probe());
  note->set_step(step);
  return note;
}

void NoteAddresses(const v1::Run& run, v1::Comparison* comparison) {
  std::set<std::string> probed;
  for (const v1::Pair* pair : PairsWith(*comparison, v1::TARGET)) {
    if (!pair->address().empty()) probed.insert(pair->address());
  }
  std::set<std::pair<bool, std::string>> known;  // IPv4 first
  for (const v1::SideSummary& side : comparison->sides()) {
    for (const std::string& address : side.addresses()) known.emplace(IsIpv6(address), address);
  }
  if (probed.empty() || known.empty()) return;
  const bool with_ipv6 = HasGlobalIpv6(run);
  v1::AddressChoice* choice = comparison->mutable_addresses();
  for (const std::string& address : probed) choice->add_probed(address);
  for (const auto& [is_ipv6, address] : known) {
    if (probed.contains(address)) continue;
    (is_ipv6 && !with_ipv6 ? choice->mutable_not_dialled() : choice->mutable_left_out())->Add(std::string(address));
  }
  if (choice->left_out_size() + choice->not_dialled_size() > 0) {
    Add(v1::ADDRESSES_LEFT_OUT, "", nullptr, v1::RESOLVE, comparison);
  }
}

void NotePasswords(const v1::Run& run, v1::Comparison* comparison) {
  if (!comparison->target().credentials()) return;
  for (const v1::SideSummary& side : comparison->sides()) {
    for (const v1::Pair* pair : OwnPairs(run, *comparison, side)) {
      const v1::SideOutcome* outcome = FindSide(*pair, side.name());
      if (outcome == nullptr || !Logins(*outcome).contains("trust")) continue;
      Add(v1::PASSWORD_NOT_ASKED, side.name(), pair, v1::AUTHENTICATION, comparison);
      break;
    }
  }
}

void NoteLogins(v1::Comparison* comparison) {
  for (const v1::Pair* pair : PairsWith(*comparison, v1::TARGET)) {
    const v1::SideOutcome* reference = FindSide(*pair, kReference);
    const v1::SideOutcome* subject = FindSide(*pair, kSubject);
    if (reference == nullptr || subject == nullptr) continue;
    if (const std::string side = BoundOn(*reference, *subject); !side.empty()) {
      Add(v1::BINDING_ONE_SIDED, side, pair, v1::AUTHENTICATION, comparison);
    }
    if (const std::string side = AddressHiddenFrom(*reference, *subject); !side.empty()) {
      Add(v1::ADDRESS_ONE_SIDED, side, pair, v1::QUERY, comparison);
    }
  }
}

bool IsCarried(const v1::SideSummary& side) {
  const v1::CarrierKind kind = side.carrier().kind();
  return kind == v1::TUN || kind == v1::KERNEL_TUNNEL || kind == v1::REDIRECTOR || kind == v1::PORT_FORWARD;
}

// The interface through which the address is a neighbour of the side's host; "" when it is none.
std::string Neighbours(const v1::SideSummary& side) { return side.route().connected() ? side.route().interface() : ""; }

// The least time that a first byte of the target's took, of any attempt; the largest number when none came.
int64_t BestFirstByte(const v1::Comparison& comparison, const std::string& side) {
  int64_t best = std::numeric_limits<int64_t>::max();
  for (const v1::Pair* pair : PairsWith(comparison, v1::TARGET)) {
    const v1::SideOutcome* outcome = FindSide(*pair, side);
    if (outcome == nullptr) continue;
    for (const v1::StepKind kind : {v1::SSL_REQUEST, v1::STARTUP, v1::REQUEST}) {
      const v1::StepSummary* step = MainStep(*outcome, kind);
      if (step == nullptr || step->succeeded() == 0 || step->failure() != v1::NONE) continue;
      best = std::min(best, step->min_ns());
      break;
    }
  }
  return best;
}

// Who exchanges the two vantages gets verdicts about the wrong side. One side in a tunnel and the other not is how it
// looks; a service mesh redirects inside, too: something more must say that the subject is the nearer one.
void NoteSwapped(v1::Comparison* comparison) {
  const v1::SideSummary* reference = nullptr;
  const v1::SideSummary* subject = nullptr;
  for (const v1::SideSummary& side : comparison->sides()) {
    if (side.name() == kReference) reference = &side;
    if (side.name() == kSubject) subject = &side;
  }
  if (reference == nullptr || subject == nullptr || !IsCarried(*reference) || subject->carrier().kind() != v1::DIRECT)
    return;
  std::vector<std::string> facts;
  const std::string network = Neighbours(*subject);
  if (!network.empty() && Neighbours(*reference).empty()) {
    facts.push_back(absl::StrCat("the target is in the outside's own network, on ", network));
  }
  const int64_t near = BestFirstByte(*comparison, kSubject);
  const int64_t far = BestFirstByte(*comparison, kReference);
  if (far != std::numeric_limits<int64_t>::max() && near < far / 4) {
    facts.push_back(absl::StrCat("its first byte takes ", Duration(near), " outside and ", Duration(far), " inside"));
  }
  const bool local = reference->vantage() == "local" && subject->vantage() != "local";
  if (local) facts.push_back("inside is the host that parallax runs on, and outside is another");
  if (facts.empty()) return;
  v1::Note* note = Add(v1::SIDES_SEEM_SWAPPED, "", nullptr, v1::CARRIER_FOUND, comparison);
  const std::string by = reference->carrier().summary().empty() ? contract::Name(reference->carrier().kind())
                                                                : reference->carrier().summary();
  note->add_facts(absl::StrCat("inside is carried by a tunnel: ", by));
  note->add_facts("outside goes there directly");
  for (std::string& fact : facts) note->add_facts(std::move(fact));
}

}  // namespace

void AddNotes(const v1::Run& run, v1::Comparison* comparison) {
  NotePasswords(run, comparison);
  NoteLogins(comparison);
  NoteAddresses(run, comparison);
  NoteSwapped(comparison);
}

}  // namespace parallax::compare
