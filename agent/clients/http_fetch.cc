#include "agent/clients/http_fetch.h"

#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "agent/clients/http_failure.h"
#include "agent/clients/http_handle.h"
#include "agent/clients/shown_url.h"
#include "agent/net/address.h"
#include "agent/net/socket_facts.h"
#include "agent/net/tls_heard.h"
#include "agent/net/tls_observer.h"
#include "contract/descriptors.h"
#include "contract/digest.h"
#include "contract/limits.h"

namespace parallax::clients {
namespace {

constexpr int kMaxHeaders = 64;
constexpr size_t kMaxHeaderBytes = 256 * 1024;  // of all; what curl allows a single line is less
constexpr int64_t kNsPerUs = 1000;

using MultiPtr = std::unique_ptr<CURLM, Deleter<curl_multi_cleanup>>;

std::string Lower(std::string_view text) { return absl::AsciiStrToLower(absl::string_view(text.data(), text.size())); }

std::string_view Trim(std::string_view text) {
  const absl::string_view cut = absl::StripAsciiWhitespace(absl::string_view(text.data(), text.size()));
  return {cut.data(), cut.size()};
}

class Hop {
 public:
  Hop(const FetchRequest& request, const probes::Context& context, Reporter& reporter)
      : request_(request), context_(context), reporter_(reporter), handle_(request), observer_(request.host, &tls_) {}

  FetchResult Run();

 private:
  // libcurl's callbacks; `hop` is this.
  static curl_socket_t OnOpen(void* hop, curlsocktype purpose, curl_sockaddr* address);
  static int OnClose(void* hop, curl_socket_t fd);
  static CURLcode OnTlsContext(CURL* easy, void* context, void* hop);
  static int OnReady(void* hop, char* remote, char* local, int remote_port, int local_port);
  static size_t OnHeader(char* data, size_t size, size_t count, void* hop);
  static size_t OnBody(char* data, size_t size, size_t count, void* hop);

  bool SetUp();
  // Drives the transfer to its end or past the deadline of the step at hand.
  CURLcode Transfer();
  void Begin(v1::StepKind kind);
  // Ends the step at hand, if there is one.
  void End(v1::Failure failure, std::string_view text = "");
  void EndConnect();
  // The library dials by itself: nothing more is said to whom the policy was not asked about.
  bool PeerIsAllowed();
  void EndHandshake();
  void EndHeaders();
  void EndFailed(CURLcode code);
  v1::Failure WhyFailed(CURLcode code, std::string* text) const;
  int OsError() const;
  // The step at hand waited until its deadline, and not a byte came.
  bool Silent() const { return timed_out_ && Traffic().bytes_in() == before_.bytes_in(); }
  int64_t Micros(CURLINFO info) const;
  // What the connection has moved until now, TLS and all.
  v1::Connection Traffic() const;

  const FetchRequest& request_;
  const probes::Context& context_;
  Reporter& reporter_;

  HttpHandle handle_;
  v1::Connection* connection_ = nullptr;
  int index_ = 0;
  int fd_ = -1;
  v1::Step* step_ = nullptr;  // at hand
  int64_t step_deadline_ns_ = 0;
  v1::Connection before_;  // its traffic when the step at hand began
  bool timed_out_ = false;
  std::string denied_;     // why policy refused the address
  std::string stopped_;    // why we gave up on the answer
  std::string untrusted_;  // why the certificate will not do
  v1::TlsDetails tls_;
  net::TlsObserver observer_;
  v1::HttpDetails http_;
  size_t header_bytes_ = 0;
  bool cut_ = false;
  FetchResult result_;
};

void Hop::Begin(v1::StepKind kind) {
  step_ = reporter_.Begin(kind, request_.variant);
  if (index_ > 0) step_->set_connection(index_);
  step_deadline_ns_ = context_.StepDeadline();
  before_ = Traffic();
}

v1::Connection Hop::Traffic() const {
  v1::Connection traffic;
  if (fd_ >= 0) {
    net::DescribeClosing(fd_, /*waited_in_vain=*/false, &traffic);
  } else if (connection_ != nullptr) {
    traffic.set_bytes_in(connection_->bytes_in());
    traffic.set_bytes_out(connection_->bytes_out());
  }
  return traffic;
}

void Hop::End(v1::Failure failure, std::string_view text) {
  if (step_ == nullptr) return;
  const v1::Connection now = Traffic();
  step_->set_bytes_in(now.bytes_in() - before_.bytes_in());
  step_->set_bytes_out(now.bytes_out() - before_.bytes_out());
  reporter_.End(std::exchange(step_, nullptr), failure, text);
}

int Hop::OsError() const {
  long error = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_OS_ERRNO, &error);
  // That of a socket which could not be had is no error to curl.
  return error == 0 && step_ != nullptr ? step_->os_error() : static_cast<int>(error);
}

int64_t Hop::Micros(CURLINFO info) const {
  curl_off_t micros = 0;
  curl_easy_getinfo(handle_.get(), info, &micros);
  return micros;
}

curl_socket_t Hop::OnOpen(void* hop, curlsocktype, curl_sockaddr* address) {
  auto* self = static_cast<Hop*>(hop);
  uint16_t port = 0;
  const std::string text = net::AddressText(&address->addr, &port);
  self->End(v1::CLOSED, "the client gave this connection up and begins anew");
  self->Begin(v1::CONNECT);
  // Here, where curl is about to dial, and not where a name was looked up: nothing stands in between.
  if (absl::Status allowed = self->context_.policy.CheckAddress(text, port); !allowed.ok()) {
    self->denied_ = std::string(allowed.message());
    return CURL_SOCKET_BAD;
  }
  self->connection_ = self->reporter_.observation()->add_connections();
  self->index_ = self->reporter_.observation()->connections_size();
  self->step_->set_connection(self->index_);
  self->connection_->set_remote_address(net::JoinHostPort(text, port));
  self->connection_->set_opened_ns(self->reporter_.recorder().Now());
  self->connection_->set_end(v1::NEVER_OPENED);
  self->fd_ = contract::OpenSocket(address->family, address->socktype, address->protocol);
  if (self->fd_ < 0) self->step_->set_os_error(errno);
  return self->fd_;
}

int Hop::OnClose(void* hop, curl_socket_t fd) {
  auto* self = static_cast<Hop*>(hop);
  if (fd == self->fd_ && self->connection_ != nullptr) {
    const bool silent = self->Silent();
    self->fd_ = -1;
    if (self->connection_->end() == v1::END_UNSPECIFIED) {
      net::DescribeClosing(fd, silent, self->connection_);
    }
    self->connection_->set_ended_ns(self->reporter_.recorder().Now());
  }
  return close(fd);
}

void Hop::EndConnect() {
  if (step_ == nullptr || step_->kind() != v1::CONNECT) return;
  connection_->clear_end();
  net::DescribeOpened(fd_, connection_);
  v1::Step* step = step_;
  End(v1::NONE);
  // Curl notes the instant; what it does before it calls us, reading trusted roots say, is no part of the connect.
  const int64_t connect_ns = (Micros(CURLINFO_CONNECT_TIME_T) - Micros(CURLINFO_NAMELOOKUP_TIME_T)) * kNsPerUs;
  if (connect_ns > 0 && connect_ns < step->duration_ns()) step->set_duration_ns(connect_ns);
}

bool Hop::PeerIsAllowed() {
  if (connection_ == nullptr || net::IsConnectedTo(fd_, connection_->remote_address())) return true;
  denied_ = absl::StrCat("libcurl connected to another address than ", connection_->remote_address());
  return false;
}

CURLcode Hop::OnTlsContext(CURL*, void* context, void* hop) {
  auto* self = static_cast<Hop*>(hop);
  self->EndConnect();
  if (!self->PeerIsAllowed()) return CURLE_ABORTED_BY_CALLBACK;
  self->observer_.Watch(context);
  self->Begin(v1::TLS_HANDSHAKE);
  return CURLE_OK;
}

void Hop::EndHandshake() {
  if (step_ == nullptr || step_->kind() != v1::TLS_HANDSHAKE) return;
  *step_->mutable_tls() = tls_;
  untrusted_ = request_.verify ? tls_.verify_error() : "";
  End(untrusted_.empty() ? v1::NONE : v1::TLS_CERTIFICATE, untrusted_);
}

// Connected, TLS and all, and nothing of the request has left.
int Hop::OnReady(void* hop, char*, char*, int, int) {
  auto* self = static_cast<Hop*>(hop);
  self->EndConnect();
  if (!self->PeerIsAllowed()) return CURL_PREREQFUNC_ABORT;
  self->EndHandshake();
  if (!self->untrusted_.empty()) return CURL_PREREQFUNC_ABORT;
  self->Begin(v1::REQUEST);
  return CURL_PREREQFUNC_OK;
}

size_t Hop::OnHeader(char* data, size_t size, size_t count, void* hop) {
  auto* self = static_cast<Hop*>(hop);
  const std::string_view line(data, size * count);
  self->header_bytes_ += line.size();
  if (self->header_bytes_ > kMaxHeaderBytes) {
    self->stopped_ = absl::StrCat("headers of more than ", kMaxHeaderBytes / 1024, " KiB");
    return 0;
  }
  const std::string_view text = Trim(line);
  if (text.starts_with("HTTP/")) {  // after "100 Continue" the real one
    self->result_.headers.clear();
  } else if (text.empty()) {
    self->EndHeaders();
  } else if (const size_t colon = text.find(':'); colon != std::string_view::npos) {
    self->result_.headers.emplace_back(Lower(text.substr(0, colon)), std::string(Trim(text.substr(colon + 1))));
  }
  return line.size();
}

void Hop::EndHeaders() {
  long status = 0;
  long version = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(handle_.get(), CURLINFO_HTTP_VERSION, &version);
  if (status < 200 || step_ == nullptr || step_->kind() != v1::REQUEST) return;  // an interim answer, or a trailer
  result_.answered = true;
  result_.status = static_cast<uint32_t>(status);
  http_.set_status(result_.status);
  if (version == CURL_HTTP_VERSION_1_0) http_.set_version("1.0");
  if (version == CURL_HTTP_VERSION_1_1) http_.set_version("1.1");
  if (version == CURL_HTTP_VERSION_2_0) http_.set_version("2");
  for (const auto& [name, value] : result_.headers) {
    const std::string shown = contract::Printable(ShownHeader(name, reporter_.WithoutSecret(value)));
    if (name == "location") http_.set_location(shown);
    if (http_.headers_size() >= kMaxHeaders) continue;
    v1::HttpHeader* header = http_.add_headers();
    header->set_name(reporter_.Shown(name, 256));
    header->set_value(shown);
  }
  std::string text;
  if (status >= 300 && status < 400 && !http_.location().empty()) {
    text = absl::StrCat("redirects to ", http_.location());
  }
  if (const std::string why = WhyWithheld(request_); !request_.bearer.empty() && !why.empty()) {
    absl::StrAppend(&text, text.empty() ? "" : "; ", "the bearer token was withheld: ", why);
  }
  *step_->mutable_http() = http_;
  End(v1::NONE, text);
  Begin(v1::BODY);
}

size_t Hop::OnBody(char* data, size_t size, size_t count, void* hop) {
  auto* self = static_cast<Hop*>(hop);
  const size_t bytes = size * count;
  const size_t room =
      self->request_.max_body_bytes - std::min<size_t>(self->request_.max_body_bytes, self->result_.body.size());
  self->result_.body.append(data, std::min(bytes, room));
  self->cut_ = bytes > room;
  return self->cut_ ? 0 : bytes;
}

bool Hop::SetUp() {
  CURL* easy = handle_.get();
  if (easy == nullptr) return false;
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, &Hop::OnTlsContext);
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, this);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &Hop::OnOpen);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &Hop::OnClose);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, this);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, &Hop::OnReady);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, this);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Hop::OnHeader);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Hop::OnBody);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  http_.set_method(request_.method);
  if (!request_.bearer.empty() && WhyWithheld(request_).empty()) http_.set_secret_origin(request_.bearer_origin);
  http_.set_url(reporter_.Shown(ShownUrl(request_.url)));
  tls_.set_clock_unix(context_.clock.UnixNs() / 1'000'000'000);
  if (!net::IsNumericAddress(request_.host)) tls_.set_sni(request_.host);
  tls_.set_trust_store(request_.root_cert.empty() ? "the system's" : request_.root_cert);
  return true;
}

CURLcode Hop::Transfer() {
  const MultiPtr multi(curl_multi_init());
  CURLcode code = CURLE_FAILED_INIT;
  if (multi == nullptr || curl_multi_add_handle(multi.get(), handle_.get()) != CURLM_OK) return code;
  step_deadline_ns_ = context_.StepDeadline();
  for (int running = 1; running > 0;) {
    if (curl_multi_perform(multi.get(), &running) != CURLM_OK) break;
    const int64_t left_ns = step_deadline_ns_ - context_.clock.MonotonicNs();
    if (running > 0 && left_ns <= 0) {
      timed_out_ = true;
      code = CURLE_OPERATION_TIMEDOUT;
      break;
    }
    const int64_t wait_ms = std::min<int64_t>(left_ns / net::kMs + 1, 1000);
    if (running > 0) curl_multi_poll(multi.get(), nullptr, 0, static_cast<int>(wait_ms), nullptr);
  }
  int messages = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi.get(), &messages)) {
    if (message->msg == CURLMSG_DONE) code = message->data.result;
  }
  curl_multi_remove_handle(multi.get(), handle_.get());
  return code;
}

v1::Failure Hop::WhyFailed(CURLcode code, std::string* text) const {
  if (!denied_.empty()) {
    *text = request_.came_from.empty() ? denied_
                                       : absl::StrCat(denied_, "; ", reporter_.Shown(ShownUrl(request_.came_from), 256),
                                                      " redirected to ", reporter_.Shown(ShownUrl(request_.url), 256));
    return v1::DENIED_BY_POLICY;
  }
  TransferEnd end;
  end.code = code;
  end.os_error = OsError();
  end.text = handle_.Text(code);
  end.address = request_.to.address;
  end.dialled = connection_ != nullptr;
  end.heard = connection_ != nullptr && connection_->bytes_in() > 0;
  end.reset = connection_ != nullptr && connection_->end() == v1::RST_BY_PEER;
  end.complained = observer_.complained();
  end.alert = tls_.alert();
  v1::Failure failure = v1::TIMED_OUT;
  if (!stopped_.empty()) {
    end.text = stopped_;
    failure = v1::PROTOCOL_VIOLATION;
  } else if (!timed_out_) {
    failure = Classify(&end);
  }
  *text = end.text;
  return failure;
}

void Hop::EndFailed(CURLcode code) {
  std::string text;
  const v1::Failure failure = WhyFailed(code, &text);
  if (step_ == nullptr) {
    // The certificate was refused by our own look at it, and its step has ended; or nothing was begun at all.
    if (!untrusted_.empty()) return;
    reporter_.observation()->set_error(reporter_.Shown(absl::StrCat("libcurl: ", text)));
    reporter_.observation()->set_outcome(v1::LOCAL_RESOURCE);
    return;
  }
  if (connection_ != nullptr && connection_->end() != v1::END_UNSPECIFIED) step_->set_end(connection_->end());
  if (timed_out_) step_->set_end(Silent() ? v1::SILENCE : v1::UNFINISHED);
  if (step_->kind() == v1::TLS_HANDSHAKE) {
    *step_->mutable_tls() = tls_;
    if (failure == v1::TLS_CERTIFICATE && !tls_.verify_error().empty()) text = tls_.verify_error();
    if (failure == v1::TLS_PROTOCOL) text = net::TroubleText(tls_, text);
  } else if (failure == v1::TLS_ALERT) {
    step_->mutable_tls()->set_alert(tls_.alert());
  } else if (step_->kind() == v1::REQUEST) {
    *step_->mutable_http() = http_;
  }
  if (step_->os_error() == 0 && !timed_out_) step_->set_os_error(OsError());
  End(failure, text);
}

FetchResult Hop::Run() {
  if (!SetUp()) {
    reporter_.observation()->set_error("libcurl gives no handle");
    reporter_.observation()->set_outcome(v1::LOCAL_RESOURCE);
    return result_;
  }
  const CURLcode code = Transfer();
  if (step_ != nullptr && step_->kind() == v1::BODY) {
    v1::HttpBodyDetails* body = step_->mutable_http_body();
    body->set_size(result_.body.size());
    body->set_cut(cut_);
    body->set_sha256(contract::Digest(result_.body));
    for (const auto& [name, value] : result_.headers) {
      if (name == "content-type") body->set_content_type(reporter_.Shown(value, 256));
    }
  }
  result_.cut = cut_;
  result_.whole = result_.answered && (code == CURLE_OK || cut_);
  if (result_.whole) {
    End(v1::NONE, cut_ ? absl::StrCat("there is more; no more than ", request_.max_body_bytes, " bytes are read") : "");
  } else {
    EndFailed(code);
  }
  const char* redirect = nullptr;
  curl_easy_getinfo(handle_.get(), CURLINFO_REDIRECT_URL, &redirect);
  if (redirect != nullptr) result_.redirect_url = redirect;
  handle_.Close();
  return std::move(result_);
}

}  // namespace

FetchResult Fetch(const FetchRequest& request, const probes::Context& context, Reporter& reporter) {
  return Hop(request, context, reporter).Run();
}

}  // namespace parallax::clients
