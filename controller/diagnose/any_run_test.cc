// Whatever a stored run holds, it is judged without a crash, and nothing is claimed that it does not carry.
#include <gmock/gmock.h>
#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "contract/names.h"
#include "controller/diagnose/catalogue.h"
#include "controller/diagnose/diagnose.h"
#include "controller/diagnose/weigh.h"
#include "tests/support/cause_cases.h"

namespace parallax::diagnose {
namespace {

using support::Attempt;
using support::CarriedBy;
using support::Done;
using support::RunBuilder;

constexpr int kRuns = 5000;

class Dice {
 public:
  explicit Dice(uint32_t seed) : engine_(seed) {}
  // By hand: the distributions of the standard library differ from one to the next.
  uint32_t Below(uint32_t n) { return n == 0 ? 0 : engine_() % n; }
  bool OneIn(uint32_t n) { return Below(n) == 0; }
  template <typename T>
  const T& Of(const std::vector<T>& items) {
    return items[Below(static_cast<uint32_t>(items.size()))];
  }

 private:
  std::mt19937 engine_;
};

const std::vector<v1::Failure> kFailures = {v1::REFUSED,
                                            v1::RESET_BEFORE_FIRST_BYTE,
                                            v1::RESET,
                                            v1::CLOSED_BEFORE_FIRST_BYTE,
                                            v1::CLOSED,
                                            v1::TIMED_OUT,
                                            v1::UNREACHABLE,
                                            v1::NO_ROUTE,
                                            v1::TLS_ALERT,
                                            v1::TLS_CERTIFICATE,
                                            v1::TLS_PROTOCOL,
                                            v1::UNEXPECTED_FIRST_BYTE,
                                            v1::AUTH_REJECTED,
                                            v1::SERVER_ERROR,
                                            v1::PROTOCOL_VIOLATION,
                                            v1::LOCAL_RESOURCE,
                                            v1::DENIED_BY_POLICY,
                                            v1::UNSUPPORTED,
                                            v1::CANCELLED,
                                            v1::AGENT_LOST};
const std::vector<v1::StepKind> kStages = {v1::CONNECT,        v1::SSL_REQUEST, v1::TLS_HANDSHAKE, v1::STARTUP,
                                           v1::AUTHENTICATION, v1::READY,       v1::QUERY};
const std::vector<std::string> kCodes = {"28P01", "28000", "3D000", "53300", "08P01", "57P03", "XX000"};

v1::Step AnyFailure(Dice* dice) {
  const v1::StepKind kind = dice->Of(kStages);
  const double ms = dice->Of(std::vector<double>{0.1, 0.5, 4, 12, 45, 90, 5000});
  if (kind >= v1::STARTUP && dice->OneIn(2)) return support::Said(kind, dice->Of(kCodes), "no", ms);
  v1::Step step = support::Failed(kind, dice->Of(kFailures), ms);
  if (kind == v1::SSL_REQUEST && dice->OneIn(3)) {
    step.set_failure(v1::UNEXPECTED_FIRST_BYTE);
    step.set_bytes_in(1);
    step.mutable_peer_bytes()->set_head(dice->OneIn(2) ? "H" : "SSH-2.0");
  }
  return step;
}

void Disturb(Dice* dice, support::SideWorld* world) {
  if (dice->OneIn(12)) world->Missing("it never came");
  const std::vector<std::string> kProbes = {
      "postgres", "must-not-connect",    "must-answer", "must-answer 10.0", "tunnel", "route",
      "dns",      "postgres 10.0.4.172", "message-size"};
  for (uint32_t i = dice->Below(4); i > 0; --i) {
    const std::string probe = dice->OneIn(2) ? "postgres" : dice->Of(kProbes);
    if (dice->OneIn(8)) {
      world->Never(probe);
    } else if (dice->OneIn(10)) {
      world->CannotAsk(probe, dice->Of(kFailures), "it could not be asked");
    } else {
      const Attempt attempt = support::PostgresUntil(AnyFailure(dice), world->conversation);
      world->OnAttempt(dice->OneIn(3) ? 1 + dice->Below(3) : 0, probe, attempt);
    }
  }
  if (dice->OneIn(4)) world->NoBanner(dice->Of(kFailures));
  if (dice->OneIn(4)) world->Socks("*", dice->Of(kFailures));
  if (dice->OneIn(5)) world->carrier.clear_connections();
  if (dice->OneIn(6) && world->carrier.connections_size() > 0)
    world->Connection()->set_tcp_state(v1::TCP_STATE_SYN_SENT);
  if (dice->OneIn(6)) world->carrier.mutable_holder()->set_process_state(v1::PROCESS_STATE_STOPPED);
  if (dice->OneIn(6)) world->WithoutPrivilege();
  if (dice->OneIn(6)) world->route.set_matched_prefix("default");
  if (dice->OneIn(6)) world->route.set_connected(true);
  if (dice->OneIn(6)) world->conversation.certificate = support::kOtherCertificate;
  if (dice->OneIn(6)) world->conversation.system_identifier = dice->OneIn(2) ? "" : "7310000000000000777";
  if (dice->OneIn(8)) world->conversation.tls = false;
  if (dice->OneIn(8)) world->conversation.first_byte_ms = 3000;
  if (dice->OneIn(5)) world->names["db.internal"] = {"203.0.113.9"};
  if (dice->OneIn(8)) world->names.clear();
}

v1::Run AnyRun(uint32_t seed) {
  Dice dice(seed);
  const std::vector<std::string> kUrls = {support::kTarget,
                                          support::kNamedTarget,
                                          "postgres://app@10.0.4.172:5432/app?sslmode=disable",
                                          "postgres://app@10.0.4.172:5432/app?sslmode=verify-full",
                                          "postgres://app@[fd00:4::172]:5432/app",
                                          "tcp://10.0.4.172:80",
                                          "tls://db.internal:443",
                                          "dns:db.internal"};
  const std::vector<CarriedBy> kWays = {CarriedBy::kInside,   CarriedBy::kRouted,  CarriedBy::kSst,
                                        CarriedBy::kRedsocks, CarriedBy::kForward, CarriedBy::kWireGuard,
                                        CarriedBy::kSshuttle};
  const std::vector<double> kRtts = {0.3, 2, 12, 40, 300};
  RunBuilder builder(dice.Of(kUrls), dice.Of(kWays), dice.Of(kRtts));
  if (dice.OneIn(4)) builder.AddTarget(dice.Of(kUrls));
  if (dice.OneIn(4)) builder.WithoutCredentials();
  if (dice.OneIn(4)) builder.Investigate();
  if (dice.OneIn(4)) Disturb(&dice, &builder.Witness("bastion", CarriedBy::kRouted, 0.4));
  Disturb(&dice, &builder.Inside());
  Disturb(&dice, &builder.Outside());
  v1::Run run = builder.Build();
  if (dice.OneIn(10) && run.phases_size() > 0) run.mutable_phases(0)->mutable_sides()->Clear();
  if (dice.OneIn(10) && run.phases_size() > 0 && run.phases(0).sides_size() > 0) {
    run.mutable_phases(0)->mutable_sides(0)->set_digest("another");
  }
  if (dice.OneIn(10)) run.mutable_observations()->DeleteSubrange(0, run.observations_size() / 2);
  return run;
}

bool IsPresent(const v1::Comparison& comparison, const std::string& name) {
  for (const v1::SideSummary& side : comparison.sides()) {
    if (side.name() == name) return side.present() && !side.unlike();
  }
  return false;
}

// The side was seen at that very probe, whatever else it did not do.
bool WasSeen(const v1::Comparison& comparison, const v1::Evidence& evidence) {
  for (const v1::Pair& pair : comparison.pairs()) {
    if (pair.probe() != evidence.probe()) continue;
    for (const v1::SideOutcome& outcome : pair.sides()) {
      if (outcome.side() == evidence.side() && outcome.present()) return true;
    }
  }
  return IsPresent(comparison, evidence.side());
}

void ExpectSound(const v1::TargetReport& target) {
  const v1::Comparison& comparison = target.comparison();
  const v1::Diagnosis& diagnosis = target.diagnosis();
  const bool inside = IsPresent(comparison, "inside");
  const bool outside = IsPresent(comparison, "outside");
  EXPECT_EQ(diagnosis.status(), comparison.status());
  EXPECT_NE(comparison.status(), v1::STATUS_UNSPECIFIED);
  if (!inside || !outside) {
    EXPECT_EQ(comparison.status(), v1::CANNOT_TELL);
  }
  std::set<std::string> causes;
  for (const v1::Finding& finding : diagnosis.findings()) {
    EXPECT_TRUE(causes.insert(finding.cause()).second) << finding.cause() << " is found twice";
    const Cause* cause = FindCause(finding.cause());
    ASSERT_NE(cause, nullptr) << finding.cause();
    const bool reference = IsPresent(comparison, finding.reference());
    const bool subject = IsPresent(comparison, finding.subject());
    EXPECT_TRUE(reference || !SpeaksOfReference(*cause)) << finding.cause() << " speaks of a missing side";
    EXPECT_TRUE(subject || !SpeaksOfSubject(*cause)) << finding.cause() << " speaks of a missing side";
    EXPECT_GE(finding.confidence(), 0);
    EXPECT_LE(finding.confidence(), kMostSure);
    EXPECT_FALSE(finding.evidence().empty()) << finding.cause();
    for (const std::string& other : finding.alternatives()) {
      EXPECT_NE(FindCause(other), nullptr) << finding.cause() << " or else " << other;
      EXPECT_NE(other, finding.cause());
    }
    if (!finding.explained_by().empty()) {
      EXPECT_NE(FindCause(finding.explained_by()), nullptr);
    }
    for (const std::string& line : finding.remedy()) EXPECT_EQ(line.find('{'), std::string::npos) << line;
    for (const v1::Evidence& evidence : finding.evidence()) {
      if (evidence.side().empty() || evidence.against()) continue;
      EXPECT_TRUE(finding.severity() != v1::FAULT || WasSeen(comparison, evidence))
          << finding.cause() << " rests on " << evidence.side() << ", which is not there: " << evidence.text();
    }
  }
  const bool has_verdict = diagnosis.has_verdict();
  if (comparison.status() == v1::HEALTHY) {
    EXPECT_FALSE(has_verdict) << "healthy, and " << diagnosis.verdict().cause();
    for (const v1::Finding& finding : diagnosis.findings()) EXPECT_NE(finding.severity(), v1::FAULT) << finding.cause();
  }
  if (comparison.status() == v1::DIVERGED || comparison.status() == v1::BOTH_FAILED) {
    EXPECT_TRUE(has_verdict && diagnosis.verdict().severity() == v1::FAULT) << "a failure without a word";
  }
  if (has_verdict) {
    EXPECT_EQ(diagnosis.verdict().cause(), diagnosis.findings(0).cause()) << "the verdict is the first finding";
    EXPECT_EQ(diagnosis.verdict().explained_by(), "");
    EXPECT_TRUE(diagnosis.verdict().severity() == v1::FAULT || diagnosis.verdict().severity() == v1::UNDECIDED);
  }
}

void ExpectSound(const v1::Report& report) {
  bool fault = false;
  bool undecided = report.targets().empty();
  for (const v1::TargetReport& target : report.targets()) {
    ExpectSound(target);
    const bool named = target.diagnosis().verdict().severity() == v1::FAULT;
    fault = fault || (target.comparison().status() != v1::HEALTHY && named);
    undecided = undecided || target.comparison().status() == v1::CANNOT_TELL;
  }
  EXPECT_EQ(ExitCode(report), fault ? 1 : undecided ? 3 : 0);
  if (report.status() == v1::HEALTHY) {
    EXPECT_EQ(ExitCode(report), 0);
  }
  if (report.status() == v1::DIVERGED || report.status() == v1::BOTH_FAILED) {
    EXPECT_EQ(ExitCode(report), 1);
  }
}

TEST(AnyRun, IsJudgedSoundly) {
  for (uint32_t seed = 1; seed <= kRuns; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const v1::Run run = AnyRun(seed);
    const v1::Report report = MakeReport(run);
    ExpectSound(report);
    if (seed % 16 == 0) {
      EXPECT_EQ(report.SerializeAsString(), MakeReport(run).SerializeAsString()) << "the same run, judged otherwise";
    }
    if (HasFailure()) {
      std::string text;
      for (const v1::TargetReport& target : report.targets()) {
        text += target.comparison().target().url() + " " + target.comparison().status_why() + "\n" +
                target.diagnosis().DebugString();
      }
      FAIL() << text.substr(0, 6000);
    }
  }
}

// The dice reach what they are thrown for.
TEST(AnyRun, OfManyKinds) {
  std::set<std::string> causes;
  std::set<v1::Status> statuses;
  for (uint32_t seed = 1; seed <= 1000; ++seed) {
    const v1::Report report = MakeReport(AnyRun(seed));
    for (const v1::TargetReport& target : report.targets()) {
      causes.insert(target.diagnosis().verdict().cause());
      statuses.insert(target.comparison().status());
    }
  }
  EXPECT_EQ(statuses.size(), 4U);
  EXPECT_GT(causes.size(), 20U) << ::testing::PrintToString(causes);
}

TEST(StoredRun, Empty) {
  const v1::Report report = MakeReport(v1::Run());
  EXPECT_EQ(report.status(), v1::CANNOT_TELL);
  EXPECT_EQ(ExitCode(report), 3);
}

TEST(StoredRun, ATargetAndNothingElse) {
  v1::Run run;
  run.add_targets();
  const v1::Report report = MakeReport(run);
  EXPECT_EQ(report.status(), v1::CANNOT_TELL);
  EXPECT_EQ(ExitCode(report), 3);
  ExpectSound(report);
}

TEST(StoredRun, SidesWithoutNamesAndObservationsOfNobody) {
  v1::Run run = RunBuilder().Build();
  run.mutable_sides(0)->set_name("");
  for (v1::SideObservation& kept : *run.mutable_observations()) {
    if (kept.side() == "outside") kept.set_side("nobody");
  }
  const v1::Report report = MakeReport(run);
  EXPECT_EQ(report.status(), v1::CANNOT_TELL);
  ExpectSound(report);
}

TEST(StoredRun, PlansThatAreGarbage) {
  v1::Run run = RunBuilder().Build();
  for (v1::Phase& phase : *run.mutable_phases()) phase.set_plan_bytes("\xff\xff\xff\xff\x01garbage");
  ExpectSound(MakeReport(run));
  EXPECT_EQ(MakeReport(run).status(), v1::CANNOT_TELL);
}

TEST(StoredRun, APlanCutShortAtAnyByte) {
  const v1::Run whole = RunBuilder().Build();
  const std::string& bytes = whole.phases(1).plan_bytes();
  for (size_t size = 0; size < bytes.size(); size += 3) {
    v1::Run run = whole;
    run.mutable_phases(1)->set_plan_bytes(bytes.substr(0, size));
    ExpectSound(MakeReport(run));
  }
}

// Sets every number of the message to `value`, and every enum to one that no version knows.
void Overwrite(int64_t value, int unknown, google::protobuf::Message* message) {
  const auto* reflection = message->GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  using Field = google::protobuf::FieldDescriptor;
  for (const Field* field : fields) {
    if (field->is_repeated()) {
      if (field->cpp_type() != Field::CPPTYPE_MESSAGE) continue;
      for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
        Overwrite(value, unknown, reflection->MutableRepeatedMessage(message, field, i));
      }
      continue;
    }
    switch (field->cpp_type()) {
      case Field::CPPTYPE_INT32: reflection->SetInt32(message, field, static_cast<int32_t>(value)); break;
      case Field::CPPTYPE_INT64: reflection->SetInt64(message, field, value); break;
      case Field::CPPTYPE_UINT32: reflection->SetUInt32(message, field, static_cast<uint32_t>(value)); break;
      case Field::CPPTYPE_UINT64: reflection->SetUInt64(message, field, static_cast<uint64_t>(value)); break;
      case Field::CPPTYPE_ENUM:
        if (unknown != 0) reflection->SetEnumValue(message, field, unknown);
        break;
      case Field::CPPTYPE_MESSAGE: Overwrite(value, unknown, reflection->MutableMessage(message, field)); break;
      default: break;
    }
  }
}

TEST(StoredRun, NumbersThatCannotBe) {
  for (const support::CauseCase& row : support::CauseCases()) {
    const v1::Run whole = row.build().Build();
    for (const int64_t value :
         {std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min(), int64_t{-1}}) {
      v1::Run run = whole;
      Overwrite(value, 0, &run);
      const v1::Report report = MakeReport(run);
      EXPECT_EQ(report.targets_size(), 1) << row.sentence;
    }
  }
}

TEST(StoredRun, WordsOfALaterVersion) {
  for (const support::CauseCase& row : support::CauseCases()) {
    v1::Run run = row.build().Build();
    Overwrite(7, 4242, &run);
    EXPECT_EQ(MakeReport(run).targets_size(), 1) << row.sentence;
  }
}

TEST(StoredRun, DuplicatesChangeNothing) {
  for (const support::CauseCase& row : support::CauseCases()) {
    const v1::Run run = row.build().Build();
    v1::Run twice = run;
    twice.mutable_observations()->MergeFrom(run.observations());
    EXPECT_EQ(MakeReport(run).SerializeAsString(), MakeReport(twice).SerializeAsString()) << row.sentence;
  }
}

TEST(StoredRun, TheOrderOfObservationsChangesNothing) {
  for (const support::CauseCase& row : support::CauseCases()) {
    const v1::Run run = row.build().Build();
    v1::Run turned = run;
    turned.clear_observations();
    for (int i = run.observations_size() - 1; i >= 0; --i) *turned.add_observations() = run.observations(i);
    EXPECT_EQ(MakeReport(run).targets(0).diagnosis().SerializeAsString(),
              MakeReport(turned).targets(0).diagnosis().SerializeAsString())
        << row.sentence;
  }
}

}  // namespace
}  // namespace parallax::diagnose
