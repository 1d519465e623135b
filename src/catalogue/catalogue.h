// The catalogue: every event type and version, from one JSON Schema 2020-12 file each
// (`catalogue/TYPE/VERSION.json`). The built-in ones are compiled into the library; a platform adds its own
// from a folder at run time. Supported keywords and annotations: docs/catalogue.md. Knows no other room but
// `base`.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "catalogue/places.h"
#include "user_events/error.h"

namespace simdjson::dom {
class element;
}

namespace user_events::catalogue {

/// What normalising needs from outside.
struct NormaliseContext {
  std::int64_t now_ms =
      0;  ///< Fills time fields that were left out (annotation `x-default: "acceptance-time"`).
};

/// A compiled schema. Immutable, thread-safe.
class Schema {
 public:
  /// Compiles schema text. Error `usage`, code `schema-unsupported` or `schema-invalid`: `name` and the JSON
  /// Pointer of the keyword that is outside the profile. Never half-checks.
  [[nodiscard]] static Result<Schema> compile(std::string_view name, std::string_view text);
  ~Schema();
  Schema(Schema&&) noexcept;
  Schema& operator=(Schema&&) noexcept;

  /// Pure validation of any JSON value after JSON Schema 2020-12 within the profile. Appends findings (all of
  /// them, at most 32); true if none.
  bool validate(const simdjson::dom::element& value, std::vector<FieldError>& findings) const;

  /// Validates event data and appends its standard form to `out` in one walk: compact JSON, members in the
  /// order submitted, defaults and derived members appended (`x-default`, `x-derived`), `date-time` strings
  /// rewritten to UTC with milliseconds. Beyond the schema it refuses duplicate keys (`duplicate-key`) and
  /// forbidden names (`forbidden-name`, the list of docs/catalogue.md) at any depth. Pointers in findings
  /// begin with `pointer_prefix`. On findings, `out` is left as it was and false is returned. No allocation
  /// without findings, except growth of `out`. `as_submitted`, if not null, gets the same appended, without
  /// defaults, derived members and rewriting.
  bool normalise(const simdjson::dom::element& data, const NormaliseContext& context,
                 std::string_view pointer_prefix, std::string& out, std::vector<FieldError>& findings,
                 std::string* as_submitted = nullptr) const;

 private:
  friend struct SchemaAccess;
  struct Impl;
  explicit Schema(std::unique_ptr<const Impl> impl);
  std::unique_ptr<const Impl> impl_;
};

/// How an event type is ordered: the first of these data members that is present gives the key (`x-key`).
struct KeyField {
  std::string name;      ///< `userId`, `email`, `username`.
  bool is_user = false;  ///< True: the value is the user id, used as it is. False: an identifier, replaced by
                         ///< its keyed token.
};

struct EventType {
  std::string name;
  std::uint32_t version = 1;
  std::string title, description, since;
  std::string schema_text;  ///< The file, as it is served.
  std::string data_schema_uri;
  std::string variant;  ///< Of what a privacy policy leaves of the data: its mark, the last part of the URI. Empty: the data as it is published.
  const EventType* published = nullptr;  ///< Of what a policy leaves, changed or not: the type as it is published, which outlives this.
  std::vector<KeyField> keys;
  Places places;                           ///< All of its data.
  std::vector<std::string> identifiers;    ///< Members of data whose text is an e-mail address or user name, as `"email":`.
  Schema schema;
};

/// Immutable after loading, then thread-safe.
class Catalogue {
 public:
  /// The event types compiled into the library.
  [[nodiscard]] static Result<Catalogue> builtin();
  /// Those, and what `directory` adds (`load_directory`); empty: nothing.
  [[nodiscard]] static Result<Catalogue> with(const std::string& directory);
  /// Adds `DIRECTORY/TYPE/VERSION.json`. Error `usage` names file and pointer; a type and version that exists
  /// already is refused.
  [[nodiscard]] Result<void> load_directory(const std::string& directory);
  /// Of types made elsewhere, no version twice.
  [[nodiscard]] static Catalogue of(std::vector<std::unique_ptr<const EventType>> types);
  /// Version 0: the newest. nullptr if there is none.
  [[nodiscard]] const EventType* find(std::string_view type, std::uint32_t version = 0) const noexcept;
  [[nodiscard]] bool has_type(std::string_view type) const noexcept;
  /// By name, then version.
  [[nodiscard]] std::vector<const EventType*> all() const;
  /// The nearest known type name, for messages; empty if none is near.
  [[nodiscard]] std::string nearest_type(std::string_view type) const;

 private:
  std::vector<std::unique_ptr<const EventType>> types_;
};

/// True for a name that looks like a secret after normalising case and separators (exact list:
/// docs/catalogue.md).
[[nodiscard]] bool is_forbidden_name(std::string_view name) noexcept;

}  // namespace user_events::catalogue
