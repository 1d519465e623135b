// The catalogue's annotations of two versions: Protobuf numbers, keys, classes of personal data.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "catalogue/catalogue.h"
#include "compatibility/json_text.h"

namespace user_events::compatibility {

/// Where a field's schema stands in the file of one version → where in another's, for fields whose schema does not stand at the same place
/// alone: they have another name there, or their object's schema is referred to, or not, where it was not, or was.
using Moves = std::map<std::string, std::set<std::string>>;

/// From a version to the one after it, `x-cast` of that one included. Error `usage`: more than kMaxSteps fields.
[[nodiscard]] Result<Moves> moves_between(const JsonText& older, const JsonText& newer);
/// `first`, then `second`.
[[nodiscard]] Moves chain(const Moves& first, const Moves& second);

/// The newest of `versions` (oldest first) beside each one before it: appends numbers that changed or were used for something else (errors),
/// keys and classes that changed (warnings). A field that `x-cast` renames on the way is the same field. Errors as JsonText::parse; linear.
[[nodiscard]] Result<void> compare_annotations(std::span<const Document> versions, std::vector<Finding>& findings);

/// Whether each Protobuf number stands for one field in all versions of each type of a catalogue. Error `usage`, code `field-number-changed` or
/// `field-number-reused`: the first that does not. Cost: each version beside each before it, some 0.1 ms a pair.
[[nodiscard]] Result<void> check_numbers(const catalogue::Catalogue& catalogue);

}  // namespace user_events::compatibility
