// One TCP connection with a diary: its first I/O events, the socket's figures at both ends of its life, and how it
// ended.
//
// Not thread-safe; one connection belongs to one probe run. Clock, cancel token and the record that it writes are
// borrowed and outlive it. Nothing blocks beyond its deadline or, by more than a poll(2), beyond cancellation.
#ifndef PARALLAX_AGENT_NET_CONNECTION_H_
#define PARALLAX_AGENT_NET_CONNECTION_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/net/byte_stream.h"
#include "agent/net/cancel.h"
#include "agent/net/clock.h"
#include "parallax/v1/observation.pb.h"

namespace parallax::net {

class Connection final : public ByteStream {
 public:
  // Offsets in `*record` are from `origin_ns` (monotonic).
  Connection(const Clock& clock, const CancelToken& cancel, int64_t origin_ns, v1::Connection* record);
  ~Connection() override;  // closes
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Connects to a numeric address. Once; a failure leaves the connection closed, with end NEVER_OPENED.
  IoResult Connect(const std::string& address, uint16_t port, int64_t deadline_ns);

  IoResult Write(std::string_view bytes, int64_t deadline_ns) override;
  // Also looks at the deadline and at cancellation when bytes are there: a peer that never stops sending ends too.
  IoResult Read(std::string* to, size_t max, int64_t deadline_ns) override;
  // What is there already, without waiting; TIMED_OUT when nothing is, which says nothing about the peer.
  IoResult ReadNow(std::string* to, size_t max);

  // Writes the end and the figures into the record; idempotent. Ours was the end when nothing else had ended it, and
  // when the last thing that happened was a wait in vain SILENCE, or UNFINISHED where bytes had come since our last
  // word.
  void Close();

  // When connect(2) was known to have succeeded, an offset as those of the record. What is asked of the socket after it
  // does not count.
  int64_t connected_ns() const { return connected_ns_; }
  int fd() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  const v1::Connection& record() const { return *record_; }

 private:
  // The bytes, the end or the error that are there; failure FAILURE_UNSPECIFIED when none is.
  IoResult Receive(std::string* to, size_t max);
  // Failure NONE while there is time left and nobody cancelled.
  IoResult Check(int64_t deadline_ns);
  void NoteError(int error);
  // NONE when `events` are ready.
  IoResult Wait(short events, int64_t deadline_ns);
  void Note(bool inbound, std::string_view bytes);
  void NoteEnd(v1::End end);
  int64_t Offset() const { return clock_.MonotonicNs() - origin_ns_; }
  bool heard() const { return record_->bytes_in() > 0; }

  const Clock& clock_;
  const CancelToken& cancel_;
  const int64_t origin_ns_;
  v1::Connection* const record_;
  int fd_ = -1;
  int64_t connected_ns_ = 0;
  bool silent_ = false;             // the last wait was in vain
  bool heard_since_asked_ = false;  // bytes came after our last word
  int reset_at_once_ = 0;           // errno of a reset that came with the connect; told by the first read or write
};

// False when this host's own routing table knows no way to the numeric address, so that no packet of a connect(2) there
// can have left. Sends nothing. True where that cannot be told.
bool HasRoute(const std::string& address);
}  // namespace parallax::net

#endif  // PARALLAX_AGENT_NET_CONNECTION_H_
