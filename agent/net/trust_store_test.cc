#include "agent/net/trust_store.h"

#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

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
  const auto first = TrustedRoots(file.path());
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(CertificatesIn(first), 1);
  EXPECT_EQ(TrustedRoots(file.path()), first);
}

TEST(TrustedRootsTest, AFileThatChangedIsReadAgain) {
  const TlsIdentity root({"root", {}, {}});
  const TlsIdentity another({"another", {}, {}});
  const TempFile file(root.certificate_pem());
  const auto first = TrustedRoots(file.path());
  // In place, as an update does, and by another file under its name.
  std::ofstream(file.path(), std::ios::app) << another.certificate_pem();
  const auto second = TrustedRoots(file.path());
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(CertificatesIn(second), 2);
  const TempFile replacement(another.certificate_pem());
  ASSERT_EQ(std::rename(replacement.path().c_str(), file.path().c_str()), 0);
  EXPECT_EQ(CertificatesIn(TrustedRoots(file.path())), 1);
  EXPECT_EQ(CertificatesIn(first), 1) << "who has the old one keeps it";
}

TEST(TrustedRootsTest, AFileThatCannotBeReadIsNone) {
  EXPECT_EQ(TrustedRoots("/nowhere/roots.pem"), nullptr);
  const TempFile garbage("no certificate");
  EXPECT_EQ(TrustedRoots(garbage.path()), nullptr);
  EXPECT_NE(TrustedRoots(""), nullptr) << "a host without certificates verifies nothing, and says so in the handshake";
}

TEST(TrustedRootsTest, ManyFilesAreNotAllKept) {
  const TlsIdentity root({"root", {}, {}});
  std::vector<std::unique_ptr<TempFile>> files;
  std::vector<std::weak_ptr<X509_STORE>> stores;
  for (int i = 0; i < 20; ++i) {
    files.push_back(std::make_unique<TempFile>(root.certificate_pem()));
    stores.push_back(TrustedRoots(files.back()->path()));
  }
  size_t kept = 0;
  for (const auto& store : stores) kept += store.expired() ? 0 : 1;
  EXPECT_LE(kept, 8U);
}

}  // namespace
}  // namespace parallax::net
