#include "tests/support/attempts.h"

#include <utility>

namespace parallax::support {
namespace {

int64_t Ns(double ms) { return static_cast<int64_t>(ms * 1e6); }

v1::Step TlsStep(const Conversation& conversation) {
  v1::Step step = Done(v1::TLS_HANDSHAKE, conversation.rtt_ms * 2, 3000);
  v1::TlsDetails* tls = step.mutable_tls();
  tls->set_version("TLSv1.3");
  tls->set_client_hello_size(320);
  v1::Certificate* leaf = tls->add_chain();
  leaf->set_sha256(conversation.certificate);
  leaf->set_subject(conversation.subject);
  leaf->set_issuer(conversation.issuer);
  leaf->set_not_before_unix(conversation.not_before_unix);
  leaf->set_not_after_unix(conversation.not_after_unix);
  tls->set_clock_unix(conversation.clock_unix);
  tls->set_verify_attempted(conversation.verify_attempted);
  tls->set_verify_error(conversation.verify_error);
  tls->set_trusted(conversation.trusted);
  tls->set_name_matches(conversation.name_matches);
  tls->set_within_dates(conversation.within_dates);
  return step;
}

v1::Step AuthStep(const Conversation& conversation, bool over_tls) {
  v1::Step step = Done(v1::AUTHENTICATION, conversation.credentials ? conversation.rtt_ms * 2 : 0.01,
                       conversation.credentials ? 200 : 0);
  v1::AuthDetails* auth = step.mutable_auth();
  for (const std::string& mechanism : conversation.offered) {
    if (over_tls || conversation.binding_in_plain || mechanism != "scram-sha-256-plus") auth->add_offered(mechanism);
  }
  auth->set_credentials_present(conversation.credentials);
  if (!conversation.credentials) return step;
  auth->set_channel_bound(over_tls && conversation.channel_bound);
  auth->set_used(auth->channel_bound() ? "scram-sha-256-plus" : "scram-sha-256");
  auth->set_secret_origin(conversation.secret_origin);
  return step;
}

v1::Step QueryStep(const Conversation& conversation) {
  v1::Step step = Done(v1::QUERY, conversation.rtt_ms, 120);
  v1::PostgresDetails* server = step.mutable_postgres();
  server->set_system_identifier(conversation.system_identifier);
  server->set_server_address(conversation.server_address);
  server->set_client_address(conversation.client_address);
  return step;
}

}  // namespace

v1::Step Done(v1::StepKind kind, double ms, uint64_t bytes_in) {
  v1::Step step;
  step.set_kind(kind);
  step.set_failure(v1::NONE);
  step.set_duration_ns(Ns(ms));
  step.set_bytes_in(bytes_in);
  return step;
}

v1::Step Failed(v1::StepKind kind, v1::Failure failure, double ms) {
  v1::Step step = Done(kind, ms);
  step.set_failure(failure);
  switch (failure) {
    case v1::TIMED_OUT: step.set_end(kind == v1::CONNECT ? v1::NEVER_OPENED : v1::SILENCE); break;
    case v1::RESET:
    case v1::RESET_BEFORE_FIRST_BYTE: step.set_end(v1::RST_BY_PEER); break;
    case v1::CLOSED:
    case v1::CLOSED_BEFORE_FIRST_BYTE: step.set_end(v1::FIN_BY_PEER); break;
    default: break;
  }
  return step;
}

v1::Step Said(v1::StepKind kind, const std::string& code, const std::string& message, double ms) {
  v1::Step step = Failed(kind, code == "28P01" ? v1::AUTH_REJECTED : v1::SERVER_ERROR, ms);
  step.set_bytes_in(100);
  step.mutable_server_error()->set_code(code);
  step.mutable_server_error()->set_message(message);
  step.mutable_server_error()->set_severity("FATAL");
  return step;
}

v1::Step Heard(v1::StepKind kind, const std::string& bytes, double ms) {
  v1::Step step = Done(kind, ms, bytes.size());
  step.mutable_peer_bytes()->set_size(bytes.size());
  step.mutable_peer_bytes()->set_head(bytes.substr(0, 64));
  return step;
}

Attempt Of(std::vector<v1::Step> steps) {
  Attempt attempt;
  attempt.set_outcome(v1::NONE);
  int64_t now_ns = 0;
  for (v1::Step& step : steps) {
    step.set_start_ns(now_ns);
    now_ns += step.duration_ns();
    // A row of a matrix, or a padded one, decides nothing.
    if (step.variant().empty() || step.variant() == "system") attempt.set_outcome(step.failure());
    *attempt.add_steps() = std::move(step);
  }
  attempt.set_duration_ns(now_ns);
  return attempt;
}

Attempt Postgres(const Conversation& conversation, v1::SslMode mode) {
  std::vector<v1::Step> steps = {Done(v1::CONNECT, conversation.connect_ms)};
  const double first_ms = conversation.first_byte_ms < 0 ? conversation.rtt_ms : conversation.first_byte_ms;
  const bool asks = mode != v1::DISABLE && mode != v1::ALLOW;
  if (asks) steps.push_back(Heard(v1::SSL_REQUEST, conversation.tls ? "S" : "N", first_ms));
  if (asks && !conversation.tls && mode != v1::PREFER) {
    steps.back().set_failure(v1::TLS_PROTOCOL);
    return Of(std::move(steps));
  }
  const bool over_tls = asks && conversation.tls;
  if (over_tls) {
    steps.push_back(TlsStep(conversation));
    const v1::TlsDetails& seen = steps.back().tls();
    const bool chain_wrong = !seen.trusted() || !seen.within_dates();
    if ((mode >= v1::VERIFY_CA && chain_wrong) || (mode == v1::VERIFY_FULL && !seen.name_matches())) {
      steps.back().set_failure(v1::TLS_CERTIFICATE);
      return Of(std::move(steps));
    }
  }
  steps.push_back(Done(v1::STARTUP, conversation.rtt_ms, 24));
  steps.push_back(AuthStep(conversation, over_tls));
  if (!conversation.credentials) return Of(std::move(steps));
  steps.push_back(Done(v1::READY, conversation.rtt_ms, 300));
  steps.push_back(QueryStep(conversation));
  return Of(std::move(steps));
}

Attempt PostgresUntil(v1::Step failed, const Conversation& conversation, v1::SslMode mode) {
  const Attempt whole = Postgres(conversation, mode);
  std::vector<v1::Step> steps;
  for (const v1::Step& step : whole.steps()) {
    if (step.kind() == failed.kind()) {
      // What was known before it failed is kept: which mechanism was tried, whose certificate it was.
      if (step.has_auth() && !failed.has_auth()) *failed.mutable_auth() = step.auth();
      break;
    }
    steps.push_back(step);
  }
  steps.push_back(std::move(failed));
  return Of(std::move(steps));
}

Attempt HttpAnswer(uint32_t status, const Expected& expected, bool page) {
  v1::Step request = Done(v1::REQUEST, 8, 300);
  request.mutable_http()->set_status(status);
  if (status >= 300 && status < 400) request.mutable_http()->set_location("https://login.example.com/");
  v1::Step body = Done(v1::BODY, 1, 100);
  body.mutable_http_body()->set_content_type(page ? "text/html; charset=utf-8" : "application/json");
  v1::Step expectation = Done(v1::EXPECTATION, 0);
  v1::ExpectationDetails* details = expectation.mutable_expectation();
  details->set_what(expected.what.empty() ? "status" : expected.what);
  details->set_wanted(expected.what.empty() ? "below 400" : expected.wanted);
  details->set_seen(expected.what.empty() ? std::to_string(status) : expected.seen);
  details->set_absent(expected.absent);
  const bool holds = expected.what.empty() ? status < 400 : !expected.absent && expected.seen == expected.wanted;
  if (!holds) expectation.set_failure(v1::SERVER_ERROR);
  return Of({Done(v1::RESOLVE, 1), Done(v1::CONNECT, 8), Done(v1::TLS_HANDSHAKE, 9, 3000), request, body, expectation});
}

Attempt NoConnect(v1::Failure failure, double ms) { return Of({Failed(v1::CONNECT, failure, ms)}); }

Attempt Closed(v1::StepKind kind, double connect_ms, double ms) {
  return Of({Done(v1::CONNECT, connect_ms), Failed(kind, v1::CLOSED_BEFORE_FIRST_BYTE, ms)});
}

Attempt Mute(v1::StepKind kind, double connect_ms, double ms) {
  return Of({Done(v1::CONNECT, connect_ms), Failed(kind, v1::TIMED_OUT, ms)});
}

}  // namespace parallax::support
