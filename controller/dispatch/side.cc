#include "controller/dispatch/side.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "contract/limits.h"
#include "contract/unix_socket.h"
#include "contract/upgrade.h"
#include "controller/dispatch/mask.h"
#include "controller/dispatch/now.h"

namespace parallax::dispatch {
namespace {

constexpr uint64_t kClockSamples = 5;
constexpr auto kExitGrace = std::chrono::milliseconds(300);

v1::Hello Bounded(v1::Hello hello) {
  contract::Upgrade(&hello);
  Scrub::Printable(hello);
  constexpr int kMany = 512;  // a host with more interfaces, routes or probes than this is lying or of no more use
  if (hello.probes_size() > kMany) hello.mutable_probes()->DeleteSubrange(kMany, hello.probes_size() - kMany);
  return hello;
}

bool Listens(const Vantage& vantage) {
  return vantage.carrier == Carrier::kListen || vantage.carrier == Carrier::kSocket;
}

// "Linux x86_64, glibc 2.36"
std::string HostWords(const Absence& absence) {
  const std::string host = absl::StrCat(absence.system, " ", absence.machine, ", ", absence.libc);
  return absence.there.empty() ? host : absl::StrCat(host, "; there is ", absence.there);
}

}  // namespace

Side::Side(SideConfig config, Vantage vantage, const Reach& reach, Bell& bell)
    : config_(std::move(config)),
      vantage_(std::move(vantage)),
      reach_(reach),
      scrub_(config_.secrets),
      shown_vantage_(scrub_.Text(vantage_.shown)),
      bell_(bell) {}

void Side::Start() {
  switch (vantage_.carrier) {
    case Carrier::kCommand: StartCommand(vantage_.words, ChildProcess::Terminal::kNone); break;
    case Carrier::kSsh:
      // Without asking at first: most log in so, and two that ask at once would share one terminal.
      StartSsh(ChildProcess::Terminal::kNone);
      break;
    case Carrier::kListen:
      link_ =
          AgentLink::Dial(vantage_.host, vantage_.tls ? &reach_.tls : nullptr, reach_.tokens.Of(config_.name), bell_);
      stage_ = Stage::kHello;
      break;
    case Carrier::kSocket: OpenSocket(); break;
  }
}

void Side::OpenSocket() {
  const auto fd = contract::ConnectUnix(vantage_.path);
  if (!fd.ok()) {
    Lose(Loss::kNotReached, "connecting", std::string(fd.status().message()));
    return;
  }
  link_ = AgentLink::Open(*fd, bell_, reach_.tokens.Of(config_.name));
  stage_ = Stage::kHello;
}

void Side::StartCommand(const std::vector<std::string>& words, ChildProcess::Terminal terminal) {
  int os_error = 0;
  auto child = ChildProcess::Start(words, terminal, &os_error);
  if (!child.ok()) {
    Lose(Loss::kCannotStart, "connecting", std::string(child.status().message()));
    if (loss_.has_value()) loss_->os_error = os_error;
    return;
  }
  child_ = *std::move(child);
  stage_ = Stage::kPreamble;
}

void Side::StartSsh(ChildProcess::Terminal terminal) {
  preamble_ = Preamble({kAbsentMarker, kCopyMarker});
  const bool may_ask = terminal == ChildProcess::Terminal::kShared;
  StartCommand(SshCommand(vantage_, may_ask, !reach_.client_to_copy.empty()), terminal);
}

bool Side::NeedsPerson() {
  if (vantage_.carrier != Carrier::kSsh || reach_.ask == nullptr || !loss_.has_value() || child_ == nullptr)
    return false;
  if (loss_->loss != Loss::kEndedBefore) return false;
  child_->WaitForExit(kExitGrace);
  const std::string said = child_->StderrTail();
  // A host key that changed is no question to be answered in passing: ssh refuses that one also when it may ask.
  return absl::StrContains(said, "Permission denied (") ||
         (absl::StrContains(said, "Host key verification failed") &&
          !absl::StrContains(said, "REMOTE HOST IDENTIFICATION HAS CHANGED"));
}

void Side::StartAsking() {
  loss_.reset();
  child_.reset();
  stage_ = Stage::kNew;
  StartSsh(ChildProcess::Terminal::kShared);
}

void Side::OnMarker() {
  if (const auto absence = ParseAbsence(preamble_.marker())) {
    absence_ = *absence;
    stage_ = Stage::kAbsent;
    return;
  }
  // After "run": what was copied does not run there.
  const std::string& reply = preamble_.marker();
  Lose(Loss::kCopyFailed, "connecting", reply.substr(std::min(reply.size(), reply.find('|', kCopyMarker.size()) + 1)));
}

std::string Side::ProposeCopy() {
  const std::string there = HostWords(absence_);
  if (reach_.agent_to_copy.empty()) {
    DoWithoutCopy(Loss::kNotInstalled, there);
    return "";
  }
  auto agent = ReadProgram(reach_.agent_to_copy, kAgentName);
  const auto elf = agent.ok() ? ReadElf(agent->bytes) : absl::StatusOr<ElfFacts>(agent.status());
  const std::string why_not = elf.ok() ? WhyNotThere(absence_, *elf) : std::string(elf.status().message());
  if (!why_not.empty()) {
    DoWithoutCopy(Loss::kCannotCopy, absl::StrCat(there, ": ", why_not));
    return "";
  }
  copies_.clear();
  copies_.push_back(*std::move(agent));
  // The companion goes along where there is one; without it only the probes that need it are unsupported there.
  auto client = ReadProgram(reach_.client_to_copy, kCompanionName);
  if (client.ok()) copies_.push_back(*std::move(client));
  size_t bytes = 0;
  for (const ProgramFile& program : copies_) bytes += program.bytes.size();
  const std::string missing = absence_.usable ? absl::StrCat("complete parallax-agent ", PARALLAX_VERSION) : kAgentName;
  return absl::StrCat("There is no ", missing, " on ", vantage_.host, " (", there, "). Copy this one there, ",
                      (bytes + (1 << 20) - 1) >> 20, " MB into ", absence_.folder, "?");
}

void Side::DeclineCopy() {
  copies_.clear();
  DoWithoutCopy(Loss::kNotInstalled, HostWords(absence_));
}

void Side::DoWithoutCopy(Loss loss, const std::string& detail) {
  if (!absence_.usable) {
    Lose(loss, "connecting", detail);
  } else if (UseThere(child_->socket(), preamble_)) {
    stage_ = Stage::kPreamble;
  } else {
    Lose(Loss::kEndedBefore, "connecting");
  }
}

void Side::CopyAgent(int64_t deadline_ns, const std::atomic<bool>* interrupted) {
  const absl::Status copied = CopyPrograms(child_->socket(), preamble_, copies_, deadline_ns, interrupted);
  copies_.clear();
  absence_ = {};  // what runs from here on is the copy
  if (copied.ok()) {
    stage_ = Stage::kPreamble;
  } else if (absl::IsCancelled(copied)) {
    Lose(Loss::kInterrupted, "connecting");
  } else {
    Lose(Loss::kCopyFailed, "connecting", std::string(copied.message()));
  }
}

int Side::preamble_fd() const { return stage_ == Stage::kPreamble ? child_->socket() : -1; }

void Side::ReadPreamble() {
  if (stage_ != Stage::kPreamble) return;
  switch (preamble_.ReadFrom(child_->socket())) {
    case Preamble::State::kReading: break;
    case Preamble::State::kFound:
      link_ = AgentLink::Open(child_->TakeSocket(), bell_);
      stage_ = Stage::kHello;
      break;
    case Preamble::State::kEnded: Lose(Loss::kEndedBefore, "connecting"); break;
    case Preamble::State::kTooMuch: Lose(Loss::kTooMuchNoise, "connecting"); break;
    case Preamble::State::kOtherMagic: Lose(Loss::kOtherMagic, "connecting", preamble_.magic()); break;
    case Preamble::State::kTerminal: Lose(Loss::kTerminal, "connecting"); break;
    case Preamble::State::kMarker: OnMarker(); break;
  }
}

void Side::Greet(const std::string& run_id, const Received& received) {
  const v1::AgentMessage& message = received.message;
  if (stage_ == Stage::kHello && message.has_hello()) {
    OnHello(run_id, message.hello());
  } else if (stage_ == Stage::kClock && message.has_clock_pong()) {
    OnPong(message.clock_pong(), received);
  }
}

void Side::OnHello(const std::string& run_id, v1::Hello hello) {
  hello_ = Bounded(std::move(hello));
  if (hello_.protocol() != contract::kProtocolVersion) {
    Lose(Loss::kOtherProtocol, "connecting");
    return;
  }
  v1::ControllerMessage message;
  v1::Welcome* welcome = message.mutable_welcome();
  welcome->set_protocol(contract::kProtocolVersion);
  welcome->set_controller_version(PARALLAX_VERSION);
  welcome->set_run(run_id);
  welcome->set_side(config_.name);
  link_->Send(std::move(message));
  stage_ = Stage::kClock;
  Ping();
}

void Side::Ping() {
  v1::ControllerMessage message;
  message.mutable_clock_ping()->set_id(++pings_);
  ping_sent_unix_ns_ = UnixNs();
  ping_sent_ns_ = MonotonicNs();
  message.mutable_clock_ping()->set_controller_unix_ns(ping_sent_unix_ns_);
  link_->Send(std::move(message));
}

// The agent's clock was read somewhere between our sending and our receiving: the middle is the guess, half the round
// trip the bound of its error. The sample with the shortest round trip bounds it best.
void Side::OnPong(const v1::ClockPong& pong, const Received& received) {
  if (pong.id() != pings_) return;
  const int64_t round_trip_ns = std::max<int64_t>(0, received.monotonic_ns - ping_sent_ns_);
  if (pings_ == 1 || round_trip_ns / 2 < clock_uncertainty_ns_) {
    clock_uncertainty_ns_ = round_trip_ns / 2;
    clock_offset_ns_ = pong.agent_unix_ns() - (ping_sent_unix_ns_ + round_trip_ns / 2);
  }
  if (pings_ < kClockSamples) {
    Ping();
  } else {
    stage_ = Stage::kReady;
  }
}

std::optional<Received> Side::Next(const std::string& doing) {
  if (link_ == nullptr || stage_ == Stage::kLost) return std::nullopt;
  auto received = link_->Next();
  if (!received.has_value() && link_->ended()) {
    // Nothing was heard of an agent that listens: the connection did not come about, or somebody else is there.
    Lose(Listens(vantage_) && stage_ == Stage::kHello ? Loss::kNotReached : Loss::kEndedMidway, doing);
  }
  return received;
}

void Side::Assign(v1::Assignment assignment) {
  running_ = assignment.id();
  assignment.mutable_connect_to()->Add(config_.connect_to.begin(), config_.connect_to.end());
  assignment.mutable_secrets()->Add(config_.secrets.begin(), config_.secrets.end());
  v1::ControllerMessage message;
  *message.mutable_assignment() = std::move(assignment);
  link_->Send(std::move(message));
}

void Side::Ack(uint64_t number) {
  v1::ControllerMessage message;
  message.mutable_ack()->set_number(number);
  link_->Send(std::move(message));
}

void Side::Cancel(const std::string& why) {
  v1::ControllerMessage message;
  message.mutable_cancel()->set_assignment(running_);
  message.mutable_cancel()->set_why(why);
  link_->Send(std::move(message));
}

void Side::Lose(Loss loss, const std::string& doing, const std::string& detail) {
  if (stage_ == Stage::kLost) return;
  stage_ = Stage::kLost;
  running_ = 0;
  Symptoms& symptoms = loss_.emplace();
  symptoms.loss = loss;
  symptoms.doing = doing;
  symptoms.detail = detail;
  if (link_ != nullptr) {
    const absl::Status ended = link_->Close(std::chrono::milliseconds(0));
    const bool of_the_link = loss == Loss::kEndedMidway || loss == Loss::kNotReached;
    if (of_the_link && !ended.ok()) symptoms.detail = std::string(ended.message());
    if (loss == Loss::kNotReached && ended.ok()) symptoms.detail = "it ended the session at once";
  }
}

void Side::Settle() {
  if (!loss_.has_value()) return;
  Symptoms symptoms = *std::exchange(loss_, std::nullopt);
  symptoms.local = vantage_.local;
  symptoms.carrier = vantage_.carrier;
  symptoms.tls = vantage_.tls;
  symptoms.host = vantage_.host;
  symptoms.agent_to_copy = reach_.agent_to_copy;
  symptoms.there = scrub_.Text(absence_.there);
  symptoms.showed_certificate = !reach_.tls.cert.empty();
  symptoms.command = vantage_.carrier == Carrier::kSsh      ? absl::StrCat("ssh ", vantage_.host)
                     : vantage_.carrier == Carrier::kListen ? vantage_.host
                     : vantage_.carrier == Carrier::kSocket ? vantage_.shown
                                                            : scrub_.Text(contract::Printable(vantage_.words[0], 80));
  symptoms.detail = scrub_.Text(contract::Printable(symptoms.detail, 300));
  symptoms.noise = MaskUrlPasswords(scrub_.Text(std::string(preamble_.noise())));
  symptoms.noise_bytes = preamble_.noise_bytes();
  symptoms.agent_protocol = hello_.protocol();
  symptoms.agent_version = hello_.agent_version().empty() ? preamble_.agent_version() : hello_.agent_version();
  if (child_ != nullptr) {
    const bool ended = symptoms.loss == Loss::kEndedBefore || symptoms.loss == Loss::kEndedMidway;
    symptoms.wait_status = child_->WaitForExit(ended ? kExitGrace : std::chrono::milliseconds(0));
    symptoms.stderr_tail = MaskUrlPasswords(scrub_.Text(child_->StderrTail()));
  }
  missing_ = Explain(symptoms);
}

void Side::Publish(v1::Side& record) const {
  if (!vantage_.health_url.empty()) {
    // The agent that asks the endpoint stands here, and is nothing of that side's.
    record.set_health_url(shown_vantage_);
    record.set_missing(missing_.reason);
    record.set_missing_remedy(missing_.remedy);
    return;
  }
  if (hello_.protocol() != 0) *record.mutable_agent() = hello_;
  record.set_missing(missing_.reason);
  record.set_missing_remedy(missing_.remedy);
  record.set_clock_offset_ns(clock_offset_ns_);
  record.set_clock_uncertainty_ns(clock_uncertainty_ns_);
}

void Side::SayBye() {
  if (link_ == nullptr || stage_ == Stage::kLost) return;
  v1::ControllerMessage message;
  message.mutable_bye()->set_why("the run is over");
  link_->Send(std::move(message));
}

void Side::CloseLink(std::chrono::milliseconds grace) {
  if (link_ != nullptr) link_->Close(grace).IgnoreError();
  link_.reset();
  if (stage_ != Stage::kLost) stage_ = Stage::kNew;
}

void Side::EndProcess(std::chrono::milliseconds grace) {
  if (child_ != nullptr) child_->End(grace);
  child_.reset();
  config_.secrets.clear();
}

}  // namespace parallax::dispatch
