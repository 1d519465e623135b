#include "signing/jws.h"

#include "base/json_writer.h"

namespace user_events::signing {

std::string protected_head(const Key& key, std::string_view destination) {
  std::string out;
  base::ObjectWriter object(out);
  object.text("alg", to_text(key.algorithm()));
  object.text("kid", key.name());
  object.boolean("b64", false);
  object.raw("crit", R"(["b64"])");
  object.text("destination", destination);
  return out;
}

void append_protected_tail(const encoding::Encoded& encoded, const encoding::Position& position, std::string& out) {
  out += R"(,"cty":)";
  base::append_json_string(encoded.content_type, out);
  out += R"(,"ce":)";
  base::ObjectWriter attributes(out);
  encoding::for_each_attribute(encoded.envelope, position, [&attributes](std::string_view name, std::string_view value) { attributes.text(name, value); });
  attributes.end();
  out += '}';
}

}  // namespace user_events::signing
