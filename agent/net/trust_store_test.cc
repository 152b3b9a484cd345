#include "agent/net/trust_store.h"

#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "tests/support/scripted_server.h"
#include "tests/support/tls_identity.h"

namespace parallax::net {
namespace {

using support::TempFile;
using support::TlsIdentity;

int CertificatesIn(const std::shared_ptr<X509_STORE>& store) {
  return sk_X509_OBJECT_num(X509_STORE_get0_objects(store.get()));
}

TEST(TrustedRootsTest, AFileIsParsedOnce) {
  const TlsIdentity root({"root", {}, {}});
  const TempFile file(root.certificate_pem());
  const auto first = TrustedRoots(file.path()).store;
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(CertificatesIn(first), 1);
  EXPECT_EQ(TrustedRoots(file.path()).store, first);
}

TEST(TrustedRootsTest, AFileThatChangedIsReadAgain) {
  const TlsIdentity root({"root", {}, {}});
  const TlsIdentity another({"another", {}, {}});
  const TempFile file(root.certificate_pem());
  const auto first = TrustedRoots(file.path()).store;
  // In place, as an update does, and by another file under its name.
  std::ofstream(file.path(), std::ios::app) << another.certificate_pem();
  const auto second = TrustedRoots(file.path()).store;
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(CertificatesIn(second), 2);
  const TempFile replacement(another.certificate_pem());
  ASSERT_EQ(std::rename(replacement.path().c_str(), file.path().c_str()), 0);
  EXPECT_EQ(CertificatesIn(TrustedRoots(file.path()).store), 1);
  EXPECT_EQ(CertificatesIn(first), 1) << "who has the old one keeps it";
}

TEST(TrustedRootsTest, AFileThatCannotBeReadIsNone) {
  EXPECT_EQ(TrustedRoots("/nowhere/roots.pem").store, nullptr);
  EXPECT_EQ(TrustedRoots("/nowhere/roots.pem").why, "No such file or directory");
  const TempFile garbage("no certificate");
  EXPECT_EQ(TrustedRoots(garbage.path()).store, nullptr);
  EXPECT_EQ(TrustedRoots(garbage.path()).why, "no PEM certificates in it");
  EXPECT_NE(TrustedRoots("").store, nullptr)
      << "a host without certificates verifies nothing, and says so in the handshake";
}

// With nobody at its other end it would hold who opens it, and, under a lock, all others too.
TEST(TrustedRootsTest, AFifoIsNoFileOfRoots) {
  const TempFile file("");
  const std::string fifo = file.path() + ".fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  const Roots roots = TrustedRoots(fifo);
  EXPECT_EQ(roots.store, nullptr);
  EXPECT_NE(roots.why.find("FIFO"), std::string::npos) << roots.why;
  unlink(fifo.c_str());
  EXPECT_EQ(TrustedRoots("/dev/zero").store, nullptr);
  EXPECT_EQ(TrustedRoots("/").store, nullptr);
}

TEST(TrustedRootsTest, ManyFilesAreNotAllKept) {
  const TlsIdentity root({"root", {}, {}});
  std::vector<std::unique_ptr<TempFile>> files;
  std::vector<std::weak_ptr<X509_STORE>> stores;
  for (int i = 0; i < 20; ++i) {
    files.push_back(std::make_unique<TempFile>(root.certificate_pem()));
    stores.push_back(TrustedRoots(files.back()->path()).store);
  }
  size_t kept = 0;
  for (const auto& store : stores) kept += store.expired() ? 0 : 1;
  EXPECT_LE(kept, 8U);
}

}  // namespace
}  // namespace parallax::net
