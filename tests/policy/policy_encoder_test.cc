#include "policy/policy_encoder.h"

#include "catalogue/examples.h"
#include "privacy/ring_fixture.h"
#include "support.h"

namespace user_events::policy::test {
namespace {

constexpr encoding::Position kPosition{"0197a1b2-0000-7000-8000-00000000000a", 1};

class PolicyEncoderTest : public privacy::test::RingFixture {
 protected:
  std::unique_ptr<encoding::Encoder> encoder(const PrivacyPolicyOptions& policy, encoding::Format format = encoding::Format::cloudevents) {
    auto made = make_policy_encoder(std::make_shared<Plans>(catalogue_, policy_of(policy)), "crm", ring_.get(), encoding::make_json_encoder({.format = format}));
    if (!made) throw std::runtime_error(describe(made.error()));
    return *std::move(made);
  }

  std::unique_ptr<privacy::KeyRing> ring_ = start();
  base::Live<catalogue::Catalogue> catalogue_{catalogue_with_notes()};
};

TEST_F(PolicyEncoderTest, NamesTheDerivedSchema) {
  const auto made = encoder({{"email", "mask"}});
  encoding::Encoded out;
  const encoding::Envelope envelope{.id = "e", .source = "s", .type = "user.email.verified", .partition_key = "u", .data = R"({"userId":"u","email":"ada@b.c"})"};
  ASSERT_EQ(made->encode(envelope, kPosition, out).readiness, encoding::Readiness::ready);
  EXPECT_NE(out.body.find(R"("dataschema":"urn:user-events:schema:user.email.verified:1:p)"), std::string_view::npos) << out.body;
  EXPECT_TRUE(out.body.ends_with(R"("data":{"userId":"u","email":"a***@b.c"}})")) << out.body;
}

TEST_F(PolicyEncoderTest, TheBoundIsNeverTooSmallWhateverIsDone) {
  std::string lane;
  privacy::append_lane(privacy::kUserLane, privacy::test::subject(1), lane);
  privacy::LentKey key;
  ASSERT_TRUE(ring_->key_for(privacy::test::subject(1), key));
  std::string numbers = R"({"userId":"u","emails":[)";
  for (int i = 0; i < 200; ++i) numbers += i == 0 ? R"("a")" : R"(,"a")";
  numbers += "]}";
  for (const char* const action : {"clear", "token", "encrypt", "omit"})
    for (const auto format : {encoding::Format::cloudevents, encoding::Format::cloudevents_binary, encoding::Format::plain}) {
      const auto made = encoder({{"others", action}, {"key_version", "12"}}, format);
      const auto check = [&](std::string_view type, std::string_view data) {
        const encoding::Envelope envelope{.id = "e", .source = "s", .type = type, .partition_key = "u", .data = data, .lane = lane,
                                          .sealed_under = privacy::text_of_key(key.id)};
        encoding::Encoded out;
        ASSERT_EQ(made->encode(envelope, kPosition, out).readiness, encoding::Readiness::ready) << type;
        EXPECT_LE(out.body.size(), made->body_bound_bytes(envelope)) << type << ' ' << action;
        EXPECT_GE(made->growth().factor * data.size() + made->growth().bytes, made->body_bound_bytes(envelope)) << type << ' ' << action;
      };
      for (const auto& example : catalogue::test::kExamples) check(example.type, example.json);
      check("user.noted", numbers);
    }
}

/// Makes ten times as much of everything, and says so.
class Tenfold final : public encoding::Encoder {
 public:
  encoding::Encoding encode(const encoding::Envelope&, const encoding::Position&, encoding::Encoded&) override { return {}; }
  [[nodiscard]] std::size_t body_bound_bytes(const encoding::Envelope& envelope) const noexcept override { return 10 * envelope.data.size() + 100'000; }
  [[nodiscard]] encoding::Growth growth() const noexcept override { return {.factor = 10, .bytes = 100'000}; }
};

TEST_F(PolicyEncoderTest, TheGrowthIsThatOfThePolicyAndOfWhatEncodesAfterIt) {
  std::string numbers = R"({"userId":"u","friends":[)";
  for (int i = 0; i < 5'000; ++i) numbers += i == 0 ? "1" : ",1";
  numbers += "]}";
  for (const char* const action : {"mask", "token", "encrypt"}) {
    const auto made = make_policy_encoder(std::make_shared<Plans>(catalogue_, policy_of({{"others", action}, {"user-id", "token"}})), "crm", ring_.get(), std::make_unique<Tenfold>());
    const encoding::Envelope envelope{.id = "e", .source = "s", .type = "user.noted", .partition_key = "u", .data = numbers};
    const auto growth = (*made)->growth();
    EXPECT_GE(growth.factor * numbers.size() + growth.bytes, (*made)->body_bound_bytes(envelope)) << action;
    EXPECT_LE(growth.factor, 10u * 60u) << "small events need no close look";
  }
  EXPECT_LE(encoder({{"others", "mask"}, {"user-id", "clear"}})->growth().factor, 6u);
}

TEST_F(PolicyEncoderTest, AnEventOfAnUnknownTypeIsRefusedAndHasABoundAllTheSame) {
  const auto made = encoder({{"email", "mask"}});
  encoding::Encoded out;
  const encoding::Envelope envelope{.id = "e", .source = "s", .type = "user.gone", .partition_key = "u", .data = "{}"};
  EXPECT_EQ(made->encode(envelope, kPosition, out).readiness, encoding::Readiness::refused);
  EXPECT_GT(made->body_bound_bytes(envelope), 0u);
}

}  // namespace
}  // namespace user_events::policy::test
