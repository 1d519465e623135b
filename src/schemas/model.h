// What an event type's data looks like, neutrally: the one thing that Avro and Protobuf texts, binary
// encoders, generated types and reference pages are derived from. Made from a compiled type of the catalogue;
// docs/catalogue.md describes the source.
//
// The model never promises more than what holds for every valid event: where a schema says something of a
// value that has no place here (`anyOf` of different objects, say), the value's kind is the widest that
// surely fits, in the end `any`.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalogue/catalogue.h"
#include "user_events/error.h"

namespace user_events::schemas {

inline constexpr std::size_t kMaxModelObjects = 10'000;  ///< In one type.
inline constexpr std::size_t kMaxModelDepth =
    32;  ///< Objects, arrays and maps with a type, one inside the other.

/// What a value is, null aside.
enum class Kind : std::uint8_t {
  boolean,
  integer,      ///< Without fraction; not bound to 64 bits.
  number,       ///< With or without fraction.
  text,         ///< UTF-8.
  timestamp,    ///< Text, always `2026-11-24T09:00:00.000Z`: formation rewrites it.
  enumeration,  ///< Text, one of `Shape::symbols`.
  array,        ///< Of `Shape::element`.
  map,          ///< Object without named members; its values are `Shape::element`.
  object,       ///< Object with named members: `Model::objects[Shape::object]`.
  any,          ///< Any JSON value.
};

/// `boolean`, `integer`, … as above. Never fails.
[[nodiscard]] std::string_view name(Kind kind) noexcept;

/// What is checked beyond the kind. Empty or nullopt: not given.
struct Constraints {
  std::optional<std::uint32_t> min_length, max_length;    ///< Code points of a text.
  std::optional<std::uint32_t> min_items, max_items;      ///< Of an array.
  std::optional<std::uint32_t> min_members, max_members;  ///< Of an object or map.
  bool unique_items = false;
  std::string pattern;  ///< ECMA-262.
  std::string minimum, exclusive_minimum, maximum, exclusive_maximum,
      multiple_of;                  ///< JSON numbers, as the file has them.
  std::vector<std::string> values;  ///< `enum` or `const`, JSON texts in the file's order, of any type.
};

/// What can stand at one place.
struct Shape {
  Kind kind = Kind::any;
  bool nullable = false;  ///< null can stand there, too.
  std::vector<std::string>
      formats;  ///< Text fits one of them: `email`, `uuid`, …; a timestamp has `date-time`.
  std::vector<std::string> symbols;  ///< Of an enumeration, in the file's order.
  Constraints constraints;
  std::shared_ptr<const Shape> element;  ///< Of an array or map; never null there.
  std::string personal;    ///< Of an element: class of personal data in it, its own or that of what is around, as `Field::personal`.
  std::uint32_t object = 0;              ///< Of kind object.
};

/// A named member of an object.
struct Field {
  std::string name;  ///< In JSON.
  Shape shape;
  bool required = false;
  std::uint32_t number = 0;  ///< `x-field-number`; 0 if it has none.
  std::string title, description, since;
  std::string personal;  ///< Class of personal data in it, its own or that of what is around; `none`; empty:
                         ///< nobody said.
  std::string key;       ///< `x-key`: `user`, `identifier` or empty.
  std::string filled_with;            ///< If left out: `acceptance-time`, `keys-of:/changes`; empty: nothing.
  std::string default_json;           ///< `default`, a JSON text; an annotation only. Empty: none.
  std::vector<std::string> examples;  ///< JSON texts.
  bool deprecated = false;
  std::string pointer;  ///< Of its schema in the file.
};

struct Object {
  std::string name;  ///< `x-name`, or made of the path to it (`UserRatedDelivery`): an identifier, unique in
                     ///< the model.
  std::string title, description;
  std::vector<Field> fields;  ///< In the file's order.
  std::shared_ptr<const Shape>
      extra;  ///< What members without a name of their own are; null: there are none.
  std::vector<std::vector<std::string>>
      one_required;     ///< Sets of fields of which one set must be complete; may be empty.
  std::string pointer;  ///< Of its schema in the file.
};

/// Data of one version of an event type.
struct Model {
  std::string type;  ///< `user.created`
  std::uint32_t version = 1;
  std::string title, description, since, data_schema_uri;
  std::string space;  ///< What the names of its objects stand in, one for each privacy policy: `user_events`, `user_events.p3f9a01c2`.
  std::vector<Object>
      objects;  ///< The first is the event's data itself. One that stands at several places is here once.

  [[nodiscard]] const Object& root() const noexcept { return objects.front(); }
  /// The field of `object` with that name in JSON; nullptr if there is none.
  [[nodiscard]] static const Field* find(const Object& object, std::string_view field) noexcept;
};

/// The model of a type's data. Deterministic. Error `usage`, code `no-derived-schema`: over a limit above;
/// names file and place. Any thread; linear in the schema with its references followed.
[[nodiscard]] Result<Model> make_model(const catalogue::EventType& type);

/// `user.password-reset` → `UserPasswordReset`, `postalCode` → `PostalCode`: letters and digits only,
/// beginning with a letter (with `X` before it if need be).
[[nodiscard]] std::string pascal_case(std::string_view name);

}  // namespace user_events::schemas
