// What the catalogue's tests share.
#pragma once

#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>
#include <string_view>
#include <vector>

#include "catalogue/catalogue.h"

namespace user_events::catalogue::test {

inline constexpr std::int64_t kNowMs = 1'795'000'000'123;
inline constexpr std::string_view kNowText = "2026-11-18T11:06:40.123Z";

/// The built-in catalogue, read once.
inline const Catalogue& builtin() {
  static const auto catalogue = Catalogue::builtin().value();
  return catalogue;
}

inline void append_personal(const EventType& type, PlaceIndex index, const std::string& pointer, std::string& out) {
  if (index == kNoPlace) return;
  const Place& place = type.places[index];
  for (const std::string& klass : place.classes)
    if (place.takes_values && klass != "none") out += pointer + "=" + klass + " ";
  for (const Place::Member& member : place.members) append_personal(type, member.place, pointer + "/" + member.name, out);
  if (place.has_members) append_personal(type, place.rest, pointer + "/*", out);
  if (place.has_items) append_personal(type, place.items, pointer + "/*", out);
}

/// `/email=email /changes/*=free-text `: where a text, number or truth value of a class but `none` can stand.
inline std::string personal_fields(const EventType& type) {
  std::string out;
  append_personal(type, 0, "", out);
  return out;
}

/// A parsed document that keeps its memory.
class Document {
 public:
  explicit Document(std::string_view text) : text_(text), element_(parser_.parse(text_).value()) {}
  const simdjson::dom::element& operator*() const { return element_; }

 private:
  simdjson::dom::parser parser_;
  std::string text_;
  simdjson::dom::element element_;
};

/// What normalising gave.
struct Normalised {
  bool good = false;
  std::string out, submitted;
  std::vector<FieldError> findings;
  /// `/userId required; /x unknown-field`
  [[nodiscard]] std::string codes() const {
    std::string text;
    for (const FieldError& finding : findings)
      text += (text.empty() ? "" : "; ") + finding.pointer + " " + finding.code;
    return text;
  }
};

inline Normalised normalise(const Schema& schema, std::string_view json, std::string_view prefix = "") {
  Normalised result;
  const Document document(json);
  result.good =
      schema.normalise(*document, {.now_ms = kNowMs}, prefix, result.out, result.findings, &result.submitted);
  EXPECT_EQ(result.good, result.findings.empty());
  if (!result.good) {
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.submitted, "");
  }
  return result;
}

inline Normalised normalise(std::string_view type, std::string_view json, std::string_view prefix = "") {
  const EventType* found = builtin().find(type);
  EXPECT_NE(found, nullptr) << type;
  return normalise(found->schema, json, prefix);
}

inline Schema compile(std::string_view text) {
  auto schema = Schema::compile("test.json", text);
  EXPECT_TRUE(schema) << describe(schema.error());
  return *std::move(schema);
}

/// Whether a value is valid; findings are checked to agree.
inline bool valid(const Schema& schema, std::string_view json) {
  std::vector<FieldError> findings;
  const Document document(json);
  const bool good = schema.validate(*document, findings);
  EXPECT_EQ(good, findings.empty());
  return good;
}

}  // namespace user_events::catalogue::test
