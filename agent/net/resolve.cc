#include "agent/net/resolve.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <set>
#include <system_error>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "agent/net/classify.h"
#include "agent/net/poll.h"
#include "agent/net/wake.h"
#include "contract/limits.h"
#include "contract/mutex.h"

namespace parallax::net {
namespace {

// Shared with the thread, which may outlive the question.
struct Question {
  explicit Question(std::string asked) : name(std::move(asked)) {}

  const std::string name;
  const Wake wake;  // once there is an answer
  contract::Mutex mutex;
  std::optional<Resolved> answer ABSL_GUARDED_BY(mutex);
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
  if (question->wake.fd() < 0) return {v1::LOCAL_RESOURCE, {}, "out of file descriptors"};
  try {
    std::thread([question] {
      Resolved answer = Ask(question->name);
      {
        const contract::MutexLock lock(question->mutex);
        question->answer = std::move(answer);
      }
      question->wake.Set();
    }).detach();
  } catch (const std::system_error&) {
    return {v1::LOCAL_RESOURCE, {}, "this host gives no thread to resolve with"};
  }
  for (;;) {
    {
      const contract::MutexLock lock(question->mutex);
      if (question->answer.has_value()) return *question->answer;
    }
    if (cancel.cancelled()) return {v1::CANCELLED, {}, "cancelled"};
    const int64_t left_ns = deadline_ns - clock.MonotonicNs();
    if (left_ns <= 0) return {v1::TIMED_OUT, {}, "the system's resolver did not answer in time"};
    const int64_t slice_ns = cancel.fd() < 0 ? std::min(left_ns, 50 * kMs) : left_ns;
    pollfd fds[2] = {{question->wake.fd(), POLLIN, 0}, {cancel.fd(), POLLIN, 0}};
    PollFor(fds, 2, slice_ns);
  }
}

}  // namespace parallax::net
