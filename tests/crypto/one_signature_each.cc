// What OpenSSL 3.2 and later do and older ones do not: a context makes one signature, and a second one only when it is set up anew. These stand before the
// library's functions for the whole test program.
#include <dlfcn.h>
#include <openssl/evp.h>

#include <mutex>
#include <set>

namespace {

std::mutex mutex;
std::set<const EVP_MD_CTX*> finished;

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

int EVP_DigestSign(EVP_MD_CTX* context, unsigned char* signature, size_t* size, const unsigned char* text, size_t text_size) {
  {
    const std::scoped_lock lock(mutex);
    if (!finished.insert(context).second) return 0;
  }
  return real<decltype(EVP_DigestSign)>("EVP_DigestSign")(context, signature, size, text, text_size);
}

int EVP_DigestSignInit(EVP_MD_CTX* context, EVP_PKEY_CTX** key_context, const EVP_MD* type, ENGINE* engine, EVP_PKEY* key) {
  {
    const std::scoped_lock lock(mutex);
    finished.erase(context);
  }
  return real<decltype(EVP_DigestSignInit)>("EVP_DigestSignInit")(context, key_context, type, engine, key);
}

int EVP_MD_CTX_copy_ex(EVP_MD_CTX* out, const EVP_MD_CTX* in) {
  {
    const std::scoped_lock lock(mutex);
    finished.erase(out);
    if (finished.contains(in)) finished.insert(out);
  }
  return real<decltype(EVP_MD_CTX_copy_ex)>("EVP_MD_CTX_copy_ex")(out, in);
}

void EVP_MD_CTX_free(EVP_MD_CTX* context) {
  {
    const std::scoped_lock lock(mutex);
    finished.erase(context);
  }
  real<decltype(EVP_MD_CTX_free)>("EVP_MD_CTX_free")(context);
}
}
