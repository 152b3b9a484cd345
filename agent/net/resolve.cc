#include "agent/net/resolve.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <mutex>
#include <set>
#include <system_error>
#include <thread>

#include "agent/net/classify.h"
#include "contract/limits.h"

namespace parallax::net {
namespace {

// Shared with the thread, which may outlive the question.
struct Question {
  explicit Question(std::string asked) : name(std::move(asked)), done_fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~Question() {
    if (done_fd >= 0) close(done_fd);
  }
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;

  const std::string name;
  const int done_fd;
  std::mutex mutex;
  bool done = false;  // guarded by mutex, like answer
  Resolved answer;
};

Resolved Ask(const std::string& name) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int eai = getaddrinfo(name.c_str(), nullptr, &hints, &list);
  const int error = errno;
  Resolved answer;
  answer.failure = FromEai(eai, error);
  if (eai != 0) {
    answer.error = gai_strerror(eai);
    return answer;
  }
  std::set<std::string> addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    char text[NI_MAXHOST] = "";
    if (getnameinfo(entry->ai_addr, entry->ai_addrlen, text, sizeof(text), nullptr, 0, NI_NUMERICHOST) == 0) {
      addresses.insert(text);
    }
  }
  freeaddrinfo(list);
  answer.addresses.assign(addresses.begin(), addresses.end());
  if (answer.addresses.empty()) answer.failure = v1::NAME_NOT_FOUND;
  return answer;
}

}  // namespace

Resolved ResolveName(const std::string& name, const Clock& clock, const CancelToken& cancel, int64_t deadline_ns) {
  if (name.size() > contract::kMaxNameBytes) {
    return {v1::NAME_NOT_FOUND, {}, "a name has at most 253 characters (RFC 1035 section 2.3.4)"};
  }
  auto question = std::make_shared<Question>(name);
  if (question->done_fd < 0) return {v1::LOCAL_RESOURCE, {}, "out of file descriptors"};
  try {
    std::thread([question] {
      Resolved answer = Ask(question->name);
      {
        std::lock_guard lock(question->mutex);
        question->answer = std::move(answer);
        question->done = true;
      }
      const uint64_t one = 1;
      [[maybe_unused]] const ssize_t written = write(question->done_fd, &one, sizeof(one));
    }).detach();
  } catch (const std::system_error&) {
    return {v1::LOCAL_RESOURCE, {}, "this host gives no thread to resolve with"};
  }
  for (;;) {
    {
      std::lock_guard lock(question->mutex);
      if (question->done) return question->answer;
    }
    if (cancel.cancelled()) return {v1::CANCELLED, {}, "cancelled"};
    const int64_t left_ns = deadline_ns - clock.MonotonicNs();
    if (left_ns <= 0) return {v1::TIMED_OUT, {}, "the system's resolver did not answer in time"};
    const int64_t slice_ns = cancel.fd() < 0 ? std::min(left_ns, 50 * kMs) : left_ns;
    const timespec wait = {slice_ns / 1'000'000'000, slice_ns % 1'000'000'000};
    pollfd fds[2] = {{question->done_fd, POLLIN, 0}, {cancel.fd(), POLLIN, 0}};
    ppoll(fds, 2, &wait, nullptr);
  }
}

}  // namespace parallax::net
