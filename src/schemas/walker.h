// What both binary encoders share: members of an object in the order of writing, numbers and texts on the
// wire, and how a value without a place is refused. Private to the room.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_scan.h"
#include "base/json_values.h"
#include "schemas/plan.h"

namespace user_events::schemas {

/// One run over data at a time. Functions answer false once something is refused; `reason` and `pointer` then
/// say what and where.
class Walker {
 public:
  explicit Walker(const Plan& plan) : plan_(plan) {}
  Walker(const Walker&) = delete;
  Walker& operator=(const Walker&) = delete;
  virtual ~Walker() = default;

  /// Appends the whole data to `out`; on false `out` may have something appended.
  [[nodiscard]] virtual bool run(std::string_view data, std::string& out) = 0;

  [[nodiscard]] std::string_view reason() const noexcept { return reason_; }
  /// JSON Pointer in the data; `*` stands for a member or item without a name in the schema.
  [[nodiscard]] const std::string& pointer() const noexcept { return pointer_; }

 protected:
  /// The members of one object, put in the order of writing; gives its place back at the end.
  class Members {
   public:
    explicit Members(Walker& walker)
        : walker_(walker), values_(walker.values_.size()), extra_(walker.extra_.size()) {}
    ~Members() {
      walker_.values_.resize(values_);
      walker_.extra_.resize(extra_);
    }
    Members(const Members&) = delete;
    Members& operator=(const Members&) = delete;
    [[nodiscard]] bool read(const PlanObject& object, std::string_view json);
    /// The JSON text of the i-th field; empty if it is not there.
    [[nodiscard]] std::string_view value(std::size_t i) const noexcept {
      return walker_.values_[values_ + i];
    }
    /// Members without a name in the schema: how many, and each with its key.
    [[nodiscard]] std::size_t extras() const noexcept { return walker_.extra_.size() - extra_; }
    [[nodiscard]] std::pair<std::string_view, std::string_view> extra(std::size_t i) const noexcept {
      return walker_.extra_[extra_ + i];
    }

   private:
    Walker& walker_;
    std::size_t values_, extra_;
  };

  bool refuse(std::string_view reason);
  bool inside(std::string_view name);  ///< Adds where something was refused; false.
  bool inside_any();                   ///< The same for a place without a name.
  /// `good`, unless the text was no JSON value of the standard form: then it is refused, too.
  bool checked(bool good);

  // Values that are written alike. Each refuses what does not fit.
  bool integer(std::string_view json, std::int64_t& value);
  bool number(std::string_view json, double& value);
  bool time(std::string_view json, std::int64_t& unix_ms);
  bool boolean(std::string_view json, bool& value);
  bool content(std::string_view json, std::string_view& content);

  [[nodiscard]] const PlanShape& shape(std::uint32_t index) const noexcept { return plan_.shapes[index]; }
  [[nodiscard]] const Plan& plan() const noexcept { return plan_; }

  std::string* out_ = nullptr;

  void begin() noexcept;
  void varint(std::uint64_t value);
  void zigzag(std::int64_t value) {
    varint((static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63));
  }
  void fixed64(double value);
  /// Puts a varint before what has been written since `at`, where one byte was left for it.
  void put_before(std::size_t at, std::uint64_t value);

 private:
  const Plan& plan_;
  std::vector<std::string_view> values_;
  std::vector<std::pair<std::string_view, std::string_view>> extra_;
  std::string_view reason_;
  std::string pointer_;
};

/// True if a value that has no field of its own (absent, or null) is meant.
[[nodiscard]] inline bool is_null(std::string_view json) noexcept { return json == "null"; }

}  // namespace user_events::schemas
