#include "controller/diagnose/sameness.h"

#include <algorithm>
#include <set>

#include "contract/names.h"
#include "controller/compare/ladder.h"
#include "controller/compare/words.h"

namespace parallax::diagnose {
namespace {

bool Disjoint(const std::set<std::string>& a, const std::set<std::string>& b) {
  return !a.empty() && !b.empty() &&
         std::none_of(a.begin(), a.end(), [&](const auto& item) { return b.contains(item); });
}

std::string FirstByte(const v1::SideOutcome* outcome) {
  const v1::StepSummary* step = StepOf(outcome, v1::SSL_REQUEST);
  return step == nullptr ? "" : step->sample().peer_bytes().head();
}

// In any step of it, rows of a matrix included, that was not preceded by a handshake of the same row.
bool OffersBindingInPlain(const v1::SideOutcome* outcome) {
  if (outcome == nullptr) return false;
  return std::any_of(outcome->steps().begin(), outcome->steps().end(), [&](const v1::StepSummary& step) {
    if (step.kind() != v1::AUTHENTICATION) return false;
    const auto& offered = step.sample().auth().offered();
    return std::find(offered.begin(), offered.end(), "scram-sha-256-plus") != offered.end() &&
           StepOf(outcome, v1::TLS_HANDSHAKE, step.variant()) == nullptr;
  });
}

bool ByConnectTo(const v1::SideOutcome* outcome) {
  return outcome != nullptr && outcome->observations_size() > 0 && outcome->observations(0).via_connect_to();
}

// The same network as seen from two agents: the number of the namespace alone is the same on many hosts.
std::set<std::string> OuterAddresses(const v1::SideSummary& side) {
  std::set<std::string> found;
  for (const v1::Interface& interface : side.agent().host().interfaces()) {
    if (interface.link_kind() != v1::LINK_KIND_LOOPBACK)
      found.insert(interface.addresses().begin(), interface.addresses().end());
  }
  return found;
}

bool Authenticated(const v1::SideOutcome* outcome) {
  const v1::StepSummary* auth = StepOf(outcome, v1::AUTHENTICATION);
  return auth != nullptr && auth->failure() == v1::NONE && auth->sample().auth().credentials_present() &&
         !auth->sample().auth().withheld();
}

// RFC 6761, section 6.3: a name that means this host, everywhere.
bool MeansThisHost(const std::string& name) { return name == "localhost" || name.ends_with(".localhost"); }

}  // namespace

const v1::StepSummary* ServerErrorStep(const v1::SideOutcome* outcome) {
  const v1::StepSummary* end = outcome == nullptr ? nullptr : EndingStep(*outcome);
  return end != nullptr && end->sample().has_server_error() ? end : nullptr;
}

bool PasswordRejected(const v1::SideOutcome* outcome) {
  const v1::StepSummary* error = ServerErrorStep(outcome);
  if (error == nullptr) return false;
  const std::string& code = error->sample().server_error().code();
  return code == "28P01" || (code == "08P01" && error->kind() == v1::AUTHENTICATION);
}

bool RejectedBesideTaken(const v1::SideOutcome* rejects, const v1::SideOutcome* takes) {
  // A password that is taken in one attempt and rejected in the next is the same one.
  return PasswordRejected(rejects) && rejects->succeeded() == 0 && Authenticated(takes);
}

const v1::TlsDetails* TlsOf(const v1::SideOutcome* outcome) {
  const v1::StepSummary* step = StepOf(outcome, v1::TLS_HANDSHAKE);
  return step != nullptr && step->sample().has_tls() && step->sample().tls().chain_size() > 0 ? &step->sample().tls()
                                                                                              : nullptr;
}

const v1::AuthDetails* AuthOf(const v1::SideOutcome* outcome) {
  const v1::StepSummary* step = StepOf(outcome, v1::AUTHENTICATION);
  return step != nullptr && step->sample().has_auth() ? &step->sample().auth() : nullptr;
}

Identity ReadIdentity(const v1::SideOutcome& in, const v1::SideOutcome& out) {
  Identity identity;
  const auto in_certificates = compare::Certificates(in);
  const auto out_certificates = compare::Certificates(out);
  identity.certificates_differ = Disjoint(in_certificates, out_certificates);
  identity.same_certificate = !in_certificates.empty() && !out_certificates.empty() && !identity.certificates_differ;
  const auto inside = compare::ServerIdentities(in, false);
  const auto outside = compare::ServerIdentities(out, false);
  identity.servers_differ = Disjoint(inside, outside);
  identity.same_server = !inside.empty() && !outside.empty() && !identity.servers_differ;
  // One certificate on both sides is one service, however many servers stand behind it.
  const bool one_certificate = !identity.certificates_differ && !in_certificates.empty();
  if (inside.empty() && outside.empty() && !one_certificate) {
    identity.servers_differ = Disjoint(compare::ServerIdentities(in, true), compare::ServerIdentities(out, true));
  }
  return identity;
}

bool SameSecret(const View& view) {
  const v1::AuthDetails* in = AuthOf(view.theirs);
  const v1::AuthDetails* out = AuthOf(view.ours);
  return in != nullptr && out != nullptr && in->secret_origin() == contract::kSentByController &&
         out->secret_origin() == contract::kSentByController;
}

bool TlsInsideOnly(const View& view) { return FirstByte(view.theirs) == "S" && FirstByte(view.ours) == "N"; }

bool SpeaksTlsBeyond(const View& view) {
  if (OffersBindingInPlain(view.ours)) return true;
  const auto asked = PairsWith(view.comparison, v1::INVESTIGATION);
  return std::any_of(asked.begin(), asked.end(), [&](const v1::Pair* pair) {
    return OffersBindingInPlain(compare::FindSide(*pair, view.subject_name));
  });
}

bool ThroughForward(const View& view) {
  return view.subject != nullptr && ByConnectTo(view.ours) && view.subject->carrier().kind() == v1::PORT_FORWARD;
}

bool ForwardLeadsNowhere(const View& view) {
  if (!ThroughForward(view)) return false;
  const v1::CarrierDetails& carrier = view.subject->carrier();
  return carrier.holder_looked_for() && !carrier.not_permitted() && carrier.holder().pid() > 0 &&
         carrier.connections().empty();
}

bool IsOwnHostAddress(const std::string& address) {
  const std::string mapped = "::ffff:";
  const std::string bare = address.starts_with(mapped) ? address.substr(mapped.size()) : address;
  return bare.starts_with("127.") || bare == "0.0.0.0" || bare == "::1" || bare == "::";
}

bool OnOneHost(const v1::SideSummary& a, const v1::SideSummary& b) {
  const v1::HostFacts& host = a.agent().host();
  return !host.network_namespace().empty() && host.network_namespace() == b.agent().host().network_namespace() &&
         host.hostname() == b.agent().host().hostname() && OuterAddresses(a) == OuterAddresses(b);
}

std::string OwnHostAddress(const View& view) {
  std::string address;
  if (view.pair != nullptr) {
    address = view.pair->address();
  } else if (view.both() && view.reference->addresses_size() > 0 && view.subject->addresses_size() > 0) {
    // Not even dialled: such an address is no way to anywhere else.
    address = IsOwnHostAddress(view.reference->addresses(0)) ? view.subject->addresses(0) : "";
  }
  if (!IsOwnHostAddress(address)) return "";
  if (ByConnectTo(view.theirs) || ByConnectTo(view.ours)) return "";
  const std::string& host = view.comparison.target().host();
  const bool meant = host == address || MeansThisHost(host);
  const bool one_host = view.both() && OnOneHost(*view.reference, *view.subject);
  return !meant || (view.both() && !one_host) ? address : "";
}

}  // namespace parallax::diagnose
