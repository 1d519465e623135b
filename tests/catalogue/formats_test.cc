// The formats, where the official suite is thin.
#include "catalogue/formats.h"

#include <gtest/gtest.h>

#include <string>

namespace user_events::catalogue {
namespace {

struct Case {
  FormatMask format;
  std::string text;
  bool fits;
};

TEST(Formats, FollowTheirStandards) {
  const std::string label63(63, 'a'), local64(64, 'a');
  for (const Case& one : std::initializer_list<Case>{
           {kFormatEmail, "ada@example.com", true},
           {kFormatEmail, "ada.lovelace+news@mail.example.co.uk", true},
           {kFormatEmail, "ada@localhost", true},
           {kFormatEmail, "\"ada lovelace\"@example.com", true},
           {kFormatEmail, R"("a\"b@c"@example.com)", true},
           {kFormatEmail, "ada@[192.0.2.1]", true},
           {kFormatEmail, "ada@[IPv6:2001:db8::1]", true},
           {kFormatEmail, local64 + "@" + label63 + ".com", true},
           {kFormatEmail, local64 + "a@example.com", false},
           {kFormatEmail, "ada@" + label63 + "a.com", false},
           {kFormatEmail, "", false},
           {kFormatEmail, "@", false},
           {kFormatEmail, "ada", false},
           {kFormatEmail, "ada@", false},
           {kFormatEmail, "@example.com", false},
           {kFormatEmail, "ada@@example.com", false},
           {kFormatEmail, "ada@example.com@example.com", false},
           {kFormatEmail, ".ada@example.com", false},
           {kFormatEmail, "ada.@example.com", false},
           {kFormatEmail, "a..b@example.com", false},
           {kFormatEmail, "ada lovelace@example.com", false},
           {kFormatEmail, "ada@-example.com", false},
           {kFormatEmail, "ada@example-.com", false},
           {kFormatEmail, "ada@example.com-", false},
           {kFormatEmail, "ada@example..com", false},
           {kFormatEmail, "ada@example.com.", false},
           {kFormatEmail, "ada@exa_mple.com", false},
           {kFormatEmail, "ada@[192.0.2.256]", false},
           {kFormatEmail, "ada@[192.0.2.1", false},
           {kFormatEmail, "\"ada@example.com", false},
           {kFormatEmail, "\"ada\\", false},
           {kFormatEmail, "ada\n@example.com", false},
           {kFormatEmail, std::string("ada@example.com\0", 16), false},
           {kFormatEmail, "j\xc3\xb6rg@example.com", false},
           {kFormatIpv4, "0.0.0.0", true},
           {kFormatIpv4, "255.255.255.255", true},
           {kFormatIpv4, "1.2.3.256", false},
           {kFormatIpv4, "1.2.3.04", false},
           {kFormatIpv4, "1.2.3", false},
           {kFormatIpv4, "1.2.3.4.", false},
           {kFormatIpv4, "1.2.3.4 ", false},
           {kFormatIpv4, "1.2.3.1000", false},
           {kFormatIpv4, "", false},
           {kFormatIpv6, "::", true},
           {kFormatIpv6, "2001:db8:0:0:0:0:0:1", true},
           {kFormatIpv6, "::ffff:192.0.2.1", true},
           {kFormatIpv6, "fe80::1%eth0", false},
           {kFormatIpv6, "1::2::3", false},
           {kFormatIpv6, std::string("::1\0", 4), false},
           {kFormatIpv6, std::string(200, ':'), false},
           {kFormatIpv4 | kFormatIpv6, "::1", true},
           {kFormatIpv4 | kFormatIpv6, "127.0.0.1", true},
           {kFormatIpv4 | kFormatIpv6, "localhost", false},
           {kFormatDateTime, "2026-11-24T09:00:00Z", true},
           {kFormatDateTime, "2026-11-24T09:00:00.123456789+01:00", true},
           {kFormatDateTime, "2026-11-24", false},
           {kFormatDateTime, "2026-11-24T09:00:00", false},
           {kFormatDateTime, "2026-02-29T09:00:00Z", false},
           {kFormatDateTime, "9999-12-31T23:59:59-01:00", false},
           {kFormatDateTime, "0000-01-01T00:00:00+01:00", false},
           {kFormatDate, "2024-02-29", true},
           {kFormatDate, "2026-02-29", false},
           {kFormatDate, "2026-2-9", false},
           {kFormatUuid, "0192F8A0-7c2e-7000-8000-0123456789ab", true},
           {kFormatUuid, "0192f8a07c2e70008000-0123456789abcdef", false},
           {kFormatUuid, "0192f8a0-7c2e-7000-8000-0123456789ag", false},
           {kFormatUri, "urn:user-events:schema:user.created:1", true},
           {kFormatUri, "https://ada@example.com:8080/a/b?c=d#e", true},
           {kFormatUri, "http://[2001:db8::1]:80/", true},
           {kFormatUri, "http://[v1.a:b]/", true},
           {kFormatUri, "http://[::1/", false},
           {kFormatUri, "http://[::1]x/", false},
           {kFormatUri, "http://example.com:80x/", false},
           {kFormatUri, "http://example.com/a b", false},
           {kFormatUri, "http://example.com/%zz", false},
           {kFormatUri, "http://example.com/%4", false},
           {kFormatUri, "1http://example.com/", false},
           {kFormatUri, "/relative", false},
           {kFormatUri, "http://\xc3\xa9xample.com/", false},
       })
    EXPECT_EQ(fits_format(one.format, one.text), one.fits) << format_names(one.format) << ": " << one.text;
}

TEST(Formats, LengthsAreCodePoints) {
  EXPECT_TRUE(length_within("\xf0\x9f\x90\xb2", 1, 1));
  EXPECT_FALSE(length_within("\xf0\x9f\x90\xb2", 2, 2));
  EXPECT_TRUE(length_within("", 0, 0));
  EXPECT_FALSE(length_within("", 1, 10));
  EXPECT_FALSE(length_within("abc", 0, 2));
  EXPECT_EQ(code_points("a\xc3\xa9\xe2\x82\xac"), 3u);
}

}  // namespace
}  // namespace user_events::catalogue
