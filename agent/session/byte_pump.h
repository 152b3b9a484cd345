// Copies bytes from one descriptor to another on a thread of its own, until end of file, an error, or Stop().
//
// Owns its thread, not the descriptors: they outlive it. Start and Stop from one thread; done() from any.
#ifndef PARALLAX_AGENT_SESSION_BYTE_PUMP_H_
#define PARALLAX_AGENT_SESSION_BYTE_PUMP_H_

#include <cstddef>
#include <functional>
#include <thread>

#include "agent/net/cancel.h"

namespace parallax::session {

class BytePump {
 public:
  // `on_end` is called once on the pump's thread, when it has copied its last byte. Descriptors may be sockets, pipes
  // or files; they are not set non-blocking, because other processes may share them.
  BytePump(int from, int to, std::function<void()> on_end);
  ~BytePump() { Stop(); }
  BytePump(const BytePump&) = delete;
  BytePump& operator=(const BytePump&) = delete;

  // Ends it, whatever it waits for, and joins. Idempotent.
  void Stop();

 private:
  void Pump();
  bool WaitFor(int fd, short events);
  bool WriteAll(const char* data, size_t size);

  const int from_;
  const int to_;
  const std::function<void()> on_end_;
  net::CancelToken stop_;
  std::thread thread_;
};

}  // namespace parallax::session

#endif  // PARALLAX_AGENT_SESSION_BYTE_PUMP_H_
