// What an agent would have recorded: steps, and whole attempts made of them. Values without a name or a number; pure.
#ifndef PARALLAX_TESTS_SUPPORT_ATTEMPTS_H_
#define PARALLAX_TESTS_SUPPORT_ATTEMPTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "parallax/v1/observation.pb.h"
#include "parallax/v1/probe.pb.h"

namespace parallax::support {

using Attempt = v1::Observation;  // `probe` and `attempt` are set where it is put into a run

inline constexpr char kServerCertificate[] = "419c00000000000000000000000000000000000000000000000000000000beef";
inline constexpr char kOtherCertificate[] = "be77e700000000000000000000000000000000000000000000000000000000ff";

// How a conversation with a PostgreSQL goes that goes well. Times in milliseconds.
struct Conversation {
  double connect_ms = 0.4;
  double rtt_ms = 0.4;
  double first_byte_ms = -1;  // < 0: as rtt_ms
  bool credentials = true;
  bool tls = true;  // the server answers S
  std::string certificate = kServerCertificate;
  std::string subject = "CN=db.internal";
  std::string issuer = "CN=Example Root";
  bool verify_attempted = true;
  std::string verify_error;
  bool trusted = true;
  bool name_matches = true;
  bool within_dates = true;
  int64_t not_before_unix = 0;  // of the certificate; 0: not said
  int64_t not_after_unix = 0;
  int64_t clock_unix = 0;         // of the side, at the handshake
  bool binding_in_plain = false;  // scram-sha-256-plus is offered over plain text: TLS was taken off on the way
  std::vector<std::string> offered = {"scram-sha-256", "scram-sha-256-plus"};
  bool channel_bound = true;
  std::string secret_origin = "agent environment PGPASSWORD";
  std::string system_identifier = "7310000000000000001";
  std::string server_address = "10.0.4.172:5432";
  std::string client_address = "10.0.8.50";
};

v1::Step Done(v1::StepKind kind, double ms, uint64_t bytes_in = 0);
v1::Step Failed(v1::StepKind kind, v1::Failure failure, double ms);
// The server's own words: SERVER_ERROR, or AUTH_REJECTED for 28P01.
v1::Step Said(v1::StepKind kind, const std::string& code, const std::string& message, double ms);
v1::Step Heard(v1::StepKind kind, const std::string& bytes, double ms);

// Steps one after the other; the outcome is the failure of the last, if any.
Attempt Of(std::vector<v1::Step> steps);

// All of it, under `mode`. Conversation.tls false: N, and plain text where the mode allows it.
Attempt Postgres(const Conversation& conversation, v1::SslMode mode = v1::REQUIRE);
// The same up to `failed`, which takes the place of the step of its kind and is the last.
Attempt PostgresUntil(v1::Step failed, const Conversation& conversation = {}, v1::SslMode mode = v1::REQUIRE);
// An answer over HTTP, and what became of one expectation of it ("" none): "json /database/status", wanted, and seen,
// or nothing there. `page`: it is HTML.
struct Expected {
  std::string what;
  std::string wanted;
  std::string seen;
  bool absent = false;
};
Attempt HttpAnswer(uint32_t status, const Expected& expected = {}, bool page = false);
// The connect is all there is.
Attempt NoConnect(v1::Failure failure, double ms);
// Accepted, and closed before a byte came, `ms` after the question.
Attempt Closed(v1::StepKind kind, double connect_ms, double ms);
// Accepted, and silent until the step's timeout.
Attempt Mute(v1::StepKind kind, double connect_ms, double ms = 5000);

}  // namespace parallax::support

#endif  // PARALLAX_TESTS_SUPPORT_ATTEMPTS_H_
