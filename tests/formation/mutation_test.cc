// Random damage to good bodies: the same verdict as a parser that sees the whole body at once, and never half
// a batch.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <random>

#include "cloudevent_rules.h"
#include "support.h"

namespace user_events::formation {
namespace {

constexpr std::string_view kBodies[] = {
    R"([{"type":"user.created","data":{"userId":"u-1","email":"ada@example.com","status":"active"}}, {"type":"user.password.changed","id":"a,]}[{","data":{"userId":"u\\\"-2"}} ])",
    R"({"type":"user.updated","time":"2026-11-24T09:00:00Z","data":{"userId":"u-1","changes":{"a":[1,2.5,null,true,"é😀"],"b":{"c":{}}}}})",
    R"([{"specversion":"1.0","id":"e","source":"/a","type":"user.loggedin","x":1,"data":{"userId":"u","ipAddress":"::1","userAgent":""}}])"};

std::string damage(std::string_view text, std::mt19937& random) {
  constexpr std::string_view kBytes = "{}[],:\"\\ \n01e.-+tfn\xff\xc3u";
  std::string out(text);
  for (std::size_t n = 1 + random() % 3; n > 0; --n) {
    const std::size_t at = random() % out.size();
    const char byte = kBytes[random() % kBytes.size()];
    switch (random() % 4) {
      case 0:
        out[at] = byte;
        break;
      case 1:
        out.insert(at, 1, byte);
        break;
      case 2:
        out.erase(at, 1 + random() % 3);
        break;
      default:
        out.insert(at, out.substr(random() % out.size(), random() % 20));
        break;
    }
    if (out.empty()) out = " ";
  }
  return out;
}

TEST(Mutations, ABodyIsMalformedExactlyWhenItIsNoJsonDocument) {
  std::mt19937 random(2026);
  simdjson::dom::parser whole;
  int malformed = 0, refused = 0, accepted = 0;
  test::Bench bench;
  for (int i = 0; i < 30'000; ++i) {
    const std::string body = damage(kBodies[random() % std::size(kBodies)], random);
    const auto form = static_cast<BodyForm>(random() % 3);
    const bool is_json = whole.parse(simdjson::padded_string(body)).error() == simdjson::SUCCESS;
    bench.batch.clear();
    const auto result = bench.body(body, form);
    ASSERT_EQ(is_json, result || result.error().kind != ErrorKind::malformed) << body;
    ASSERT_TRUE(result || bench.batch.empty()) << body;
    for (std::size_t e = 0; e < bench.batch.size(); ++e) test::expect_valid_cloudevent(bench.cloudevent(e));
    if (result)
      ++accepted;
    else if (is_json)
      ++refused;
    else
      ++malformed;
  }
  EXPECT_GT(malformed, 1'000);
  EXPECT_GT(refused, 1'000);
  EXPECT_GT(accepted, 100);
}

}  // namespace
}  // namespace user_events::formation
