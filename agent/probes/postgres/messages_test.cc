#include "agent/probes/postgres/messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "contract/limits.h"
#include "tests/support/fake_postgres.h"

namespace parallax::probes::postgres {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using namespace std::string_literals;

TEST(Messages, AreTheBytesOfTheManual) {
  EXPECT_EQ(SslRequest(), "\x00\x00\x00\x08\x04\xd2\x16\x2f"s);
  EXPECT_EQ(StartupMessage({{"user", "app"}, {"database", "shop"}}),
            "\x00\x00\x00\x20\x00\x03\x00\x00user\0app\0database\0shop\0\0"s);
  EXPECT_EQ(PasswordMessage("pw"), "p\x00\x00\x00\x07pw\0"s);
  EXPECT_EQ(SaslInitialResponse("SCRAM-SHA-256", "n,,"), "p\x00\x00\x00\x19SCRAM-SHA-256\0\x00\x00\x00\x03n,,"s);
  EXPECT_EQ(SaslResponse("c=biws"),
            "p\x00\x00\x00\x0a"
            "c=biws"s);
  EXPECT_EQ(Query("SELECT 1"), "Q\x00\x00\x00\x0dSELECT 1\0"s);
  EXPECT_EQ(Terminate(), "X\x00\x00\x00\x04"s);
}

TEST(Messages, AValueWithAZeroCannotAddAParameter) {
  EXPECT_THAT(StartupMessage({{"user", "app\0options\0-c x"s}}), HasSubstr("user\0app\0\0"s));
}

TEST(Messages, Md5AnswerIsWhatTheServerComputes) {
  // Computed apart, with Python's hashlib.
  EXPECT_EQ(Md5Answer("app", "sesame", "\x01\x02\x03\x04"), "md5d3e5b6ebf597bdad80b0470c035e2b39");
}

TEST(BackendReader, SplitsWhatComesByteByByte) {
  BackendReader reader;
  const std::string stream = "R\x00\x00\x00\x08\x00\x00\x00\x00Z\x00\x00\x00\x05I"s;
  std::vector<std::string> seen;
  for (char byte : stream) {
    reader.buffer()->push_back(byte);
    for (;;) {
      auto next = reader.Next();
      ASSERT_TRUE(next.ok()) << next.status();
      if (!next->has_value()) break;
      seen.push_back(std::string(1, (*next)->type) + std::to_string((*next)->body.size()));
    }
  }
  EXPECT_THAT(seen, ElementsAre("R4", "Z1"));
  EXPECT_THAT(*reader.buffer(), IsEmpty());
}

TEST(BackendReader, DoesNotBelieveALengthThatNoMessageHas) {
  for (const std::string& bad :
       {"R\x7f\xff\xff\xff"s, "R\xff\xff\xff\xff"s, "R\x00\x00\x00\x03"s, "R\x00\x04\x00\x01"s}) {
    BackendReader reader;
    *reader.buffer() = bad;
    EXPECT_FALSE(reader.Next().ok()) << testing::PrintToString(bad);
  }
  BackendReader largest;  // as long as it may be: waits for the rest
  *largest.buffer() = "R\x00\x04\x00\x00"s;
  ASSERT_TRUE(largest.Next().ok());
}

TEST(BackendReader, KeepsTheBeginningOfALongErrorAndDropsTheRest) {
  BackendReader reader;
  const std::string words = "SFATAL\0VFATAL\0C53200\0M"s + std::string(500'000, 'x') + "\0\0"s;
  const std::string whole = support::fake::Message('E', words) + support::fake::Ready();
  std::vector<BackendMessage> seen;
  for (size_t at = 0; at < whole.size(); at += 1000) {
    *reader.buffer() += whole.substr(at, 1000);
    for (auto next = reader.Next(); next.ok() && next->has_value(); next = reader.Next()) seen.push_back(**next);
    ASSERT_LE(reader.buffer()->size(), kMaxErrorBytes + 2000);
  }
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_TRUE(seen[0].cut);
  EXPECT_EQ(seen[0].body.size(), kMaxErrorBytes);
  EXPECT_EQ(ParseError(seen[0].body).code(), "53200");
  EXPECT_THAT(ParseError(seen[0].body).message(), testing::StartsWith("xxx"));
  EXPECT_EQ(seen[1].type, 'Z');
}

TEST(BackendReader, FourLettersAreNoLengthOfAnError) {
  BackendReader reader;
  *reader.buffer() = "EHLO mail.test\r\n";
  EXPECT_FALSE(reader.Next().ok());
}

TEST(BackendReader, RefusesATypeThatIsNoLetterAtItsFirstByte) {
  for (const std::string& bad : {"\x15"s, "\0"s, "\xff"s, "2"s}) {
    BackendReader reader;
    *reader.buffer() = bad;
    EXPECT_FALSE(reader.Next().ok()) << testing::PrintToString(bad);
  }
}

TEST(Authentication, ReadsMechanismsAndNoMoreThanAreThere) {
  const auto sasl = ParseAuthentication("\x00\x00\x00\x0aSCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"s);
  ASSERT_TRUE(sasl.ok());
  EXPECT_EQ(sasl->code, 10);
  EXPECT_THAT(sasl->mechanisms, ElementsAre("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"));

  const auto unterminated = ParseAuthentication("\x00\x00\x00\x0aSCRAM"s);
  ASSERT_TRUE(unterminated.ok());
  EXPECT_THAT(unterminated->mechanisms, IsEmpty());

  std::string many = "\x00\x00\x00\x0a"s;
  for (int i = 0; i < 10'000; ++i) many += "M\0"s;
  EXPECT_THAT(ParseAuthentication(many)->mechanisms, SizeIs(16));
  EXPECT_FALSE(ParseAuthentication("\x00\x00\x00").ok());
}

TEST(Errors, AreReadFieldByFieldAndMadePrintable) {
  const v1::ServerError error = ParseError("SFEHLER\0VFATAL\0C28P01\0Mno\x1b[31m way\xff\0Fauth.c\0\0"s);
  EXPECT_EQ(error.code(), "28P01");
  EXPECT_EQ(error.severity(), "FATAL");
  EXPECT_EQ(error.message(), "no?[31m way?");
}

TEST(Errors, OfAnOldServerHaveTheLocalizedSeverity) {
  EXPECT_EQ(ParseError("SFATAL\0C53300\0Mfull\0\0"s).severity(), "FATAL");
}

TEST(Errors, WithoutEndOrFieldsAreEmpty) {
  EXPECT_EQ(ParseError("").code(), "");
  EXPECT_EQ(ParseError("C28P01").code(), "");  // no zero behind it
  EXPECT_LE(ParseError("M" + std::string(100'000, 'x') + '\0').message().size(), contract::kMaxTextBytes);
}

TEST(Errors, ACodeIsFiveCharactersOfValidText) {
  // Cut in the middle of a character, this would be no protobuf string.
  const v1::ServerError error = ParseError("Cabcd\xc3\xa9\0\0"s);
  v1::ServerError again;
  EXPECT_TRUE(again.ParseFromString(error.SerializeAsString())) << error.code();
}

TEST(Rows, AreReadAndBounded) {
  const auto row = ParseRow("\x00\x02\x00\x00\x00\x01x\xff\xff\xff\xff"s);
  ASSERT_TRUE(row.ok());
  EXPECT_THAT(*row, ElementsAre("x", ""));
  for (const std::string& bad : {""s, "\x00"s, "\x00\x01"s, "\x00\x01\x00\x00\x00\x02x"s, "\x00\x01\x7f\xff\xff\xff"s,
                                 "\xff\xff\x00\x00\x00\x00"s}) {
    EXPECT_FALSE(ParseRow(bad).ok()) << testing::PrintToString(bad);
  }
}

TEST(Parameters, MayBeMalformed) {
  EXPECT_EQ(ParseParameter("server_version\0"
                           "15.3\0"s)
                .second,
            "15.3");
  EXPECT_EQ(ParseParameter("alone").first, "");
  EXPECT_EQ(ParseParameter("name\0unterminated"s).second, "");
  EXPECT_EQ(ParseBackendPid("\x00\x00"), 0);
  EXPECT_EQ(ParseBackendPid("\x00\x00\x01\x02rest"s), 258);
}

}  // namespace
}  // namespace parallax::probes::postgres
