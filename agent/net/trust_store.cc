#include "agent/net/trust_store.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <sys/stat.h>

#include <cstdlib>
#include <map>
#include <mutex>
#include <tuple>
#include <utility>

namespace parallax::net {
namespace {

// A plan names one or two files; a controller that names ever new ones must not make us keep them all.
constexpr size_t kMaxKept = 8;

// Which version of a file or folder it is; all zero when it is not there.
using Version = std::tuple<dev_t, ino_t, off_t, time_t, long>;

Version VersionOf(const std::string& path) {
  struct stat facts {};
  if (stat(path.c_str(), &facts) != 0) return {};
  return {facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec};
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

std::shared_ptr<X509_STORE> Parse(const std::string& path) {
  std::shared_ptr<X509_STORE> store(X509_STORE_new(), &X509_STORE_free);
  ERR_set_mark();
  // Without the system's files verification fails and says why: that is no trouble of ours.
  const bool read = path.empty() ? X509_STORE_set_default_paths(store.get()) >= 0
                                 : X509_STORE_load_file(store.get(), path.c_str()) == 1;
  ERR_pop_to_mark();
  return read ? store : nullptr;
}

struct Kept {
  std::pair<Version, Version> versions;
  std::shared_ptr<X509_STORE> store;
};

struct Cache {
  std::mutex mutex;
  std::map<std::string, Kept> kept;  // guarded by mutex
};

}  // namespace

std::shared_ptr<X509_STORE> TrustedRoots(const std::string& path) {
  static Cache& cache = *new Cache;  // never destroyed: a thread may still verify when the process ends
  const std::pair<Version, Version> versions = VersionsOf(path);
  std::lock_guard lock(cache.mutex);  // also while parsing: who comes meanwhile would do the same work
  const auto found = cache.kept.find(path);
  if (found != cache.kept.end() && found->second.versions == versions) return found->second.store;
  std::shared_ptr<X509_STORE> store = Parse(path);
  if (store == nullptr) return nullptr;
  if (cache.kept.size() >= kMaxKept) cache.kept.clear();
  cache.kept[path] = {versions, store};
  return store;
}

}  // namespace parallax::net
