// parallax_shaper NETNS_A DEVICE_A NETNS_B DEVICE_B DELAY_MS
//
// A link with latency between two named network namespaces: a TUN device in each, and this one process, which holds
// both file descriptors and carries every packet from one to the other DELAY_MS later. Exists because the kernels that
// the lab must run on have no netem. Prints "ready" when both devices exist (the caller gives them addresses), and ends
// on SIGTERM.
//
// One thread. One queue per direction; the delay is constant, so a queue is in the order of its due times.
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

// What a slow link's buffer holds; past it packets are dropped, as on a real one.
constexpr size_t kMaxQueuedBytes = size_t{16} << 20;
constexpr size_t kMaxPacket = 65536;

struct Packet {
  Clock::time_point due;
  std::vector<char> bytes;
};

struct Direction {
  int from = -1;
  int to = -1;
  size_t queued_bytes = 0;
  std::deque<Packet> queue;
};

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "parallax_shaper: %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(1);
}

// Leaves this process in the namespace: only the TUN devices are of interest, and they stay where they were made.
int OpenTun(const std::string& netns, const std::string& device) {
  const std::string path = "/run/netns/" + netns;
  const int ns = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (ns < 0 || setns(ns, CLONE_NEWNET) != 0) Die("entering " + path);
  close(ns);
  const int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (tun < 0) Die("opening /dev/net/tun");
  ifreq request = {};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (device.size() >= sizeof(request.ifr_name)) {
    errno = ENAMETOOLONG;
    Die(device);
  }
  std::memcpy(request.ifr_name, device.data(), device.size());
  if (ioctl(tun, TUNSETIFF, &request) != 0) Die("making " + device + " in " + netns);
  return tun;
}

void Receive(Direction& direction, Clock::duration delay) {
  static std::array<char, kMaxPacket> buffer;
  // Bounded, so that one busy direction cannot keep the other's packets past their time.
  for (int i = 0; i < 64; ++i) {
    const ssize_t n = read(direction.from, buffer.data(), buffer.size());
    if (n <= 0) return;
    const auto size = static_cast<size_t>(n);
    if (direction.queued_bytes + size > kMaxQueuedBytes) continue;
    direction.queued_bytes += size;
    direction.queue.push_back({Clock::now() + delay, std::vector<char>(buffer.data(), buffer.data() + size)});
  }
}

void Deliver(Direction& direction) {
  const Clock::time_point now = Clock::now();
  while (!direction.queue.empty() && direction.queue.front().due <= now) {
    const Packet& packet = direction.queue.front();
    // A packet that the kernel does not take is lost: that is what a link does.
    [[maybe_unused]] const ssize_t n = write(direction.to, packet.bytes.data(), packet.bytes.size());
    direction.queued_bytes -= packet.bytes.size();
    direction.queue.pop_front();
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fputs("usage: parallax_shaper NETNS_A DEVICE_A NETNS_B DEVICE_B DELAY_MS\n", stderr);
    return 2;
  }
  char* end = nullptr;
  const double delay_ms = std::strtod(argv[5], &end);
  if (end == argv[5] || *end != '\0' || !(delay_ms >= 0 && delay_ms <= 60000)) {
    std::fprintf(stderr, "parallax_shaper: DELAY_MS must be a number from 0 to 60000, not '%s'\n", argv[5]);
    return 2;
  }
  const auto delay = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double, std::milli>(delay_ms));

  const int a = OpenTun(argv[1], argv[2]);
  const int b = OpenTun(argv[3], argv[4]);
  std::array<Direction, 2> directions;
  directions[0].from = directions[1].to = a;
  directions[0].to = directions[1].from = b;
  std::puts("ready");
  std::fflush(stdout);

  // SIGTERM's default action ends the process, and the kernel then removes both devices: nothing is left to clean up.
  while (true) {
    std::optional<Clock::time_point> next;
    for (const Direction& direction : directions) {
      if (!direction.queue.empty() && (!next || direction.queue.front().due < *next))
        next = direction.queue.front().due;
    }
    timespec timeout = {};
    if (next) {
      const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(*next - Clock::now());
      if (left.count() > 0) {
        timeout.tv_sec = left.count() / 1000000000;
        timeout.tv_nsec = left.count() % 1000000000;
      }
    }
    std::array<pollfd, 2> fds = {pollfd{a, POLLIN, 0}, pollfd{b, POLLIN, 0}};
    if (ppoll(fds.data(), fds.size(), next ? &timeout : nullptr, nullptr) < 0 && errno != EINTR) Die("ppoll");
    for (Direction& direction : directions) {
      Receive(direction, delay);
      Deliver(direction);
    }
  }
}
