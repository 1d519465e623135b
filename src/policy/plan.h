// A policy, made ready for the data of one version of an event type.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "catalogue/catalogue.h"
#include "policy/mask.h"
#include "policy/privacy_policy.h"

namespace user_events::policy {

/// What is done to one value, as a whole.
struct Treatment {
  Action action = Action::clear;
  Mask mask = Mask::all;
  bool any_case = false;  ///< Before a token is made: an e-mail address or name is the same in any case.
  [[nodiscard]] auto operator<=>(const Treatment&) const = default;
};

/// What shows no more than either of them.
[[nodiscard]] Treatment stricter(const Treatment& a, const Treatment& b) noexcept;

/// What a member of a free map is taken for by its name alone: the class of the fields that have that name anywhere in the catalogue; of a
/// name that no field has, the strictest action of the policy.
class KnownNames {
 public:
  [[nodiscard]] static KnownNames gather(const catalogue::Catalogue& catalogue, const PrivacyPolicy& policy);
  /// `prefix`: `"name":` as it stands in data.
  [[nodiscard]] const Treatment& of(std::string_view prefix) const noexcept;
  /// Of a name that no field has.
  [[nodiscard]] const Treatment& others() const noexcept { return others_; }

 private:
  std::vector<std::pair<std::string, Treatment>> names_;  // sorted
  Treatment others_;
};

using PlanIndex = std::uint32_t;
inline constexpr PlanIndex kKeep = 0;  ///< The first node of each plan: the value stays as it is.

struct PlanMember {
  std::string prefix;   ///< `"name":` as it stands in data.
  std::string token;    ///< `/name`, for a JSON Pointer.
  PlanIndex node = kKeep;
  [[nodiscard]] auto operator<=>(const PlanMember&) const = default;
};

/// Texts, numbers, truth values.
inline constexpr catalogue::TypeMask kScalars = catalogue::kBoolean | catalogue::kInteger | catalogue::kFraction | catalogue::kString;

/// What is done to what stands at one place, whatever it is.
struct PlanNode {
  catalogue::TypeMask types = catalogue::kAnyType;  ///< Of what can stand here. Without scalars null is the only value that is foreseen; it stays.
  Treatment value = {};       ///< Of a text, a number, a truth value, null.
  Treatment whole = {};       ///< Of an object or array that is not gone into.
  bool has_members = false;   ///< Objects are gone into: each member by its name, the others by `rest`.
  bool has_items = false;     ///< Arrays are: each item by `items`.
  bool rest_by_name = false;  ///< The others are what KnownNames say, or what `rest` says where that is stricter.
  std::vector<PlanMember> members = {};  // sorted by prefix
  PlanIndex rest = kKeep, items = kKeep;
  [[nodiscard]] auto operator<=>(const PlanNode&) const = default;
};

/// Of that raw key with quotes and colon; null: none of that name.
[[nodiscard]] const PlanMember* find_member(const PlanNode& node, std::string_view prefix) noexcept;

struct Plan {
  std::vector<PlanNode> nodes;  ///< Each once, however many places are treated so.
  PlanIndex root = kKeep;
  std::shared_ptr<const KnownNames> names;
  std::string variant;  ///< The policy's mark, by which schemas of what it leaves are named; empty: nothing is changed in such data.
};

/// Names the schemas of what a policy leaves: `p` and eight hexadecimal digits, equal where two policies leave the same of any data.
[[nodiscard]] std::string mark_of(const PrivacyPolicy& policy);

/// Deterministic. Where schemas give a place several classes, the strictest of what the policy does to them is done; so it is with what no schema foresaw,
/// by all that the policy does. `names`: null where nothing is redacted by the plan.
[[nodiscard]] Plan make_plan(const catalogue::Places& places, const PrivacyPolicy& policy, std::shared_ptr<const KnownNames> names);

}  // namespace user_events::policy
