#include "controller/conduct/keeper.h"

#include <fcntl.h>
#include <google/protobuf/text_format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"

namespace parallax::conduct {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr auto kGlance = milliseconds(50);  // how often `interrupted` is looked at
constexpr auto kSlowDisk = milliseconds(2'000);
constexpr auto kInterrupted = milliseconds(1'000);
constexpr size_t kMaxItems = 64;  // what waits for a lock is bounded; beyond it the oldest goes to its file

// Beside the store, for its owner alone, as the store is. False when it cannot be written whole.
bool WriteBeside(const std::string& path, const v1::Run& run) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(run, &text);
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return false;
  std::string_view left = text;
  while (!left.empty()) {
    const ssize_t wrote = write(fd, left.data(), left.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) break;
    left.remove_prefix(static_cast<size_t>(wrote));
  }
  const bool whole = left.empty() && fsync(fd) == 0;
  close(fd);
  if (!whole) unlink(path.c_str());
  return whole;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Keeper>> Keeper::Open(const std::string& url, Patience patience) {
  auto store = store::OpenStore(url, patience.busy_ms);
  if (store.ok()) return std::unique_ptr<Keeper>(new Keeper(url, *std::move(store), patience));
  if (absl::IsUnavailable(store.status())) return std::unique_ptr<Keeper>(new Keeper(url, nullptr, patience));
  return store.status();
}

Keeper::Keeper(std::string url, std::unique_ptr<store::RunStore> store, Patience patience)
    : url_(std::move(url)), patience_(patience), store_(std::move(store)), thread_([this] { Write(); }) {}

Keeper::~Keeper() {
  {
    std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Keeper::KeepSoFar(v1::Run run) {
  run.set_interrupted(true);
  Add({std::move(run), "", "", false});
}

void Keeper::Keep(v1::Run run, std::string status, std::string cause) {
  Add({std::move(run), std::move(status), std::move(cause), true});
}

void Keeper::Add(Item item) {
  {
    std::lock_guard lock(mutex_);
    // Not the front: that may be in the midst of being written.
    const auto waiting = std::find_if(items_.begin() + (items_.empty() ? 0 : 1), items_.end(),
                                      [&](const Item& other) { return other.run.id() == item.run.id(); });
    if (waiting != items_.end()) {
      *waiting = std::move(item);
    } else {
      items_.push_back(std::move(item));
    }
  }
  changed_.notify_all();
}

absl::Status Keeper::Try(const Item& item) {
  if (store_ == nullptr) {
    auto store = store::OpenStore(url_, patience_.busy_ms);
    if (!store.ok()) return store.status();
    store_ = *std::move(store);
  }
  return store_->Put(item.run, item.status, item.cause);
}

void Keeper::Write() {
  milliseconds locked{0};  // how long locks were waited for; a store that was stuck so long gets one try a run
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ended_ || !items_.empty(); });
    if (items_.empty()) return;
    const Item& item = items_.front();  // stays where it is: others are added behind it
    lock.unlock();
    const auto begun = Clock::now();
    const absl::Status status = Try(item);
    lock.lock();
    trouble_ = status;
    if (status.ok()) {
      locked = milliseconds(0);
      kept_.insert(item.run.id());
    } else if (absl::IsUnavailable(status)) {
      locked += std::chrono::duration_cast<milliseconds>(Clock::now() - begun);
      changed_.notify_all();
      const bool newer = std::any_of(items_.begin() + 1, items_.end(),
                                     [&](const Item& other) { return other.run.id() == item.run.id(); });
      if (!newer && locked < patience_.locked && items_.size() <= kMaxItems && !ended_) continue;
      if (!newer) GiveUp(item, status);
    } else {
      GiveUp(item, status);
    }
    items_.pop_front();
    changed_.notify_all();
  }
}

// With the lock held, which is no harm: who waits for it would wait for this.
void Keeper::GiveUp(const Item& item, const absl::Status& why) {
  kept_.erase(item.run.id());
  if (!item.whole) return;  // its end is still to come
  if (why_.ok()) why_ = why;
  const auto store = store::StorePath(url_);
  const std::string path = store.ok() ? absl::StrCat(*store, ".", item.run.id(), ".txtpb") : "";
  if (absl::IsUnavailable(why) && !path.empty() && WriteBeside(path, item.run)) {
    instead_.push_back(path);
  } else {
    ++lost_;
  }
}

bool Keeper::IsKept(const std::string& run_id) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kSlowDisk, [this] { return items_.empty() || !trouble_.ok(); });
  return items_.empty() && kept_.contains(run_id);
}

std::string Keeper::Finish(const std::atomic<bool>& interrupted) {
  const auto begun = Clock::now();
  std::unique_lock lock(mutex_);
  // One try more than the lock is waited out: then everything is stored or given up.
  const auto most = patience_.locked + 2 * milliseconds(patience_.busy_ms) + kInterrupted;
  while (!items_.empty() && Clock::now() - begun < (interrupted ? kInterrupted : most)) {
    changed_.wait_for(lock, kGlance);
  }
  if (!items_.empty()) {
    // What is being written now ends with its try; it and what waits behind it is given up.
    ended_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return items_.empty(); });
  }
  if (why_.ok()) return "";
  const size_t runs = lost_ + instead_.size();
  std::string said =
      absl::StrCat(runs == 1 ? "this run is" : absl::StrCat(runs, " runs are"),
                   instead_.empty() ? " not kept: " : " not in the store: ", std::string(why_.message()));
  if (!instead_.empty()) {
    absl::StrAppend(&said, ". ", instead_.size() == 1 ? "It is" : absl::StrCat(instead_.size(), " are"),
                    " kept in a file beside it: parallax show ", instead_.front());
  }
  if (lost_ > 0) absl::StrAppend(&said, ". To keep a run without a store: --no-store --format json --output FILE");
  return said;
}

}  // namespace parallax::conduct
