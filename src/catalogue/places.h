// Every place in the data of an event type, with the classes of personal data that its schemas give to what can stand there: all of them,
// whichever of them apply to an event in the end.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "user_events/error.h"

namespace user_events::catalogue {

struct Program;
class SchemaErrors;

/// A set of JSON types. A number without fraction is kInteger, any other kFraction.
using TypeMask = std::uint8_t;
inline constexpr TypeMask kNull = 1, kBoolean = 2, kInteger = 4, kFraction = 8, kString = 16, kArray = 32,
                          kObject = 64;
inline constexpr TypeMask kAnyType = 127;

using PlaceIndex = std::uint32_t;
inline constexpr PlaceIndex kNoPlace = std::numeric_limits<PlaceIndex>::max();
inline constexpr std::size_t kMaxPlaces = 100'000;  ///< In one type.

/// What follows from `$ref` with keywords beside it, from `anyOf` and from classes that fields take from what is around them: docs/catalogue.md.
struct Place {
  struct Member {
    std::string name;
    PlaceIndex place = kNoPlace;
  };

  /// Of a value here as a whole, each once; more than one where it depends on the event which schema counts. Empty: no text can stand here.
  std::vector<std::string> classes = {};
  TypeMask types = kAnyType;  ///< Of what can stand here, as far as schemas tell.
  bool takes_text = false;
  bool takes_values = false;  ///< Text, numbers, truth values.
  bool has_members = false;   ///< Schemas say what stands in an object here; without: it is one value.
  bool has_items = false;     ///< The same of an array.
  bool is_open = false;       ///< An object or array can stand here that no schema describes.
  std::vector<Member> members = {};  ///< In the order in which schemas name them.
  PlaceIndex rest = kNoPlace;        ///< Each member that is not named, has_members or not; kNoPlace: there is none, or nothing is known of it.
  PlaceIndex items = kNoPlace;       ///< Each item of an array, has_items or not; kNoPlace: as above.
};

/// The first is the data itself; none stands below itself.
using Places = std::vector<Place>;

/// Of a schema that does not contain itself. Error `usage`, code `schema-invalid`: more than kMaxPlaces. Linear in the places.
[[nodiscard]] Result<Places> find_places(const Program& program, const SchemaErrors& errors);

}  // namespace user_events::catalogue
