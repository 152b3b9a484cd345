#include "agent/net/tls_files.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"
#include "contract/limits.h"

namespace parallax::net {
namespace {

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using File = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;

std::string Named(const std::string& path) { return absl::StrCat("'", contract::Printable(path, 200), "'"); }

absl::Status CannotRead(const std::string& path) {
  return absl::NotFoundError(absl::StrCat("cannot read ", Named(path), ": ", strerror(errno)));
}

absl::Status ReadCertificate(const std::string& path, Certificate* certificate) {
  const File file(BIO_new_file(path.c_str(), "r"));
  if (file == nullptr) return CannotRead(path);
  certificate->reset(PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr));
  if (*certificate != nullptr) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(Named(path), " holds no certificate: it must begin with -----BEGIN CERTIFICATE----- (PEM)"));
}

// Answers a question for a pass phrase with none, instead of asking on the terminal.
int NoPassPhrase(char*, int, int, void*) { return 0; }

// OpenSSL keeps its errors per thread, and whoever looks next would take ours for theirs.
struct ErrorsCleared {
  ~ErrorsCleared() { ERR_clear_error(); }
};

}  // namespace

absl::Status CheckIdentityFiles(const std::string& cert, const std::string& key) {
  const ErrorsCleared cleared;
  Certificate certificate;
  if (absl::Status status = ReadCertificate(cert, &certificate); !status.ok()) return status;
  const File file(BIO_new_file(key.c_str(), "r"));
  if (file == nullptr) return CannotRead(key);
  const Key secret(PEM_read_bio_PrivateKey(file.get(), nullptr, &NoPassPhrase, nullptr));
  if (secret == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(Named(key), " holds no private key that can be read: PEM, and without a pass phrase"));
  }
  if (X509_check_private_key(certificate.get(), secret.get()) != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("the key in ", Named(key), " is not that of the first certificate in ", Named(cert)));
  }
  return absl::OkStatus();
}

absl::Status CheckAuthorityFile(const std::string& ca) {
  const ErrorsCleared cleared;
  Certificate certificate;
  return ReadCertificate(ca, &certificate);
}

}  // namespace parallax::net
