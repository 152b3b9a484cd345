#include "tests/bench/blackbox.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <fstream>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "tests/bench/bare_connect.h"
#include "tests/support/scripted_server.h"

namespace parallax::bench {
namespace {

constexpr char kConfiguration[] =
    "modules: {tcp_connect: {prober: tcp, timeout: 5s, tcp: {preferred_ip_protocol: ip4}}}\n";

// The value of a metric in Prometheus' text format; -1 when it is not there.
double Metric(std::string_view page, std::string_view name) {
  const std::string line = absl::StrCat("\n", std::string(name), " ");
  const size_t at = page.find(line);
  return at == std::string_view::npos ? -1 : std::strtod(page.data() + at + line.size(), nullptr);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Blackbox>> Blackbox::Start(const std::string& program, const std::string& folder) {
  const std::string configuration = folder + "/blackbox.yml";
  std::ofstream(configuration) << kConfiguration;
  std::unique_ptr<Blackbox> server(new Blackbox);
  server->port_ = support::ClosedPort().port();
  auto process = Process::Start(
      {program, "--config.file=" + configuration, absl::StrCat("--web.listen-address=127.0.0.1:", server->port_)}, -1,
      folder + "/blackbox.log");
  if (!process.ok()) return process.status();
  server->process_ = *std::move(process);
  for (int i = 0; i < 500; ++i) {  // until it listens, at most 10 s
    const int fd = ConnectTo(server->port_);
    if (fd >= 0) {
      close(fd);
      return server;
    }
    poll(nullptr, 0, 20);
  }
  return absl::UnavailableError("blackbox_exporter does not listen; its log is " + folder + "/blackbox.log");
}

Blackbox::Client::~Client() {
  if (fd_ >= 0) close(fd_);
}

absl::StatusOr<double> Blackbox::Client::ConnectSeconds(uint16_t port) {
  if (fd_ < 0) fd_ = ConnectTo(port_);
  const std::string request =
      absl::StrCat("GET /probe?module=tcp_connect&target=127.0.0.1:", port, " HTTP/1.1\r\nHost: bench\r\n\r\n");
  if (fd_ < 0 || send(fd_, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) {
    return absl::UnavailableError("blackbox_exporter takes no request");
  }
  constexpr std::string_view kLength = "Content-Length: ";
  std::string answer;
  for (;;) {
    const size_t head = answer.find("\r\n\r\n");
    const size_t length = answer.find(kLength);
    if (head != std::string::npos && length < head) {
      const size_t size = std::strtoul(answer.c_str() + length + kLength.size(), nullptr, 10);
      if (answer.size() >= head + 4 + size) break;
    }
    char buffer[8192];
    const ssize_t got = recv(fd_, buffer, sizeof(buffer), 0);
    if (got <= 0) return absl::UnavailableError("blackbox_exporter ended the connection");
    answer.append(buffer, static_cast<size_t>(got));
  }
  if (Metric(answer, "probe_success") != 1) return absl::InternalError("a probe of blackbox_exporter failed");
  return Metric(answer, "probe_duration_seconds");
}

}  // namespace parallax::bench
