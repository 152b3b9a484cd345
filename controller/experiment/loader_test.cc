#include "controller/experiment/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace parallax::experiment {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kSmallest[] =
    "targets: [postgres://app@db:5432/app]\n"
    "sides: {inside: 'ssh:app-host', outside: local}\n";

v1::Experiment Loaded(const std::string& text, const std::vector<std::string>& overrides = {}) {
  auto experiment = Load(text, "x.yaml", overrides);
  EXPECT_TRUE(experiment.ok()) << experiment.status();
  return experiment.ok() ? *experiment : v1::Experiment();
}

std::string Error(const std::string& text, const std::vector<std::string>& overrides = {}) {
  return std::string(Load(text, "x.yaml", overrides).status().message());
}

std::string With(const std::string& more) { return kSmallest + more; }

TEST(Loader, TheSmallestExperimentHasSaneDefaults) {
  const v1::Experiment experiment = Loaded(kSmallest);
  EXPECT_EQ(experiment.targets_size(), 1);
  ASSERT_EQ(experiment.sides_size(), 2);
  EXPECT_EQ(experiment.sides(0).name(), "inside");
  EXPECT_EQ(experiment.sides(0).vantage(), "ssh:app-host");
  EXPECT_EQ(experiment.repeats(), 3U);
  EXPECT_EQ(experiment.rounds(), 1U);
  EXPECT_EQ(experiment.step_timeout_ms(), 5000);
  EXPECT_TRUE(experiment.investigate());
  EXPECT_FALSE(experiment.sequential());
}

TEST(Loader, EveryKeyIsRead) {
  const v1::Experiment e = Loaded(With(R"(
name: all of it
description: every key
connect_to: [outside:db:5432:127.0.0.1:15432]
controls: tcp://10.0.0.2:53
password_from: env:PGPASSWORD
ssl_root_cert: /etc/ca.pem
probes: [postgres, sql, controls]
sql: {ddl: true, bytes: 1MB}
matrix: {sslmode: [disable, require], size: [1kB, 64kB]}
repeats: 2
rounds: 6
order: interleaved
pause: 100ms
every: 1s
timeout: 2s
deadline: 1h
parallel: 20
hold: 2s
investigate: false
before: [{command: "true", timeout: 3s}]
change:
  - pause: toggle the NAT, then press enter
after: {command: "true"}
expect: {after: healthy}
)"));
  EXPECT_EQ(e.name(), "all of it");
  EXPECT_EQ(e.connect_to_size(), 1);
  EXPECT_EQ(e.controls_size(), 1);
  EXPECT_EQ(e.password_from(), "env:PGPASSWORD");
  EXPECT_TRUE(e.client_ddl());
  EXPECT_EQ(e.client_bytes(), 1'000'000U);
  EXPECT_EQ(e.matrix_size(), 2);
  EXPECT_FALSE(e.sequential());
  EXPECT_TRUE(Loaded(With("order: sequential\n")).sequential());
  EXPECT_EQ(e.pause_ms(), 100);
  EXPECT_EQ(e.every_ms(), 1000);
  EXPECT_EQ(e.deadline_ms(), 3'600'000);
  EXPECT_EQ(e.parallel(), 20U);
  EXPECT_EQ(e.hold_ms(), 2000);
  EXPECT_FALSE(e.investigate());
  EXPECT_EQ(e.before(0).timeout_ms(), 3000);
  EXPECT_EQ(e.change(0).pause(), "toggle the NAT, then press enter");
  ASSERT_EQ(e.expect_size(), 1);
  EXPECT_EQ(e.expect(0).stage(), "after");
}

TEST(Loader, ErrorsNameLineColumnKeyAndTheNearestKnownOne) {
  EXPECT_THAT(Error("targts: [tcp://a:1]\n"), StartsWith("x.yaml:1:1: unknown key 'targts'; did you mean 'targets'?"));
  EXPECT_THAT(Error(With("zzzzzz: 1\n")), HasSubstr("x.yaml:3:1: unknown key 'zzzzzz'; the keys here are name,"));
  EXPECT_THAT(Error(With("repeats: many\n")), StartsWith("x.yaml:3:10: 'many' is no whole number from 1 to 100"));
  EXPECT_THAT(Error(With("pause: toggle the NAT\n")), StartsWith("x.yaml:3:8: 'toggle the NAT' is no duration"));
  EXPECT_THAT(Error(With("matrix: {sslmod: [disable]}\n")), HasSubstr("did you mean 'sslmode'?"));
  EXPECT_THAT(Error(With("matrix: {sslmode: [disabled]}\n")), StartsWith("x.yaml:3:20: 'disabled' is none of disable"));
  EXPECT_THAT(Error(With("order: randomly\n")), HasSubstr("is none of interleaved, sequential"));
  EXPECT_THAT(Error(With("probes: [tls]\n")), StartsWith("x.yaml:3:10: no target is a tls:// one"));
  EXPECT_THAT(Error(With("before: [{comand: x}]\n")), HasSubstr("did you mean 'command'?"));
  EXPECT_THAT(Error(With("before: [{timeout: 3s}]\n")), HasSubstr("either a command: or a pause:"));
  EXPECT_THAT(Error(With("before: {command: \"echo 'open\"}\n")), StartsWith("x.yaml:3:"));
  EXPECT_THAT(Error(With("rounds: 3\nduration: 1h\n")), HasSubstr("either rounds: or duration:"));
  EXPECT_THAT(Error(With("order: sequential\nduration: 1h\n")), StartsWith("x.yaml:3:8: duration: and every:"));
  EXPECT_THAT(Error("sides: {inside: local}\n"), HasSubstr("there is no 'targets:'"));
  EXPECT_THAT(Error("targets: [tcp://a:1]\n"), HasSubstr("there is no 'sides:'"));
  EXPECT_THAT(Error(""), HasSubstr("an experiment is a map"));
  EXPECT_THAT(Error("- a\n"), HasSubstr("an experiment is a map"));
}

TEST(Loader, ErrorsInExpectationsSayWhatIsKnown) {
  EXPECT_THAT(Error(With("expect: helthy\n")), HasSubstr("did you mean 'healthy'?"));
  EXPECT_THAT(Error(With("expect: {cause: tunnel.carrier_ded}\n")), HasSubstr("did you mean 'tunnel.carrier_dead'?"));
  EXPECT_THAT(Error(With("expect: {outside.conect.p95_ms: '< 80'}\n")), HasSubstr("did you mean 'connect'?"));
  EXPECT_THAT(Error(With("expect: {outsid.connect.p95_ms: '< 80'}\n")), HasSubstr("did you mean 'outside'?"));
  EXPECT_THAT(Error(With("expect: {outside.connect.p95: '< 80'}\n")),
              HasSubstr("there is no statistic 'p95': it is one of median_ms, p95_ms"));
  EXPECT_THAT(Error(With("expect: {outside.connect.p95_ms: '80'}\n")), HasSubstr("is no condition"));
  EXPECT_THAT(Error(With("expect: {outside.connect.median_ms: lower}\n")),
              HasSubstr("than what? There is no 'change:'"));
  EXPECT_THAT(Error(With("expect: {before: healthy}\n")), HasSubstr("before and after what?"));
  EXPECT_THAT(Error(With("expect: {when: {size: 1kB}, status: healthy}\n")),
              StartsWith("x.yaml:3:17: when: chooses points of a 'matrix:', and there is none"));
  EXPECT_THAT(Error(With("matrix: {sslmode: [disable]}\nexpect: {when: {size: 1kB}, status: healthy}\n")),
              HasSubstr("unknown key 'size'; the keys here are sslmode"));
  // Steps that no target's probe has.
  EXPECT_THAT(Error(With("expect: {outside.banner.p95_ms: '< 80'}\n")), HasSubstr("there is no step 'banner'"));
  EXPECT_THAT(Error(With("expect: {outside.ddl.p95_ms: '< 80'}\n")), HasSubstr("there is no step 'ddl'"));
  EXPECT_EQ(Loaded(With("expect: {outside.client_ddl.p95_ms: '< 80'}\n")).expect(0).metrics(0).step(), "client_ddl");
}

TEST(Loader, SlipsOfAnotherFormThanYamlsHaveTheirPlaceToo) {
  EXPECT_THAT(Error(With("controls:\n  - tcp://10.0.0.2:53\n  - tcp://10.0.0.2\n")), StartsWith("x.yaml:5:5: target"));
  EXPECT_THAT(Error(With("connect_to: outside:db:5432\n")), StartsWith("x.yaml:3:13: "));
  EXPECT_THAT(Error(With("connect_to: [bastion:db:5432:127.0.0.1:1]\n")),
              StartsWith("x.yaml:3:14: there is no side 'bastion'; the sides are inside, outside"));
  const SideCheck no_ssh = [](const std::string& name, const std::string& vantage) {
    return vantage.starts_with("ssh:") ? absl::InvalidArgumentError("no " + name) : absl::OkStatus();
  };
  EXPECT_EQ(Load(kSmallest, "x.yaml", {}, no_ssh).status().message(), "x.yaml:2:17: no inside");
  EXPECT_EQ(Load(kSmallest, "x.yaml", {"sides.inside=ssh:b"}, no_ssh).status().message(),
            "--set sides.inside: no inside");
  EXPECT_TRUE(Load(kSmallest, "x.yaml", {"sides.inside=local"}, no_ssh).ok());
}

TEST(Loader, AMetricIsOfOneTarget) {
  const std::string two = "targets: [tcp://a:1, tcp://b:1]\nsides: {inside: local}\n";
  const std::string metric = "expect: {outside.connect.p95_ms: '< 80'}\n";
  EXPECT_THAT(Error(two + metric), StartsWith("x.yaml:3:10: several targets would be one number: vary them instead"));
  EXPECT_EQ(Loaded(two + "expect: healthy\n").expect_size(), 1);
  EXPECT_EQ(Loaded(two + "matrix: {target: [tcp://a:1, tcp://b:1]}\n" + metric).expect_size(), 1);
}

TEST(Loader, SidesAreInsideOutsideAndWitnesses) {
  const std::string target = "targets: tcp://a:1\nsides: ";
  const v1::Experiment e = Loaded(target + "{inside: 'ssh:a', bastion: 'ssh:b'}\n");
  ASSERT_EQ(e.sides_size(), 3);
  EXPECT_EQ(e.sides(2).name(), "outside");
  EXPECT_EQ(e.sides(2).vantage(), "local");
  EXPECT_THAT(Error(target + "{outside: local}\n"), StartsWith("x.yaml:2:8: there is no inside: say where"));
  EXPECT_THAT(Error(target + "{insde: 'ssh:a'}\n"), StartsWith("x.yaml:2:9: there is no 'inside' among the sides: did "
                                                               "you mean 'inside' by 'insde'?"));
  EXPECT_THAT(Error(target + "{inside: 'ssh:a', otside: local}\n"), HasSubstr("did you mean 'outside' by 'otside'?"));
  EXPECT_EQ(Loaded(target + "{inside: 'ssh:a', outside: local, inside2: 'ssh:b'}\n").sides_size(), 3)
      << "beside an inside it is a witness";
}

TEST(Loader, WhatWouldDoNothingIsRefused) {
  const std::string tcp = "targets: tcp://a:1\nsides: {inside: local}\n";
  EXPECT_THAT(Error(tcp + "matrix: {size: [1kB]}\n"),
              StartsWith("x.yaml:3:10: 'size' is varied of postgres:// targets, and there is none"));
  EXPECT_THAT(Error(tcp + "matrix: {sslmode: [require]}\n"), HasSubstr("'sslmode' is varied of postgres:// targets"));
  // Those of the axis are what is probed.
  EXPECT_THAT(Error(With("matrix: {sslmode: [require], target: [tcp://b:1]}\n")), HasSubstr("'sslmode' is varied"));
  EXPECT_THAT(Error(With("probes: [postgres]\nmatrix: {target: [tcp://b:1]}\n")), HasSubstr("no target is a postgres"));
  EXPECT_EQ(Loaded(tcp + "matrix: {size: [1kB], target: ['postgres://app@db/app']}\n").matrix_size(), 2);
}

TEST(Loader, SqlAsksTheRealClientWhateverStandsInIt) {
  EXPECT_TRUE(Loaded(With("sql: {}\n")).client());
  EXPECT_TRUE(Loaded(With("sql: {ddl: true}\n")).client());
  EXPECT_FALSE(Loaded(kSmallest).client());
}

TEST(Loader, WhatIsTooMuchIsRefusedWithItsNumber) {
  std::string targets = "targets: [";
  for (int i = 0; i < 10'000; ++i) absl::StrAppend(&targets, "tcp://h", i, ":1, ");
  EXPECT_THAT(Error(targets + "]\nsides: {inside: local}\n"), HasSubstr("there are 10000 here, at most 32"));

  std::string axis;
  for (int i = 0; i < 1000; ++i) absl::StrAppend(&axis, "10.0.", i / 250, ".", i % 250, ", ");
  std::string sizes;
  for (int i = 0; i < 1000; ++i) absl::StrAppend(&sizes, i, "kB, ");
  EXPECT_THAT(Error(With(absl::StrCat("matrix:\n  address: [", axis, "]\n  size: [", sizes, "]\n"))),
              HasSubstr("this matrix has 1000000 points (1000 x 1000), at most 1000 are possible"));
  EXPECT_THAT(
      Error(With(absl::StrCat("matrix:\n  address: [", axis, "]\nrounds: 51\nchange: {command: \"true\"}\n"))),
      StartsWith("x.yaml:5:9: this is 102000 runs (1000 points x 51 rounds x before and after), at most 100000"));
}

TEST(Loader, APasswordInAFileIsRefusedAndNotRepeated) {
  const std::string error = Error("targets: [postgres://app:hunter2@db/app]\nsides: {inside: local}\n");
  EXPECT_THAT(error, HasSubstr("password_from"));
  EXPECT_THAT(error, Not(HasSubstr("hunter2")));
}

TEST(Loader, OverridesAreLaidOverTheFile) {
  const v1::Experiment e =
      Loaded(kSmallest, {"sides.inside=exec:ip netns exec a parallax-agent stdio", "rounds=2", "targets=[tcp://h:1]"});
  EXPECT_EQ(e.sides(0).vantage(), "exec:ip netns exec a parallax-agent stdio");
  EXPECT_EQ(e.rounds(), 2U);
  EXPECT_EQ(e.targets(0), "tcp://h:1");
  EXPECT_THAT(Error(kSmallest, {"rounds"}), HasSubstr("write KEY=VALUE"));
  EXPECT_THAT(Error(kSmallest, {"roundz=2"}), StartsWith("--set roundz: unknown key 'roundz'; did you mean 'rounds'?"));
  EXPECT_THAT(Error(kSmallest, {"rounds=abc"}), StartsWith("--set rounds: 'abc' is no whole number"));
  EXPECT_THAT(Error(kSmallest, {"before=[{comand: x}]"}), StartsWith("--set before: unknown key 'comand'"));
}

}  // namespace
}  // namespace parallax::experiment
