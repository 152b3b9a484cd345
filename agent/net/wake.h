// A flag that a poll(2) can wait for. Thread-safe.
#ifndef PARALLAX_AGENT_NET_WAKE_H_
#define PARALLAX_AGENT_NET_WAKE_H_

namespace parallax::net {

class Wake {
 public:
  Wake();
  ~Wake();
  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;

  // At most once; fd() is readable from then on. Never blocks.
  void Set() const;
  // -1 when the process is out of descriptors.
  int fd() const { return reader_; }

 private:
  int reader_ = -1;
  int writer_ = -1;  // may be the same
};

}  // namespace parallax::net

#endif  // PARALLAX_AGENT_NET_WAKE_H_
