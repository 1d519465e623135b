#include "base/uri_text.h"

#include <gtest/gtest.h>

namespace user_events::base {
namespace {

TEST(UriText, References) {
  for (const char* uri :
       {"urn:example:a", "/service", "https://example.com/a?b=c#d", "a", "%20", "mailto:a@b", "//[::1]/a"})
    EXPECT_TRUE(is_uri_reference(uri)) << uri;
  for (const char* uri :
       {"", "a b", "a\"b", "<a>", "a\\b", "%2", "%zz", "%", "ü", "a|b", "{a}", "a^b", "a`b"})
    EXPECT_FALSE(is_uri_reference(uri)) << uri;
}

}  // namespace
}  // namespace user_events::base
