// Event data into Avro and Protobuf binary. The mapping, and what has no place in it: docs/encodings.md.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "schemas/model.h"
#include "schemas/texts.h"
#include "user_events/error.h"

namespace user_events::schemas {

inline constexpr std::size_t kMaxAvroDepth =
    64;  ///< Arrays, maps and objects inside each other; binary readers recurse.
inline constexpr std::size_t kMaxProtobufDepth =
    99;  ///< Messages inside the event's; readers refuse the hundred-and-first level.

/// Encodes the data of one version of an event type. It keeps scratch memory, so one thread at a time; each
/// thread makes its own, or moves one along. Owns what it needs of the model.
class Encoder {
 public:
  /// Error `usage`, code `no-derived-schema`: as `protobuf_schema`.
  [[nodiscard]] static Result<Encoder> compile(const Model& model, Encoding encoding);
  ~Encoder();
  Encoder(Encoder&&) noexcept;
  Encoder& operator=(Encoder&&) noexcept;

  /// Appends `data`, one compact JSON object in the standard form (`encoding::Envelope::data`), in binary.
  /// Members may stand in any order; equal data gives equal bytes, but for the order of members in maps,
  /// which is kept. Nothing is rounded or left out: what has no exact place is error `invalid`, code
  /// `not-encodable`, which names type and place but no value, and `out` is as it was. Linear in the data and
  /// in its depth; allocates only while `out` or scratch memory grow.
  [[nodiscard]] Result<void> encode(std::string_view data, std::string& out);

  /// At most so many bytes come of data of that size; never too small, for usual data five to eight times too
  /// large. Any thread, also while another one encodes.
  [[nodiscard]] std::size_t bound_bytes(std::size_t data_bytes) const noexcept;

 private:
  struct Impl;
  explicit Encoder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace user_events::schemas
