#include "agent/probes/tunnel/socks_steps.h"

#include <poll.h>

#include <algorithm>
#include <functional>
#include <system_error>
#include <thread>

#include "agent/net/address.h"
#include "agent/net/connection.h"
#include "agent/policy/named_destination.h"
#include "agent/probes/tunnel/socks5.h"
#include "contract/limits.h"

namespace parallax::probes {
namespace {

constexpr size_t kMaxListeners = 2;
constexpr int64_t kGreetingNs = 1000 * net::kMs;  // it is answered by a process of this host
constexpr int64_t kNegativeNs = 2000 * net::kMs;
constexpr int kPauseMs = 25;
constexpr uint16_t kSshPort = 22;  // a server that speaks first

// Runs every task in a thread of its own, or, where there is none to be had, here. They begin one after another: a
// proxy has been seen to crash when several connections reached it in the same instant, and it may be the only tunnel
// there is.
void OneAfterAnother(const std::vector<std::function<void()>>& tasks, const Context& context) {
  std::vector<std::thread> threads;
  for (const std::function<void()>& task : tasks) {
    if (&task != &tasks.front() && !context.cancel.cancelled()) {
      pollfd woken = {context.cancel.fd(), POLLIN, 0};
      poll(&woken, 1, kPauseMs);
    }
    try {
      threads.emplace_back(task);
    } catch (const std::system_error&) {
      task();
    }
  }
  for (std::thread& thread : threads) thread.join();
}

bool Split(const v1::SocksListener& listener, std::string* address, uint16_t* port) {
  return net::SplitHostPort(listener.address(), address, port);
}

struct Conversation {
  v1::Step* step = nullptr;
  v1::Connection* record = nullptr;
  const v1::SocksListener* listener = nullptr;
  const SocksDestination* destination = nullptr;
  SocksAnswer answer;
  int64_t duration_ns = 0;
};

void Converse(const Context& context, int64_t origin_ns, int64_t deadline_ns, Conversation* with) {
  const int64_t began_ns = context.clock.MonotonicNs();
  net::Connection connection(context.clock, context.cancel, origin_ns, with->record);
  std::string address;
  uint16_t port = 0;
  Split(*with->listener, &address, &port);
  v1::SocksDetails* details = with->step->mutable_socks();
  const net::IoResult connected = connection.Connect(address, port, deadline_ns);
  if (connected.ok()) {
    with->answer = ConnectBySocks(connection, with->destination->host, with->destination->port, deadline_ns);
  } else {
    with->answer = {connected.failure, connected.text, connected.os_error, false, false, 0};
  }
  with->duration_ns = context.clock.MonotonicNs() - began_ns;
  if (with->answer.failure == v1::NONE && with->destination->port == kSshPort) {
    // Only bytes of the destination itself prove that it was reached. What happens here does not change the reply.
    std::string heard;
    if (connection.Read(&heard, contract::kMaxHeadBytes, deadline_ns).ok()) {
      details->set_bytes_in_after(heard.size());
      details->set_first_byte(static_cast<unsigned char>(heard[0]));
    }
  }
  connection.Close();
}

}  // namespace

std::vector<v1::SocksListener> ThatSpeakSocks(const std::vector<SocksCandidate>& candidates, const Context& context,
                                              Recorder& recorder) {
  std::vector<SocksAnswer> answers(candidates.size());
  const int64_t deadline_ns = std::min(context.StepDeadline(), context.clock.MonotonicNs() + kGreetingNs);
  std::vector<std::function<void()>> tasks;
  for (size_t i = 0; i < candidates.size(); ++i) {
    tasks.push_back([&, i] {
      v1::Connection unrecorded;  // only a question of what the port is
      net::Connection connection(context.clock, context.cancel, recorder.origin_ns(), &unrecorded);
      std::string address;
      uint16_t port = 0;
      if (!Split(candidates[i].listener, &address, &port)) return;
      const net::IoResult connected = connection.Connect(address, port, deadline_ns);
      answers[i].failure = connected.failure;
      if (connected.ok()) answers[i] = GreetSocks(connection, deadline_ns);
    });
  }
  OneAfterAnother(tasks, context);
  std::vector<v1::SocksListener> speaking;
  for (size_t i = 0; i < candidates.size() && speaking.size() < kMaxListeners; ++i) {
    const bool silent = candidates[i].expected && answers[i].failure == v1::TIMED_OUT;
    if (answers[i].greeted || silent) speaking.push_back(candidates[i].listener);
  }
  return speaking;
}

void ConnectThroughSocks(const std::vector<v1::SocksListener>& listeners,
                         const std::vector<SocksDestination>& destinations, const Context& context,
                         Recorder& recorder) {
  std::vector<Conversation> conversations;
  for (const v1::SocksListener& listener : listeners) {
    for (const SocksDestination& destination : destinations) {
      const std::string to = net::JoinHostPort(destination.host, destination.port);
      v1::Step* step = recorder.Begin(v1::SOCKS_CONNECT, contract::Printable(to));
      v1::SocksDetails* details = step->mutable_socks();
      details->set_listener(listener.address());
      details->set_destination(contract::Printable(to));
      details->set_negative_control(destination.negative);
      details->set_positive_control(destination.positive);
      // A name is resolved at the far side, where its address cannot be checked: what can be known of it is its
      // spelling.
      const absl::Status allowed = policy::CheckNamed(context.policy, destination.host, destination.port);
      if (!allowed.ok()) {
        recorder.End(step, v1::DENIED_BY_POLICY, std::string(allowed.message()));
        continue;
      }
      Conversation one;
      one.step = step;
      one.record = recorder.observation()->add_connections();
      step->set_connection(recorder.observation()->connections_size());
      one.listener = &listener;
      one.destination = &destination;
      conversations.push_back(one);
    }
  }
  const int64_t deadline_ns = context.StepDeadline();
  // Silence is what a negative control is expected to give, and it costs everybody's time.
  const int64_t negative_ns = std::min(deadline_ns, context.clock.MonotonicNs() + kNegativeNs);
  std::vector<std::function<void()>> tasks;
  for (Conversation& one : conversations) {
    const int64_t until_ns = one.destination->negative ? negative_ns : deadline_ns;
    tasks.push_back([&context, &recorder, &one, until_ns] { Converse(context, recorder.origin_ns(), until_ns, &one); });
  }
  OneAfterAnother(tasks, context);
  for (Conversation& one : conversations) {
    v1::SocksDetails* details = one.step->mutable_socks();
    details->set_greeted(one.answer.greeted);
    details->set_replied(one.answer.replied);
    details->set_reply(one.answer.reply);
    one.step->set_os_error(one.answer.os_error);
    if (one.answer.failure == v1::SERVER_ERROR) {
      one.step->mutable_server_error()->set_code(std::to_string(one.answer.reply));
      one.step->mutable_server_error()->set_message(one.answer.text);
    }
    one.step->set_bytes_out(one.record->bytes_out());
    one.step->set_bytes_in(one.record->bytes_in());
    one.step->set_end(one.record->end());
    recorder.End(one.step, one.answer.failure, one.answer.text);
    one.step->set_start_ns(one.record->opened_ns());
    one.step->set_duration_ns(one.duration_ns);
  }
}

}  // namespace parallax::probes
