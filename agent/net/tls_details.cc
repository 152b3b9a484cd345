#include "agent/net/tls_details.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <memory>

#include "absl/strings/escaping.h"
#include "agent/net/address.h"
#include "agent/net/connection.h"
#include "contract/limits.h"

namespace parallax::net {
namespace {

constexpr int kMaxChain = 10;

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};

std::string NameText(const X509_NAME* name) {
  const std::unique_ptr<BIO, FreeBio> bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return size > 0 ? contract::Printable(std::string(data, static_cast<size_t>(size)), 256) : "";
}

int64_t UnixTime(const ASN1_TIME* time) {
  tm parts{};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? static_cast<int64_t>(timegm(&parts)) : 0;
}

std::string AddressText(const ASN1_OCTET_STRING* ip) {
  const unsigned char* data = ASN1_STRING_get0_data(ip);
  std::string text;
  if (ASN1_STRING_length(ip) == 4) {
    for (int i = 0; i < 4; ++i) text += (i > 0 ? "." : "") + std::to_string(data[i]);
  } else {
    text = absl::BytesToHexString(
        absl::string_view(reinterpret_cast<const char*>(data), static_cast<size_t>(ASN1_STRING_length(ip))));
  }
  return text;
}

void DescribeCertificate(X509* certificate, v1::Certificate* out) {
  out->set_subject(NameText(X509_get_subject_name(certificate)));
  out->set_issuer(NameText(X509_get_issuer_name(certificate)));
  out->set_not_before_unix(UnixTime(X509_get0_notBefore(certificate)));
  out->set_not_after_unix(UnixTime(X509_get0_notAfter(certificate)));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha256(), digest.data(), &size) == 1) {
    out->set_sha256(absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest.data()), size)));
  }
  auto* names = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  if (names == nullptr) return;
  constexpr int kMaxNames = 64;
  for (int i = 0; i < std::min(sk_GENERAL_NAME_num(names), kMaxNames); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type == GEN_DNS) {
      const std::string text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                             static_cast<size_t>(ASN1_STRING_length(name->d.dNSName)));
      out->add_dns_names(contract::Printable(text, contract::kMaxNameBytes));
    } else if (name->type == GEN_IPADD) {
      out->add_ip_addresses(AddressText(name->d.iPAddress));
    }
  }
  GENERAL_NAMES_free(names);
}

bool IsDateError(int error) { return error == X509_V_ERR_CERT_HAS_EXPIRED || error == X509_V_ERR_CERT_NOT_YET_VALID; }

}  // namespace

void DescribeHandshake(const SSL* ssl, const std::vector<int>& verify_errors, const std::string& name,
                       v1::TlsDetails* details) {
  details->set_version(SSL_get_version(ssl));
  details->set_cipher(SSL_get_cipher_name(ssl));
  const unsigned char* alpn = nullptr;
  unsigned alpn_size = 0;
  SSL_get0_alpn_selected(ssl, &alpn, &alpn_size);
  if (alpn_size > 0) {
    details->set_alpn(contract::Printable(std::string(reinterpret_cast<const char*>(alpn), alpn_size), 255));
  }
  const STACK_OF(X509)* chain = SSL_get_peer_cert_chain(ssl);
  if (chain != nullptr) details->set_chain_length(static_cast<uint32_t>(sk_X509_num(chain)));
  for (int i = 0; chain != nullptr && i < std::min(sk_X509_num(chain), kMaxChain); ++i) {
    DescribeCertificate(sk_X509_value(chain, i), details->add_chain());
  }
  details->set_verify_attempted(true);
  X509* leaf = SSL_get0_peer_certificate(ssl);
  if (leaf == nullptr) {
    details->set_verify_error("the server showed no certificate");
    return;
  }
  bool matches = name.empty();
  if (!matches) {
    matches = IsNumericAddress(name) ? X509_check_ip_asc(leaf, name.c_str(), 0) == 1
                                     : X509_check_host(leaf, name.data(), name.size(), 0, nullptr) == 1;
  }
  details->set_name_matches(matches);
  details->set_within_dates(std::none_of(verify_errors.begin(), verify_errors.end(), &IsDateError));
  details->set_trusted(std::all_of(verify_errors.begin(), verify_errors.end(), &IsDateError));
  if (!verify_errors.empty()) {
    details->set_verify_error(X509_verify_cert_error_string(verify_errors.front()));
  } else if (!matches) {
    details->set_verify_error("the certificate does not name " + contract::Printable(name, 253));
  }
}

std::string AlertText(int value) {
  // OpenSSL 3.0 has no words for those that came with TLS 1.3 (RFC 8446 section 6).
  switch (value & 0xff) {
    case SSL_AD_CERTIFICATE_REQUIRED: return "certificate required";
    case SSL_AD_MISSING_EXTENSION: return "missing extension";
    default: return SSL_alert_desc_string_long(value);
  }
}

}  // namespace parallax::net
