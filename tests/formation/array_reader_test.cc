#include "formation/array_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace user_events::formation {
namespace {

/// The elements, and `!` at the end if the array is malformed.
std::vector<std::string> elements_of(std::string_view text) {
  std::vector<std::string> all;
  ArrayReader reader(text);
  for (;;) {
    switch (reader.next()) {
      case ArrayReader::Step::element:
        all.emplace_back(reader.element());
        break;
      case ArrayReader::Step::end:
        return all;
      case ArrayReader::Step::malformed:
        all.emplace_back("!");
        return all;
    }
  }
}

using Texts = std::vector<std::string>;

TEST(ArrayReader, FindsEachElement) {
  EXPECT_EQ(elements_of("[]"), Texts{});
  EXPECT_EQ(elements_of("[ \n]\t"), Texts{});
  EXPECT_EQ(elements_of("[1]"), Texts{"1"});
  EXPECT_EQ(elements_of("[ {\"a\":[1,2]} , [3,{}],\"x\" ]"), (Texts{"{\"a\":[1,2]}", "[3,{}]", "\"x\""}));
}

TEST(ArrayReader, BracketsCommasAndQuotesInStringsMeanNothing) {
  EXPECT_EQ(elements_of(R"(["a]b,c}[{","d\",e","f\\"])"), (Texts{R"("a]b,c}[{")", R"("d\",e")", R"("f\\")"}));
}

TEST(ArrayReader, AMissingElementIsAnEmptyTextThatNoParserTakes) {
  EXPECT_EQ(elements_of("[1,]"), (Texts{"1", ""}));
  EXPECT_EQ(elements_of("[,]"), (Texts{"", ""}));
  EXPECT_EQ(elements_of("[,1]"), (Texts{"", "1"}));
}

TEST(ArrayReader, WhatIsNotClosedOrGoesOnIsMalformed) {
  for (const char* text : {"[", "[1", "[1,", "[\"a]", "[\"a\\\"]", "[\"a\\", "[{]", "[[1]", "[}", "[1}",
                           "[1]]", "[1],", "[1] 2", "[]]", "[]{}"})
    EXPECT_EQ(elements_of(text).back(), "!") << text;
}

TEST(ArrayReader, EveryByteIsInAnElementOrIsABracketACommaOrWhiteSpace) {
  EXPECT_EQ(elements_of("[\x01 1, \xff]"), (Texts{"\x01 1", "\xff"}));
  EXPECT_EQ(elements_of("[{]}]"), Texts{"!"});
}

}  // namespace
}  // namespace user_events::formation
