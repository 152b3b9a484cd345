#include "controller/dispatch/missing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <string>

namespace parallax::dispatch {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int Exit(int code) { return code << 8; }

Symptoms Local(Loss loss) {
  Symptoms symptoms;
  symptoms.loss = loss;
  symptoms.local = true;
  symptoms.command = "/opt/parallax/parallax-agent";
  symptoms.doing = "connecting";
  return symptoms;
}
Symptoms Command(Loss loss, const std::string& program) {
  Symptoms symptoms = Local(loss);
  symptoms.local = false;
  symptoms.command = program;
  return symptoms;
}
Symptoms Ssh(Loss loss) {
  Symptoms symptoms = Command(loss, "ssh api-1");
  symptoms.carrier = Carrier::kSsh;
  symptoms.host = "api-1";
  return symptoms;
}
Symptoms Listener(Loss loss) {
  Symptoms symptoms = Command(loss, "10.0.8.50:7411");
  symptoms.carrier = Carrier::kListen;
  symptoms.host = "10.0.8.50:7411";
  return symptoms;
}
Symptoms Saying(Symptoms symptoms, const std::string& stderr_tail, int wait_status) {
  symptoms.stderr_tail = stderr_tail;
  symptoms.wait_status = wait_status;
  return symptoms;
}
Symptoms Failing(Symptoms symptoms, int os_error) {
  symptoms.os_error = os_error;
  return symptoms;
}

struct Case {
  const char* what;
  Symptoms symptoms;
  const char* helps;
  const char* does_not;  // what would be said, and could not help
};

TEST(Missing, WhatIsAdvisedCanHelp) {
  constexpr Loss kBefore = Loss::kEndedBefore;
  const Case cases[] = {
      // A command that this host cannot start.
      {"no agent beside parallax", Failing(Local(Loss::kCannotStart), ENOENT), "beside parallax", "ulimit"},
      {"no such program", Failing(Command(Loss::kCannotStart, "kubectl"), ENOENT), "'kubectl' is installed", "ulimit"},
      {"no ssh", Failing(Ssh(Loss::kCannotStart), ENOENT), "OpenSSH", "ulimit"},
      {"no descriptor is left, local", Failing(Local(Loss::kCannotStart), EMFILE), "ulimit -n", "beside parallax"},
      {"no descriptor is left, command", Failing(Command(Loss::kCannotStart, "kubectl"), ENFILE), "ulimit -n",
       "installed"},
      {"no descriptor is left, ssh", Failing(Ssh(Loss::kCannotStart), EMFILE), "ulimit -n", "OpenSSH"},
      {"no memory", Failing(Local(Loss::kCannotStart), ENOMEM), "memory", "beside parallax"},
      {"no process", Failing(Ssh(Loss::kCannotStart), EAGAIN), "ulimit -u", "OpenSSH"},
      {"it may not be run", Failing(Local(Loss::kCannotStart), EACCES), "chmod +x", "beside parallax"},
      {"another machine's", Failing(Command(Loss::kCannotStart, "./agent"), ENOEXEC), "kind of machine", "PATH"},
      // One that started and ended.
      {"the loader has no descriptor",
       Saying(
           Local(kBefore),
           "parallax-agent: error while loading shared libraries: libgrpc++.so.1.51: cannot open shared object file: "
           "Error 24",
           Exit(127)),
       "ulimit -n", "lacks a library"},
      {"the agent has no descriptor", Saying(Ssh(kBefore), "parallax-agent: epoll: Too many open files", Exit(1)),
       "on the agent's host: ulimit -n", "install"},
      {"no memory there", Saying(Ssh(kBefore), "terminate called after throwing 'std::bad_alloc'", SIGABRT), "memory",
       "crashed"},
      {"no thread there", Saying(Command(kBefore, "docker"), "terminate: Resource temporarily unavailable", Exit(134)),
       "pids-limit", "install"},
      {"a library lacks",
       Saying(Ssh(kBefore),
              "parallax-agent: error while loading shared libraries: libcares.so.2: cannot open shared "
              "object file: No such file or directory",
              Exit(127)),
       "lacks a library", "scp"},
      {"killed", Saying(Local(kBefore), "", SIGKILL), "killed process", "by hand"},
      {"killed, as docker says it", Saying(Command(kBefore, "docker"), "", Exit(137)), "killed process", "install"},
      {"crashed", Saying(Local(kBefore), "", SIGSEGV), "report it", "by hand"},
      {"not found over ssh", Saying(Command(kBefore, "ssh"), "sh: 1: parallax-agent: not found", Exit(127)),
       "scp parallax-agent", "kubectl"},
      {"not found in a container",
       Saying(Command(kBefore, "docker"), "exec: \"parallax-agent\": executable file not found in $PATH", Exit(127)),
       "docker cp", "scp"},
      {"not found in a pod",
       Saying(Command(kBefore, "kubectl"), "exec: \"parallax-agent\": executable file not found in $PATH", Exit(1)),
       "kubectl cp", "scp"},
      {"no such pod",
       Saying(Command(kBefore, "kubectl"), "Error from server (NotFound): pods \"api\" not found", Exit(1)),
       "kubectl get pods", "install"},
      {"no such container", Saying(Command(kBefore, "docker"), "Error: No such container: api", Exit(1)), "docker ps",
       "install"},
      {"another file is missing", Saying(Command(kBefore, "ssh"), "config: /x/y: No such file or directory", Exit(255)),
       "by hand", "install"},
      {"it may not be executed", Saying(Command(kBefore, "ssh"), "sh: ./parallax-agent: Permission denied", Exit(126)),
       "chmod +x", "ssh-add"},
      {"no key", Saying(Command(kBefore, "ssh"), "me@api-1: Permission denied (publickey).", Exit(255)), "ssh-add",
       "chmod"},
      {"the name is not known",
       Saying(Ssh(kBefore), "ssh: Could not resolve hostname api-1: Name or service not known", Exit(255)), "spelling",
       "resolv.conf"},
      {"the resolver fails",
       Saying(Ssh(kBefore), "ssh: Could not resolve hostname api-1: Temporary failure in name resolution", Exit(255)),
       "resolv.conf", "spelling"},
      {"sshd is not there", Saying(Ssh(kBefore), "ssh: connect to host api-1 port 22: Connection refused", Exit(255)),
       "sshd", "service"},
      {"something else refuses",
       Saying(Command(kBefore, "kubectl"), "dial tcp 127.0.0.1:6443: connect: connection refused", Exit(1)), "service",
       "sshd"},
      // Which command is there to be tried by hand.
      {"local, without a word", Saying(Local(kBefore), "", Exit(0)), "run '/opt/parallax/parallax-agent stdio' by hand",
       "the command"},
      {"command, without a word", Saying(Command(kBefore, "sh"), "", Exit(0)), "run the command by hand", "ADDRESS"},
      {"ssh, without a word", Saying(Ssh(kBefore), "", Exit(0)), "uname -sm", "the command"},
      {"a listener that does not greet", Listener(Loss::kNoHello), "parallax-agent check ADDRESS:PORT", "by hand"},
      // Later.
      {"local, lost", Local(Loss::kEndedMidway), "report it", "the link"},
      {"a listener, lost", Listener(Loss::kEndedMidway), "log on its host", "by hand"},
      {"what it said of the target is no word about it",
       Saying(Ssh(Loss::kEndedMidway), "warning: 10.0.4.172:5432: connection refused", Exit(255)), "check the link",
       "sshd"},
      {"killed, later", Saying(Local(Loss::kEndedMidway), "", SIGKILL), "killed process", "report it"},
      {"local, silent", Local(Loss::kSilent), "this host", "the link"},
      {"ssh, silent", Ssh(Loss::kSilent), "the link", "this host"},
  };
  for (const Case& one : cases) {
    const Missing missing = Explain(one.symptoms);
    EXPECT_THAT(missing.remedy, AllOf(HasSubstr(one.helps), Not(HasSubstr(one.does_not)))) << one.what;
    EXPECT_THAT(missing.reason, Not(IsEmpty())) << one.what;
  }
}

TEST(Missing, WhatItRefusesIsNotAlwaysAnotherRelease) {
  struct {
    const char* says;
    const char* helps;
  } const cases[] = {
      {"the plan could not be read: use the same release on both ends", "same release"},
      {"assignment 3 still runs; one at a time", "run again"},
      {"this agent was asked to end, and finishes only what it had begun", "when it is back"},
      {"the plan asks for 5000 attempts of probes, and 4000 are allowed", "--repeats"},
      {"cannot start a thread: Resource temporarily unavailable", "ulimit -u"},
  };
  for (const auto& [says, helps] : cases) {
    Symptoms symptoms = Listener(Loss::kRefused);
    symptoms.detail = says;
    EXPECT_THAT(Explain(symptoms).remedy, HasSubstr(helps)) << says;
  }
}

// Every loss, on every kind of vantage: a reason and, but for an interruption, something to do that exists there.
TEST(Missing, EveryLossOfEveryVantageHasARemedyThatExistsThere) {
  for (int loss = 0; loss <= static_cast<int>(Loss::kInterrupted); ++loss) {
    for (const auto& make : {+[](Loss l) { return Local(l); }, +[](Loss l) { return Command(l, "docker"); },
                             +[](Loss l) { return Ssh(l); }, +[](Loss l) { return Listener(l); }}) {
      const Symptoms symptoms = make(static_cast<Loss>(loss));
      const Missing missing = Explain(symptoms);
      EXPECT_THAT(missing.reason, Not(IsEmpty())) << loss;
      EXPECT_EQ(missing.remedy.empty(), symptoms.loss == Loss::kInterrupted) << loss;
      if (symptoms.carrier == Carrier::kListen) {
        EXPECT_THAT(missing.remedy, Not(HasSubstr("command by hand"))) << loss;
      }
    }
  }
}

}  // namespace
}  // namespace parallax::dispatch
