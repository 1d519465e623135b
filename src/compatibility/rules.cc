// The codes of findings. docs/schema-compatibility.md and docs/catalogue.md list them (a test compares).
#include <algorithm>

#include "compatibility/finding.h"

namespace user_events::compatibility {
namespace {

constexpr std::string_view kNextVersion =
    "write a new event type or topic for it, or keep the old meaning beside the new one until every consumer "
    "is updated";

constexpr Rule kRules[] = {
    {"alternatives-narrowed", "no alternative of the reader takes what the writer may send",
     "keep every alternative that was there, and add new ones"},
    {"avro-field-without-default", "a field that the writer does not send has no default",
     "give the field a default, such as null in a union whose first branch is null"},
    {"avro-fixed-size-changed", "a fixed type has another size", "add a field of a new fixed type"},
    {"avro-logical-type-changed", "the same bytes mean another time or number",
     "add a field with the new unit or scale"},
    {"avro-name-changed", "a named type has another name",
     "keep the name, or list the old one in `aliases` of the new type"},
    {"avro-symbol-unknown", "an enum of the reader lacks a symbol that the writer may send",
     "give the enum a `default` symbol, in the version before the one that sends the new symbol"},
    {"avro-type-changed", "the reader's type cannot take the writer's",
     "change types only by Avro's promotions (int, long, float, double; string and bytes), or add a field"},
    {"avro-union-branch-missing", "a union of the reader lacks a branch that the writer may send",
     "keep every branch that was there; add branches first where it is read, then where it is written"},
    {"cast-impossible", "not every event of the version before can become one of this version",
     "declare in `x-cast` what changes, or that nothing is cast with \"x-cast\": \"none\""},
    {"cast-invalid", "the declaration of a cast is not well formed, or speaks of fields that are not there",
     "write it as docs/catalogue.md describes under Casts between versions"},
    {"cast-partial", "consumers of the version before cannot be sent every event of this version",
     "give `restore` values, or keep what the version before asks for; what cannot be said is refused, never sent wrong"},
    {"enum-narrowed", "the reader allows fewer values", "keep every value that was allowed"},
    {"field-number-changed", "a field has another Protobuf number", "keep the number of the version before"},
    {"field-number-reused", "a number that another field had stands for something else",
     "take a number that no version of the type has used"},
    {"format-changed", "the reader asks for another format", "leave the format, or add a field"},
    {"key-changed", "events of the type are ordered by another field",
     "keep `x-key` where it was: events written before are ordered by the old one"},
    {"keyword-undecided", "a keyword differs and what it allows cannot be compared",
     "leave the keyword as it was, or compare by hand what old and new allow"},
    {"lint-description", "a type or field has no description",
     "say what it is, for whoever reads the events"},
    {"lint-empty", "the folder holds no event type",
     "name the catalogue folder, which holds TYPE/VERSION.json"},
    {"lint-field-name", "a field's name is not in camelCase",
     "begin with a lower-case letter; only letters and digits: userId"},
    {"lint-field-number-missing", "a field has no Protobuf number",
     "give it an `x-field-number` that no version of the type has used"},
    {"lint-field-number-reused", "a number stands for different fields in different versions",
     "take a number that no version of the type has used"},
    {"lint-load", "the folder cannot be loaded", "docs/catalogue.md says what a schema file must have"},
    {"lint-time-name", "a time's name does not say that it is one",
     "let it end in Timestamp or At, or call it timestamp"},
    {"lint-title", "a title is missing or not one short line",
     "give a title of at most 80 characters without a full stop"},
    {"lint-type-name", "a type's name does not say what happened",
     "end it in a past participle, as user.email.verified does, or in a noun for what happened, such as "
     "registration"},
    {"lint-version-gap", "a version is left out", "number versions 1, 2, 3, ..."},
    {"multiple-of-changed", "the reader asks for multiples of another number",
     "only let the number become a divisor of the old one"},
    {"nothing-allowed", "the reader allows no value where the writer may send one", "allow what was allowed"},
    {"pattern-changed", "the reader asks for another pattern", "remove the pattern, or add a field"},
    {"personal-class-changed", "a field's class of personal data differs",
     "make sure that every destination's policy treats the new class at least as carefully"},
    {"property-in-open-content", "the reader constrains a member that the writer leaves open",
     "set `additionalProperties` to false from the first version on, or let the new member take any value"},
    {"property-not-allowed", "the reader refuses a member that the writer may send",
     "leave `additionalProperties` out in what consumers validate with, or update the consumers before the "
     "producers"},
    {"proto-enum-renamed", "an enum's number has another name", "keep the name: consumers of JSON see it"},
    {"proto-enum-renumbered", "an enum's name has another number", "keep the number of each name"},
    {"proto-label-changed", "a field was single and is repeated, or the reverse",
     "add a repeated field and keep the single one"},
    {"proto-map-changed", "a field was a map and is none, or the reverse", "add a field with a new number"},
    {"proto-message-removed", "the reader has no such message", "keep the message, even if nothing uses it"},
    {"proto-narrowed", "the reader's type holds fewer values",
     "make sure that no value sent is out of its range"},
    {"proto-not-reserved", "a number is free although it was used", "write `reserved NUMBER, \"name\";`"},
    {"proto-number-changed", "a field has another number",
     "keep the number: it is the field's identity on the wire"},
    {"proto-number-reserved", "a reserved number or name is used",
     "take a number and name that were never used"},
    {"proto-oneof-changed", "fields that could stand side by side exclude each other, or a choice is unknown",
     "add a new oneof with new numbers"},
    {"proto-package-changed", "the package, and so every full name, differs", "keep the package"},
    {"proto-renamed", "a field's number has another name",
     "keep the name: consumers of JSON and of generated code see it"},
    {"proto-required", "a required field of the reader may be missing",
     "use no required fields, or keep them required for ever"},
    {"proto-syntax-changed", "proto2 and proto3 treat presence and enums differently", "keep the syntax"},
    {"proto-type-changed", "a field's type is encoded differently",
     "add a field with a new number, and reserve the old one"},
    {"published-changed", "a published version is not what it was",
     "restore the file and write the next version"},
    {"range-narrowed", "the reader allows a smaller range", "keep the range, or widen it"},
    {"required-added", "the reader needs a member that may be missing", "leave the member optional"},
    {"schema-removed", "a published type or version is gone",
     "keep its file: events written with it are still there"},
    {"type-narrowed", "the reader takes fewer types", kNextVersion},
    {"unique-items-added", "the reader needs distinct items", "leave `uniqueItems` out"},
};
static_assert(std::ranges::is_sorted(kRules, {}, &Rule::code));

}  // namespace

std::span<const Rule> rules() noexcept { return kRules; }

const Rule& rule(std::string_view code) noexcept {
  const auto found = std::ranges::lower_bound(kRules, code, {}, &Rule::code);
  return found != std::end(kRules) && found->code == code ? *found : kRules[0];
}

bool has_errors(std::span<const Finding> findings) noexcept {
  return std::ranges::any_of(findings, [](const Finding& each) { return each.severity == Severity::error; });
}

std::string_view name(Severity severity) noexcept {
  return severity == Severity::error ? "error" : "warning";
}

std::string_view describe(Breaks breaks) noexcept {
  switch (breaks) {
    case Breaks::new_readers:
      return "new consumers of old events";
    case Breaks::old_readers:
      return "old consumers of new events";
    case Breaks::nobody:
      break;
  }
  return "nobody";
}

}  // namespace user_events::compatibility
