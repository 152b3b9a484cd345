#include "agent/clients/login_gate.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "agent/probes/postgres/messages.h"
#include "agent/probes/withhold.h"
#include "contract/descriptors.h"

namespace parallax::clients {
namespace {

constexpr size_t kHeadBytes = 5;  // type and length
constexpr size_t kRequestBytes = 8;
// What libpq itself takes at this stage (fe-connect.c), or less.
constexpr uint32_t kMaxRequest = 2000;
constexpr uint32_t kMaxError = 30000;
constexpr size_t kMaxHeld = 64 * 1024;

uint32_t Int32At(std::string_view bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = at; i < at + 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

// SCRAM, the end of a login, and kinds that bring no password (Kerberos and its relatives). What is not known here is
// not let through.
bool MayBeAnswered(int32_t code) {
  constexpr int32_t kGss[] = {2, 6, 7, 8, 9};
  return code == probes::kAuthenticationOk || code == probes::kAuthenticationSaslContinue ||
         code == probes::kAuthenticationSaslFinal ||
         std::find(std::begin(kGss), std::end(kGss), code) != std::end(kGss) ||
         probes::WhyPasswordWithheld(code, /*tls=*/nullptr, /*roots_named=*/false).empty();
}

bool Is(int fd, const struct stat& file) {
  struct stat facts {};
  return fstat(fd, &facts) == 0 && facts.st_dev == file.st_dev && facts.st_ino == file.st_ino;
}

// Appends what there is; false at the end of the stream, or after an error.
bool ReadInto(int fd, std::string* bytes) {
  std::array<char, 16 * 1024> buffer;
  const ssize_t got = recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got > 0) bytes->append(buffer.data(), static_cast<size_t>(got));
  return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

}  // namespace

bool LoginGate::Install(int fd) {
  int ends[2];
  server_ = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (server_ < 0 || !contract::OpenSocketPair(ends)) return false;
  for (const int end : ends) contract::DoNotBlock(end);
  client_ = ends[1];
  const bool taken =
      fstat(server_, &real_) == 0 && fstat(ends[0], &given_) == 0 && contract::DuplicateOnto(ends[0], fd);
  close(ends[0]);
  return taken;
}

bool LoginGate::Guards(int fd) const { return client_ >= 0 && Is(fd, given_); }

bool LoginGate::GaveBack(int fd) const { return given_back_ && Is(fd, real_); }

void LoginGate::Drop() {
  for (int* fd : {&server_, &client_}) {
    if (*fd >= 0) close(std::exchange(*fd, -1));
  }
}

void LoginGate::Pump(int fd) {
  if (!Guards(fd)) return;
  FromClient();
  FromServer();
  Judge();
  // Too little to be a request, and no more comes.
  if (server_ended_ && expects_ == Expects::kMessage && !in_.empty()) HandOverTheLast(in_.size());
  Flush(client_, &to_client_);
  Flush(server_, &to_server_);
  if ((cut_ || (server_ended_ && in_.empty())) && to_client_.empty() && !std::exchange(ended_, true)) {
    shutdown(client_, SHUT_WR);
  }
  if (!give_back_ || !to_client_.empty() || !to_server_.empty()) return;
  // Not before both have read the last of it: what is in the pair then would be lost.
  for (const int end : {fd, client_}) {
    int unread = 0;
    if (ioctl(end, FIONREAD, &unread) != 0 || unread > 0) return;
  }
  given_back_ = contract::DuplicateOnto(server_, fd);
  if (given_back_) Drop();
}

void LoginGate::Await(pollfd* server, pollfd* client) const {
  const int to_server = to_server_.empty() ? 0 : POLLOUT;
  const int to_client = to_client_.empty() ? 0 : POLLOUT;
  const int from_server = Reads() ? POLLIN : 0;
  *server = {from_server + to_server == 0 ? -1 : server_, static_cast<short>(from_server | to_server), 0};
  *client = {client_, static_cast<short>(POLLIN | to_client), 0};
}

void LoginGate::FromClient() {
  std::string bytes;
  ReadInto(client_, &bytes);  // of its end Guards() tells
  if (cut_) return;           // whatever it says, nobody hears it
  to_server_ += bytes;
  if (expects_ != Expects::kRequest) return;
  asked_ += bytes;
  if (asked_.size() < kRequestBytes) return;
  const bool tls = Int32At(asked_, 0) == kRequestBytes && Int32At(asked_, 4) == probes::postgres::kSslRequestCode;
  expects_ = tls ? Expects::kSslAnswer : Expects::kMessage;
  asked_.clear();
}

// Not before libpq has said what it wants: only then is it known how an answer reads.
bool LoginGate::Reads() const {
  return expects_ != Expects::kRequest && !server_ended_ && !cut_ && !give_back_ && in_.size() < kMaxHeld;
}

void LoginGate::FromServer() {
  if (!Reads()) return;
  // Before TLS no more than the one byte: what follows is the handshake's.
  if (expects_ == Expects::kSslAnswer) {
    char answer = 0;
    const ssize_t got = recv(server_, &answer, 1, MSG_DONTWAIT);
    if (got == 1) in_ += answer;
    server_ended_ = got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
  } else {
    server_ended_ = !ReadInto(server_, &in_);
  }
}

void LoginGate::HandOver(size_t size) {
  to_client_.append(in_, 0, size);
  in_.erase(0, size);
}

void LoginGate::HandOverTheLast(size_t size) {
  HandOver(size);
  in_.clear();
  server_ended_ = true;
  expects_ = Expects::kNothing;
}

void LoginGate::Cut() {
  in_.clear();
  to_server_.clear();
  cut_ = true;
  expects_ = Expects::kNothing;
}

void LoginGate::Judge() {
  // Until nothing changes: neither what is left nor what is expected.
  for (bool changed = true; changed && !in_.empty();) {
    const size_t size_before = in_.size();
    const Expects expected_before = expects_;
    if (expects_ == Expects::kSslAnswer) {
      const char answer = in_[0];
      if (answer == 'S') {
        give_back_ = true;
        expects_ = Expects::kNothing;
        HandOver(1);
      } else if (answer == 'N') {
        expects_ = Expects::kMessage;
        HandOver(1);
      } else if (answer == 'E') {  // an error of a server that knows no TLS: it begins with this byte
        expects_ = Expects::kMessage;
      } else {
        HandOverTheLast(1);
      }
    } else if (expects_ == Expects::kMessage) {
      JudgeMessage();
    } else if (expects_ == Expects::kBody) {
      const size_t size = std::min(body_left_, in_.size());
      body_left_ -= size;
      HandOver(size);
      if (body_left_ > 0) return;
      expects_ = let_in_ ? Expects::kNothing : Expects::kMessage;
      give_back_ = let_in_;
      if (let_in_) HandOver(in_.size());  // what came with it; no request that libpq would answer is behind it
    } else {
      return;
    }
    changed = in_.size() != size_before || expects_ != expected_before;
  }
}

void LoginGate::JudgeMessage() {
  const char type = in_[0];
  // Another kind of server: libpq ends at the type. What it then says of the byte, it says as without us.
  if (type != 'R' && type != 'E') return HandOverTheLast(std::min(in_.size(), kHeadBytes + 4));
  if (in_.size() < kHeadBytes) return;
  const uint32_t length = Int32At(in_, 1);
  if (length < 8 || length > (type == 'R' ? kMaxRequest : kMaxError)) {
    senseless_ = true;
    return Cut();
  }
  if (type == 'E') {
    body_left_ = length + 1;
    expects_ = Expects::kBody;
    return;
  }
  if (in_.size() < kHeadBytes + 4) return;
  const auto code = static_cast<int32_t>(Int32At(in_, kHeadBytes));
  if (!MayBeAnswered(code)) {
    held_back_ = code;
    return Cut();
  }
  body_left_ = length + 1;
  expects_ = Expects::kBody;
  let_in_ = code == probes::kAuthenticationOk;
}

void LoginGate::Flush(int fd, std::string* bytes) {
  if (bytes->empty()) return;
  const ssize_t sent = contract::SendNow(fd, *bytes);
  if (sent < 0 && errno != EAGAIN && errno != EINTR) {
    bytes->clear();  // its reader is gone, and the reading side tells
  } else if (sent > 0) {
    bytes->erase(0, static_cast<size_t>(sent));
  }
}

}  // namespace parallax::clients
