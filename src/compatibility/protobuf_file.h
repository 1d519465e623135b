// A .proto file, parsed by libprotobuf's own compiler. Private to the room.
#pragma once

#include <google/protobuf/descriptor.h>

#include <memory>
#include <string>

#include "compatibility/compatibility.h"

namespace user_events::compatibility {

/// Owns its descriptors.
class ProtobufFile {
 public:
  /// Error `usage`: `FILE:LINE:COLUMN: what protoc says`. Imports other than google/protobuf/… are refused:
  /// the text stands for itself, as it does in a registry.
  [[nodiscard]] static Result<ProtobufFile> parse(const Document& document);
  ~ProtobufFile();
  ProtobufFile(ProtobufFile&&) noexcept;

  [[nodiscard]] const google::protobuf::FileDescriptor& file() const noexcept { return *file_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  struct Pool;
  ProtobufFile();
  std::unique_ptr<Pool> pool_;
  const google::protobuf::FileDescriptor* file_ = nullptr;
  std::string name_;
};

}  // namespace user_events::compatibility
