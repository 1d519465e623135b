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
#include "schemas/model.h"

namespace user_events::policy {

/// What is done to one value, as a whole.
struct Treatment {
  Action action = Action::clear;
  Mask mask = Mask::all;
  bool any_case = false;  ///< Before a token is made: an e-mail address or name is the same in any case.
};

/// What a member of a free map is taken for by its name alone: the class of the fields that have that name anywhere in the catalogue; of a
/// name that no field has, the strictest action of the policy.
class KnownNames {
 public:
  /// Error `usage`: a type has no model.
  [[nodiscard]] static Result<KnownNames> gather(const catalogue::Catalogue& catalogue, const PrivacyPolicy& policy);
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

enum class Step : std::uint8_t {
  keep,
  treat,   ///< The value as a whole.
  object,  ///< Each member by its name; the others by `rest`.
  items,   ///< Of an array: each by `rest`.
  names,   ///< Free text: the members of an object are what KnownNames say, an array may hold anything; else the value as a whole.
};

struct PlanMember {
  std::string prefix;   ///< `"name":` as it stands in data.
  std::string token;    ///< `/name`, for a JSON Pointer.
  PlanIndex node = kKeep;
};

struct PlanNode {
  Step step = Step::keep;
  Treatment treatment = {};
  std::vector<PlanMember> members = {};  // sorted by prefix
  PlanIndex rest = kKeep;
  bool rest_by_name = false;  ///< The others are what KnownNames say.
};

struct Plan {
  std::vector<PlanNode> nodes;  ///< The second is the event's data.
  PlanIndex root = kKeep;
  std::shared_ptr<const KnownNames> names;
  std::string variant;  ///< Of the derived schema; empty: nothing is changed in such data.
};

/// Deterministic.
[[nodiscard]] Plan make_plan(const schemas::Model& model, const PrivacyPolicy& policy, std::shared_ptr<const KnownNames> names);

[[nodiscard]] Treatment treatment_of(const PrivacyPolicy& policy, std::string_view klass);

}  // namespace user_events::policy
