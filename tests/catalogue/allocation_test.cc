// The hot path promises not to allocate; allocation_counter.cc counts.
#include "allocation_counter.h"
#include "catalogue/typed_data.h"
#include "examples.h"
#include "support.h"

namespace user_events::catalogue {
namespace {

template <class Work>
std::uint64_t allocations_of(const Work& work) {
  for (int warm_up = 0; warm_up < 3; ++warm_up) work();
  const std::uint64_t before = test::allocations();
  for (int i = 0; i < 100; ++i) work();
  return test::allocations() - before;
}

TEST(Allocations, NormalisingAGoodEventMakesNone) {
  std::string out, submitted;
  std::vector<FieldError> findings;
  for (const test::Example& example : test::kExamples) {
    const test::Document document(example.json);
    const Schema& schema = test::builtin().find(example.type)->schema;
    const auto count = allocations_of([&] {
      out.clear();
      submitted.clear();
      ASSERT_TRUE(schema.normalise(*document, {.now_ms = test::kNowMs}, "/data", out, findings, &submitted));
    });
    EXPECT_EQ(count, 0u) << example.type;
  }
}

TEST(Allocations, WritingAGoodTypedEventMakesNone) {
  std::string out;
  std::vector<FieldError> findings;
  const UserCreated created{
      .user_id = "u-1", .email = "ada.lovelace.the.countess@example.com", .status = "active"};
  const UserUpdated updated{.user_id = "u-1",
                            .changes = {{"a", "b"}, {"c", 1.5}, {"d", RawJson{R"({"e":[1,2]})"}}}};
  const auto count = allocations_of([&] {
    out.clear();
    ASSERT_TRUE(write_data(created, {.now_ms = test::kNowMs}, out, findings));
  });
  EXPECT_EQ(count, 0u);
  const auto with_raw_json = allocations_of([&] {
    out.clear();
    ASSERT_TRUE(write_data(updated, {.now_ms = test::kNowMs}, out, findings));
  });
  EXPECT_LE(with_raw_json, 300u) << "three for each RawJson value: padding, and the prefix of its pointer";
}

}  // namespace
}  // namespace user_events::catalogue
