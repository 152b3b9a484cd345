#include "agent/probes/tunnel/carrier_finder.h"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "agent/host/processes.h"
#include "agent/net/address.h"
#include "agent/net/poll.h"
#include "agent/net/routing.h"
#include "agent/net/tcp_sockets.h"
#include "contract/names.h"
#include "contract/tunnel_kinds.h"

namespace parallax::probes {
namespace {

constexpr int kMaxConnections = 8;
constexpr size_t kMaxSocks = 4;
constexpr size_t kMaxHops = 4;
constexpr int64_t kPatienceNs = 300 * net::kMs;
constexpr int64_t kPauseNs = 20 * net::kMs;
constexpr uint16_t kSocksPort = 1080;  // IANA

using host::Process;
using net::TcpSocket;

std::string Local(const TcpSocket& socket) { return net::JoinHostPort(socket.local_address, socket.local_port); }
std::string Remote(const TcpSocket& socket) { return net::JoinHostPort(socket.remote_address, socket.remote_port); }

// One look at everything.
struct Snapshot {
  std::vector<TcpSocket> sockets;
  host::ProcessTable processes;
};

class Finder {
 public:
  Finder(const CarrierQuestion& question, const net::Clock& clock, const net::CancelToken& cancel, int64_t deadline_ns)
      : question_(question), clock_(clock), cancel_(cancel), deadline_ns_(deadline_ns), now_{{}, {{}, true, ""}} {}

  absl::Status Find();
  FoundCarrier Take() { return std::move(found_); }

 private:
  absl::Status Look();
  void TellKind();
  void FindHolder();
  void SetHolder(const Process* holder, const std::string& of_what);
  const TcpSocket* Mirror() const;
  const TcpSocket* ListenerAt(const std::string& address, uint16_t port) const;
  const Process* OwnerOf(const TcpSocket& end) const;
  bool LeavesThisHost(const TcpSocket& socket);
  bool Follow();
  bool AskParent();
  void AddConnections(const std::vector<const Process*>& tree);
  const Process* NextHop(const std::vector<const Process*>& tree, const std::set<int32_t>& visited) const;
  void AddLikelyConnections();
  void AddConnection(const TcpSocket& socket, const Process* owner, bool certain, std::string why);
  void AddSocks(const Process* owner, const TcpSocket& listener, bool expected);
  void AddHints(const std::vector<const Process*>& tree);
  void Conclude();

  const CarrierQuestion& question_;
  const net::Clock& clock_;
  const net::CancelToken& cancel_;
  const int64_t deadline_ns_;
  Snapshot now_;
  std::set<std::string> own_addresses_;
  std::map<std::string, bool> leaves_;  // remote address -> a connection to it leaves this host, and not by the tunnel
  FoundCarrier found_;
  int32_t holder_pid_ = 0;
  std::string entrance_;  // the holder's own listener that we come in by: no SOCKS port
  std::vector<v1::Process> chain_;
  std::vector<HostPort> hinted_;
  std::vector<HostPort> hinted_local_;
};

absl::Status Finder::Look() {
  absl::StatusOr<std::vector<TcpSocket>> sockets = net::ListTcpSockets(deadline_ns_);
  if (!sockets.ok()) return sockets.status();
  now_ = {*std::move(sockets), host::ProcessTable::Read(deadline_ns_)};
  return absl::OkStatus();
}

const TcpSocket* Finder::ListenerAt(const std::string& address, uint16_t port) const {
  const TcpSocket* wildcard = nullptr;
  for (const TcpSocket& socket : now_.sockets) {
    if (!socket.listening() || socket.local_port != port) continue;
    if (socket.local_address == address) return &socket;
    if (net::IsWildcardAddress(socket.local_address)) wildcard = &socket;
  }
  return wildcard;
}

// The other end of our own connection, when it is on this host. NAT rewrote where it goes to, not where it comes from.
const TcpSocket* Finder::Mirror() const {
  if (question_.own_end.empty()) return nullptr;
  for (const TcpSocket& socket : now_.sockets) {
    if (!socket.listening() && Remote(socket) == question_.own_end) return &socket;
  }
  return nullptr;
}

// Of an end that nobody has accepted yet the listener's owner is who will.
const Process* Finder::OwnerOf(const TcpSocket& end) const {
  if (const Process* owner = now_.processes.OwnerOfSocket(end.id); owner != nullptr) return owner;
  const TcpSocket* listener = ListenerAt(end.local_address, end.local_port);
  return listener == nullptr ? nullptr : now_.processes.OwnerOfSocket(listener->id);
}

void Finder::SetHolder(const Process* holder, const std::string& of_what) {
  v1::CarrierDetails& details = found_.details;
  if (holder != nullptr) {
    *details.mutable_holder() = host::ToMessage(*holder);
    details.set_holder_looked_for(true);
    details.set_not_permitted(false);
    holder_pid_ = holder->pid;
    return;
  }
  details.set_not_permitted(true);
  details.set_not_permitted_why(now_.processes.complete()
                                    ? absl::StrCat(of_what,
                                                   " belongs to a process that this agent cannot see, perhaps "
                                                   "of another container")
                                    : now_.processes.why_incomplete());
}

void Finder::TellKind() {
  v1::CarrierDetails& details = found_.details;
  const v1::RouteDetails& route = question_.route;
  details.set_interface(route.interface());
  details.set_interface_up(route.interface_up());
  details.set_interface_carrier(route.interface_carrier());
  const TcpSocket* mirror = Mirror();
  // A destination that is this host itself has a mirror without any redirection: then it ends where it was dialled.
  const bool redirected = mirror != nullptr && (route.link_kind() != v1::LINK_KIND_LOOPBACK ||
                                                Local(*mirror) != net::JoinHostPort(question_.address, question_.port));
  if (net::IsLoopbackAddress(question_.address)) {
    details.set_kind(v1::PORT_FORWARD);
  } else if (redirected) {
    details.set_kind(v1::REDIRECTOR);
    details.set_redirected_to(Local(*mirror));
  } else if (route.link_kind() == v1::LINK_KIND_TUN) {
    details.set_kind(v1::TUN);
  } else if (contract::IsKernelTunnelKind(route.link_kind())) {
    details.set_kind(v1::KERNEL_TUNNEL);
  } else if (now_.processes.blind()) {
    // The kernel's tables name no tunnel. What a process does with the traffic is another question.
    details.set_kind(v1::CARRIER_UNKNOWN);
    details.set_routed_direct(true);
    details.set_not_permitted(true);
    details.set_not_permitted_why(now_.processes.why_incomplete());
  } else {
    details.set_kind(v1::DIRECT);
  }
}

void Finder::FindHolder() {
  v1::CarrierDetails& details = found_.details;
  switch (details.kind()) {
    case v1::PORT_FORWARD: {
      const TcpSocket* listener = ListenerAt(question_.address, question_.port);
      if (listener == nullptr) {  // the list of listeners is complete for anybody
        details.set_holder_looked_for(true);
        return;
      }
      entrance_ = Local(*listener);
      SetHolder(now_.processes.OwnerOfSocket(listener->id), entrance_);
      return;
    }
    case v1::REDIRECTOR: {
      const TcpSocket* mirror = Mirror();
      if (mirror == nullptr) return;
      const TcpSocket* listener = ListenerAt(mirror->local_address, mirror->local_port);
      entrance_ = listener == nullptr ? Local(*mirror) : Local(*listener);
      SetHolder(OwnerOf(*mirror), details.redirected_to());
      return;
    }
    case v1::TUN: {
      const Process* holder = now_.processes.HolderOfTun(details.interface());
      const bool gone = holder == nullptr && question_.interface_carrier == false;  // unknown is not no
      if (gone) {
        // Without a descriptor on the other side there is no carrier: that needs no privilege to know.
        details.set_holder_looked_for(true);
        return;
      }
      SetHolder(holder, "interface " + details.interface());
      return;
    }
    case v1::CARRIER_UNKNOWN: return;
    default: details.set_holder_looked_for(true); return;
  }
}

bool Finder::LeavesThisHost(const TcpSocket& socket) {
  const std::string& remote = socket.remote_address;
  if (net::IsLoopbackAddress(remote) || net::IsWildcardAddress(remote) || own_addresses_.contains(remote)) return false;
  const auto known = leaves_.find(remote);
  if (known != leaves_.end()) return known->second;
  bool leaves = true;
  if (found_.details.kind() == v1::TUN) {
    const absl::StatusOr<std::vector<net::Link>> links = net::ListLinks(deadline_ns_);
    const absl::StatusOr<net::RouteAnswer> way = net::LookUpRoute(remote, deadline_ns_);
    if (links.ok() && way.ok()) {
      const net::Link* tun = net::FindLink(*links, found_.details.interface());
      leaves = tun == nullptr || way->route.link != tun->index;
    }
  }
  leaves_[remote] = leaves;
  return leaves;
}

void Finder::AddConnection(const TcpSocket& socket, const Process* owner, bool certain, std::string why) {
  v1::CarrierDetails& details = found_.details;
  if (details.connections_size() >= kMaxConnections) return;
  v1::CarrierConnection* connection = details.add_connections();
  connection->set_local_address(Local(socket));
  connection->set_remote_address(Remote(socket));
  connection->set_tcp_state(contract::TcpStateFromName(socket.state));
  connection->set_rtt_ns(socket.rtt_ns);
  connection->set_min_rtt_ns(socket.min_rtt_ns);
  connection->set_last_received_ns(socket.last_received_ns);
  connection->set_last_ack_ns(socket.last_ack_ns);
  connection->set_unacked(socket.unacked);
  connection->set_retransmits(socket.retransmits);
  connection->set_unanswered_retransmits(socket.unanswered);
  connection->set_age_ns(socket.age_ns);
  if (owner != nullptr) *connection->mutable_owner() = host::ToMessage(*owner);
  connection->set_certain(certain);
  connection->set_why(std::move(why));
}

// Connections that a process of the tree opened to another host. What came in by a listener of this host is somebody
// else's (an ssh session in which the tunnel was started, for instance).
void Finder::AddConnections(const std::vector<const Process*>& tree) {
  struct Candidate {
    const TcpSocket* socket;
    const Process* owner;
    int rank;
  };
  std::vector<Candidate> candidates;
  for (const TcpSocket& socket : now_.sockets) {
    if (socket.listening() || socket.id == 0 || !LeavesThisHost(socket)) continue;
    if (Local(socket) == question_.own_end) continue;
    if (ListenerAt(socket.local_address, socket.local_port) != nullptr) continue;
    for (const Process* process : tree) {
      if (std::find(process->sockets.begin(), process->sockets.end(), socket.id) == process->sockets.end()) continue;
      const bool hinted = std::any_of(hinted_.begin(), hinted_.end(),
                                      [&](const HostPort& hint) { return hint.host == socket.remote_address; });
      const int rank = hinted ? 0 : SpeaksSsh(socket.remote_port, process->name) ? 1 : 2;
      candidates.push_back({&socket, process, rank});
      break;
    }
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.rank < b.rank; });
  for (const Candidate& candidate : candidates) {
    AddConnection(*candidate.socket, candidate.owner, true,
                  absl::StrCat("held by ", candidate.owner->name, " (pid ", candidate.owner->pid, ")"));
  }
}

// A process that hands over on this very host: the owner of the port that one of its connections goes to.
const Process* Finder::NextHop(const std::vector<const Process*>& tree, const std::set<int32_t>& visited) const {
  for (const Process* process : tree) {
    for (const TcpSocket& socket : now_.sockets) {
      if (socket.listening() || socket.id == 0) continue;
      if (!net::IsLoopbackAddress(socket.remote_address) && !own_addresses_.contains(socket.remote_address)) continue;
      const auto& held = process->sockets;
      if (std::find(held.begin(), held.end(), socket.id) == held.end()) continue;
      if (ListenerAt(socket.local_address, socket.local_port) != nullptr) continue;  // it came in
      const TcpSocket* listener = ListenerAt(socket.remote_address, socket.remote_port);
      const Process* owner = listener == nullptr ? nullptr : now_.processes.OwnerOfSocket(listener->id);
      if (owner != nullptr && !visited.contains(owner->pid)) return owner;
    }
  }
  return nullptr;
}

void Finder::AddSocks(const Process* owner, const TcpSocket& listener, bool expected) {
  if (found_.socks.size() >= kMaxSocks || Local(listener) == entrance_) return;
  std::string address = listener.local_address;
  if (address == "0.0.0.0") address = "127.0.0.1";
  if (address == "::") address = "::1";
  SocksCandidate candidate;
  candidate.listener.set_address(net::JoinHostPort(address, listener.local_port));
  candidate.expected = expected || listener.local_port == kSocksPort ||
                       std::any_of(hinted_local_.begin(), hinted_local_.end(),
                                   [&](const HostPort& hint) { return hint.port == listener.local_port; });
  if (owner != nullptr) *candidate.listener.mutable_owner() = host::ToMessage(*owner);
  for (SocksCandidate& known : found_.socks) {
    std::string other;
    uint16_t port = 0;
    if (!net::SplitHostPort(known.listener.address(), &other, &port) || port != listener.local_port) continue;
    // The same port of both families is one listener: IPv4 stands for it.
    if (other.find(':') != std::string::npos) known = std::move(candidate);
    return;
  }
  found_.socks.push_back(std::move(candidate));
}

void Finder::AddHints(const std::vector<const Process*>& tree) {
  for (const Process* process : tree) {
    const ArgvHints hints = ReadArgv(process->argv);
    for (const HostPort& hint : hints.bastions) {
      if (std::find(hinted_.begin(), hinted_.end(), hint) != hinted_.end()) continue;
      hinted_.push_back(hint);
      found_.details.add_hints(absl::StrCat("argv names ", net::JoinHostPort(hint.host, hint.port)));
    }
    for (const HostPort& hint : hints.local) {
      if (std::find(hinted_local_.begin(), hinted_local_.end(), hint) != hinted_local_.end()) continue;
      hinted_local_.push_back(hint);
      found_.details.add_hints(absl::StrCat("argv names ", net::JoinHostPort(hint.host, hint.port)));
    }
  }
}

// From the holder along the hops to the process that leaves this host. True when a connection was found.
bool Finder::Follow() {
  v1::CarrierDetails& details = found_.details;
  details.clear_connections();
  details.clear_hints();
  found_.socks.clear();
  chain_.clear();
  hinted_.clear();
  hinted_local_.clear();
  std::set<int32_t> visited;
  const Process* hop = now_.processes.Find(holder_pid_);
  while (hop != nullptr && chain_.size() < kMaxHops) {
    const std::vector<const Process*> tree = now_.processes.Tree(hop->pid);
    for (const Process* process : tree) visited.insert(process->pid);
    chain_.push_back(host::ToMessage(*hop));
    AddHints(tree);
    for (const TcpSocket& socket : now_.sockets) {
      if (!socket.listening()) continue;
      const Process* owner = now_.processes.OwnerOfSocket(socket.id);
      if (owner != nullptr && std::find(tree.begin(), tree.end(), owner) != tree.end()) AddSocks(owner, socket, false);
    }
    AddConnections(tree);
    if (details.connections_size() > 0) return true;
    hop = NextHop(tree, visited);
  }
  return false;
}

// A helper that holds the entrance alone may have been started by the process that has the connection.
bool Finder::AskParent() {
  const Process* holder = now_.processes.Find(holder_pid_);
  if (holder == nullptr || chain_.size() != 1 || holder->parent <= 1 || holder->parent == getpid()) return false;
  const Process* parent = now_.processes.Find(holder->parent);
  if (parent == nullptr) return false;
  AddHints({parent});
  AddConnections({parent});
  return found_.details.connections_size() > 0;
}

// Without a look at descriptors: connections that could be it, and what speaks for them. Never certain.
void Finder::AddLikelyConnections() {
  for (const TcpSocket& socket : now_.sockets) {
    if (socket.listening() || socket.id == 0 || socket.remote_port % 100 != 22 || !LeavesThisHost(socket)) continue;
    if (ListenerAt(socket.local_address, socket.local_port) != nullptr) continue;
    AddConnection(socket, now_.processes.OwnerOfSocket(socket.id), false,
                  absl::StrCat("an outgoing connection to port ", socket.remote_port, " by uid ", socket.uid,
                               "; that it belongs to the tunnel could not be seen"));
  }
  for (const TcpSocket& socket : now_.sockets) {
    if (socket.listening() && socket.local_port == kSocksPort &&
        (net::IsLoopbackAddress(socket.local_address) || net::IsWildcardAddress(socket.local_address))) {
      AddSocks(now_.processes.OwnerOfSocket(socket.id), socket, true);
    }
  }
}

void Finder::Conclude() {
  v1::CarrierDetails& details = found_.details;
  for (const v1::CarrierConnection& connection : details.connections()) {
    HostPort remote;
    if (!net::SplitHostPort(connection.remote_address(), &remote.host, &remote.port)) continue;
    if (SpeaksSsh(remote.port, connection.owner().name()) &&
        std::find(found_.bastions.begin(), found_.bastions.end(), remote) == found_.bastions.end()) {
      found_.bastions.push_back(remote);
    }
  }
  if (details.connections().empty()) found_.bastions = hinted_;
  details.set_summary(CarrierSummary(details, chain_));
}

absl::Status Finder::Find() {
  if (const auto addresses = net::ListLinkAddresses(deadline_ns_); addresses.ok()) {
    for (const net::LinkAddress& address : *addresses) own_addresses_.insert(address.address);
  }
  if (absl::Status status = Look(); !status.ok()) return status;
  TellKind();
  FindHolder();
  const v1::CarrierKind kind = found_.details.kind();
  if (holder_pid_ != 0) {
    // The next hop may be opened only after our connection was accepted.
    const int64_t until_ns = std::min(deadline_ns_, clock_.MonotonicNs() + kPatienceNs);
    bool followed = Follow();
    while (!followed && !question_.own_end.empty() && clock_.MonotonicNs() < until_ns && !cancel_.cancelled()) {
      pollfd woken = {cancel_.fd(), POLLIN, 0};
      net::PollFor(&woken, 1, kPauseNs);
      if (absl::Status status = Look(); !status.ok()) return status;
      followed = Follow();
    }
    if (!followed) AskParent();
  } else if (found_.details.not_permitted() && kind != v1::CARRIER_UNKNOWN && kind != v1::DIRECT &&
             kind != v1::KERNEL_TUNNEL) {
    AddLikelyConnections();
  }
  Conclude();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<FoundCarrier> FindCarrier(const CarrierQuestion& question, const net::Clock& clock,
                                         const net::CancelToken& cancel, int64_t deadline_ns) {
  Finder finder(question, clock, cancel, deadline_ns);
  if (absl::Status status = finder.Find(); !status.ok()) return status;
  return finder.Take();
}

}  // namespace parallax::probes
