#include "agent/policy/policy.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include "agent/policy/embedded_ipv4.h"
#include "agent/policy/named_destination.h"

namespace parallax::policy {
namespace {

TEST(Policy, RefusesMetadataServicesInEveryForm) {
  for (const char* address : {"169.254.169.254",   "169.254.170.2",   "169.254.170.23",     "100.100.100.200",
                              "fd00:ec2::254",     "FD00:EC2:0::254", "fd20:ce::254",       "::ffff:169.254.169.254",
                              "::ffff:a9fe:a9fe",  "[fd00:ec2::254]", "fd00:ec2::254%eth0", "64:ff9b::169.254.169.254",
                              "::169.254.169.254", "168.63.129.16",   "169.254.169.252",    "169.254.0.23",
                              "169.254.42.42",     "192.0.0.192",     "fd00:c1::a9fe:a9fe", "fe80::a9fe:a9fe%eth0",
                              "fd00:a9fe:a9fe::1", "fd00:42::42"}) {
    const absl::Status status = Policy().CheckAddress(address, 80);
    EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << address;
    EXPECT_NE(status.message().find("metadata"), std::string::npos) << status;
  }
}

std::string V6(const Ipv6Bytes& bytes) {
  char text[INET6_ADDRSTRLEN];
  inet_ntop(AF_INET6, bytes.data(), text, sizeof text);
  return text;
}

TEST(Policy, RefusesEveryWayInWhichIpv6LeadsToOne) {
  for (const char* address : {"169.254.169.254", "169.254.169.252", "169.254.170.2", "169.254.170.23", "169.254.0.23",
                              "169.254.42.42", "100.100.100.200", "192.0.0.192", "168.63.129.16"}) {
    unsigned char v4[4];
    ASSERT_EQ(inet_pton(AF_INET, address, v4), 1);
    const auto form = [&v4](const char* base, std::initializer_list<size_t> places, unsigned char mask = 0) {
      Ipv6Bytes bytes{};
      EXPECT_EQ(inet_pton(AF_INET6, base, bytes.data()), 1) << base;
      const unsigned char* next = v4;
      for (const size_t place : places) bytes[place] = *next++ ^ mask;
      return V6(bytes);
    };
    for (const std::string& written : {
             form("::ffff:0:0", {12, 13, 14, 15}),          // mapped
             form("::", {12, 13, 14, 15}),                  // compatible
             form("::ffff:0:0:0", {12, 13, 14, 15}),        // translated
             form("64:ff9b::", {12, 13, 14, 15}),           // NAT64, well known
             form("64:ff9b:1::", {12, 13, 14, 15}),         // NAT64, for local use, and its lengths
             form("64:ff9b:1::7", {6, 7, 9, 10}),           //
             form("64:ff9b:1:2::7", {7, 9, 10, 11}),        //
             form("64:ff9b:1:203::7", {9, 10, 11, 12}),     //
             form("2001:db8::", {4, 5, 6, 7}),              // NAT64 with a network's own prefix, RFC 6052
             form("2001:db8:100::", {5, 6, 7, 9}),          //
             form("2001:db8:122::", {6, 7, 9, 10}),         //
             form("2001:db8:122:300::", {7, 9, 10, 11}),    //
             form("2001:db8:122:344::", {9, 10, 11, 12}),   //
             form("2001:db8:122:344::", {12, 13, 14, 15}),  //
             form("2002::1", {2, 3, 4, 5}),                 // 6to4
             form("2002::1:2:3:4:5", {2, 3, 4, 5}),         //
             form("2001::4136:e378:8000:63bf:0:0", {12, 13, 14, 15}, 0xFF),  // Teredo, its client
             form("2001::8000:63bf:3fff:fdd2", {4, 5, 6, 7}),                // Teredo, its server
             form("fe80::5efe:0:0", {12, 13, 14, 15}),                       // ISATAP
             form("2001:db8::200:5efe:0:0", {12, 13, 14, 15}),               //
         }) {
      EXPECT_EQ(Policy().CheckAddress(written, 80).code(), absl::StatusCode::kPermissionDenied)
          << address << " as " << written;
    }
  }
}

TEST(Policy, TheResolverOfAzureHostsIsNoMetadata) {
  EXPECT_TRUE(Policy().CheckAddress("168.63.129.16", 53).ok());
  EXPECT_FALSE(Policy().CheckAddress("168.63.129.16", 32526).ok());
  EXPECT_FALSE(Policy().CheckAddress("169.254.169.254", 53).ok());
}

TEST(Policy, WhatOthersWillResolveIsReadAsTheyMayReadIt) {
  for (const char* name :
       {"169.254.169.254", "2852039166", "0xa9fea9fe", "0xa9.0xfe.0xa9fe", "169.254.43518", "0251.0376.0251.0376",
        "[fd00:ec2::254]", "Metadata.Google.Internal.", "metadata", "instance-data", "2822734096"}) {
    EXPECT_EQ(CheckNamed(Policy(), name, 80).code(), absl::StatusCode::kPermissionDenied) << name;
  }
  for (const char* name : {"db.internal", "10.0.0.1", "127.1", "metadata.example.test", "::1", "localhost"}) {
    EXPECT_TRUE(CheckNamed(Policy(), name, 80).ok()) << name;
  }
}

TEST(Policy, AllowsEverythingElse) {
  for (const char* address :
       {"10.0.4.172", "127.0.0.1", "::1", "169.254.169.253", "fd00:ec2::253", "8.8.8.8", "64:ff9b::10.0.0.1",
        "fe80::1%eth0", "2002:a00:1::1", "2001:db8::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "168.63.129.17",
        "192.0.0.191", "169.254.0.22", "64:ff9b:1::10.0.0.1", "fd00:ec2::253"}) {
    EXPECT_TRUE(Policy().CheckAddress(address, 5432).ok()) << address;
  }
}

TEST(Policy, ANameIsNotAnAddress) {
  for (const char* address : {"", "metadata.google.internal", "169.254.169.254.", "0xa9fea9fe"}) {
    EXPECT_EQ(Policy().CheckAddress(address, 80).code(), absl::StatusCode::kInvalidArgument) << address;
  }
}

}  // namespace
}  // namespace parallax::policy
