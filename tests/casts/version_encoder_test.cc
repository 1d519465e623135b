// What a destination gets that is given another version than was published.
#include "casts/support.h"
#include "casts/version_encoder.h"

namespace user_events::casts {
namespace {

using test::catalogue_of;
using test::schema_of;

TEST(VersionEncoder, SendsTheVersionThatIsWantedAndNamesItsSchema) {
  const auto catalogue = catalogue_of({schema_of(1, R"(,"stars":{"type":"integer","maximum":5})"), schema_of(2, R"(,"points":{"type":"integer","maximum":9})", "",
                                                                                                           R"(,"x-cast":{"rename":{"/stars":"points"}})")});
  auto casts = Casts::build(catalogue);
  ASSERT_TRUE(casts) << describe(casts.error());
  const base::Live<Casts> live(*std::move(casts));
  const auto encoder = make_version_encoder(live, *base::TypeVersions::parse(std::vector<std::string>{"1"}), encoding::make_json_encoder({}));
  const encoding::Envelope good{.id = "e", .source = "s", .type = "user.rated", .version = 2, .partition_key = "u", .data = R"({"userId":"u","points":5})"};
  encoding::Encoded out;
  ASSERT_EQ(encoder->encode(good, {"0197a1b2-0000-7000-8000-00000000000a", 1}, out).readiness, encoding::Readiness::ready);
  EXPECT_NE(out.body.find(R"("dataschema":"urn:user-events:schema:user.rated:1")"), std::string_view::npos) << out.body;
  EXPECT_TRUE(out.body.ends_with(R"("data":{"userId":"u","stars":5}})")) << out.body;
  EXPECT_LE(out.body.size(), encoder->body_bound_bytes(good));
  const auto inner = encoding::make_json_encoder({})->growth();
  EXPECT_EQ(encoder->growth().factor, inner.factor) << "what is far below a limit is not cast to learn its size";
  EXPECT_EQ(encoder->growth().bytes, inner.bytes + inner.factor);  // `points` is a letter longer

  encoding::Envelope bad = good;
  bad.data = R"({"userId":"u","points":6})";
  const auto refused = encoder->encode(bad, {"0197a1b2-0000-7000-8000-00000000000a", 2}, out);
  EXPECT_EQ(refused.readiness, encoding::Readiness::refused);
  EXPECT_NE(refused.reason.find("cannot be said in version 1: at `/stars`"), std::string::npos) << refused.reason;
  EXPECT_GT(encoder->body_bound_bytes(bad), 0u);

  encoding::Envelope other = good;
  other.version = 1;
  other.data = R"({"userId":"u","stars":2})";
  ASSERT_EQ(encoder->encode(other, {"0197a1b2-0000-7000-8000-00000000000a", 3}, out).readiness, encoding::Readiness::ready);
  EXPECT_TRUE(out.body.ends_with(R"("data":{"userId":"u","stars":2}})"));
}

}  // namespace
}  // namespace user_events::casts
