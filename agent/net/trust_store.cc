#include "agent/net/trust_store.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <system_error>
#include <tuple>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "contract/mutex.h"
#include "contract/regular_file.h"

namespace parallax::net {
namespace {

// A plan names one or two files; a controller that names ever new ones must not make us keep them all.
constexpr size_t kMaxKept = 8;
constexpr size_t kMaxFileBytes = 8 * 1024 * 1024;  // a system's bundle of all authorities has a quarter of one

// Which version of a file or folder it is; all zero when it is not there.
using Version = std::tuple<dev_t, ino_t, off_t, std::filesystem::file_time_type>;

Version VersionOf(const std::string& path) {
  struct stat facts {};
  if (stat(path.c_str(), &facts) != 0) return {};
  std::error_code gone;  // struct stat names its instants differently on each system
  const auto changed = std::filesystem::last_write_time(path, gone);
  return {facts.st_dev, facts.st_ino, facts.st_size, changed};
}

std::string FromEnvironment(const char* variable, const char* otherwise) {
  const char* value = std::getenv(variable);
  return value != nullptr ? value : otherwise;
}

std::pair<Version, Version> VersionsOf(const std::string& path) {
  if (!path.empty()) return {VersionOf(path), {}};
  return {VersionOf(FromEnvironment(X509_get_default_cert_file_env(), X509_get_default_cert_file())),
          VersionOf(FromEnvironment(X509_get_default_cert_dir_env(), X509_get_default_cert_dir()))};
}

// All certificates and revocation lists in `pem`, as X509_STORE_load_file takes them. False when there is none.
bool AddAll(const std::string& pem, X509_STORE* store) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bytes(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                        &BIO_free);
  STACK_OF(X509_INFO)* found = PEM_X509_INFO_read_bio(bytes.get(), nullptr, nullptr, nullptr);
  int added = 0;
  for (int i = 0; i < sk_X509_INFO_num(found); ++i) {  // -1 of null
    const X509_INFO* info = sk_X509_INFO_value(found, i);
    if (info->x509 != nullptr) added += X509_STORE_add_cert(store, info->x509);
    if (info->crl != nullptr) added += X509_STORE_add_crl(store, info->crl);
  }
  sk_X509_INFO_pop_free(found, &X509_INFO_free);
  return added > 0;
}

Roots Parse(const std::string& path) {
  std::string pem;
  if (!path.empty()) {
    // OpenSSL would open the path itself, and wait for ever at a FIFO.
    auto bytes = contract::ReadRegularFile(path, kMaxFileBytes);
    if (!bytes.ok()) return {nullptr, std::string(bytes.status().message())};
    pem = *std::move(bytes);
  }
  std::shared_ptr<X509_STORE> store(X509_STORE_new(), &X509_STORE_free);
  ERR_set_mark();
  // Without the system's files verification fails and says why: that is no trouble of ours.
  const bool read = path.empty() ? X509_STORE_set_default_paths(store.get()) >= 0 : AddAll(pem, store.get());
  ERR_pop_to_mark();
  if (!read) return {nullptr, "no PEM certificates in it"};
  return {store, ""};
}

struct Kept {
  std::pair<Version, Version> versions;
  std::shared_ptr<X509_STORE> store;
};

struct Cache {
  contract::Mutex mutex;
  std::map<std::string, Kept> kept ABSL_GUARDED_BY(mutex);
};

}  // namespace

Roots TrustedRoots(const std::string& path) {
  static Cache& cache = *new Cache;  // never destroyed: a thread may still verify when the process ends
  const std::pair<Version, Version> versions = VersionsOf(path);
  {
    const contract::MutexLock lock(cache.mutex);
    const auto found = cache.kept.find(path);
    if (found != cache.kept.end() && found->second.versions == versions) return {found->second.store, ""};
  }
  // Not under the lock: a file on a disk that does not answer holds up who named it, and nobody else. Two who come at
  // once do the work twice.
  Roots roots = Parse(path);
  if (roots.store == nullptr) return roots;
  const contract::MutexLock lock(cache.mutex);
  const auto found = cache.kept.find(path);
  if (found != cache.kept.end() && found->second.versions == versions) return {found->second.store, ""};
  if (cache.kept.size() >= kMaxKept) cache.kept.clear();
  cache.kept[path] = {versions, roots.store};
  return roots;
}

}  // namespace parallax::net
