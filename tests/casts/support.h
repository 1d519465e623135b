// What the casts' tests share: small catalogues of one type.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>

#include "casts/casts.h"
#include "support/temporary_directory.h"

namespace user_events::casts::test {

/// A schema of user.rated with `properties` and `required` beside the user's id, and `more` root members.
inline std::string schema_of(int version, std::string_view properties, std::string_view required = "", std::string_view more = "") {
  return fmt::format(
      R"({{"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"urn:user-events:schema:user.rated:{}","title":"User rated","type":"object",
          "properties":{{"userId":{{"type":"string","minLength":1,"x-personal":"user-id","x-key":"user","x-field-number":1}}{}}},
          "required":["userId"{}],"additionalProperties":false{}}})",
      version, properties, required, more);
}

/// Versions 1, 2, ... of user.rated.
inline catalogue::Catalogue catalogue_of(std::initializer_list<std::string> versions) {
  const ::user_events::test::TemporaryDirectory folder;
  for (int number = 1; const auto& text : versions) folder.write(fmt::format("user.rated/{}.json", number++), text);
  catalogue::Catalogue made;
  const auto loaded = made.load_directory(folder.path());
  EXPECT_TRUE(loaded) << describe(loaded.error());
  return made;
}

/// `1>2 {"userId":"u"}` cast, or the code of the refusal with its message.
inline std::string cast(const Casts& casts, std::uint32_t from, std::uint32_t to, std::string_view data) {
  std::string out = "kept ";
  const auto done = casts.cast("user.rated", from, to, data, out);
  EXPECT_TRUE(out.starts_with("kept "));
  if (!done) {
    EXPECT_EQ(out, "kept ");
    return done.error().code + ": " + done.error().message;
  }
  return out.substr(5);
}

}  // namespace user_events::casts::test
