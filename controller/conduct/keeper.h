// Keeps runs in the store without anybody waiting for it: another process may hold its lock, its disk may be slow.
//
// A thread of its own writes; it has the store to itself. What cannot be stored because of a lock is written to a file
// beside the store, so that it is not lost. The rest of the class is for one thread.
#ifndef PARALLAX_CONTROLLER_CONDUCT_KEEPER_H_
#define PARALLAX_CONTROLLER_CONDUCT_KEEPER_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/store/run_store.h"
#include "parallax/v1/run.pb.h"

namespace parallax::conduct {

struct KeeperPatience {
  int busy_ms = 200;                         // of one try; whether a store is locked is known after it
  std::chrono::milliseconds locked{10'000};  // how long a lock is waited out, of all runs together
};

class Keeper {
 public:
  using Patience = KeeperPatience;

  // For the store at `url` ("": the default one). An error when it cannot be opened, but not for a lock: that may be
  // gone by the time when there is a run to keep.
  static absl::StatusOr<std::unique_ptr<Keeper>> Open(const std::string& url, Patience patience = {});
  ~Keeper();
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  // The run so far, as an interrupted one: if we are killed, that is what it was. Replaces what is still to be written
  // of it. Never blocks.
  void KeepSoFar(v1::Run run);
  // The run at its end. Never blocks.
  void Keep(v1::Run run, std::string status, std::string cause);

  // Whether the run is in the store by now: waits until all that was given is written, at most two seconds, and no
  // longer once the store is seen to be locked or to fail.
  bool IsKept(const std::string& run_id);

  // To be called once all is reported: waits until all is written or given up, at most as long as a lock is waited out
  // (a second, once `interrupted`). "", or what is not in the store, why, and where it is instead.
  std::string Finish(const std::atomic<bool>& interrupted);

 private:
  struct Item {
    v1::Run run;
    std::string status;
    std::string cause;
    bool whole = false;
  };

  Keeper(std::string url, std::unique_ptr<store::RunStore> store, Patience patience);
  void Add(Item item);
  void Write();
  // One try, with the lock let go.
  absl::Status Try(const Item& item);
  void GiveUp(const Item& item, const absl::Status& why);

  const std::string url_;
  const Patience patience_;
  std::unique_ptr<store::RunStore> store_;  // of the thread; null: to be opened
  std::mutex mutex_;                        // guards all below, but the thread
  std::condition_variable changed_;
  std::deque<Item> items_;  // the front is being written
  std::set<std::string> kept_;
  absl::Status trouble_;  // of the last try
  bool ended_ = false;
  std::vector<std::string> instead_;  // files that hold what the store does not
  size_t lost_ = 0;
  absl::Status why_;  // the first run that was given up
  std::thread thread_;
};

}  // namespace parallax::conduct

#endif  // PARALLAX_CONTROLLER_CONDUCT_KEEPER_H_
