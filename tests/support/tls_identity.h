// Certificates made on the spot, and the server's side of TLS on memory. OpenSSL stays in the .cc.
#ifndef PARALLAX_TESTS_SUPPORT_TLS_IDENTITY_H_
#define PARALLAX_TESTS_SUPPORT_TLS_IDENTITY_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace parallax::support {

struct CertificateSpec {
  std::string common_name = "parallax test";
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;
  // Seconds from now; negative is the past.
  int64_t not_before = -3600;
  int64_t not_after = 86'400;
};

// A key and a self-signed certificate. Immutable; thread-safe.
class TlsIdentity {
 public:
  explicit TlsIdentity(const CertificateSpec& spec);
  ~TlsIdentity();
  TlsIdentity(const TlsIdentity&) = delete;
  TlsIdentity& operator=(const TlsIdentity&) = delete;

  const std::string& certificate_pem() const { return certificate_pem_; }
  const std::string& key_pem() const { return key_pem_; }
  // 32 bytes: SHA-256 of the DER.
  const std::string& sha256() const { return sha256_; }

  // Protocols that the server picks from (RFC 7301), and whether it insists on TLS 1.2 at most.
  std::vector<std::string> alpn;
  bool tls12_only = false;
  // Versions before those that clients of today take.
  bool tls11_only = false;
  // So often the certificate is sent again behind itself.
  int chain_copies = 0;
  // Ciphers of no client: the handshake ends with the alert handshake_failure.
  bool no_shared_cipher = false;
  // Ends the handshake with a client that shows no certificate.
  bool wants_client_certificate = false;

 private:
  friend class TlsServerSession;
  struct Impl;
  const std::unique_ptr<Impl> impl_;
  std::string certificate_pem_;
  std::string key_pem_;
  std::string sha256_;
};

class TlsServerSession {
 public:
  explicit TlsServerSession(const TlsIdentity& identity);  // borrowed
  ~TlsServerSession();
  TlsServerSession(const TlsServerSession&) = delete;
  TlsServerSession& operator=(const TlsServerSession&) = delete;

  // True once done; false: input is wanted, or failed().
  bool Handshake();
  bool failed() const { return failed_; }
  std::string Read(size_t max);  // "" : input is wanted, or failed()
  bool Write(std::string_view bytes);
  void GiveInput(std::string_view bytes);
  std::string TakeOutput();

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
  bool failed_ = false;
};

// A file under /tmp, removed with the object.
class TempFile {
 public:
  explicit TempFile(std::string_view content);
  ~TempFile();
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace parallax::support

#endif  // PARALLAX_TESTS_SUPPORT_TLS_IDENTITY_H_
