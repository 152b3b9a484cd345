#include "controller/report/json_message.h"

#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "parallax/v1/run.pb.h"
#include "tests/support/run_builder.h"

namespace parallax::report {
namespace {

TEST(JsonMessage, ARunComesBackAsItWas) {
  support::RunBuilder builder(support::kTarget, support::CarriedBy::kRouted, 40);
  v1::Run run = builder.Build();
  run.set_duration_ns(1'234'567'891);
  v1::Run back;
  ASSERT_TRUE(MessageFromJson(MessageJson(run), &back).ok());
  // What of a time of day is lost in a double.
  EXPECT_NEAR(static_cast<double>(back.started_unix_ns()), static_cast<double>(run.started_unix_ns()), 1000);
  back.set_started_unix_ns(run.started_unix_ns());
  std::string difference;
  google::protobuf::util::MessageDifferencer differencer;
  differencer.ReportDifferencesToString(&difference);
  EXPECT_TRUE(differencer.Compare(run, back)) << difference;
}

TEST(JsonMessage, AKernelsWordThatNobodyKnowsIsTakenAsUnknown) {
  v1::Run run;
  const auto json = nlohmann::ordered_json::parse(R"({"sides": [{"agent": {"host": {"interfaces": [
      {"name": "a", "kind": "nlmon"}, {"name": "b", "kind": "tun"}, {"name": "c", "kind": ""}]}}}]})");
  ASSERT_TRUE(MessageFromJson(json, &run).ok()) << "exports of before, where it was a string, are still read";
  const auto& interfaces = run.sides(0).agent().host().interfaces();
  EXPECT_EQ(interfaces[0].link_kind(), v1::LINK_KIND_OTHER);
  EXPECT_EQ(interfaces[1].link_kind(), v1::LINK_KIND_TUN);
  EXPECT_EQ(interfaces[2].link_kind(), v1::LINK_KIND_UNSPECIFIED);
}

TEST(JsonMessage, WhatIsOfAnotherTypeIsRefused) {
  for (const char* text : {"[]", R"({"id": 7})", R"({"sides": {}})", R"({"sides": [7]})", R"({"version": -1})",
                           R"({"version": 4294967296})", R"({"durationMs": 1e300})", R"({"interrupted": "yes"})",
                           R"({"phases": [{"planBytes": "0"}]})", R"({"phases": [{"planBytes": "zz"}]})",
                           R"({"observations": [{"observation": {"outcome": "splendid"}}]})"}) {
    v1::Run run;
    EXPECT_FALSE(MessageFromJson(nlohmann::ordered_json::parse(text), &run).ok()) << text;
  }
}

}  // namespace
}  // namespace parallax::report
