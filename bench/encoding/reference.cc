#include "reference.h"

#include <google/protobuf/compiler/parser.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/json_util.h>

#include <string>

#include "common/report.h"

namespace user_events::bench {
namespace {

namespace pb = google::protobuf;

void require(bool good, const char* what) {
  if (!good) die(std::string("libprotobuf: ") + what);
}

pb::FileDescriptorProto parse(const std::string& proto) {
  pb::io::ArrayInputStream input(proto.data(), static_cast<int>(proto.size()));
  pb::io::Tokenizer tokenizer(&input, nullptr);
  pb::FileDescriptorProto file;
  require(pb::compiler::Parser().Parse(&tokenizer, &file), "the schema is not readable");
  file.set_name("data.proto");
  return file;
}

}  // namespace

struct ReferenceMessage::Impl {
  pb::DescriptorPool pool{pb::DescriptorPool::generated_pool()};  // it has struct.proto and timestamp.proto
  pb::DynamicMessageFactory factory{&pool};
  std::unique_ptr<pb::Message> filled, scratch;
};

ReferenceMessage::ReferenceMessage(const std::string& proto, std::string_view json)
    : impl_(std::make_unique<Impl>()) {
  pb::Struct::descriptor();
  pb::Timestamp::descriptor();
  const pb::FileDescriptor* const file = impl_->pool.BuildFile(parse(proto));
  require(file != nullptr, "the schema has no meaning");
  const pb::Message* const prototype = impl_->factory.GetPrototype(file->message_type(0));
  impl_->filled.reset(prototype->New());
  impl_->scratch.reset(prototype->New());
  require(pb::util::JsonStringToMessage({json.data(), json.size()}, impl_->filled.get()).ok(),
          "the data does not fit");
}

ReferenceMessage::~ReferenceMessage() = default;

void ReferenceMessage::serialise(std::string& out) const {
  require(impl_->filled->SerializeToString(&out), "not serialisable");
}

void ReferenceMessage::read_and_serialise(std::string_view json, std::string& out) {
  impl_->scratch->Clear();
  require(pb::util::JsonStringToMessage({json.data(), json.size()}, impl_->scratch.get()).ok(),
          "the data does not fit");
  require(impl_->scratch->SerializeToString(&out), "not serialisable");
}

}  // namespace user_events::bench
