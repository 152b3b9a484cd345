#include "agent/net/dns_query.h"

#include <ares.h>

#include <algorithm>
#include <memory>
#include <set>
#include <system_error>
#include <thread>

#include "absl/strings/str_cat.h"
#include "agent/net/address.h"
#include "agent/net/classify.h"
#include "agent/net/connection.h"
#include "agent/net/poll.h"
#include "contract/limits.h"
#include "contract/names.h"

namespace parallax::net {
namespace {

// RFC 1035 section 3.2, RFC 3596 section 2.1. Not every system has <arpa/nameser.h>.
constexpr int kClassIn = 1;
constexpr uint16_t kTypeA = 1;
constexpr uint16_t kTypeCname = 5;
constexpr uint16_t kTypeAaaa = 28;

constexpr int kTries = 3;  // over UDP: a datagram may be lost
constexpr size_t kMaxAddresses = 64;
constexpr size_t kMaxChain = 16;

// One channel a question, so that each keeps to its own server and transport.
struct Pending {
  const Clock* clock = nullptr;
  int64_t asked_ns = 0;
  ares_channel channel = nullptr;
  bool aaaa = false;
  bool done = false;
  DnsAnswer answer;

  Pending() = default;
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;
  ~Pending() {
    if (channel != nullptr) ares_destroy(channel);
  }
  void Finish(DnsAnswer with) {
    if (done) return;
    answer = std::move(with);
    answer.elapsed_ns = clock->MonotonicNs() - asked_ns;
    done = true;
  }
  void Fail(v1::Failure failure, std::string error) {
    DnsAnswer failed;
    failed.failure = failure;
    failed.error = std::move(error);
    Finish(std::move(failed));
  }
};

void OnAnswer(void* of, int status, int /*timeouts*/, unsigned char* bytes, int size) {
  auto* pending = static_cast<Pending*>(of);
  if (status == ARES_EDESTRUCTION) return;
  if (bytes != nullptr && size > 0) {
    pending->Finish(ParseDnsResponse({reinterpret_cast<const char*>(bytes), static_cast<size_t>(size)}, pending->aaaa));
  } else if (status != ARES_SUCCESS) {
    pending->Fail(FromAres(status), ares_strerror(status));
  }
}

void Ask(const DnsQuestion& question, int64_t patience_ns, Pending* pending) {
  ares_options options{};
  // NOCHECKRESP: SERVFAIL and REFUSED are answers, which c-ares would hide. IGNTC: UDP must not turn into TCP by
  // itself.
  options.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_NOCHECKRESP | ARES_FLAG_IGNTC;
  options.tries = kTries;
  // c-ares doubles the patience from try to try: 1 + 2 + 4 parts.
  options.timeout = static_cast<int>(std::max<int64_t>(50, patience_ns / kMs / 7));
  options.ndots = 0;
  options.lookups = const_cast<char*>("b");
  const int mask = ARES_OPT_FLAGS | ARES_OPT_TRIES | ARES_OPT_TIMEOUTMS | ARES_OPT_NDOTS | ARES_OPT_LOOKUPS;
  if (int status = ares_init_options(&pending->channel, &options, mask); status != ARES_SUCCESS) {
    pending->channel = nullptr;
    return pending->Fail(v1::LOCAL_RESOURCE, ares_strerror(status));
  }
  const std::string server = JoinHostPort(question.resolver, question.port);
  if (int status = ares_set_servers_ports_csv(pending->channel, server.c_str()); status != ARES_SUCCESS) {
    return pending->Fail(v1::LOCAL_RESOURCE, ares_strerror(status));
  }
  ares_query(pending->channel, question.name.c_str(), kClassIn, question.aaaa ? kTypeAaaa : kTypeA, &OnAnswer, pending);
}

// Over TCP without c-ares, for which every end of a connection is a refusal: whether a resolver refused, closed or
// stayed silent is what we are asked. RFC 1035 section 4.2.2: a length before each message.
DnsAnswer AskOverTcp(const DnsQuestion& question, const Clock& clock, const CancelToken& cancel, int64_t deadline_ns) {
  const auto failed = [](v1::Failure failure, std::string error) {
    DnsAnswer answer;
    answer.failure = failure;
    answer.error = std::move(error);
    return answer;
  };
  unsigned char* bytes = nullptr;
  int size = 0;
  constexpr unsigned short kId = 0x7061;  // a TCP connection needs no secret one
  if (ares_create_query(question.name.c_str(), kClassIn, question.aaaa ? kTypeAaaa : kTypeA, kId, /*rd=*/1, &bytes,
                        &size,
                        /*max_udp_size=*/0) != ARES_SUCCESS) {
    return failed(v1::NAME_NOT_FOUND, "not a name that DNS can carry");
  }
  std::string message = {static_cast<char>(size >> 8), static_cast<char>(size & 0xff)};
  message.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
  ares_free_string(bytes);
  v1::Connection unrecorded;
  Connection connection(clock, cancel, clock.MonotonicNs(), &unrecorded);
  IoResult done = connection.Connect(question.resolver, question.port, deadline_ns);
  if (done.ok()) done = connection.Write(message, deadline_ns);
  std::string heard;
  size_t wanted = 2;
  while (done.ok() && heard.size() < wanted) {
    done = connection.Read(&heard, wanted - heard.size(), deadline_ns);
    if (wanted == 2 && heard.size() == 2) {
      wanted += (static_cast<size_t>(static_cast<unsigned char>(heard[0])) << 8) | static_cast<unsigned char>(heard[1]);
    }
  }
  if (!done.ok()) {
    return failed(done.failure, done.failure == v1::TIMED_OUT
                                    ? "no answer"
                                    : absl::StrCat("no answer: ", contract::Name(done.failure)));
  }
  return ParseDnsResponse(std::string_view(heard).substr(2), question.aaaa);
}

// The sockets of every open question, and whose they are.
struct Watch {
  std::vector<pollfd> fds;
  std::vector<Pending*> owners;
};

Watch Sockets(const std::vector<std::unique_ptr<Pending>>& all) {
  Watch watch;
  for (const auto& pending : all) {
    if (pending->done) continue;
    ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
    const int wanted = ares_getsock(pending->channel, sockets, ARES_GETSOCK_MAXNUM);
    for (int i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
      short events = 0;
      if (ARES_GETSOCK_READABLE(wanted, i)) events |= POLLIN;
      if (ARES_GETSOCK_WRITABLE(wanted, i)) events |= POLLOUT;
      if (events == 0) continue;
      watch.fds.push_back({sockets[i], events, 0});
      watch.owners.push_back(pending.get());
    }
  }
  return watch;
}

std::string RcodeName(int rcode) {
  switch (rcode) {
    case 1: return "FORMERR";
    case 2: return "SERVFAIL";
    case 3: return "NXDOMAIN";
    case 4: return "NOTIMP";
    case 5: return "REFUSED";
    default: return absl::StrCat("rcode ", rcode);
  }
}

// Walks over a message (RFC 1035 section 4).
class Reader {
 public:
  explicit Reader(std::string_view message) : message_(message) {}
  bool ok() const { return ok_; }
  uint32_t Number(int bytes) {
    uint32_t value = 0;
    for (int i = 0; i < bytes; ++i) {
      if (at_ >= message_.size()) ok_ = false;
      value = (value << 8) | (ok_ ? static_cast<unsigned char>(message_[at_++]) : 0U);
    }
    return value;
  }
  std::string_view Bytes(size_t size) {
    if (!ok_ || size > message_.size() - at_) {
      ok_ = false;
      return {};
    }
    at_ += size;
    return message_.substr(at_ - size, size);
  }
  std::string Name() {
    char* expanded = nullptr;
    long used = 0;
    const auto* base = reinterpret_cast<const unsigned char*>(message_.data());
    // ares_expand_name guards against loops and compression that points outside.
    if (!ok_ ||
        ares_expand_name(base + at_, base, static_cast<int>(message_.size()), &expanded, &used) != ARES_SUCCESS) {
      ok_ = false;
      return "";
    }
    at_ += static_cast<size_t>(used);
    std::string name(expanded);
    ares_free_string(expanded);
    return name;
  }
  size_t at() const { return at_; }
  void MoveTo(size_t at) {
    if (at > message_.size()) ok_ = false;
    if (ok_) at_ = at;
  }

 private:
  const std::string_view message_;
  size_t at_ = 0;
  bool ok_ = true;
};

std::vector<DnsAnswer> AskOverUdp(const std::vector<DnsQuestion>& questions, const Clock& clock,
                                  const CancelToken& cancel, int64_t deadline_ns) {
  std::vector<std::unique_ptr<Pending>> all;
  for (const DnsQuestion& question : questions) {
    all.push_back(std::make_unique<Pending>());
    Pending* pending = all.back().get();
    pending->clock = &clock;
    pending->asked_ns = clock.MonotonicNs();
    pending->aaaa = question.aaaa;
    Ask(question, deadline_ns - pending->asked_ns, pending);
  }
  const auto open = [&] { return std::any_of(all.begin(), all.end(), [](const auto& one) { return !one->done; }); };
  while (open()) {
    const int64_t left_ns = deadline_ns - clock.MonotonicNs();
    if (cancel.cancelled() || left_ns <= 0) break;
    Watch watch = Sockets(all);
    const size_t sockets = watch.fds.size();
    watch.fds.push_back({cancel.fd(), POLLIN, 0});
    // Short slices, because c-ares keeps its own clock for repeats.
    const int64_t slice_ns = std::min(left_ns, 50 * kMs);
    PollFor(watch.fds.data(), static_cast<nfds_t>(watch.fds.size()), slice_ns);
    for (size_t i = 0; i < sockets; ++i) {
      const short happened = watch.fds[i].revents;
      if (happened == 0 || watch.owners[i]->done) continue;
      const bool in = (happened & (POLLIN | POLLERR | POLLHUP)) != 0;
      const bool out = (happened & POLLOUT) != 0;
      ares_process_fd(watch.owners[i]->channel, in ? watch.fds[i].fd : ARES_SOCKET_BAD,
                      out ? watch.fds[i].fd : ARES_SOCKET_BAD);
    }
    for (const auto& pending : all) {
      if (!pending->done) ares_process_fd(pending->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    }
  }
  std::vector<DnsAnswer> answers;
  for (const auto& pending : all) {
    if (cancel.cancelled()) pending->Fail(v1::CANCELLED, "cancelled");
    pending->Fail(v1::TIMED_OUT, "no answer");  // both only where nothing came
    answers.push_back(std::move(pending->answer));
  }
  return answers;
}

}  // namespace

DnsAnswer ParseDnsResponse(std::string_view message, bool aaaa) {
  DnsAnswer answer;
  answer.bytes_in = message.size();
  Reader reader(message);
  reader.Number(2);  // id: matched by c-ares
  const uint32_t flags = reader.Number(2);
  const uint32_t questions = reader.Number(2);
  const uint32_t records = reader.Number(2);
  reader.Number(4);  // authority and additional counts
  for (uint32_t i = 0; i < questions && reader.ok(); ++i) {
    reader.Name();
    reader.Number(4);
  }
  std::set<std::string> addresses;
  for (uint32_t i = 0; i < records && reader.ok(); ++i) {
    reader.Name();
    const uint32_t type = reader.Number(2);
    reader.Number(2);  // class
    const uint32_t ttl = reader.Number(4);
    const uint32_t size = reader.Number(2);
    const size_t next = reader.at() + size;
    if (next > message.size()) reader.MoveTo(next);  // malformed: a record that ends behind the message
    if (!reader.ok()) break;
    const bool wanted = type == (aaaa ? kTypeAaaa : kTypeA) && size == (aaaa ? 16U : 4U);
    if (wanted && addresses.size() < kMaxAddresses) addresses.insert(AddressFromBytes(reader.Bytes(size)));
    if (type == kTypeCname && answer.cname_chain.size() < kMaxChain) {
      answer.cname_chain.push_back(contract::Printable(reader.Name(), contract::kMaxNameBytes));
    }
    if (wanted || type == kTypeCname) {
      answer.ttl_seconds = answer.ttl_seconds < 0 ? ttl : std::min<int64_t>(answer.ttl_seconds, ttl);
    }
    reader.MoveTo(next);
  }
  answer.addresses.assign(addresses.begin(), addresses.end());
  const int rcode = static_cast<int>(flags & 0xf);
  const bool truncated = (flags & 0x0200) != 0;
  if (!reader.ok() && !truncated) {
    answer.failure = v1::PROTOCOL_VIOLATION;
    answer.error = "a malformed answer";
  } else if (rcode == 3) {
    answer.failure = v1::NAME_NOT_FOUND;
    answer.error = RcodeName(rcode);
  } else if (rcode != 0) {
    answer.failure = v1::RESOLVER_FAILED;
    answer.error = RcodeName(rcode);
  } else if (addresses.empty()) {
    answer.failure = truncated ? v1::RESOLVER_FAILED : v1::NAME_NOT_FOUND;
    answer.error = truncated ? "truncated" : absl::StrCat("no ", aaaa ? "AAAA" : "A", " record");
  } else if (truncated) {
    answer.error = "truncated";
  }
  return answer;
}

std::vector<DnsAnswer> QueryDns(const std::vector<DnsQuestion>& questions, const Clock& clock,
                                const CancelToken& cancel, int64_t deadline_ns) {
  std::vector<DnsAnswer> answers(questions.size());
  std::vector<DnsQuestion> udp;
  std::vector<size_t> udp_places;
  std::vector<std::thread> threads;
  for (size_t i = 0; i < questions.size(); ++i) {
    if (questions[i].name.empty() || questions[i].name.size() > contract::kMaxNameBytes) {
      answers[i].failure = v1::NAME_NOT_FOUND;
      answers[i].error = "a name has 1 to 253 characters (RFC 1035 section 2.3.4)";
    } else if (questions[i].over_tcp) {
      const auto ask = [&, i] {
        const int64_t began_ns = clock.MonotonicNs();
        answers[i] = AskOverTcp(questions[i], clock, cancel, deadline_ns);
        answers[i].elapsed_ns = clock.MonotonicNs() - began_ns;
      };
      try {
        threads.emplace_back(ask);
      } catch (const std::system_error&) {
        ask();
      }
    } else {
      udp.push_back(questions[i]);
      udp_places.push_back(i);
    }
  }
  std::vector<DnsAnswer> over_udp = AskOverUdp(udp, clock, cancel, deadline_ns);
  for (size_t i = 0; i < over_udp.size(); ++i) answers[udp_places[i]] = std::move(over_udp[i]);
  for (std::thread& thread : threads) thread.join();
  return answers;
}

}  // namespace parallax::net
