#include "agent/net/classify.h"

#include <ares.h>
#include <gtest/gtest.h>
#include <netdb.h>

#include <cerrno>

namespace parallax::net {
namespace {

TEST(Classify, Connect) {
  const struct {
    int error;
    bool at_once;
    v1::Failure failure;
  } rows[] = {
      {0, false, v1::NONE},
      {ECONNREFUSED, false, v1::REFUSED},
      {ECONNREFUSED, true, v1::REFUSED},  // loopback
      {ETIMEDOUT, false, v1::TIMED_OUT},
      {ECONNRESET, false, v1::RESET_BEFORE_FIRST_BYTE},
      {ENETUNREACH, true, v1::NO_ROUTE},      // our routing table
      {ENETUNREACH, false, v1::UNREACHABLE},  // a router's ICMP
      {EHOSTUNREACH, false, v1::UNREACHABLE},
      {EHOSTUNREACH, true, v1::UNREACHABLE},
      {EINVAL, true, v1::NO_ROUTE},  // a blackhole route
      {EAFNOSUPPORT, true, v1::NO_ROUTE},
      {EACCES, true, v1::LOCAL_RESOURCE},
      {EPERM, true, v1::LOCAL_RESOURCE},
      {EMFILE, true, v1::LOCAL_RESOURCE},
      {EADDRNOTAVAIL, true, v1::LOCAL_RESOURCE},
      {9999, true, v1::LOCAL_RESOURCE},
  };
  for (const auto& row : rows) EXPECT_EQ(FromConnectErrno(row.error, row.at_once), row.failure) << row.error;
}

TEST(Classify, ReadAndWrite) {
  EXPECT_EQ(FromIoErrno(0, true), v1::NONE);
  EXPECT_EQ(FromIoErrno(ECONNRESET, false), v1::RESET_BEFORE_FIRST_BYTE);
  EXPECT_EQ(FromIoErrno(ECONNRESET, true), v1::RESET);
  EXPECT_EQ(FromIoErrno(EPIPE, false), v1::RESET_BEFORE_FIRST_BYTE);
  EXPECT_EQ(FromIoErrno(EPIPE, true), v1::RESET);
  EXPECT_EQ(FromIoErrno(ETIMEDOUT, true), v1::TIMED_OUT);
  EXPECT_EQ(FromIoErrno(EHOSTUNREACH, true), v1::UNREACHABLE);
  EXPECT_EQ(FromIoErrno(ENOBUFS, true), v1::LOCAL_RESOURCE);
  EXPECT_EQ(FromEndOfStream(false), v1::CLOSED_BEFORE_FIRST_BYTE);
  EXPECT_EQ(FromEndOfStream(true), v1::CLOSED);
}

TEST(Classify, Resolvers) {
  EXPECT_EQ(FromEai(0, 0), v1::NONE);
  EXPECT_EQ(FromEai(EAI_NONAME, 0), v1::NAME_NOT_FOUND);
  EXPECT_EQ(FromEai(EAI_NODATA, 0), v1::NAME_NOT_FOUND);
  EXPECT_EQ(FromEai(EAI_AGAIN, 0), v1::RESOLVER_FAILED);
  EXPECT_EQ(FromEai(EAI_FAIL, 0), v1::RESOLVER_FAILED);
  EXPECT_EQ(FromEai(EAI_MEMORY, 0), v1::LOCAL_RESOURCE);
  EXPECT_EQ(FromEai(EAI_SYSTEM, EMFILE), v1::LOCAL_RESOURCE);
  EXPECT_EQ(FromEai(EAI_SYSTEM, ETIMEDOUT), v1::TIMED_OUT);
  EXPECT_EQ(FromAres(ARES_SUCCESS), v1::NONE);
  EXPECT_EQ(FromAres(ARES_ENOTFOUND), v1::NAME_NOT_FOUND);
  EXPECT_EQ(FromAres(ARES_ENODATA), v1::NAME_NOT_FOUND);
  EXPECT_EQ(FromAres(ARES_ESERVFAIL), v1::RESOLVER_FAILED);
  EXPECT_EQ(FromAres(ARES_EREFUSED), v1::RESOLVER_FAILED);
  EXPECT_EQ(FromAres(ARES_ETIMEOUT), v1::TIMED_OUT);
  EXPECT_EQ(FromAres(ARES_ECONNREFUSED), v1::REFUSED);
  EXPECT_EQ(FromAres(ARES_EBADRESP), v1::PROTOCOL_VIOLATION);
  EXPECT_EQ(FromAres(ARES_ECANCELLED), v1::CANCELLED);
}

}  // namespace
}  // namespace parallax::net
