#include "agent/probes/postgres/scram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

namespace parallax::probes::postgres {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kNonce[] = "rOprNGfwEbeRWgbNEkqO";
constexpr char kServerFirst[] =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

ScramClient Pencil() { return ScramClient("pencil", ChannelBinding::kNone, "", kNonce, "user"); }

TEST(Scram, GivesTheBytesOfRfc7677Section3) {
  ScramClient client = Pencil();
  EXPECT_EQ(client.ClientFirst(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  const auto final = client.ClientFinal(kServerFirst);
  ASSERT_TRUE(final.ok()) << final.status();
  EXPECT_EQ(*final,
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
            "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  EXPECT_TRUE(client.VerifyServerFinal("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=").ok());
}

TEST(Scram, TheSaltedPasswordIsOpenSslsOwn) {
  const std::string passwords[] = {
      "", "p", "pencil", std::string(64, 'a'), std::string(65, 'b'), std::string(300, 'c')};
  for (const std::string& password : passwords) {
    for (const std::string& salt : {std::string(), std::string("\0salt", 5), std::string(200, 's')}) {
      for (int iterations : {1, 2, 4096}) {
        std::string wanted(32, '\0');
        ASSERT_EQ(PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()),
                                    reinterpret_cast<const unsigned char*>(salt.data()), static_cast<int>(salt.size()),
                                    iterations, EVP_sha256(), 32, reinterpret_cast<unsigned char*>(wanted.data())),
                  1);
        EXPECT_EQ(SaltedPassword(password, salt, iterations), wanted) << password.size() << " " << salt.size();
      }
    }
  }
}

TEST(Scram, ASignatureOfAServerThatDoesNotKnowThePasswordIsRefused) {
  ScramClient client = Pencil();
  ASSERT_TRUE(client.ClientFinal(kServerFirst).ok());
  EXPECT_EQ(client.VerifyServerFinal("v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=").code(),
            absl::StatusCode::kPermissionDenied);
  for (const char* bad : {"", "v=", "v=6rri", "v=!!!!", "e=other-error"}) {
    EXPECT_FALSE(client.VerifyServerFinal(bad).ok()) << bad;
  }
}

TEST(Scram, NoSignatureIsBelievedBeforeTheProof) {
  EXPECT_FALSE(Pencil().VerifyServerFinal("v=").ok());
  EXPECT_FALSE(Pencil().VerifyServerFinal("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=").ok());
}

TEST(Scram, MalformedServerFirstMessagesAreRefused) {
  const std::string nonce = std::string("r=") + kNonce;
  const std::string bad[] = {
      "",
      ",,,",
      "r",
      nonce + "x",                                       // no salt
      nonce + "x,s=QUJD",                                // no count
      nonce + ",s=QUJD,i=4096",                          // nothing added to our nonce
      "r=other,s=QUJD,i=4096",                           // another's nonce
      nonce + "x,s=@@@@,i=4096",                         // no base64
      nonce + "x,s=QUJD,i=0",                            // no work
      nonce + "x,s=QUJD,i=-1",                           //
      nonce + "x,s=QUJD,i=4096x",                        //
      nonce + "x,s=QUJD,i=99999999999",                  // more than an int
      "m=must-understand," + nonce + "x,s=QUJD,i=4096",  // RFC 5802 section 5.1: an extension that we do not know
  };
  for (const std::string& message : bad) EXPECT_FALSE(Pencil().ClientFinal(message).ok()) << message;
}

TEST(Scram, AHostileIterationCountCostsNothing) {
  const auto final = Pencil().ClientFinal(std::string("r=") + kNonce + "x,s=QUJD,i=2000000000");
  ASSERT_FALSE(final.ok());
  EXPECT_THAT(final.status().message(), HasSubstr("iterations"));
}

TEST(Scram, ChannelBindingIsPartOfTheProof) {
  ScramClient bound("pencil", ChannelBinding::kEndPoint, std::string(32, '\x01'), kNonce, "user");
  EXPECT_THAT(bound.ClientFirst(), StartsWith("p=tls-server-end-point,,n=user,r="));
  const auto final = bound.ClientFinal(kServerFirst);
  ASSERT_TRUE(final.ok());
  // base64 of "p=tls-server-end-point,," and 32 times 01.
  EXPECT_THAT(*final, StartsWith("c=cD10bHMtc2VydmVyLWVuZC1wb2ludCwsAQEB"));
  EXPECT_THAT(*final, Not(HasSubstr("dHzbZapWIk4jUhN")));

  ScramClient able("pencil", ChannelBinding::kNotOffered, "", kNonce, "user");
  EXPECT_THAT(able.ClientFirst(), StartsWith("y,,"));
  EXPECT_THAT(*able.ClientFinal(kServerFirst), StartsWith("c=eSws,"));
}

TEST(Scram, EveryLoginHasANonceOfItsOwn) {
  const ScramClient one("x", ChannelBinding::kNone, "");
  const ScramClient two("x", ChannelBinding::kNone, "");
  EXPECT_NE(one.ClientFirst(), two.ClientFirst());
  EXPECT_GT(one.ClientFirst().size(), 24U);
}

TEST(Scram, ErrorsNeverHoldThePassword) {
  ScramClient client("hunter2-secret", ChannelBinding::kNone, "", kNonce);
  for (const char* message : {"", "r=hunter2,s=QUJD,i=1", "r=rOprNGfwEbeRWgbNEkqOx,s=@,i=1"}) {
    EXPECT_THAT(client.ClientFinal(message).status().ToString(), Not(HasSubstr("hunter2-secret")));
  }
}

}  // namespace
}  // namespace parallax::probes::postgres
