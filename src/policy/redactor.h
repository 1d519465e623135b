// A plan carried out on event data, in one pass, without parsing.
#pragma once

#include <string>
#include <string_view>

#include "policy/plan.h"

namespace user_events::policy {

/// What is written in place of values.
class Substitutes {
 public:
  virtual ~Substitutes() = default;
  /// Appends the token of a text: ASCII that needs no escape.
  virtual void append_token(std::string_view text, std::string& out) = 0;
  /// Appends the ciphertext of a JSON value that stands at `pointer`, as above. False: there is no key for it, and it is left out.
  [[nodiscard]] virtual bool append_encrypted(std::string_view pointer, std::string_view json, std::string& out) = 0;
};

/// Keeps scratch memory: one thread at a time.
class Redactor {
 public:
  /// Appends what the plan makes of `data`, one compact JSON object in the standard form. False, with something appended: it is none. Linear in
  /// the data and its depth; allocates only while `out` or scratch memory grow.
  [[nodiscard]] bool run(const Plan& plan, std::string_view data, Substitutes& substitutes, std::string& out);

 private:
  /// False: nothing is left of the value.
  bool value(PlanIndex node, std::string_view json);
  bool treat(const Treatment& treatment, std::string_view json);
  bool mask(const Treatment& treatment, std::string_view json);
  bool token(const Treatment& treatment, std::string_view json);
  bool object(const PlanNode& node, std::string_view json);
  bool items(const PlanNode& node, std::string_view json);
  [[nodiscard]] Treatment by_name(const PlanNode& node, std::string_view prefix, std::string_view json) const noexcept;
  /// `write(key, prefix, json)` writes each member's value; those of which nothing is left are left out.
  template <class Write>
  bool members(std::string_view json, Write&& write);
  [[nodiscard]] std::string_view text_of(std::string_view json);
  /// Adds a member's name to the pointer.
  void enter(std::string_view key);

  const Plan* plan_ = nullptr;
  Substitutes* substitutes_ = nullptr;
  std::string* out_ = nullptr;
  std::string pointer_, text_, name_, masked_;
  bool good_ = true;
};

}  // namespace user_events::policy
