// Wakes the dispatcher's thread when something came. A ring is remembered until someone waits. Thread-safe.
#ifndef PARALLAX_CONTROLLER_DISPATCH_BELL_H_
#define PARALLAX_CONTROLLER_DISPATCH_BELL_H_

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace parallax::dispatch {

class Bell {
 public:
  void Ring() {
    // Notified under the lock: the waiter may destroy the bell as soon as it wakes.
    std::lock_guard lock(mutex_);
    rung_ = true;
    changed_.notify_one();
  }

  void WaitFor(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, timeout, [this] { return rung_; });
    rung_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool rung_ = false;
};

}  // namespace parallax::dispatch

#endif  // PARALLAX_CONTROLLER_DISPATCH_BELL_H_
