// Random valid data of a type, from its model: rough edges (long texts, escapes, bounds of numbers, empty
// things) are frequent.
#pragma once

#include <optional>
#include <random>
#include <string>

#include "schemas/model.h"

namespace user_events::schemas::test {

class RandomEvent {
 public:
  explicit RandomEvent(std::uint64_t seed) : random_(seed) {}

  /// Data as a caller might send it, members in any order; not always valid.
  [[nodiscard]] std::string raw(const Model& model);
  /// The same in the standard form. Throws if nothing valid is found in many tries.
  [[nodiscard]] std::string normalised(const catalogue::EventType& type, const Model& model);

  /// Uniform in [0, bound).
  std::uint64_t below(std::uint64_t bound) {
    return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(random_);
  }

 private:
  void object(const Model& model, const Object& object, int depth, std::string& out);
  void value(const Model& model, const Shape& shape, int depth, std::string& out);
  void any(int depth, std::string& out);
  void text(const Shape& shape, std::string& out);
  std::string words(std::size_t code_points);
  std::string formatted(const std::string& format);
  std::string whole(const Constraints& limits);
  std::string real(const Constraints& limits);
  template <class Item>
  void list(char open, char close, std::size_t count, Item&& item, std::string& out);
  void key(std::size_t i, std::string& out);

  std::mt19937_64 random_;
};

}  // namespace user_events::schemas::test
