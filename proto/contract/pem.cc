#include "contract/pem.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "contract/limits.h"

namespace parallax::contract {
namespace {

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Bytes = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;

std::string Named(const PemFile& file) { return absl::StrCat("'", Printable(file.path, 200), "'"); }

Bytes Open(const PemFile& file) {
  return Bytes(BIO_new_mem_buf(file.bytes.data(), static_cast<int>(file.bytes.size())));
}

absl::Status ReadCertificate(const PemFile& file, Certificate* certificate) {
  certificate->reset(PEM_read_bio_X509(Open(file).get(), nullptr, nullptr, nullptr));
  if (*certificate != nullptr) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(Named(file), " holds no certificate: it must begin with -----BEGIN CERTIFICATE----- (PEM)"));
}

// Answers a question for a pass phrase with none, instead of asking on the terminal.
int NoPassPhrase(char*, int, int, void*) { return 0; }

// OpenSSL keeps its errors per thread, and whoever looks next would take ours for theirs.
struct ErrorsCleared {
  ~ErrorsCleared() { ERR_clear_error(); }
};

}  // namespace

absl::Status CheckIdentity(const PemFile& certificate, const PemFile& key) {
  const ErrorsCleared cleared;
  Certificate first;
  if (absl::Status status = ReadCertificate(certificate, &first); !status.ok()) return status;
  const Key secret(PEM_read_bio_PrivateKey(Open(key).get(), nullptr, &NoPassPhrase, nullptr));
  if (secret == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(Named(key), " holds no private key that can be read: PEM, and without a pass phrase"));
  }
  if (X509_check_private_key(first.get(), secret.get()) != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("the key in ", Named(key), " is not that of the first certificate in ", Named(certificate)));
  }
  return absl::OkStatus();
}

absl::Status CheckAuthority(const PemFile& ca) {
  const ErrorsCleared cleared;
  Certificate certificate;
  return ReadCertificate(ca, &certificate);
}

}  // namespace parallax::contract
