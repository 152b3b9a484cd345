#include "contract/secret_names.h"

#include <gtest/gtest.h>

namespace parallax::contract {
namespace {

TEST(SecretNames, WhatAnnouncesASecret) {
  for (const char* name : {"token",
                           "access_token",
                           "accessToken",
                           "ACCESS_TOKEN",
                           "id-token",
                           "idtoken",
                           "refreshToken",
                           "csrf_token",
                           "password",
                           "passwd",
                           "Password",
                           "user_pass",
                           "pw",
                           "db_pw",
                           "pwd",
                           "passphrase",
                           "client_secret",
                           "secret",
                           "apikey",
                           "api_key",
                           "api-key",
                           "apiKey",
                           "APIKey",
                           "x-api-key",
                           "subscription-key",
                           "access_key",
                           "key",
                           "X-Amz-Signature",
                           "X-Amz-Security-Token",
                           "X-Amz-Credential",
                           "X-Goog-Signature",
                           "signature",
                           "sig",
                           "oauth_signature",
                           "code",
                           "auth_code",
                           "authcode",
                           "authorization_code",
                           "auth",
                           "basic_auth",
                           "authorization",
                           "hmac",
                           "hmac_sha256",
                           "otp",
                           "totp",
                           "jwt",
                           "sas",
                           "sas_token",
                           "session",
                           "session_id",
                           "sessionId",
                           "sessionid",
                           "JSESSIONID",
                           "PHPSESSID",
                           "sid",
                           "cookie",
                           "pat",
                           "pin",
                           "bearer",
                           "credentials",
                           "SAMLResponse",
                           "%74oken",
                           "%2574oken",
                           "si%67",
                           "to%6Ben",
                           "user[password]",
                           "s%69g",
                           "api%5Fkey",
                           "tOkEn"}) {
    EXPECT_TRUE(NamesASecret(name)) << name;
    EXPECT_TRUE(MayNameASecret(name)) << name;
  }
}

TEST(SecretNames, WhatDoesNot) {
  for (const char* name : {"",
                           "keyspace",
                           "author",
                           "code_version",
                           "country_code",
                           "zipcode",
                           "status_code",
                           "sort_key",
                           "primary_key",
                           "keyword",
                           "monkey",
                           "design",
                           "signal",
                           "sigma",
                           "authors",
                           "authority",
                           "encode",
                           "codec",
                           "barcode",
                           "unicode",
                           "compass",
                           "bypass",
                           "pass_through",
                           "passenger",
                           "passive",
                           "token_type",
                           "tokenizer",
                           "token_endpoint",
                           "session_timeout",
                           "sessions",
                           "x-amz-date",
                           "X-Amz-Expires",
                           "X-Amz-SignedHeaders",
                           "X-Amz-Algorithm",
                           "secretary",
                           "password_policy",
                           "auth_type",
                           "auth_method",
                           "pinned",
                           "spin",
                           "path",
                           "pattern",
                           "sasquatch",
                           "side",
                           "inside",
                           "pwned",
                           "q",
                           "id",
                           "page",
                           "%",
                           "%zz",
                           "region"}) {
    EXPECT_FALSE(NamesASecret(name)) << name;
  }
}

TEST(SecretValues, AreKnownByTheirLooks) {
  for (const char* value : {"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "ghp_0123456789abcdef0123",
                            "sk_live_0123456789abcdef", "xoxb-0123456789-abcdef", "glpat-0123456789abcdef0"}) {
    EXPECT_TRUE(LooksLikeASecret(value)) << value;
  }
  for (const char* value : {"", "eyJ", "1.2.3", "sk-", "ghp_x", "app.example.test", "npm_run", "eyJh.b.c"}) {
    EXPECT_FALSE(LooksLikeASecret(value)) << value;
  }
}

TEST(SecretParameters, AreFoundWhereverTheyStand) {
  const struct {
    const char* url;
    const char* name;
  } kRows[] = {
      {"/x?sig=1", "sig"},
      {"/x?a=1&code=2", "code"},
      {"/x?a=1;key=2", "key"},
      {"/x?%74oken=2", "token"},
      {"/app;jsessionid=1?x=2", "jsessionid"},
      {"/x?next=https%3A%2F%2Fh%2F%3Ftoken%3Dx", "token"},
      {"/x?next=https%253A%252F%252Fh%252F%253Ftoken%253Dx", "token"},
      {"/x?next=https://joe:pw@h/", "next"},
      {"/x?t=ghp_0123456789abcdef0123", "t"},
      {"/x?a%3Dtoken=1", "a=token"},
      {"/x?a=1&code_version=2&keyspace=3&author=4", ""},
      {"/token/code/key", ""},
      {"/x", ""},
      {"", ""},
      {"/x?q=a%26b%3Dc", ""},
  };
  for (const auto& row : kRows) EXPECT_EQ(SecretParameterOf(row.url), row.name) << row.url;
}

TEST(SecretReferences, OfACommandOnlyTheProgramIsShown) {
  EXPECT_EQ(ShownRef("exec:vault read -field=pw secret/db hunter2"), "exec:vault ...");
  EXPECT_EQ(ShownRef("exec:/opt/bin/helper"), "exec:/opt/bin/helper");
  EXPECT_EQ(ShownRef("exec: curl\thunter2"), "exec:curl ...");
  EXPECT_EQ(ShownRef("exec:'a hunter2' b"), "exec:...");
  EXPECT_EQ(ShownRef("exec:TOKEN=hunter2 x"), "exec:...");
  EXPECT_EQ(ShownRef("exec:"), "exec:");
  for (const char* ref : {"env:PGPASSWORD", "file:/run/secrets/pw", "controller:url-1", ""})
    EXPECT_EQ(ShownRef(ref), ref);
}

}  // namespace
}  // namespace parallax::contract
