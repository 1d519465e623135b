#include "registry/encoder.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "base/try.h"
#include "destinations/format.h"
#include "destinations/name_template.h"
#include "destinations/wanted_versions.h"
#include "registry/bounds.h"
#include "registry/codec.h"
#include "registry/resolver.h"
#include "registry/wire.h"

namespace user_events::registry {
namespace {

using encoding::Readiness;

/// What one version of a type needs.
struct Form {
  std::unique_ptr<Codec> codec;
  std::size_t schema = 0;  // the resolver's number
  std::uint32_t id = 0;    // 0: not known yet
};

class SchemaEncoder final : public encoding::Encoder, public RegistryUse {
 public:
  SchemaEncoder(const DestinationOptions& options, destinations::RegistrySettings settings, CatalogueNow catalogue, std::string ids_file)
      : options_(options), settings_(std::move(settings)), catalogue_(std::move(catalogue)), type_(schema_type_of(options)),
        attributes_in_headers_(options.format == "cloudevents-binary"), content_type_(destinations::data_content_type(options)),
        bounds_(catalogue_, type_) {
    if (!settings_.url.empty())
      resolver_ = std::make_unique<Resolver>(Resolver::Settings{settings_, options.retry, std::move(ids_file), options.name});
  }

  /// Before it is used: what each version of a type that the destination gets needs.
  Result<void> prepare() {
    UE_TRY_ASSIGN(const auto sent, destinations::SentTypes::parse(options_));
    for (const auto* type : catalogue_().all()) {
      if (!sent.include(type->name, type->version)) continue;
      UE_TRY_ASSIGN(auto form, make_form(*type));
      forms_.emplace(std::pair(type->name, type->version), std::move(form));
    }
    return {};
  }

  encoding::Encoding encode(const encoding::Envelope& envelope, const encoding::Position&, encoding::Encoded& out) override {
    const auto found = form_of(envelope.type, envelope.version);
    if (!found) return {Readiness::refused, describe(found.error())};
    Form& form = **found;
    if (resolver_ && form.id == 0) {
      auto finding = resolver_->find(form.schema);
      if (finding.found == Found::refused) return {Readiness::refused, std::move(finding.reason)};
      if (finding.found == Found::not_yet) return {Readiness::not_now, std::move(finding.reason)};
      form.id = finding.id;
    }
    body_.clear();
    if (resolver_) append_prefix(type_, form.id, body_);
    if (const auto encoded = form.codec->append(envelope.data, body_); !encoded) return {Readiness::refused, describe(encoded.error())};
    out.envelope = envelope;
    out.body = body_;
    out.content_type = content_type_;
    out.attributes_in_headers = attributes_in_headers_;
    out.headers.clear();
    return {};
  }

  std::size_t body_bound_bytes(const encoding::Envelope& envelope) const noexcept override {
    const encoding::Growth growth = bounds_.of(envelope.type, envelope.version);
    return envelope.data.size() * growth.factor + growth.bytes;
  }
  encoding::Growth growth() const noexcept override { return bounds_.widest(); }
  std::string waits_for() const override { return resolver_ ? resolver_->waits_for() : std::string(); }
  std::uint64_t calls() const noexcept override { return resolver_ ? resolver_->calls() : 0; }
  std::uint64_t failures() const noexcept override { return resolver_ ? resolver_->failures() : 0; }

 private:
  /// Also of versions that the catalogue got since `prepare`. Types come in runs, so the last one is looked at first.
  [[nodiscard]] Result<Form*> form_of(std::string_view type, std::uint32_t version) {
    if (last_ != nullptr && last_->first.second == version && last_->first.first == type) return &last_->second;
    auto found = forms_.find(std::pair(type, version));
    if (found == forms_.end()) {
      const auto* known = catalogue_().find(type, version);
      if (known == nullptr) return fail(ErrorKind::invalid, "unknown-version", fmt::format("the catalogue has no version {} of {}", version, type));
      UE_TRY_ASSIGN(auto form, make_form(*known));
      found = forms_.emplace(std::pair(std::string(type), version), std::move(form)).first;
    }
    last_ = &*found;
    return &last_->second;
  }

  [[nodiscard]] Result<Form> make_form(const catalogue::EventType& type) {
    Form form;
    UE_TRY_ASSIGN(form.codec, make_codec(type, type_));
    UE_TRY_ASSIGN(auto schema, schema_of(catalogue_(), type, type_));  // what has none may not be sent either
    if (!resolver_) return form;
    UE_TRY_ASSIGN(auto subject, subject_of(options_, settings_, type, type_));
    form.schema = resolver_->add(std::move(subject), std::move(schema));
    return form;
  }

  struct Less {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const noexcept {
      const std::string_view one = a.first, other = b.first;
      return one != other ? one < other : a.second < b.second;
    }
  };
  using Forms = std::map<std::pair<std::string, std::uint32_t>, Form, Less>;

  const DestinationOptions options_;
  const destinations::RegistrySettings settings_;
  const CatalogueNow catalogue_;
  const SchemaType type_;
  const bool attributes_in_headers_;
  const std::string_view content_type_;
  std::unique_ptr<Resolver> resolver_;  // null: no registry
  const Bounds bounds_;                 // all that publishing threads ask; the rest is the delivery thread's
  Forms forms_;                         // at most those of the catalogue
  Forms::value_type* last_ = nullptr;
  std::string body_;
};

}  // namespace

SchemaType schema_type_of(const DestinationOptions& options) noexcept {
  if (options.encoding == "avro") return SchemaType::avro;
  return options.encoding == "protobuf" ? SchemaType::protobuf : SchemaType::json;
}

Result<std::string> subject_of(const DestinationOptions& options, const destinations::RegistrySettings& settings, const catalogue::EventType& type,
                               SchemaType encoding) {
  const auto strategy = parse_strategy(settings.subject).value_or(SubjectStrategy::record);
  std::string topic;
  if (strategy != SubjectStrategy::record) {
    UE_TRY_ASSIGN(const auto pattern, destinations::NameTemplate::parse(options.topic));
    topic = pattern.expand(type.name);
  }
  if (strategy == SubjectStrategy::topic) return subject_name(strategy, topic, {});
  UE_TRY_ASSIGN(const auto record, record_name(type, encoding));
  return subject_name(strategy, topic, record);
}

Result<void> check_types(const DestinationOptions& options, const catalogue::Catalogue& catalogue) {
  UE_TRY_ASSIGN(const auto sent, destinations::SentTypes::parse(options));
  for (const auto* const type : catalogue.all()) {
    if (!sent.include(type->name, type->version)) continue;
    UE_TRY(make_codec(*type, schema_type_of(options)));
    UE_TRY(schema_of(catalogue, *type, schema_type_of(options)));
  }
  return {};
}

Result<std::unique_ptr<encoding::Encoder>> make_encoder(const DestinationOptions& options, CatalogueNow catalogue,
                                                       std::string ids_file) {
  UE_TRY_ASSIGN(auto settings, destinations::parse_registry_settings(options));
  auto encoder = std::make_unique<SchemaEncoder>(options, std::move(settings), std::move(catalogue), std::move(ids_file));
  UE_TRY(encoder->prepare());
  return encoder;
}

}  // namespace user_events::registry
