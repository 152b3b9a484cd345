#include "agent/net/socket_facts.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/scripted_server.h"

namespace parallax::net {
namespace {

using support::Peer;
using support::ScriptedServer;

// A plain socket, as a client library would have one.
class SocketFactsTest : public ::testing::Test {
 protected:
  ~SocketFactsTest() override {
    if (fd_ >= 0) close(fd_);
  }
  void Connect(uint16_t port) {
    fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  void ReadToTheEnd() {
    char bytes[16];
    while (recv(fd_, bytes, sizeof(bytes), 0) > 0) {
    }
  }
  // A byte that makes the server go on, and then the answer that ends the connection for good.
  void SendAndAwaitReset() {
    ASSERT_EQ(send(fd_, "x", 1, MSG_NOSIGNAL), 1);
    pollfd wait = {fd_, 0, 0};
    ASSERT_EQ(poll(&wait, 1, 20'000), 1) << "no reset came";
  }
  v1::Connection Closing() const {
    v1::Connection record;
    DescribeClosing(fd_, /*waited_in_vain=*/false, &record);
    return record;
  }

  int fd_ = -1;
};

TEST_F(SocketFactsTest, AFinIsNoByte) {
  ScriptedServer server([](Peer& peer) {
    peer.Send("abc");
    peer.Fin();
    peer.AwaitEnd();
  });
  Connect(server.port());
  ReadToTheEnd();
  EXPECT_EQ(Closing().bytes_in(), 3U);
  EXPECT_EQ(Closing().end(), v1::FIN_BY_PEER);
}

// What a tunnel that delivers nothing does: it ends its half, and answers what is said into the other with a reset.
TEST_F(SocketFactsTest, NorIsOneThatAResetFollows) {
  ScriptedServer server([](Peer& peer) {
    peer.Fin();
    peer.ReadExactly(1);
    peer.Rst();
  });
  Connect(server.port());
  ReadToTheEnd();
  SendAndAwaitReset();
  EXPECT_EQ(Closing().bytes_in(), 0U);
  EXPECT_EQ(Closing().end(), v1::RST_BY_PEER);
}

TEST_F(SocketFactsTest, BytesBeforeAResetAreCounted) {
  ScriptedServer server([](Peer& peer) {
    peer.Send("abc");
    peer.ReadExactly(1);
    peer.Rst();
  });
  Connect(server.port());
  char bytes[3];
  ASSERT_EQ(recv(fd_, bytes, sizeof(bytes), MSG_WAITALL), 3);
  SendAndAwaitReset();
  EXPECT_EQ(Closing().bytes_in(), 3U);
  EXPECT_EQ(Closing().end(), v1::RST_BY_PEER);
}

TEST_F(SocketFactsTest, TellsWhetherThePeerIsTheOneThatWasMeant) {
  ScriptedServer server([](Peer& peer) { peer.AwaitEnd(); });
  Connect(server.port());
  EXPECT_TRUE(IsConnectedTo(fd_, "127.0.0.1:" + std::to_string(server.port())));
  EXPECT_FALSE(IsConnectedTo(fd_, "127.0.0.2:" + std::to_string(server.port())));
  EXPECT_FALSE(IsConnectedTo(fd_, "127.0.0.1:1"));
  EXPECT_FALSE(IsConnectedTo(fd_, "[::1]:" + std::to_string(server.port())));
}

}  // namespace
}  // namespace parallax::net
