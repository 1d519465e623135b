#include "kms/aws_kms.h"

#include <simdjson.h>

#include <cstdlib>

#include "../privacy/ring_fixture.h"
#include "brokers/aws_emulator.h"

namespace user_events::kms::test {
namespace {

using privacy::KeyRing;

tests::AwsEmulator& moto() {
  static tests::AwsEmulator emulator("moto");
  static const bool started = [] { return emulator.start(), true; }();
  (void)started;
  return emulator;
}

class AwsKms : public privacy::test::RingFixture {
 protected:
  AwsKms() {
    ::setenv("AWS_ACCESS_KEY_ID", "test", 1);
    ::setenv("AWS_SECRET_ACCESS_KEY", "test", 1);
    key_ = make_key();
  }
  ~AwsKms() override {
    ::unsetenv("AWS_ACCESS_KEY_ID");
    ::unsetenv("AWS_SECRET_ACCESS_KEY");
  }
  static std::string make_key() {
    simdjson::dom::parser parser;
    return std::string(parser.parse(moto().kms("CreateKey", "{}"))["KeyMetadata"]["Arn"].get_string().value());
  }
  static MasterKeySource source(const std::string& key) {
    MasterKeySource out;
    out.aws_kms = key;
    out.aws_endpoint = moto().endpoint();
    return out;
  }
  privacy::KeyRingOptions with(const MasterKeySource& master) const {
    auto out = options();
    out.master = master;
    out.load_master = load_master_key;
    return out;
  }
  std::string key_;
};

TEST_F(AwsKms, TheEpochKeyIsEncryptedThereAndOpensTheStoreAgain) {
  std::string key;
  {
    const auto ring = start(with(source(key_)));
    key = key_of(*ring, privacy::test::subject(1));
    ASSERT_TRUE(ring->rotate_epoch());
    ASSERT_TRUE(ring->rotate_master());
    EXPECT_TRUE(ring->report()->master_id.starts_with("aws-kms-"));
  }
  EXPECT_EQ(key_of(*start(with(source(key_))), privacy::test::subject(1)), key);
  const std::string epochs = privacy::test::read_file(path("keys.db.epoch"));
  EXPECT_EQ(epochs.find(key_.substr(key_.rfind('/') + 1)), std::string::npos) << "the key's name is nobody's business";
  EXPECT_NE(epochs.find("epoch 2 "), std::string::npos) << epochs;
}

TEST_F(AwsKms, TheFormerMasterKeyMovesOver) {
  std::string key;
  {
    const auto ring = start();
    key = key_of(*ring, privacy::test::subject(1));
  }
  const auto refused = KeyRing::open(with(source(key_)), clock_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "master-key");
  auto moving = with(source(key_));
  moving.previous_master.file = master_path();
  EXPECT_EQ(key_of(*start(moving), privacy::test::subject(1)), key);
  EXPECT_EQ(key_of(*start(with(source(key_))), privacy::test::subject(1)), key);
}

TEST_F(AwsKms, WhatTheServiceRefusesIsSaidAndNotTakenForAnOutage) {
  const auto missing = (*aws_kms_key(source("arn:aws:kms:us-east-1:123456789012:key/none")))->wrap(crypto::SecretKey::random());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::usage);
  EXPECT_NE(missing.error().message.find("NotFoundException"), std::string::npos) << missing.error().message;
}

TEST_F(AwsKms, AnotherKeysCiphertextIsNoKeyOfOurs) {
  const auto wrapped = (*aws_kms_key(source(key_)))->wrap(crypto::SecretKey::random());
  ASSERT_TRUE(wrapped);
  EXPECT_TRUE((*aws_kms_key(source(key_)))->unwrap(*wrapped));
  std::string changed = *wrapped;
  changed[changed.size() / 2] = changed[changed.size() / 2] == 'A' ? 'B' : 'A';
  EXPECT_FALSE((*aws_kms_key(source(key_)))->unwrap(changed));
}

TEST_F(AwsKms, AServiceThatIsAwayIsUnavailable) {
  { (void)start(with(source(key_))); }
  auto away = source(key_);
  away.aws_endpoint = "http://127.0.0.1:1/";
  const auto ring = KeyRing::open(with(away), clock_);
  ASSERT_FALSE(ring);
  EXPECT_EQ(ring.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(ring.error().message.find("test"), std::string::npos);
}

TEST_F(AwsKms, WhatCannotWorkIsRefusedBeforeAnythingIsAsked) {
  auto both = source(key_);
  both.file = master_path();
  EXPECT_FALSE(load_master_key(both));
  auto clear = source(key_);
  clear.aws_endpoint = "http://kms.example.com/";
  EXPECT_FALSE(aws_kms_key(clear));
  ::unsetenv("AWS_REGION");
  ::unsetenv("AWS_DEFAULT_REGION");
  ::setenv("AWS_CONFIG_FILE", "/nonexistent", 1);
  EXPECT_FALSE(aws_kms_key(source("alias/none"))) << "without a region";
  ::setenv("AWS_REGION", "eu-west-1", 1);
  EXPECT_TRUE(aws_kms_key(source("alias/none")));
  ::unsetenv("AWS_REGION");
}

}  // namespace
}  // namespace user_events::kms::test
