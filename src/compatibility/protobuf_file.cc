#include "compatibility/protobuf_file.h"

#include <fmt/format.h>
#include <google/protobuf/compiler/importer.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/stubs/logging.h>

#include <algorithm>

#include "compatibility/json_text.h"

namespace user_events::compatibility {
namespace {

namespace pb = google::protobuf;

constexpr std::size_t kMaxErrors = 10;  // that are told
constexpr const char* kFileName =
    "schema.proto";  // a file that imports this name imports itself, which libprotobuf refuses

constexpr int kMaxReserved = 5'000;      // ranges or names, of one message or enum: libprotobuf compares each with each

bool reserves_too_much(const pb::EnumDescriptorProto& type) {
  return type.reserved_range_size() > kMaxReserved || type.reserved_name_size() > kMaxReserved;
}
bool reserves_too_much(const pb::DescriptorProto& type) {  // NOLINT(misc-no-recursion): libprotobuf bounds the depth
  const auto too_much = [](const auto& inner) { return reserves_too_much(inner); };
  return type.reserved_range_size() > kMaxReserved || type.reserved_name_size() > kMaxReserved || type.extension_range_size() > kMaxReserved ||
         std::ranges::any_of(type.enum_type(), too_much) || std::ranges::any_of(type.nested_type(), too_much);
}
bool reserves_too_much(const pb::FileDescriptorProto& file) {
  const auto too_much = [](const auto& type) { return reserves_too_much(type); };
  return std::ranges::any_of(file.enum_type(), too_much) || std::ranges::any_of(file.message_type(), too_much);
}

class OneFile : public pb::compiler::SourceTree {
 public:
  explicit OneFile(std::string_view text) : text_(text) {}
  pb::io::ZeroCopyInputStream* Open(const std::string& file) override {
    if (file != kFileName) return nullptr;
    return new pb::io::ArrayInputStream(
        text_.data(), static_cast<int>(text_.size()));  // the caller owns it, says libprotobuf
  }
  std::string GetLastErrorMessage() override { return "only imports of google/protobuf/ are known"; }

 private:
  std::string_view text_;
};

class Errors : public pb::compiler::MultiFileErrorCollector {
 public:
  explicit Errors(const std::string& name) : name_(name) {}
  void AddError(const std::string& file, int line, int column, const std::string& text) override {
    if (fields.size() >= kMaxErrors) return;
    const std::string where =
        file != kFileName || line < 0 ? name_ : fmt::format("{}:{}:{}", name_, line + 1, column + 1);
    fields.push_back({"", "schema-invalid", where + ": " + text});
  }
  std::vector<FieldError> fields;

 private:
  const std::string& name_;
};

}  // namespace

struct ProtobufFile::Pool {
  Pool(std::string_view text, const std::string& name)
      : tree(text),
        errors(name),
        known(*pb::DescriptorPool::generated_pool()),
        database(&tree, &known),
        pool(&database, database.GetValidationErrorCollector()) {
    database.RecordErrorsTo(&errors);
  }
  OneFile tree;
  Errors errors;
  pb::DescriptorPoolDatabase known;
  pb::compiler::SourceTreeDescriptorDatabase database;
  pb::DescriptorPool pool;
};

ProtobufFile::ProtobufFile() = default;
ProtobufFile::~ProtobufFile() = default;
ProtobufFile::ProtobufFile(ProtobufFile&&) noexcept = default;

Result<ProtobufFile> ProtobufFile::parse(const Document& document) {
  if (document.text.size() > kMaxTextBytes)
    return refuse(document.name, "", "larger than " + std::to_string(kMaxTextBytes) + " bytes");
  if (document.text.find('\0') != std::string_view::npos)
    return refuse(document.name, "", "not readable: it holds a zero byte");
  const pb::LogSilencer quiet;  // libprotobuf tells standard error about a missing `syntax`
  ProtobufFile made;
  made.name_ = document.name;
  made.pool_ = std::make_unique<Pool>(document.text, document.name);
  auto& fields = made.pool_->errors.fields;
  pb::FileDescriptorProto parsed;
  if (made.pool_->database.FindFileByName(kFileName, &parsed) && reserves_too_much(parsed))
    return refuse(document.name, "", fmt::format("a message or enum reserves more than {} ranges or names", kMaxReserved));
  fields.clear();  // the same is told again
  made.file_ = made.pool_->pool.FindFileByName(kFileName);
  if (made.file_ != nullptr && fields.empty()) return made;
  Error error{ErrorKind::usage,
              "schema-invalid",
              fields.empty() ? document.name + ": not readable as Protobuf" : fields.front().detail,
              "protoc says the same of the file",
              {}};
  error.fields = std::move(fields);
  return std::unexpected(std::move(error));
}

}  // namespace user_events::compatibility
