// Prints event types and random valid events of them in all encodings, one JSON object a line, for readers
// that know nothing of this project (tests/e2e/test_encodings.py):
//   {"schema":TYPE,"version":N,"avro":TEXT,"protobuf":TEXT}
//   {"type":TYPE,"version":N,"data":{…},"avro":HEX,"protobuf":HEX}       a refused encoding:
//   "avro_refused":WHY instead
// encoded_events SEED COUNT [CATALOGUE-FOLDER]: COUNT events of each type. With `-`, events come from
// standard input: a line `TYPE DATA`.
#include <cstdio>
#include <iostream>
#include <map>

#include "base/json_text.h"
#include "random_event.h"
#include "schemas/encoder.h"
#include "schemas/texts.h"

namespace {

using namespace user_events;
using namespace user_events::schemas;

template <class T>
T must(Result<T> result) {
  if (result) return *std::move(result);
  std::fprintf(stderr, "encoded_events: %s\n", describe(result.error()).c_str());
  std::exit(1);
}

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    text += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    text += "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

struct Type {
  const catalogue::EventType* type;
  Model model;
  std::map<Encoding, Encoder> encoders;

  explicit Type(const catalogue::EventType& event) : type(&event), model(must(make_model(event))) {
    for (const Encoding encoding : {Encoding::avro, Encoding::protobuf})
      encoders.emplace(encoding, must(Encoder::compile(model, encoding)));
  }

  void print_schemas(const catalogue::Catalogue& catalogue) const {
    std::cout << "{\"schema\":" << base::json_string(type->name) << ",\"version\":" << type->version;
    for (const Encoding encoding : {Encoding::avro, Encoding::protobuf})
      std::cout << ",\"" << name(encoding) << "\":" << base::json_string(must(schema_text(encoding, catalogue, *type)));
    std::cout << "}\n";
  }

  void print_event(std::string_view data) {
    std::cout << "{\"type\":" << base::json_string(type->name) << ",\"version\":" << type->version
              << ",\"data\":" << data;
    for (auto& [encoding, encoder] : encoders) {
      std::string bytes;
      const auto done = encoder.encode(data, bytes);
      std::cout << ",\"" << name(encoding);
      if (done)
        std::cout << "\":\"" << hex(bytes) << '"';
      else
        std::cout << "_refused\":" << base::json_string(done.error().message);
    }
    std::cout << "}\n";
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: encoded_events SEED COUNT|- [CATALOGUE-FOLDER]\n", stderr);
    return 2;
  }
  auto catalogue = must(catalogue::Catalogue::builtin());
  if (argc > 3) {
    if (const auto loaded = catalogue.load_directory(argv[3]); !loaded) {
      std::fprintf(stderr, "encoded_events: %s\n", describe(loaded.error()).c_str());
      return 1;
    }
  }
  if (std::string_view(argv[2]) == "-") {
    std::string name, data;
    while (std::cin >> name && std::cin.get() == ' ' && std::getline(std::cin, data))
      Type(*catalogue.find(name)).print_event(data);
    return 0;
  }
  test::RandomEvent random(std::stoull(argv[1]));
  for (const catalogue::EventType* event : catalogue.all()) {
    Type type(*event);
    type.print_schemas(catalogue);
    for (unsigned long i = std::stoul(argv[2]); i > 0; --i)
      type.print_event(random.normalised(*event, type.model));
  }
}
