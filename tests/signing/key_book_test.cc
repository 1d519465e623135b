#include "signing/key_book.h"

#include <openssl/crypto.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "signing_fixture.h"

namespace user_events::signing::test {
namespace {

class KeyBookTest : public SigningFixture {
 protected:
  static std::string code(const Options& options) {
    const auto book = KeyBook::load(options);
    return book ? "" : book.error().code + ": " + describe(book.error());
  }
};

TEST_F(KeyBookTest, PublishesPublicKeysAndNoSecret) {
  const auto book = open(options(destination("mac")));
  EXPECT_EQ(book->jwks(), R"({"keys":[{"kty":"OKP","crv":"Ed25519","x":")" + kPublic + R"(","kid":"ed","use":"sig","alg":"EdDSA"}]})");
  EXPECT_EQ(open({})->jwks(), R"({"keys":[]})");
}

TEST_F(KeyBookTest, ReadsKeysFromVariablesAndCredentialsToo) {
  Options given;
  ::setenv("UE_TEST_SIGNING_KEY", kPem.c_str(), 1);
  ::setenv("CREDENTIALS_DIRECTORY", folder_.path().c_str(), 1);
  file("secret", kSecret + "\n");
  given.signing_keys = {{"a", "EdDSA", {.file = {}, .env = "UE_TEST_SIGNING_KEY", .credential = {}}}, {"b", "HS256", {.file = {}, .env = {}, .credential = "secret"}}};
  EXPECT_NE(open(given)->jwks().find(kPublic), std::string::npos);
}

TEST_F(KeyBookTest, RefusesWhatIsNoKeyAndNeverRepeatsIt) {
  const std::string rsa = "-----BEGIN PRIVATE KEY-----\nMIIBVAIBADANBgkqhkiG9w0BAQEFAASCAT4wggE6AgEAAkEAq7BFUpkGp3+LQmlQ\n-----END PRIVATE KEY-----\n";
  const std::string public_half = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";
  for (const std::string& text : {std::string(), rsa, public_half, kSecret, kPem.substr(0, 90), std::string(5'000, 'a')}) {
    Options given;
    given.signing_keys = {key("k", "EdDSA", text)};
    const auto why = code(given);
    EXPECT_TRUE(why.starts_with("signing-key: signing key 'k': ")) << why;
    if (text.size() > 60) { EXPECT_EQ(why.find(text.substr(30, 20)), std::string::npos); }
  }
  for (const std::string& text : {std::string(), kPem, std::string(63, 'a'), std::string("YWJj")}) {
    Options given;
    given.signing_keys = {key("k", "HS256", text)};
    EXPECT_TRUE(code(given).starts_with("signing-key: ")) << text;
  }
}

TEST_F(KeyBookTest, RefusesAFileThatOthersMayRead) {
  Options given;
  given.signing_keys = {key("k", "EdDSA", kPem)};
  ::chmod(given.signing_keys[0].source.file.c_str(), 0640);
  EXPECT_NE(code(given).find("may be read by others"), std::string::npos);
}

TEST_F(KeyBookTest, ACredentialMayBeReadByItsGroupAsSystemdHandsItOver) {
  const std::string folder = folder_.path() + "/credentials";
  std::filesystem::create_directory(folder);
  ::setenv("CREDENTIALS_DIRECTORY", folder.c_str(), 1);
  const std::string path = file("credentials/signing", kPem, 0440);
  Options given;
  given.signing_keys = {{"by-name", "EdDSA", {.file = {}, .env = {}, .credential = "signing"}}, {"by-path", "EdDSA", {.file = path, .env = {}, .credential = {}}}};
  EXPECT_EQ(code(given), "");
  for (const mode_t mode : {0444, 0460, 0441}) {
    ::chmod(path.c_str(), mode);
    EXPECT_NE(code(given).find("may be read by others"), std::string::npos) << mode;
  }
  ::chmod(path.c_str(), 0440);
  ::setenv("CREDENTIALS_DIRECTORY", folder_.path().c_str(), 1);
  given.signing_keys = {{"elsewhere", "EdDSA", {.file = path, .env = {}, .credential = {}}}};
  EXPECT_NE(code(given).find("may be read by others"), std::string::npos) << "only there";
}

// The first of these tests that loads keys sets it aside, as a daemon does that signs and has no users' keys.
TEST_F(KeyBookTest, KeysLieInReservedMemory) {
  const auto book = open(options(destination("mac")));
  EXPECT_EQ(CRYPTO_secure_allocated(book->find("mac")->secret()->bytes().data()), 1);
}

TEST_F(KeyBookTest, RefusesDestinationsThatCannotSignSo) {
  EXPECT_NE(code(options(destination("nobody"))).find("no signing key"), std::string::npos);
  EXPECT_NE(code(options(destination("mac", "dsse"))).find("needs a key for EdDSA"), std::string::npos);
  EXPECT_EQ(code(options(destination("ed", "dsse"))), "");
}

TEST_F(KeyBookTest, AReloadIsAllOrNothing) {
  auto given = options(destination("ed"));
  const auto book = open(given);
  const auto before = book->jwks();
  const auto reload_code = [&](const Options& fresh) {
    const auto done = book->reload(fresh);
    return done ? std::string() : done.error().code;
  };
  auto unsigned_now = given;
  unsigned_now.destinations[0].sign.clear();
  EXPECT_EQ(reload_code(unsigned_now), "signing-changed");
  auto other_form = given;
  other_form.destinations[0].signature = "dsse";
  EXPECT_EQ(reload_code(other_form), "signing-changed");
  auto gone = given;
  gone.signing_keys.erase(gone.signing_keys.begin());
  EXPECT_EQ(reload_code(gone), "signing-key");
  file("ed", kOtherPem);
  EXPECT_EQ(reload_code(given), "signing-key-changed");
  EXPECT_EQ(book->jwks(), before);
  EXPECT_EQ(book->generation(), 1u);
  file("ed", kPem);
  EXPECT_EQ(reload_code(given), "");
  EXPECT_EQ(book->generation(), 2u);
  given.signing_keys.push_back(key("next", "EdDSA", kOtherPem));
  given.destinations[0].sign = "next";
  EXPECT_EQ(reload_code(given), "");
  EXPECT_EQ(book->key_of("crm")->name(), "next");
  EXPECT_NE(book->jwks().find("\"ed\""), std::string::npos) << "the former key stays published";
  EXPECT_EQ(book->key_of("nobody"), nullptr);
}

TEST_F(KeyBookTest, KeysAreReplacedWhileAnotherThreadSigns) {
  auto first = options(destination("ed"));
  first.signing_keys.push_back(key("next", "EdDSA", kOtherPem));
  auto second = first;
  second.destinations[0].sign = "next";
  const auto book = open(first);
  std::atomic<bool> stop = false;
  std::jthread signing([&] {
    const auto keys = public_keys(*book);
    const auto encoder = make_encoder(*book, first.destinations[0], json());
    while (!stop) {
      const auto made = make(*encoder);
      EXPECT_TRUE(verify_jws(made.jws, made.body, keys));
    }
  });
  for (int i = 0; i < 50; ++i) {
    EXPECT_TRUE(book->reload(i % 2 == 0 ? second : first));
    (void)book->jwks();
  }
  stop = true;
}

}  // namespace
}  // namespace user_events::signing::test
