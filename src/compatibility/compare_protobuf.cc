// Protobuf: what the wire format lets a reader's messages make of a writer's bytes, and what a Confluent
// registry asks beyond that (packages, removed messages, oneofs).
#include "compatibility/compare_protobuf.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.pb.h>

#include <map>
#include <set>

#include "base/try.h"
#include "compatibility/protobuf_file.h"

namespace user_events::compatibility {
namespace {

namespace pb = google::protobuf;
using Type = pb::FieldDescriptor;

/// Types of one class have the same bytes on the wire.
enum class Wire : std::uint8_t { varint, zigzag, fixed32, fixed64, float32, float64, text, message, group };

Wire wire_of(Type::Type type) noexcept {
  switch (type) {
    case Type::TYPE_SINT32:
    case Type::TYPE_SINT64:
      return Wire::zigzag;
    case Type::TYPE_FIXED32:
    case Type::TYPE_SFIXED32:
      return Wire::fixed32;
    case Type::TYPE_FIXED64:
    case Type::TYPE_SFIXED64:
      return Wire::fixed64;
    case Type::TYPE_FLOAT:
      return Wire::float32;
    case Type::TYPE_DOUBLE:
      return Wire::float64;
    case Type::TYPE_STRING:
    case Type::TYPE_BYTES:
      return Wire::text;
    case Type::TYPE_MESSAGE:
      return Wire::message;
    case Type::TYPE_GROUP:
      return Wire::group;
    default:
      return Wire::varint;
  }
}

// Within one class of the wire: every value of `writer` is one of `reader`.
bool holds_all(Type::Type reader, Type::Type writer) noexcept {
  if (reader == writer || reader == Type::TYPE_BYTES) return true;
  if (writer == Type::TYPE_BOOL) return reader != Type::TYPE_ENUM;
  const bool to_int64 = reader == Type::TYPE_INT64 || reader == Type::TYPE_SINT64;
  switch (writer) {
    case Type::TYPE_INT32:
    case Type::TYPE_SINT32:
      return to_int64;
    case Type::TYPE_UINT32:
      return to_int64 || reader == Type::TYPE_UINT64;
    case Type::TYPE_ENUM:
      return to_int64 || reader == Type::TYPE_INT32;
    default:
      return false;
  }
}

std::string_view local_name(const pb::FileDescriptor& file, const std::string& full) {
  const std::size_t package = file.package().empty() ? 0 : file.package().size() + 1;
  return std::string_view(full).substr(package);
}

// A type's name without the file's own package, which is compared by itself.
std::string type_name(const Type& field) {
  const bool is_message = field.message_type() != nullptr;
  if (!is_message && field.enum_type() == nullptr) return field.type_name();
  const auto& full = is_message ? field.message_type()->full_name() : field.enum_type()->full_name();
  const auto* file = is_message ? field.message_type()->file() : field.enum_type()->file();
  return file == field.file() ? std::string(local_name(*file, full)) : "." + full;
}

class Comparison {
 public:
  Comparison(const ProtobufFile& reader, const ProtobufFile& writer) : reader_(reader), writer_(writer) {}

  std::vector<Finding> run() {
    const pb::FileDescriptor &r = reader_.file(), &w = writer_.file();
    if (r.package() != w.package())
      report("proto-package-changed", r.package(),
             fmt::format("the reader's package is `{}`, the writer's `{}`", r.package(), w.package()));
    if (r.syntax() != w.syntax())
      report("proto-syntax-changed", r.package(), "one of the two is proto2, the other proto3",
             Severity::warning);
    for (int i = 0; i < w.message_type_count(); ++i)
      check_pair(r.FindMessageTypeByName(w.message_type(i)->name()), *w.message_type(i));
    for (int i = 0; i < w.enum_type_count(); ++i)
      check_enum(r.FindEnumTypeByName(w.enum_type(i)->name()), *w.enum_type(i));
    return std::move(findings_);
  }

 private:
  void report(std::string_view code, const std::string& pointer, std::string detail,
              Severity severity = Severity::error) {
    if (findings_.size() < kMaxFindingsPerPair)
      findings_.push_back(
          {severity, Breaks::nobody, std::string(code), reader_.name(), pointer, std::move(detail)});
  }

  // The depth is bounded by protoc's own limit on nested messages.
  void check_pair(const pb::Descriptor* r, const pb::Descriptor& w) {
    if (r == nullptr)
      return report("proto-message-removed", w.full_name(),
                    fmt::format("the reader has no message `{}`", local_name(writer_.file(), w.full_name())));
    for (int i = 0; i < w.field_count(); ++i) check_written(*r, *w.field(i));
    for (int i = 0; i < r->field_count(); ++i) check_read(*r->field(i), w);
    for (int i = 0; i < r->real_oneof_decl_count(); ++i) check_choice(*r->oneof_decl(i), w);
    for (int i = 0; i < w.nested_type_count(); ++i)
      if (!w.nested_type(i)->options().map_entry())
        check_pair(r->FindNestedTypeByName(w.nested_type(i)->name()), *w.nested_type(i));
    for (int i = 0; i < w.enum_type_count(); ++i)
      check_enum(r->FindEnumTypeByName(w.enum_type(i)->name()), *w.enum_type(i));
  }

  void check_written(const pb::Descriptor& r, const Type& w) {
    const Type* field = r.FindFieldByNumber(w.number());
    if (field != nullptr) return check_field(*field, w);
    const auto* choice = w.real_containing_oneof();
    if (choice != nullptr && knows_one(r, *choice))
      report("proto-oneof-changed", w.full_name(),
             fmt::format("the reader cannot tell that `{}` of the oneof `{}` was chosen", w.name(), choice->name()));
  }

  // Asked for each field of the oneof, which may have very many.
  bool knows_one(const pb::Descriptor& r, const pb::OneofDescriptor& choice) {
    const auto [at, is_new] = known_choices_.try_emplace(&choice, false);
    for (int i = 0; is_new && !at->second && i < choice.field_count(); ++i)
      at->second = r.FindFieldByNumber(choice.field(i)->number()) != nullptr;
    return at->second;
  }

  void check_read(const Type& r, const pb::Descriptor& w) {
    const Type* same_number = w.FindFieldByNumber(r.number());
    if (r.is_required() && (same_number == nullptr || !same_number->is_required()))
      report("proto-required", r.full_name(),
             fmt::format("`{}` is required, but the writer may leave it out", r.name()));
    const Type* same_name = w.FindFieldByName(r.name());
    if (same_name != nullptr && same_name->number() != r.number())
      report("proto-number-changed", r.full_name(),
             fmt::format("`{}` has number {} for the reader and {} for the writer", r.name(), r.number(),
                         same_name->number()));
  }

  void check_field(const Type& r, const Type& w) {
    if (r.name() != w.name())
      report("proto-renamed", r.full_name(),
             fmt::format("number {} is `{}` for the reader and `{}` for the writer", r.number(), r.name(),
                         w.name()),
             Severity::warning);
    if (r.is_map() != w.is_map())
      return report("proto-map-changed", r.full_name(),
                    fmt::format("`{}` is a map in one version only", r.name()));
    if (r.is_map()) {
      check_field(*r.message_type()->map_key(), *w.message_type()->map_key());
      return check_field(*r.message_type()->map_value(), *w.message_type()->map_value());
    }
    if (w.is_repeated() && !r.is_repeated())
      report(
          "proto-label-changed", r.full_name(),
          fmt::format("the writer may send several `{}`, of which the reader keeps one or none", r.name()));
    const bool is_named =
        r.message_type() != nullptr || (r.enum_type() != nullptr && w.enum_type() != nullptr);
    if (wire_of(r.type()) != wire_of(w.type()) || (is_named && type_name(r) != type_name(w)))
      return report("proto-type-changed", r.full_name(),
                    fmt::format("`{}` is {} for the reader and {} for the writer", r.name(), type_name(r),
                                type_name(w)));
    if (!holds_all(r.type(), w.type()))
      report("proto-narrowed", r.full_name(),
             fmt::format("`{}` is {} for the reader and {} for the writer", r.name(), type_name(r),
                         type_name(w)),
             Severity::warning);
  }

  // Of fields that the reader takes to exclude each other it keeps the last.
  void check_choice(const pb::OneofDescriptor& r, const pb::Descriptor& w) {
    std::set<const void*> independent;
    for (int i = 0; i < r.field_count(); ++i) {
      const Type* written = w.FindFieldByNumber(r.field(i)->number());
      if (written == nullptr) continue;
      const auto* choice = written->real_containing_oneof();
      independent.insert(choice != nullptr ? static_cast<const void*>(choice)
                                           : static_cast<const void*>(written));
    }
    if (independent.size() > 1)
      report(
          "proto-oneof-changed", r.full_name(),
          fmt::format("the writer may send several fields of the oneof `{}`, of which the reader keeps one",
                      r.name()));
  }

  void check_enum(const pb::EnumDescriptor* r, const pb::EnumDescriptor& w) {
    if (r == nullptr) return;
    int unknown = 0;
    for (int i = 0; i < w.value_count(); ++i) {
      const pb::EnumValueDescriptor& value = *w.value(i);
      const auto* same_name = r->FindValueByName(value.name());
      const auto* same_number = r->FindValueByNumber(value.number());
      if (same_name != nullptr && same_name->number() != value.number())
        report("proto-enum-renumbered", same_name->full_name(),
               fmt::format("`{}` is {} for the reader and {} for the writer", value.name(),
                           same_name->number(), value.number()));
      else if (same_name == nullptr && same_number != nullptr &&
               w.FindValueByName(same_number->name()) == nullptr)
        report("proto-enum-renamed", same_number->full_name(),
               fmt::format("{} is `{}` for the reader and `{}` for the writer", value.number(),
                           same_number->name(), value.name()),
               Severity::warning);
      unknown += same_number == nullptr ? 1 : 0;
    }
    if (unknown > 0 && r->file()->syntax() == pb::FileDescriptor::SYNTAX_PROTO2)
      report(
          "proto-narrowed", r->full_name(),
          fmt::format("the reader's enum is closed (proto2) and lacks {} of the writer's numbers", unknown),
          Severity::warning);
  }

  const ProtobufFile& reader_;
  const ProtobufFile& writer_;
  std::vector<Finding> findings_;
  std::map<const pb::OneofDescriptor*, bool> known_choices_;  // of the writer: whether the reader has a field of it
};

class Reserved {
 public:
  Reserved(const ProtobufFile& older, const ProtobufFile& newer) : older_(older), newer_(newer) {}

  std::vector<Finding> run() {
    for (int i = 0; i < older_.file().message_type_count(); ++i) {
      const auto& older = *older_.file().message_type(i);
      check(older, newer_.file().FindMessageTypeByName(older.name()));
    }
    for (int i = 0; i < older_.file().enum_type_count(); ++i) {
      const auto& older = *older_.file().enum_type(i);
      check_enum(older, newer_.file().FindEnumTypeByName(older.name()));
    }
    return std::move(findings_);
  }

 private:
  void report(Severity severity, std::string_view code, const std::string& pointer, std::string detail) {
    if (findings_.size() < kMaxFindingsPerPair)
      findings_.push_back(
          {severity, Breaks::nobody, std::string(code), newer_.name(), pointer, std::move(detail)});
  }

  void check(const pb::Descriptor& older, const pb::Descriptor* newer) {
    if (newer == nullptr) return;
    for (int i = 0; i < newer->field_count(); ++i) {
      const Type& field = *newer->field(i);
      if (older.IsReservedNumber(field.number()) || older.IsReservedName(field.name()))
        report(Severity::error, "proto-number-reserved", field.full_name(),
               fmt::format("{} reserves {} or `{}`", older_.name(), field.number(), field.name()));
    }
    for (int i = 0; i < older.field_count(); ++i) {
      const Type& field = *older.field(i);
      if (newer->FindFieldByNumber(field.number()) == nullptr && !newer->IsReservedNumber(field.number()))
        report(Severity::warning, "proto-not-reserved", newer->full_name(),
               fmt::format("{} uses {} for `{}`, and it is neither used nor reserved any more", older_.name(),
                           field.number(), field.name()));
    }
    for (int i = 0; i < older.nested_type_count(); ++i)
      check(*older.nested_type(i), newer->FindNestedTypeByName(older.nested_type(i)->name()));
    for (int i = 0; i < older.enum_type_count(); ++i)
      check_enum(*older.enum_type(i), newer->FindEnumTypeByName(older.enum_type(i)->name()));
  }

  void check_enum(const pb::EnumDescriptor& older, const pb::EnumDescriptor* newer) {
    for (int i = 0; newer != nullptr && i < newer->value_count(); ++i) {
      const pb::EnumValueDescriptor& value = *newer->value(i);
      if (older.IsReservedNumber(value.number()) || older.IsReservedName(value.name()))
        report(Severity::error, "proto-number-reserved", value.full_name(),
               fmt::format("{} reserves {} or `{}`", older_.name(), value.number(), value.name()));
    }
  }

  const ProtobufFile& older_;
  const ProtobufFile& newer_;
  std::vector<Finding> findings_;
};

}  // namespace

Result<std::vector<Finding>> compare_protobuf(const Document& reader, const Document& writer) {
  UE_TRY_ASSIGN(const ProtobufFile reader_file, ProtobufFile::parse(reader));
  UE_TRY_ASSIGN(const ProtobufFile writer_file, ProtobufFile::parse(writer));
  return Comparison(reader_file, writer_file).run();
}

Result<std::vector<Finding>> check_reserved(const Document& older, const Document& newer) {
  UE_TRY_ASSIGN(const ProtobufFile older_file, ProtobufFile::parse(older));
  UE_TRY_ASSIGN(const ProtobufFile newer_file, ProtobufFile::parse(newer));
  return Reserved(older_file, newer_file).run();
}

}  // namespace user_events::compatibility
