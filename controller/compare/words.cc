#include "controller/compare/words.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "contract/limits.h"
#include "contract/names.h"
#include "contract/steps.h"

namespace parallax::compare {
namespace {

// Bytes as a person reads them: "S", "HTTP/1.1 400 Bad Request", or hex when they are no text.
std::string Bytes(const std::string& head) {
  const std::string line = head.substr(0, head.find_first_of("\r\n"));
  const bool text =
      !line.empty() && std::all_of(line.begin(), line.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
  if (text) return contract::Printable(line, 40);
  std::string hex = "0x";
  for (size_t i = 0; i < std::min<size_t>(head.size(), 4); ++i) {
    absl::StrAppendFormat(&hex, "%02x", static_cast<unsigned char>(head[i]));
  }
  return head.empty() ? "nothing" : hex;
}

std::string Fingerprint(const std::string& sha256) {
  if (sha256.size() < 8) return sha256;
  return absl::StrCat(sha256.substr(0, 2), ":", sha256.substr(2, 2), ":..");
}

std::string TlsWords(const v1::TlsDetails& tls) {
  std::string words = tls.version().empty() ? "done" : tls.version();
  if (tls.chain_size() > 0) absl::StrAppend(&words, " ", Fingerprint(tls.chain(0).sha256()));
  return words;
}

std::string AuthWords(const v1::AuthDetails& auth) {
  if (auth.withheld()) return absl::StrCat("withheld: ", auth.withheld_why());
  if (auth.used() == "trust") return "trust: none asked";
  if (!auth.credentials_present()) {
    const std::string offered = absl::StrJoin(auth.offered(), " or ");
    return offered.empty() ? "asked, no credentials" : absl::StrCat("server asks ", offered);
  }
  return auth.used().empty() ? "accepted" : auth.used();
}

// "1.0 MB", "312 bytes".
std::string Size(uint64_t bytes) {
  if (bytes < 10'000) return absl::StrCat(bytes, bytes == 1 ? " byte" : " bytes");
  if (bytes < 1'000'000) return absl::StrFormat("%.0f kB", static_cast<double>(bytes) / 1e3);
  return absl::StrFormat("%.1f MB", static_cast<double>(bytes) / 1e6);
}

std::string BodyWords(const v1::HttpBodyDetails& body) {
  return absl::StrCat(body.cut() ? "over " : "", Size(body.size()),
                      body.content_type().empty() ? "" : absl::StrCat(" of ", body.content_type()));
}

std::string ExpectationWords(const v1::ExpectationDetails& expectation, bool holds) {
  std::string seen = expectation.absent() ? "absent" : contract::Printable(expectation.seen(), 40);
  return holds ? seen : absl::StrCat(seen, ", wanted ", contract::Printable(expectation.wanted(), 40));
}

std::string SuccessWords(const v1::StepSummary& step) {
  std::string time = Duration(step.median_ns());
  const v1::Step& sample = step.sample();
  switch (step.kind()) {
    case v1::RESOLVE:
    case v1::RESOLVER_QUERY:
      return sample.resolve().addresses().empty() ? "no address" : absl::StrJoin(sample.resolve().addresses(), ", ");
    case v1::ROUTE_LOOKUP: {
      std::string words = sample.route().interface();
      if (!sample.route().gateway().empty()) absl::StrAppend(&words, " via ", sample.route().gateway());
      // Loopback and some tunnels never report a carrier: an interface that is up and lacks it is only told for TUN.
      if (!sample.route().interface().empty() && !sample.route().interface_up()) absl::StrAppend(&words, ", DOWN");
      if (sample.route().interface_up() && !sample.route().interface_carrier()) absl::StrAppend(&words, ", NO-CARRIER");
      return words.empty() ? "found" : words;
    }
    case v1::BANNER: {
      std::string words = absl::StrCat(contract::Printable(sample.banner().banner(), 40), " in ", time);
      if (sample.banner().attempts() > sample.banner().answered()) {
        absl::StrAppend(&words, " (", sample.banner().answered(), " of ", sample.banner().attempts(), ")");
      }
      return words;
    }
    case v1::LISTEN_UNASKED:
      return step.max_bytes_in() == 0 ? "quiet, as it should"
                                      : absl::StrCat("says ", Bytes(sample.peer_bytes().head()));
    case v1::SSL_REQUEST:
    case v1::HTTP_LINE:
    case v1::EXCHANGE: return absl::StrCat(Bytes(sample.peer_bytes().head()), " in ", time);
    case v1::TLS_HANDSHAKE: return sample.has_tls() ? TlsWords(sample.tls()) : time;
    case v1::AUTHENTICATION: return sample.has_auth() ? AuthWords(sample.auth()) : time;
    case v1::MESSAGE_SIZE: return absl::StrCat(sample.message_size().size(), " bytes pass");
    case v1::REQUEST:
      return absl::StrCat(sample.http().status(), " in ", time,
                          sample.http().location().empty() ? "" : absl::StrCat(", to ", sample.http().location()));
    case v1::BODY: return BodyWords(sample.http_body());
    case v1::EXPECTATION: return ExpectationWords(sample.expectation(), /*holds=*/true);
    case v1::CLIENT_CONNECT:
    case v1::DDL:
      if (!sample.client().not_tried().empty()) return absl::StrCat("not tried: ", sample.client().not_tried());
      return step.kind() == v1::DDL ? absl::StrCat("rolled back in ", time) : time;
    case v1::DOWNLOAD:
    case v1::UPLOAD: return absl::StrCat(Size(sample.client().bytes()), " in ", time);
    default: return time;
  }
}

std::string ServerErrorWords(const v1::Step& sample) {
  if (sample.has_expectation()) return ExpectationWords(sample.expectation(), /*holds=*/false);
  if (!sample.has_server_error()) return "server error";
  return absl::StrCat("error ", sample.server_error().code(), ": ", sample.server_error().message());
}

// What is slow is not silent.
std::string TimedOutWords(const v1::StepSummary& step, const std::string& time) {
  const uint64_t bytes = std::max<uint64_t>(step.max_bytes_in(), step.sample().http_body().size());
  // Of a silence bytes may tell, too, that say nothing: TLS tickets.
  const bool some = step.kind() == v1::BODY || step.sample().end() == v1::UNFINISHED;
  if (some && bytes > 0) return absl::StrCat(Size(bytes), " came, not done after ", time);
  // How much of it had come the client does not tell.
  const bool moves_much = contract::AboutStep(step.kind()).by_client && contract::AboutStep(step.kind()).moves_much;
  return absl::StrCat(moves_much ? "not done after " : "silent for ", time);
}

std::string TlsTroubleWords(const v1::Step& sample, const std::string& time) {
  const v1::TlsDetails& tls = sample.tls();
  switch (tls.trouble()) {
    case v1::VERSION_TOO_OLD:
      return absl::StrCat("TLS too old", tls.server_version().empty() ? "" : ": ", tls.server_version());
    case v1::CHAIN_TOO_LARGE:
      return absl::StrCat("certificate chain too large",
                          tls.certificate_bytes() == 0 ? "" : absl::StrCat(": ", Size(tls.certificate_bytes())),
                          tls.chain_length() == 0 ? "" : absl::StrCat(", ", tls.chain_length(), " of them"));
    case v1::BROKEN_TLS: return absl::StrCat("broken TLS: ", sample.text());
    default: return absl::StrCat("not TLS, in ", time);
  }
}

std::string FailureWords(const v1::StepSummary& step) {
  const std::string time = Duration(step.median_ns());
  const v1::Step& sample = step.sample();
  if (step.variant() == kHeld) return sample.text();
  switch (step.failure()) {
    case v1::REFUSED: return absl::StrCat("refused in ", time);
    case v1::RESET_BEFORE_FIRST_BYTE: return absl::StrCat("reset in ", time, ", 0 bytes");
    case v1::CLOSED_BEFORE_FIRST_BYTE: return absl::StrCat("closed in ", time, ", 0 bytes");
    case v1::RESET: return absl::StrCat("reset in ", time);
    case v1::CLOSED: return absl::StrCat("closed in ", time);
    case v1::TIMED_OUT: return TimedOutWords(step, time);
    case v1::UNREACHABLE: return absl::StrCat("unreachable in ", time);
    case v1::NO_ROUTE: return "no route";
    case v1::NAME_NOT_FOUND: return "no such name";
    case v1::RESOLVER_FAILED:
      return sample.resolve().error().empty() ? "no answer" : absl::StrCat("failed: ", sample.resolve().error());
    case v1::TLS_ALERT:
      return absl::StrCat("alert ", sample.tls().alert(),
                          sample.tls().trouble() == v1::VERSION_TOO_OLD ? ": its TLS is too old" : "");
    case v1::TLS_CERTIFICATE: return absl::StrCat("certificate: ", sample.tls().verify_error());
    case v1::TLS_PROTOCOL:
      return sample.peer_bytes().head() == "N" ? "N: no TLS offered" : TlsTroubleWords(sample, time);
    case v1::UNEXPECTED_FIRST_BYTE:
      if (step.kind() == v1::REQUEST) return absl::StrCat("not HTTP, in ", time);
      return absl::StrCat("unexpected: ", Bytes(sample.peer_bytes().head()));
    case v1::AUTH_REJECTED:
    case v1::SERVER_ERROR: return ServerErrorWords(sample);
    case v1::PROTOCOL_VIOLATION:
      return absl::StrCat("breaks the protocol", sample.text().empty() ? "" : ": ", sample.text());
    case v1::LOCAL_RESOURCE: return sample.text().empty() ? "lacked a local resource" : sample.text();
    case v1::DENIED_BY_POLICY: return "denied by policy";
    default: return absl::StrReplaceAll(contract::Name(step.failure()), {{"_", " "}});
  }
}

}  // namespace

std::string Duration(int64_t ns) {
  const double ms = static_cast<double>(ns) / 1e6;
  if (ns < 0) return "?";
  if (ms < 0.095) return absl::StrFormat("%.2f ms", ms);
  if (ms < 9.95) return absl::StrFormat("%.1f ms", ms);
  if (ms < 999.5) return absl::StrFormat("%.0f ms", ms);
  if (ms < 99'950) return absl::StrFormat("%.1f s", ms / 1e3);
  if (ms < 120 * 60e3) return absl::StrFormat("%.0f min", ms / 60e3);
  return absl::StrFormat("%.0f h", ms / 3600e3);
}

std::string HostPort(const std::string& host, uint32_t port) {
  if (port == 0) return host;
  if (host.find(':') != std::string::npos) return absl::StrCat("[", host, "]:", port);
  return absl::StrCat(host, ":", port);
}

std::string ShortDigest(const std::string& hex) { return hex.substr(0, 8); }

std::string StepCell(const v1::StepSummary& step) {
  const bool fine = step.failure() == v1::NONE;
  std::string words = fine ? SuccessWords(step) : FailureWords(step);
  const uint32_t agreeing = fine ? step.succeeded() : step.seen() - std::min(step.seen(), step.succeeded());
  if (step.seen() > 1 && agreeing < step.seen()) absl::StrAppend(&words, " (", agreeing, " of ", step.seen(), ")");
  return words;
}

std::string ControlCell(const v1::SideOutcome& outcome) {
  const v1::StepSummary* connect = FindStep(outcome, v1::CONNECT, "");
  if (!outcome.present()) return "?";
  if (connect == nullptr) return outcome.error().empty() ? "-" : "not asked";
  switch (connect->failure()) {
    case v1::NONE: return "accepted";
    case v1::REFUSED: return "refused";
    case v1::TIMED_OUT: return "silent";
    default: return absl::StrReplaceAll(contract::Name(connect->failure()), {{"_", " "}});
  }
}

std::string StepLabel(v1::StepKind kind) {
  const std::string_view label = contract::AboutStep(kind).label;
  return label.empty() ? contract::Name(kind) : std::string(label);
}

const v1::StepSummary* FindStep(const v1::SideOutcome& outcome, v1::StepKind kind, const std::string& variant) {
  for (const v1::StepSummary& step : outcome.steps()) {
    if (step.kind() == kind && step.variant() == variant) return &step;
  }
  return nullptr;
}

const v1::SideOutcome* FindSide(const v1::Pair& pair, const std::string& side) {
  for (const v1::SideOutcome& outcome : pair.sides()) {
    if (outcome.side() == side) return &outcome;
  }
  return nullptr;
}

}  // namespace parallax::compare
