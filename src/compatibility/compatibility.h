// Whether consumers of one version of a schema can read data of another: JSON Schema, Avro, Protobuf. No I/O.
// What counts as compatible, and where registries say otherwise: docs/schema-compatibility.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compatibility/finding.h"
#include "user_events/error.h"

namespace user_events::compatibility {

inline constexpr std::size_t kMaxTextBytes = 1u << 20;  ///< Of one schema.
inline constexpr std::size_t kMaxDepth = 64;            ///< Nesting of its text.
inline constexpr std::size_t kMaxPointerBytes = 2'048;  ///< Of the JSON Pointer to any place in it.
inline constexpr std::size_t kMaxNesting =
    80;  ///< Of types that refer to each other, while two are compared.
inline constexpr std::uint64_t kMaxSteps = 200'000;        ///< Pairs of subschemas compared in one direction.
inline constexpr std::size_t kMaxVersions = 1'000;         ///< In one check.
inline constexpr std::size_t kMaxFindingsPerPair = 1'000;  ///< More are not listed; the verdict stands.

enum class Format : std::uint8_t { json, avro, protobuf };

/// As a Confluent registry's compatibility levels.
struct Mode {
  bool backward = true;  ///< New consumers read old data.
  bool forward = false;  ///< Old consumers read new data.
  bool transitive = false;
};

/// One version of a schema.
struct Document {
  std::string name;  ///< A file's name, for messages.
  std::string_view text;
};

/// `backward`, `forward-transitive`, `FULL_TRANSITIVE`…; nullopt for another word.
[[nodiscard]] std::optional<Mode> parse_mode(std::string_view word);
/// `json`, `avro`, `protobuf`; nullopt for another word.
[[nodiscard]] std::optional<Format> parse_format(std::string_view word);
/// By a file's ending: `.json`, `.avsc`, `.proto`; nullopt for another.
[[nodiscard]] std::optional<Format> format_of_file(std::string_view file);

/// Compares the last of `versions` (oldest first, two or more) with the one before it, or with all before it
/// if transitive. Compatible: no finding is an error. Error `usage`: a text that is no schema of that format,
/// or over a limit above; its message names the document and the place. Time and memory are bounded by the
/// limits.
[[nodiscard]] Result<std::vector<Finding>> check(Format format, Mode mode,
                                                 std::span<const Document> versions);

/// The part of `check` that looks at the data of two versions, without the catalogue's annotations.
[[nodiscard]] Result<std::vector<Finding>> check_pair(Format format, Mode mode, const Document& older,
                                                      const Document& newest);
/// The part of `check` that looks at the annotations of JSON Schemas: Protobuf numbers that changed or are used again (errors), keys and
/// classes of personal data that changed (warnings).
[[nodiscard]] Result<std::vector<Finding>> check_annotations(Mode mode, std::span<const Document> versions);

/// What a consumer with schema `reader` has trouble with in data of `writer`. `breaks` is left `nobody`;
/// `file` is the name of the one that `pointer` leads into. Errors as `check`.
[[nodiscard]] Result<std::vector<Finding>> compare_json(const Document& reader, const Document& writer);
[[nodiscard]] Result<std::vector<Finding>> compare_avro(const Document& reader, const Document& writer);
[[nodiscard]] Result<std::vector<Finding>> compare_protobuf(const Document& reader, const Document& writer);

}  // namespace user_events::compatibility
