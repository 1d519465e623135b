#include "privacy/master_key.h"

#include <cstdlib>

#include "ring_fixture.h"

namespace user_events::privacy::test {
namespace {

const std::string kHex(64, 'a');
constexpr const char* kBase64 = "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=";  // the same bytes

class MasterKeyTest : public RingFixture {
 protected:
  Result<std::unique_ptr<MasterKey>> load(const std::string& text) {
    write_private(master_path(), text);
    return load_master_key({.file = master_path(), .env = {}, .credential = {}});
  }
};

TEST_F(MasterKeyTest, IsReadFromAFileAVariableAndACredentialInBase64OrHexadecimal) {
  const auto hex = load(kHex + "\n"), base64 = load(std::string(kBase64) + "\n");
  ASSERT_TRUE(hex && base64);
  EXPECT_EQ((*hex)->id(), (*base64)->id());
  EXPECT_NE((*hex)->id(), (*load(std::string(64, 'b')))->id());
  ::setenv("UE_TEST_MASTER_KEY", kBase64, 1);
  const auto variable = load_master_key({.file = {}, .env = "UE_TEST_MASTER_KEY", .credential = {}});
  ASSERT_TRUE(variable);
  EXPECT_EQ((*variable)->id(), (*hex)->id());
  ::setenv("CREDENTIALS_DIRECTORY", folder_.path().c_str(), 1);
  write_private(path("key"), kHex);
  const auto credential = load_master_key({.file = {}, .env = {}, .credential = "key"});
  ASSERT_TRUE(credential);
  EXPECT_EQ((*credential)->id(), (*hex)->id());
}

TEST_F(MasterKeyTest, RefusesWhatIsNo32BytesAndNeverRepeatsIt) {
  for (const std::string& text : {std::string(), std::string("\n"), kHex.substr(1), kHex + "a", std::string("qqqq"), std::string(63, 'a') + "g",
                                  std::string(44, '='), std::string(kBase64) + "=", std::string(1'000, 'a')}) {
    const auto key = load(text);
    ASSERT_FALSE(key) << text;
    EXPECT_EQ(key.error().code, "master-key");
    if (text.size() > 8) { EXPECT_EQ(describe(key.error()).find(text.substr(0, 8)), std::string::npos); }
  }
}

TEST_F(MasterKeyTest, RefusesAFileThatOthersMayRead) {
  write_private(master_path(), kHex);
  for (const mode_t mode : {0640, 0604, 0620}) {
    ::chmod(master_path().c_str(), mode);
    const auto key = load_master_key({.file = master_path(), .env = {}, .credential = {}});
    ASSERT_FALSE(key);
    EXPECT_NE(key.error().message.find("others"), std::string::npos);
  }
}

TEST_F(MasterKeyTest, RefusesNoneSeveralAndWhatIsNotThere) {
  EXPECT_FALSE(load_master_key({}));
  EXPECT_FALSE(load_master_key({.file = "a", .env = "b", .credential = {}}));
  EXPECT_FALSE(load_master_key({.file = path("nothing"), .env = {}, .credential = {}}));
  EXPECT_FALSE(load_master_key({.file = {}, .env = "UE_TEST_NOT_SET", .credential = {}}));
  EXPECT_FALSE(load_master_key({.file = {}, .env = {}, .credential = "../master"}));
}

TEST_F(MasterKeyTest, OpensOnlyWhatItWrapped) {
  const auto key = load(kHex), other = load(std::string(64, 'b'));
  const auto secret = crypto::SecretKey::random();
  const auto wrapped = (*key)->wrap(secret);
  ASSERT_TRUE(wrapped);
  const auto opened = (*key)->unwrap(*wrapped);
  ASSERT_TRUE(opened);
  EXPECT_TRUE(std::ranges::equal(opened->bytes(), secret.bytes()));
  EXPECT_FALSE((*other)->unwrap(*wrapped));
}

}  // namespace
}  // namespace user_events::privacy::test
