#include "agent/probes/postgres/row.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "agent/probes/erase_secret.h"
#include "agent/probes/held.h"
#include "agent/probes/postgres/scram.h"
#include "agent/probes/secret_target.h"
#include "agent/probes/withhold.h"
#include "contract/limits.h"

namespace parallax::probes::postgres {
namespace {

constexpr int kMaxMessagesAStep = 1000;

// What is asked where the user asks for nothing else, and has one answer.
constexpr char kQuestion[] = "SELECT 1";

// Facts that need no privilege; pg_control_system() is asked apart, because a managed server may forbid it.
constexpr std::string_view kFacts =
    "SELECT coalesce(host(inet_server_addr()) || ':' || inet_server_port(), ''), "
    "coalesce(host(inet_client_addr()), ''), pg_is_in_recovery()";
constexpr std::string_view kSystemIdentifier = "SELECT system_identifier FROM pg_control_system()";

bool NeedsTls(v1::SslMode mode) { return mode >= v1::REQUIRE; }
bool Verifies(v1::SslMode mode) { return mode == v1::VERIFY_CA || mode == v1::VERIFY_FULL; }

// What verification says under this mode; "" when it is content. libpq's table 34.1.
std::string WhyUntrusted(v1::SslMode mode, const v1::TlsDetails& tls) {
  if (!Verifies(mode)) return "";
  if (!tls.trusted() || !tls.within_dates()) return tls.verify_error();
  if (mode == v1::VERIFY_FULL && !tls.name_matches()) return tls.verify_error();
  return "";
}

// What a server said is kept, but for the password in it. Not EraseSecret(): in what it showed, a certificate say, a
// password that is a usual word must change nothing.
void EraseFromStep(const std::string& password, v1::Step* step) {
  std::vector<std::string*> texts = {step->mutable_text()};
  if (step->has_server_error()) {
    v1::ServerError* error = step->mutable_server_error();
    texts.insert(texts.end(), {error->mutable_code(), error->mutable_message(), error->mutable_severity()});
  }
  if (step->has_postgres()) {
    v1::PostgresDetails* details = step->mutable_postgres();
    texts.insert(texts.end(),
                 {details->mutable_server_version(), details->mutable_system_identifier(),
                  details->mutable_server_address(), details->mutable_client_address(), details->mutable_parameters()});
  }
  for (std::string* text : texts) *text = WithoutSecret(password, *text);
}

std::string Lower(std::string_view text) { return absl::AsciiStrToLower(absl::string_view(text.data(), text.size())); }

}  // namespace

Row::Row(const v1::PostgresProbe& spec, const Destination& to, RowOptions options, const Context& context,
         Recorder& recorder)
    : spec_(spec), to_(to), options_(std::move(options)), context_(context), recorder_(recorder) {}

void Row::Run() {
  const int first_step = recorder_.observation()->steps_size();
  RunStages();
  if (password_.empty()) return;
  for (int i = first_step; i < recorder_.observation()->steps_size(); ++i) {
    EraseFromStep(password_, recorder_.observation()->mutable_steps(i));
  }
}

void Row::RunStages() {
  dialled_ = Dial(to_, context_, recorder_, options_.variant);
  if (dialled_.failure != v1::NONE) return;
  stream_ = dialled_.connection.get();
  if (options_.mode != v1::DISABLE && !SslRequest()) return;
  if (!Startup() || !options_.may_authenticate) return;
  if (!Authenticate() || !Ready() || !CheckSession() || !RunQuery()) return;
  if (!Hold()) return;
  stream_->Write(Terminate(), context_.StepDeadline());  // so that the server logs no lost connection
}

bool Row::SslRequest() {
  v1::Step* step = Begin(v1::SSL_REQUEST);
  net::Connection& connection = *dialled_.connection;
  std::string head;
  const auto peer_bytes = [&] {
    step->mutable_peer_bytes()->set_size(head.size());
    step->mutable_peer_bytes()->set_head(head.substr(0, contract::kMaxHeadBytes));
  };
  // A server that greets unasked (ssh, smtp) is not PostgreSQL, whatever its first letter.
  if (connection.ReadNow(&head, contract::kMaxHeadBytes).ok()) {
    peer_bytes();
    return End(step, v1::UNEXPECTED_FIRST_BYTE, "it spoke before it was asked");
  }
  net::IoResult result = connection.Write(postgres::SslRequest(), step_deadline_ns_);
  if (result.ok()) result = connection.Read(&head, contract::kMaxHeadBytes, step_deadline_ns_);
  if (!result.ok()) return End(step, result);
  // One byte is due, and nothing with it: more would be unencrypted bytes before TLS (CVE-2021-23222), or a banner.
  connection.ReadNow(&head, contract::kMaxHeadBytes);
  peer_bytes();
  if (head != "S" && head != "N") return End(step, v1::UNEXPECTED_FIRST_BYTE, "neither one S nor one N");
  if (head == "N") {
    if (NeedsTls(options_.mode)) return End(step, v1::TLS_PROTOCOL, "the server offers no TLS, and sslmode demands it");
    return End(step, v1::NONE, "no TLS");
  }
  return End(step, v1::NONE) && TlsHandshake();
}

bool Row::TlsHandshake() {
  v1::Step* step = Begin(v1::TLS_HANDSHAKE);
  net::TlsOptions options;
  options.name = spec_.endpoint().host().empty() ? to_.address : spec_.endpoint().host();
  options.root_cert = spec_.ssl_root_cert() == "system" ? "" : spec_.ssl_root_cert();
  options.send_sni = !spec_.parameters().no_sni();
  options.min_version = spec_.parameters().ssl_min_protocol_version();
  options.max_version = spec_.parameters().ssl_max_protocol_version();
  options.pad_client_hello = options_.padded_client_hello ? net::kPaddedHelloBytes : 0;
  options.now_unix = context_.clock.UnixNs() / 1'000'000'000;
  tls_ = std::make_unique<net::TlsSession>(*dialled_.connection, options);
  const net::IoResult result = tls_->Handshake(step->mutable_tls(), step_deadline_ns_);
  if (!result.ok()) return End(step, result);
  stream_ = tls_.get();
  tls_details_ = &step->tls();
  if (const std::string why = WhyUntrusted(options_.mode, step->tls()); !why.empty()) {
    return End(step, v1::TLS_CERTIFICATE, why);
  }
  return End(step, v1::NONE);
}

bool Row::Startup() {
  v1::Step* step = Begin(v1::STARTUP);
  const std::string database = spec_.database().empty() ? spec_.user() : spec_.database();
  const std::string& application = spec_.parameters().application_name();
  std::vector<std::pair<std::string, std::string>> parameters = {
      {"user", spec_.user()},
      {"database", database},
      {"application_name", application.empty() ? "parallax" : application},
      {"client_encoding", "UTF8"}};
  if (!spec_.parameters().options().empty()) parameters.emplace_back("options", spec_.parameters().options());
  net::IoResult result = Send(StartupMessage(parameters));
  BackendMessage message;
  if (result.ok()) result = NextMessage(&message);
  if (result.failure == v1::PROTOCOL_VIOLATION && !reader_.began()) {
    // The very first bytes are no message of this protocol: another kind of server.
    const std::string& head = *reader_.buffer();
    step->mutable_peer_bytes()->set_size(head.size());
    step->mutable_peer_bytes()->set_head(head.substr(0, contract::kMaxHeadBytes));
    result.failure = v1::UNEXPECTED_FIRST_BYTE;
  }
  if (!result.ok()) return End(step, result);
  if (message.type == 'E') return EndWithError(step, message);
  auto request = ParseAuthentication(message.body);
  if (message.type != 'R' || !request.ok()) {
    return End(step, v1::PROTOCOL_VIOLATION,
               "the server's first message is neither an authentication request nor an error");
  }
  request_ = *std::move(request);
  return End(step, v1::NONE);
}

bool Row::TakePassword(v1::AuthDetails* auth, std::string* why) {
  *why = "no credentials: as far as the server's answer";
  if (spec_.password().ref().empty()) return false;
  auto secret = context_.secrets.Resolve(spec_.password().ref(), context_.Patience());
  if (!secret.ok()) {
    *why = std::string(secret.status().message());
    return false;
  }
  if (const absl::Status may_go = CheckMayGo(*secret, to_, context_); !may_go.ok()) {
    *why = std::string(may_go.message());
    return false;
  }
  auth->set_credentials_present(true);
  auth->set_secret_origin(secret->origin);
  password_ = std::move(secret->value);
  *why = WhyPasswordWithheld(request_.code, tls_details_, NamesRoots(spec_.ssl_root_cert()));
  if (!why->empty()) {
    auth->set_withheld(true);
    auth->set_password_unused(true);
    auth->set_withheld_why(*why);
  }
  return why->empty();
}

bool Row::Authenticate() {
  v1::Step* step = Begin(v1::AUTHENTICATION);
  v1::AuthDetails* auth = step->mutable_auth();
  if (request_.code == 3) auth->add_offered("cleartext");
  if (request_.code == 5) auth->add_offered("md5");
  for (const std::string& mechanism : request_.mechanisms) auth->add_offered(Lower(mechanism));
  if (const std::string unbound = WhyUnbound(); !unbound.empty()) {
    if (request_.code == 0) auth->add_offered("trust");
    return End(step, v1::UNSUPPORTED, unbound);
  }
  if (request_.code == 0) {
    auth->add_offered("trust");
    auth->set_used("trust");
    auth->set_password_unused(!spec_.password().ref().empty());
    return End(step, v1::NONE, "no password was asked for");
  }
  if (auth->offered().empty() && !spec_.password().ref().empty()) {
    return End(step, v1::UNSUPPORTED, absl::StrCat("authentication request ", request_.code, " is not spoken here"));
  }
  std::string why;
  if (!TakePassword(auth, &why)) {
    End(step, v1::NONE, why);
    return false;
  }
  step_deadline_ns_ = context_.StepDeadline();  // the time that a credential helper took is not the server's
  net::IoResult result;
  BackendMessage error;
  if (request_.code == 10) {
    result = Sasl(auth, &error);
  } else {
    auth->set_used(auth->offered(0));
    result = Send(PasswordMessage(request_.code == 5 ? Md5Answer(spec_.user(), password_, request_.data.substr(0, 4))
                                                     : password_));
  }
  std::string nothing;
  if (result.ok() && error.type != 'E') result = Expect(0, &nothing, &error);
  if (error.type == 'E') return EndWithError(step, error);
  return End(step, result);
}

net::IoResult Row::Sasl(v1::AuthDetails* auth, BackendMessage* error) {
  const auto offers = [&](std::string_view mechanism) {
    return std::find(request_.mechanisms.begin(), request_.mechanisms.end(), mechanism) != request_.mechanisms.end();
  };
  const bool never = spec_.parameters().channel_binding() == "disable";
  const bool plus = tls_ != nullptr && !never && offers(kScramPlus);
  const std::string end_point = plus ? tls_->ServerEndPoint() : "";
  if (end_point.empty() && !offers(kScram)) {
    return {v1::UNSUPPORTED, 0, 0, "none of the SASL mechanisms offered is spoken here"};
  }
  ChannelBinding binding = ChannelBinding::kNone;
  if (!end_point.empty()) {
    binding = ChannelBinding::kEndPoint;
  } else if (tls_ != nullptr && !plus && !never) {
    binding = ChannelBinding::kNotOffered;
  }
  const std::string mechanism(end_point.empty() ? kScram : kScramPlus);
  auth->set_used(Lower(mechanism));
  auth->set_channel_bound(!end_point.empty());
  auth->set_without_saslprep(!std::all_of(password_.begin(), password_.end(), absl::ascii_isascii));

  ScramClient scram(password_, binding, end_point);
  std::string data;
  net::IoResult result = Send(SaslInitialResponse(mechanism, scram.ClientFirst()));
  if (result.ok()) result = Expect(11, &data, error);
  if (!result.ok() || error->type == 'E') return result;
  auto answer = scram.ClientFinal(data);
  if (!answer.ok()) return {v1::PROTOCOL_VIOLATION, 0, 0, std::string(answer.status().message())};
  result = Send(SaslResponse(*answer));
  if (result.ok()) result = Expect(12, &data, error);
  if (!result.ok() || error->type == 'E') return result;
  if (absl::Status known = scram.VerifyServerFinal(data); !known.ok()) {
    return {v1::PROTOCOL_VIOLATION, 0, 0, std::string(known.message())};
  }
  return result;
}

net::IoResult Row::Expect(int32_t code, std::string* data, BackendMessage* error) {
  BackendMessage message;
  net::IoResult result = NextMessage(&message);
  if (!result.ok()) return result;
  if (message.type == 'E') {
    *error = std::move(message);
    return result;
  }
  auto request = ParseAuthentication(message.body);
  if (message.type != 'R' || !request.ok() || request->code != code) {
    return {v1::PROTOCOL_VIOLATION, 0, 0, absl::StrCat("authentication message ", code, " was due")};
  }
  *data = std::move(request->data);
  return result;
}

bool Row::Ready() {
  v1::Step* step = Begin(v1::READY);
  v1::PostgresDetails* details = step->mutable_postgres();
  for (int i = 0; i < kMaxMessagesAStep; ++i) {
    BackendMessage message;
    const net::IoResult result = NextMessage(&message);
    if (!result.ok()) return End(step, result);
    if (message.type == 'E') return EndWithError(step, message);
    if (message.type == 'Z') return End(step, v1::NONE);
    if (message.type == 'K') details->set_backend_pid(ParseBackendPid(message.body));
    if (message.type != 'S') continue;
    const auto [name, value] = ParseParameter(message.body);
    if (name == "server_version") details->set_server_version(contract::Printable(value, 64));
    constexpr std::string_view kKept[] = {"server_version", "in_hot_standby", "is_superuser",
                                          "default_transaction_read_only"};
    if (std::find(std::begin(kKept), std::end(kKept), name) == std::end(kKept)) continue;
    details->set_parameters(absl::StrCat(details->parameters(), details->parameters().empty() ? "" : " ", name, "=",
                                         contract::Printable(value, 64)));
  }
  return End(step, v1::PROTOCOL_VIOLATION, "no ReadyForQuery within 1000 messages");
}

bool Row::RunQuery() {
  v1::Step* step = Begin(v1::QUERY);
  Answer answer;
  const net::IoResult result = Exchange(spec_.query().empty() ? kQuestion : spec_.query(), &answer);
  // First what the server said: after a fatal error it ends the connection in place of getting ready.
  if (answer.error.type == 'E') return EndWithError(step, answer.error);
  if (!result.ok()) return End(step, result);
  if (const std::string why = WhyNoAnswer(answer); !why.empty()) return End(step, v1::PROTOCOL_VIOLATION, why);
  if (!End(step, v1::NONE)) return false;
  AskIdentity(step->mutable_postgres());
  return true;
}

std::string Row::WhyNoAnswer(const Answer& answer) const {
  if (!answer.complete) return "the server got ready again and never said that the query is done";
  // What the user's own query is to give nobody said.
  if (!spec_.query().empty()) return "";
  if (answer.rows != 1) return absl::StrCat(kQuestion, " was answered with ", answer.rows, " rows");
  if (answer.row.size() != 1) return absl::StrCat(kQuestion, " was answered with ", answer.row.size(), " columns");
  if (answer.row[0] == "1") return "";
  return absl::StrCat(kQuestion, " was answered with ",
                      answer.row[0].empty() ? "nothing in the row" : contract::Printable(answer.row[0], 40));
}

bool Row::Hold() {
  if (spec_.hold_ms() == 0) return true;
  const int64_t hold_ns = int64_t{spec_.hold_ms()} * net::kMs;
  const int64_t since_ns = recorder_.Now();
  BeginTraffic(std::min(context_.clock.MonotonicNs() + hold_ns, context_.deadline_ns));
  // What comes meanwhile, a notice say, is of no interest, but for a last word.
  BackendMessage error;
  net::IoResult result;
  while (result.ok()) {
    BackendMessage message;
    result = NextMessage(&message);
    if (message.type == 'E') error = std::move(message);
  }
  // Our own ends: the time is up, or the run was cancelled.
  if ((result.failure == v1::TIMED_OUT && result.os_error == 0) || result.failure == v1::CANCELLED) return true;
  v1::Step* step = recorder_.Begin(v1::QUERY, kHeldVariant);
  step->set_connection(dialled_.index);
  step->set_start_ns(since_ns);
  if (error.type == 'E') *step->mutable_server_error() = ErrorOf(error);
  const bool ended = result.failure != v1::PROTOCOL_VIOLATION;
  const std::string text =
      ended ? EndedWhileHeld(recorder_.Now() - since_ns, hold_ns, step->server_error()) : result.text;
  step->set_os_error(result.os_error);
  return End(step, result.failure, text);
}

void Row::AskIdentity(v1::PostgresDetails* details) {
  v1::Step* step = Begin(v1::QUERY, "identity");
  Answer facts;
  net::IoResult result = Exchange(kFacts, &facts);
  if (result.ok() && facts.row.size() == 3) {
    details->set_server_address(contract::Printable(facts.row[0], 64));
    details->set_client_address(contract::Printable(facts.row[1], 64));
    details->set_in_recovery(facts.row[2] == "t");
  }
  Answer identifier;
  if (result.ok()) result = Exchange(kSystemIdentifier, &identifier);
  if (result.ok() && identifier.row.size() == 1) {
    details->set_system_identifier(contract::Printable(identifier.row[0], 32));
  }
  *step->mutable_postgres() = *details;
  // Why the server keeps it to itself, where it said so.
  for (const Answer* answer : {&identifier, &facts}) {
    if (answer->error.type == 'E') *step->mutable_server_error() = ErrorOf(answer->error);
  }
  End(step, result);
  // What the user asked is answered; identity is ours, and a server may keep it to itself.
  recorder_.observation()->set_outcome(v1::NONE);
}

net::IoResult Row::Exchange(std::string_view sql, Answer* answer) {
  net::IoResult result = Send(Query(sql));
  for (int i = 0; result.ok() && i < kMaxMessagesAStep; ++i) {
    BackendMessage message;
    result = NextMessage(&message);
    if (!result.ok() || message.type == 'Z') return result;
    if (message.type == 'E') answer->error = message;
    if (message.type == 'C') answer->complete = true;
    if (message.type != 'D' || ++answer->rows > 1) continue;
    auto columns = ParseRow(message.body);
    if (!columns.ok()) return {v1::PROTOCOL_VIOLATION, 0, 0, std::string(columns.status().message())};
    answer->row = *std::move(columns);
  }
  if (result.ok()) result = {v1::PROTOCOL_VIOLATION, 0, 0, "no ReadyForQuery within 1000 messages"};
  return result;
}

v1::Step* Row::Begin(v1::StepKind kind, std::string_view variant) {
  v1::Step* step = recorder_.Begin(kind, variant);
  step->set_connection(dialled_.index);
  BeginTraffic(context_.StepDeadline());
  return step;
}

void Row::BeginTraffic(int64_t deadline_ns) {
  step_deadline_ns_ = deadline_ns;
  out_before_ = dialled_.connection->record().bytes_out();
  in_before_ = dialled_.connection->record().bytes_in();
  said_before_ = said_;
}

bool Row::End(v1::Step* step, v1::Failure failure, std::string_view text) {
  NoteTraffic(step, *dialled_.connection, out_before_, in_before_);
  if (failure == v1::TIMED_OUT) {
    // Over TLS bytes may come that say nothing: session tickets.
    const bool only_records = tls_details_ != nullptr && said_ == said_before_;
    step->set_end(only_records ? v1::SILENCE : EndOfWait(*step));
  }
  recorder_.End(step, failure, text);
  return failure == v1::NONE;
}

bool Row::End(v1::Step* step, const net::IoResult& result) {
  step->set_os_error(result.os_error);
  return End(step, result.failure, result.text);
}

v1::ServerError Row::ErrorOf(const BackendMessage& message) const {
  return ParseError(WithoutSecret(password_, message.body));  // before its texts are cut
}

bool Row::EndWithError(v1::Step* step, const BackendMessage& message) {
  *step->mutable_server_error() = ErrorOf(message);
  const bool rejected = step->kind() == v1::AUTHENTICATION && step->server_error().code() == "28P01";
  return End(step, rejected ? v1::AUTH_REJECTED : v1::SERVER_ERROR, step->server_error().message());
}

net::IoResult Row::NextMessage(BackendMessage* message) {
  for (int notices = 0; notices < kMaxMessagesAStep;) {
    // A reader that has messages in its buffer never comes to a wait.
    if (context_.cancel.cancelled()) return {v1::CANCELLED, 0, 0, "cancelled"};
    if (dialled_.connection->record().bytes_in() - in_before_ > contract::kMaxBytesFromPeer) {
      return {v1::PROTOCOL_VIOLATION, 0, 0, "more bytes than any answer needs"};
    }
    auto next = reader_.Next();
    if (!next.ok()) return {v1::PROTOCOL_VIOLATION, 0, 0, std::string(next.status().message())};
    if (next->has_value()) {
      *message = **std::move(next);
      // NoticeResponse and NegotiateProtocolVersion may stand anywhere and change nothing here.
      if (message->type != 'N' && message->type != 'v') return {};
      ++notices;
      continue;
    }
    net::IoResult got = stream_->Read(reader_.buffer(), 16 * 1024, step_deadline_ns_);
    if (!got.ok()) return got;
    said_ += got.bytes;
  }
  return {v1::PROTOCOL_VIOLATION, 0, 0, "1000 notices and no message"};
}

}  // namespace parallax::probes::postgres
