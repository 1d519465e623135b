// The algorithms against the vectors of their standards, so that a wrong parameter shows.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "crypto/aead.h"
#include "crypto/derive.h"
#include "crypto/digest.h"
#include "crypto/ed25519.h"
#include "crypto/hmac_key.h"
#include "crypto/key_wrap.h"
#include "crypto/secret_key.h"
#include "crypto/secret_text.h"

namespace user_events::crypto {
namespace {

std::string unhex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return out;
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes)
    for (const int nibble : {(c >> 4) & 15, c & 15}) out += "0123456789abcdef"[nibble];
  return out;
}

std::span<const unsigned char> as_bytes(const std::string& text) { return {reinterpret_cast<const unsigned char*>(text.data()), text.size()}; }

SecretKey key_of(std::string_view text) {
  const std::string bytes = unhex(text);
  return SecretKey(as_bytes(bytes).first<kKeyBytes>());
}

// McGrew and Viega, "The Galois/Counter Mode of Operation", test case 16.
struct Gcm {
  SecretKey key = key_of("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
  std::string nonce = unhex("cafebabefacedbaddecaf888");
  std::string associated = unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  std::string text = unhex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
  std::array<char, kTagBytes> tag{};
  void seal() { crypto::seal(key.bytes(), as_bytes(nonce).first<kNonceBytes>(), associated, text, tag); }
  bool open() { return crypto::open(key.bytes(), as_bytes(nonce).first<kNonceBytes>(), associated, text, tag); }
};

TEST(Aead, GivesTheTestVector) {
  Gcm gcm;
  gcm.seal();
  EXPECT_EQ(hex(gcm.text), "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662");
  EXPECT_EQ(hex({gcm.tag.data(), gcm.tag.size()}), "76fc6ece0f4e1768cddf8853bb2d551b");
}

TEST(Aead, OpensWhatItSealedAndNothingThatWasChanged) {
  const std::string clear = Gcm{}.text;
  Gcm good;
  good.seal();
  ASSERT_TRUE(good.open());
  EXPECT_EQ(good.text, clear);

  const std::vector<void (*)(Gcm&)> changes = {
      [](Gcm& gcm) { gcm.text[0] ^= 1; }, [](Gcm& gcm) { gcm.tag[15] ^= 1; }, [](Gcm& gcm) { gcm.nonce[3] ^= 1; },
      [](Gcm& gcm) { gcm.associated += 'x'; }, [](Gcm& gcm) { gcm.key = SecretKey::random(); }};
  for (const auto change : changes) {
    Gcm gcm;
    gcm.seal();
    change(gcm);
    EXPECT_FALSE(gcm.open());
    EXPECT_EQ(gcm.text, std::string(clear.size(), '\0')) << "what failed must not be left to read";
  }
}

// RFC 3394, 4.6: 256 bits of key data with a 256-bit key encryption key.
TEST(KeyWrap, GivesTheTestVector) {
  const SecretKey wrapping = key_of("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  const SecretKey key = key_of("00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f");
  const WrappedKey wrapped = wrap_key(wrapping, key.bytes());
  EXPECT_EQ(hex({wrapped.data(), wrapped.size()}), "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21");
}

TEST(KeyWrap, UnwrapsOnlyWhatWasWrappedUnderThatKey) {
  const SecretKey wrapping = SecretKey::random(), key = SecretKey::random();
  WrappedKey wrapped = wrap_key(wrapping, key.bytes());
  const auto back = unwrap_key(wrapping, {wrapped.data(), wrapped.size()});
  ASSERT_TRUE(back);
  EXPECT_TRUE(std::ranges::equal(back->bytes(), key.bytes()));
  EXPECT_FALSE(unwrap_key(SecretKey::random(), {wrapped.data(), wrapped.size()}));
  EXPECT_FALSE(unwrap_key(wrapping, {wrapped.data(), wrapped.size() - 1}));
  wrapped[20] ^= 1;
  EXPECT_FALSE(unwrap_key(wrapping, {wrapped.data(), wrapped.size()}));
}

// RFC 5869, A.3: SHA-256 with zero-length salt and info.
TEST(Derive, GivesTheTestVector) {
  const std::string secret(22, '\x0b');
  std::array<unsigned char, 42> out;
  derive(as_bytes(secret), "", out);
  EXPECT_EQ(hex({reinterpret_cast<const char*>(out.data()), out.size()}),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

// The SipHash authors' table of 128-bit results: the message is the bytes 0..14, the key 0..15.
TEST(Siphash, GivesTheTestVectorWhateverTheParts) {
  const std::string key = unhex("000102030405060708090a0b0c0d0e0f"), text = unhex("000102030405060708090a0b0c0d0e");
  for (const std::size_t cut : {0u, 5u, 15u}) {
    const Mac128 mac = siphash(as_bytes(key).first<16>(), {std::string_view(text).substr(0, cut), std::string_view(text).substr(cut)});
    EXPECT_EQ(hex({reinterpret_cast<const char*>(mac.data()), mac.size()}), "5493e99933b0a8117e08ec0f97cfc3d9");
  }
}

// RFC 4231, test case 2.
TEST(HmacSha256, GivesTheTestVector) {
  const std::string key = "Jefe";
  const Mac256 mac = hmac_sha256(as_bytes(key), "what do ya want for nothing?");
  EXPECT_EQ(hex({reinterpret_cast<const char*>(mac.data()), mac.size()}), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

// FIPS 180-4's example, and RFC 4648, 10.
TEST(Digest, GivesTheTestVectors) {
  const Digest256 hash = sha256("abc");
  EXPECT_EQ(hex({reinterpret_cast<const char*>(hash.data()), hash.size()}), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  for (const auto& [text, encoded] : {std::pair("", ""), {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}}) {
    EXPECT_EQ(base64(text), encoded);
    if (*encoded != 0) { EXPECT_EQ(parse_base64(encoded), text); }
  }
  for (const char* const wrong : {"", "Z", "Zg", "Zg=", "Zh==", " Zg==", "Zg==\n", "Z===", "Zm9v====", "Zm-v"}) EXPECT_FALSE(parse_base64(wrong)) << wrong;
}

TEST(SecretKey, LiesInReservedMemoryAndIsStillThereWhenThatIsUsedUp) {
  reserve_key_memory(1u << 17);  // 4,096 keys at most
  std::vector<SecretKey> keys;
  for (int i = 0; i < 5'000; ++i) keys.push_back(SecretKey::random());
  for (const SecretKey& key : keys) EXPECT_FALSE(std::ranges::all_of(key.bytes(), [](unsigned char c) { return c == 0; }));
  // OpenSSL seeds the generator of a new thread from the same memory.
  std::thread([&keys] { keys.push_back(SecretKey::random()); }).join();
  EXPECT_FALSE(std::ranges::all_of(keys.back().bytes(), [](unsigned char c) { return c == 0; }));
}

// RFC 8037, appendix A.4, with the key of A.1 as PKCS #8.
TEST(Ed25519, SignsAsInTheStandard) {
  const SecretText pem("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n");
  const auto key = Ed25519Key::parse_pem(pem);
  ASSERT_NE(key, nullptr);
  Ed25519Signer sign(*key);
  (void)sign("another text before");
  const auto signature = sign("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc");
  EXPECT_EQ(base64({reinterpret_cast<const char*>(signature.data()), signature.size()}),
            "hgyY0il/MGCjP0JzlnLWG1PPOt7+09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr/MuM0KAg==");
  const auto public_key = key->public_key();
  EXPECT_EQ(base64({reinterpret_cast<const char*>(public_key.data()), public_key.size()}), "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
  EXPECT_EQ(Ed25519Key::parse_pem(SecretText("nothing")), nullptr);
}

TEST(HmacKey, GivesWhatOneHmacGivesEachTime) {
  const auto key = SecretKey::random();
  HmacKey hmac(key);
  for (const std::string& text : {std::string(), std::string("a"), std::string(10'000, 'b'), std::string("a")}) EXPECT_EQ(hmac(text), hmac_sha256(key.bytes(), text));
}

TEST(SecretText, KeysAreReadInBase64AndHexadecimalOnly) {
  const auto of = [](std::string_view text) { return parse_secret_key(SecretText(text)); };
  const auto hexadecimal = of(std::string(32, 'a') + std::string(32, 'A'));
  ASSERT_TRUE(hexadecimal);
  EXPECT_TRUE(std::ranges::all_of(hexadecimal->bytes(), [](unsigned char byte) { return byte == 0xaa; }));
  EXPECT_TRUE(of("qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo="));
  for (const std::string& text : {std::string(), std::string(63, 'a'), std::string(65, 'a'), std::string(63, 'a') + "g", std::string(43, 'q') + "?", std::string(43, 'q'),
                                  std::string(42, 'q') + "==", std::string(30, 'a') + ":" + std::string(33, 'a')})
    EXPECT_FALSE(of(text)) << text;
}

}  // namespace
}  // namespace user_events::crypto
