#include "agent/net/ssh_host_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "agent/net/connection.h"
#include "agent/net/linux/child_for_test.h"
#include "agent/net/linux/own_namespace_for_test.h"

namespace parallax::net {
namespace {

using testing::HasSubstr;

constexpr int64_t kPatienceNs = 5000 * kMs;

// Connects to a scripted server and reads its banner; with `key` its host key as well.
struct Heard {
  SshBanner banner;
  SshHostKey key;
  int64_t took_ns = 0;
};
Heard Ask(uint16_t port, int64_t patience_ns, bool key) {
  v1::Connection record;
  const CancelToken cancel;
  const Clock& clock = SystemClock();
  const int64_t began_ns = clock.MonotonicNs();
  Connection connection(clock, cancel, began_ns, &record);
  EXPECT_TRUE(connection.Connect("127.0.0.1", port, began_ns + patience_ns).ok());
  Heard heard;
  heard.banner = ReadSshBanner(connection, began_ns + patience_ns);
  if (key && heard.banner.failure == v1::NONE) {
    heard.key = AskSshHostKey(connection, heard.banner, began_ns + patience_ns);
  }
  heard.took_ns = clock.MonotonicNs() - began_ns;
  return heard;
}

// One connection, and then whatever the script does with it.
Child Scripted(uint16_t* port, const std::function<void(int)>& script) {
  const int listener = Listen("127.0.0.1", port);
  return Child([=](int) {
    signal(SIGPIPE, SIG_IGN);
    script(accept(listener, nullptr, nullptr));
  });
}

void Send(int fd, const std::string& bytes) {
  [[maybe_unused]] const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

TEST(SshHostKey, IsTheOneThatSshKeygenPrintsForARealServer) {
  ASSERT_EQ(access("/usr/sbin/sshd", X_OK), 0) << "openssh-server is needed";
  mkdir("/run/sshd", 0755);
  char folder[] = "/tmp/parallax-sshd-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  for (const char* type : {"ed25519", "ecdsa", "rsa"}) {
    const std::string key = std::string(folder) + "/" + type;
    Shell("ssh-keygen -q -N '' -t " + std::string(type) + " -f " + key);
    uint16_t port = 0;
    const int listener = Listen("127.0.0.1", &port);
    const Child server([=](int) { ServeSshd(listener, key); });
    const Heard heard = Ask(port, kPatienceNs, true);
    EXPECT_EQ(heard.banner.failure, v1::NONE) << heard.banner.text;
    EXPECT_EQ(heard.banner.line.rfind("SSH-2.0-OpenSSH", 0), 0u) << heard.banner.line;
    EXPECT_EQ(heard.key.failure, v1::NONE) << heard.key.text;
    EXPECT_THAT(heard.key.type, HasSubstr(type));
    Shell("ssh-keygen -lf " + key + ".pub | grep -qF '" + heard.key.sha256 + "'");
    close(listener);
  }
  Shell("rm -r " + std::string(folder));
}

TEST(SshBanner, LinesBeforeTheVersionAreSkipped) {
  uint16_t port = 0;
  const Child server = Scripted(&port, [](int fd) {
    Send(fd, "welcome\r\nto this host\r\nSSH-2.0-x\r\nmore");
    pause();
  });
  const Heard heard = Ask(port, kPatienceNs, false);
  EXPECT_EQ(heard.banner.failure, v1::NONE);
  EXPECT_EQ(heard.banner.line, "SSH-2.0-x");
  EXPECT_EQ(heard.banner.rest, "more");
}

TEST(SshBanner, ATextAndAnEndIsKeptAsWhatTheServerSaid) {
  uint16_t port = 0;
  const Child server = Scripted(&port, [](int fd) { Send(fd, "Exceeded MaxStartups\r\n"); });
  const Heard heard = Ask(port, kPatienceNs, false);
  EXPECT_EQ(heard.banner.failure, v1::CLOSED);
  EXPECT_EQ(heard.banner.line, "Exceeded MaxStartups");
}

TEST(SshBanner, AGigabyteOfSomethingElseIsGivenUpSoon) {
  uint16_t port = 0;
  const Child server = Scripted(&port, [](int fd) {
    for (;;) Send(fd, std::string(65536, 'a'));
  });
  const Heard heard = Ask(port, kPatienceNs, false);
  EXPECT_EQ(heard.banner.failure, v1::PROTOCOL_VIOLATION);
  EXPECT_LE(heard.banner.bytes_in, kMaxBannerBytes);
  EXPECT_LE(heard.banner.line.size(), 255u);
}

TEST(SshBanner, SilenceAndADripEndAtTheDeadline) {
  for (const bool drip : {false, true}) {
    uint16_t port = 0;
    const Child server = Scripted(&port, [drip](int fd) {
      for (;;) {
        if (drip) Send(fd, "S");
        usleep(20000);
      }
    });
    const Heard heard = Ask(port, 300 * kMs, false);
    EXPECT_EQ(heard.banner.failure, v1::TIMED_OUT);
    EXPECT_LT(heard.took_ns, 2000 * kMs);
  }
}

TEST(SshHostKey, NonsenseAfterABannerIsAViolation) {
  for (const std::string& nonsense : {std::string("\xff\xff\xff\xff\xff", 5), std::string("\0\0\0\2\4\24", 6),
                                      std::string("\0\0\0\14\12\24\0\0\0\0\0\0\0\0\0\0", 16)}) {
    uint16_t port = 0;
    const Child server = Scripted(&port, [nonsense](int fd) {
      Send(fd, "SSH-2.0-x\r\n" + nonsense);
      pause();
    });
    const Heard heard = Ask(port, kPatienceNs, true);
    EXPECT_EQ(heard.banner.failure, v1::NONE);
    EXPECT_EQ(heard.key.failure, v1::PROTOCOL_VIOLATION) << heard.key.text;
  }
}

TEST(SshHostKey, AnEndInTheMiddleOfTheExchangeIsAnEnd) {
  uint16_t port = 0;
  const Child server = Scripted(&port, [](int fd) {
    Send(fd, "SSH-2.0-x\r\n");
    char byte = 0;
    [[maybe_unused]] const ssize_t got = read(fd, &byte, 1);
  });
  const Heard heard = Ask(port, kPatienceNs, true);
  EXPECT_THAT(heard.key.failure, testing::AnyOf(v1::CLOSED, v1::RESET));
}

}  // namespace
}  // namespace parallax::net
