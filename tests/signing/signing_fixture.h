// Keys in files, and one event.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "signing/encoder.h"
#include "signing/verify.h"
#include "support/temporary_directory.h"

namespace user_events::signing::test {

/// RFC 8037, appendix A.1, as PKCS #8.
inline const std::string kPem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
inline const std::string kPublic = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
/// Another one.
inline const std::string kOtherPem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n-----END PRIVATE KEY-----\n";
inline const std::string kSecret(64, 'a');

inline constexpr encoding::Position kPosition{"0197a1b2-0000-7000-8000-00000000000a", 42};

inline encoding::Envelope event() {
  return {.id = "e-\"1\"",
          .source = "urn:test",
          .type = "user.created",
          .partition_key = "u-1",
          .time_ms = 1'795'510'800'250,
          .traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
          .extensions = R"("tenant":"nörd","level":7)",
          .data = R"({"userId":"u-1"})"};
}

class SigningFixture : public ::testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& text, mode_t mode = 0600) {
    const std::string path = folder_.path() + "/" + name;
    std::ofstream(path, std::ios::trunc) << text;
    ::chmod(path.c_str(), mode);
    return path;
  }
  SigningKeyOptions key(const std::string& name, const std::string& algorithm, const std::string& text) {
    return {name, algorithm, {.file = file(name, text), .env = {}, .credential = {}}};
  }
  static DestinationOptions destination(const std::string& sign, const std::string& signature = "jws", const std::string& format = "cloudevents") {
    DestinationOptions out;
    out.name = "crm";
    out.kind = "kafka";
    out.sign = sign;
    out.signature = signature;
    out.format = format;
    return out;
  }
  Options options(const DestinationOptions& destination) {
    Options out;
    out.signing_keys = {key("ed", "EdDSA", kPem), key("mac", "HS256", kSecret)};
    out.destinations = {destination};
    return out;
  }
  std::unique_ptr<KeyBook> open(const Options& options) {
    auto book = KeyBook::load(options);
    if (!book) throw std::runtime_error(describe(book.error()));
    return std::move(*book);
  }
  static VerifyingKeys public_keys(const KeyBook& book) {
    VerifyingKeys keys;
    keys.set = *access::KeySet::parse(book.jwks());
    return keys;
  }
  static VerifyingKeys secret() {
    VerifyingKeys keys;
    keys.secret = crypto::parse_secret_key(crypto::SecretText(std::string_view(kSecret)));
    return keys;
  }

  user_events::test::TemporaryDirectory folder_;
};

inline std::unique_ptr<encoding::Encoder> json(const std::string& format = "cloudevents") {
  return encoding::make_json_encoder({.format = format == "plain" ? encoding::Format::plain
                                                : format == "cloudevents" ? encoding::Format::cloudevents
                                                                          : encoding::Format::cloudevents_binary});
}

/// What an encoder made, as text of its own.
struct Made {
  encoding::Readiness readiness;
  std::string reason, body, jws;
  std::size_t headers;
  std::string extensions;
};
inline Made make(encoding::Encoder& encoder, const encoding::Envelope& envelope = event(), const encoding::Position& position = kPosition) {
  encoding::Encoded out;
  const auto done = encoder.encode(envelope, position, out);
  Made made{done.readiness, done.reason, std::string(out.body), {}, out.headers.size(), std::string(out.envelope.extensions)};
  if (out.headers.size() > 0) made.jws = out.headers.begin()->value;
  return made;
}

}  // namespace user_events::signing::test
