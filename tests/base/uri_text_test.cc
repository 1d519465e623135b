#include "base/uri_text.h"

#include <gtest/gtest.h>

namespace user_events::base {
namespace {

using namespace std::string_literals;

TEST(UriText, References) {
  for (const char* uri :
       {"urn:example:a", "/service", "https://example.com/a?b=c#d", "a", "%20", "mailto:a@b", "//[::1]/a"})
    EXPECT_TRUE(is_uri_reference(uri)) << uri;
  for (const char* uri :
       {"", "a b", "a\"b", "<a>", "a\\b", "%2", "%zz", "%", "ü", "a|b", "{a}", "a^b", "a`b"})
    EXPECT_FALSE(is_uri_reference(uri)) << uri;
}

TEST(UriText, OctetsThatAreNotPlainAreEncoded) {
  std::string out = "x=";
  append_percent_encoded("a-b_c.d~e F/\xc3\xa9%\x00"s, out, is_unreserved);
  EXPECT_EQ(out, "x=a-b_c.d~e%20F%2F%C3%A9%25%00");
  out.clear();
  append_percent_encoded("a/b", out, [](char c) { return is_unreserved(c) || c == '/'; });
  EXPECT_EQ(out, "a/b");
}

TEST(LoopbackUrl, IsTheMachineItselfAndNoNameThatLooksLikeIt) {
  for (const auto* url : {"http://127.0.0.1", "http://127.0.0.1:80/x", "https://localhost", "http://localhost:8080/a?b", "http://[::1]:1/", "http://u:p@127.3.2.1/"})
    EXPECT_TRUE(is_loopback_url(url)) << url;
  for (const auto* url : {"http://127.example.com", "http://127.0.0.1.example.com:9/", "http://localhost.example.com", "http://127.0.0.1@example.com/", "http://10.0.0.1",
                          "http://[::2]", "127.0.0.1", ""})
    EXPECT_FALSE(is_loopback_url(url)) << url;
}

}  // namespace
}  // namespace user_events::base
