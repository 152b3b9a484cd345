#include "agent/probes/tunnel/argv_hints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parallax::probes {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Words = std::vector<std::string>;

TEST(ArgvHints, FindWhereATunnelWasToldToGo) {
  EXPECT_THAT(
      ReadArgv({"/opt/t", "start", "--subnets", "10.0.4.0/22", "--host", "198.51.100.24", "--user", "root"}).bastions,
      ElementsAre(HostPort{"198.51.100.24", 22}));
  EXPECT_THAT(ReadArgv({"t", "--bastion=bastion.example:2222"}).bastions,
              ElementsAre(HostPort{"bastion.example", 2222}));
  EXPECT_THAT(ReadArgv({"t", "admin@[2001:db8::1]:22"}).bastions, ElementsAre(HostPort{"2001:db8::1", 22}));
}

TEST(ArgvHints, ReadSshAsSshDoes) {
  const ArgvHints hints = ReadArgv({"/usr/bin/ssh", "-NfD", "1080", "-o", "User=x@y.example", "-p", "2222", "-L",
                                    "15432:10.0.4.172:5432", "ops@198.51.100.24", "sleep", "1@2.example"});
  EXPECT_THAT(hints.bastions, ElementsAre(HostPort{"198.51.100.24", 2222}));
  EXPECT_THAT(hints.local, ElementsAre(HostPort{"127.0.0.1", 1080}));
  EXPECT_THAT(ReadArgv({"ssh", "-J", "me@jump.example:2200,next", "inner"}).bastions,
              ElementsAre(HostPort{"jump.example", 2200}, HostPort{"inner", 22}));
}

TEST(ArgvHints, ReadSshuttleBehindItsInterpreter) {
  EXPECT_THAT(ReadArgv({"/usr/bin/python3", "/usr/bin/sshuttle", "-r", "root@198.51.100.24", "10.0.0.0/16"}).bastions,
              ElementsAre(HostPort{"198.51.100.24", 22}));
}

TEST(ArgvHints, NeverHoldWhatStandsBeforeAnAt) {
  const ArgvHints hints = ReadArgv({"t", "--host", "user:hunter2@198.51.100.24", "--password", "hunter2", "hunter2:x"});
  EXPECT_THAT(hints.bastions, ElementsAre(HostPort{"198.51.100.24", 22}));
  EXPECT_THAT(hints.local, IsEmpty());
}

TEST(ArgvHints, AreEmptyWhereNothingIsNamed) {
  EXPECT_THAT(ReadArgv({}).bastions, IsEmpty());
  EXPECT_THAT(ReadArgv({"t", "--host"}).bastions, IsEmpty());
  EXPECT_THAT(ReadArgv({"t", "--host", "--verbose"}).bastions, IsEmpty());
  EXPECT_THAT(ReadArgv({"t", "--host", "0.0.0.0"}).bastions, IsEmpty());
  EXPECT_THAT(ReadArgv({"t", "--host", "127.0.0.1"}).bastions, IsEmpty());
  EXPECT_THAT(ReadArgv({"t", "--host", "not a host"}).bastions, IsEmpty());
  EXPECT_THAT(ReadArgv({"ssh", "-p"}).bastions, IsEmpty());
  EXPECT_THAT(ReadArgv({"vpn", "--remote", "198.51.100.7", "1194"}).bastions, IsEmpty());
}

TEST(SpeaksSsh, ByPortOrByProgram) {
  EXPECT_TRUE(SpeaksSsh(22, "anything"));
  EXPECT_TRUE(SpeaksSsh(2222, ""));
  EXPECT_TRUE(SpeaksSsh(443, "ssh"));
  EXPECT_FALSE(SpeaksSsh(443, "openvpn"));
}

}  // namespace
}  // namespace parallax::probes
