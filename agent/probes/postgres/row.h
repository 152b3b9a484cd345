// One login on one connection, stage by stage: what psql does in one call, with every stage on the record.
//
// A Row is used once, from one thread; what it borrows outlives it.
#ifndef PARALLAX_AGENT_PROBES_POSTGRES_ROW_H_
#define PARALLAX_AGENT_PROBES_POSTGRES_ROW_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "agent/net/tls.h"
#include "agent/probes/dial.h"
#include "agent/probes/postgres/messages.h"
#include "agent/probes/probe.h"

namespace parallax::probes::postgres {

struct RowOptions {
  v1::SslMode mode = v1::PREFER;
  std::string variant;           // "" for the main row, "sslmode=disable", ...
  bool may_authenticate = true;  // false: stops at the server's answer to the startup message
  bool padded_client_hello = false;
};

class Row {
 public:
  Row(const v1::PostgresProbe& spec, const Destination& to, RowOptions options, const Context& context,
      Recorder& recorder);

  // As far as it goes; the steps say how far. No step holds the password, though a server should echo it.
  void Run();

 private:
  void RunStages();
  bool SslRequest();
  bool TlsHandshake();
  bool Startup();
  bool Authenticate();
  bool Ready();
  // Whether the session is what target_session_attrs asks for; nothing is asked where it does not.
  bool CheckSession();
  bool RunQuery();
  // Keeps the ready session open for spec.hold_ms, as a pool does. False, with a step that says so, when the server
  // ended it before.
  bool Hold();
  void AskIdentity(v1::PostgresDetails* details);

  v1::Step* Begin(v1::StepKind kind, std::string_view variant);
  v1::Step* Begin(v1::StepKind kind) { return Begin(kind, options_.variant); }
  // Bytes, and the time that reads may take, count from here.
  void BeginTraffic(int64_t deadline_ns);
  // Ends the step with the traffic since Begin; true when `failure` is NONE.
  bool End(v1::Step* step, v1::Failure failure, std::string_view text = "");
  bool End(v1::Step* step, const net::IoResult& result);
  v1::ServerError ErrorOf(const BackendMessage& message) const;  // of an ErrorResponse
  // An ErrorResponse as the end of a step.
  bool EndWithError(v1::Step* step, const BackendMessage& message);

  // The SASL exchange up to the server's last word; `*error` is set when that is an ErrorResponse.
  net::IoResult Sasl(v1::AuthDetails* auth, BackendMessage* error);
  // The next message, which must be an authentication request with `code`.
  net::IoResult Expect(int32_t code, std::string* data, BackendMessage* error);

  // The next message that is not a notice; Failure NONE when there is one.
  net::IoResult NextMessage(BackendMessage* message);
  net::IoResult Send(std::string_view bytes) { return stream_->Write(bytes, step_deadline_ns_); }
  // What came of a query, up to ReadyForQuery.
  struct Answer {
    std::vector<std::string> row;  // the first
    size_t rows = 0;
    bool complete = false;  // the server said that the command is done
    BackendMessage error;   // type 'E' when one came
  };
  // Sends a query and reads up to ReadyForQuery.
  net::IoResult Exchange(std::string_view sql, Answer* answer);
  // Why that is no answer to our own question, or no result of the user's; "" when it is one.
  std::string WhyNoAnswer(const Answer& answer) const;

  // Resolves the password into password_; false, with the reason, when there is none to send to this server.
  bool TakePassword(v1::AuthDetails* auth, std::string* why);
  // Why channel_binding=require cannot be had from this server; "" where it can, or is not asked for.
  std::string WhyUnbound() const;

  const v1::PostgresProbe& spec_;
  const Destination& to_;
  const RowOptions options_;
  const Context& context_;
  Recorder& recorder_;

  Dialled dialled_;
  std::unique_ptr<net::TlsSession> tls_;
  const v1::TlsDetails* tls_details_ = nullptr;
  net::ByteStream* stream_ = nullptr;  // tls_ or dialled_.connection
  BackendReader reader_;
  AuthenticationRequest request_;
  std::string password_;  // once it was resolved
  int64_t step_deadline_ns_ = 0;
  uint64_t out_before_ = 0;
  uint64_t in_before_ = 0;
  uint64_t said_ = 0;  // bytes of the protocol that came, decrypted
  uint64_t said_before_ = 0;
};

}  // namespace parallax::probes::postgres

#endif  // PARALLAX_AGENT_PROBES_POSTGRES_ROW_H_
