// The CloudEvents extension for DSSE. Digests are held against its test vectors here; whole events are verified in Python in tests/e2e.
#include "signing/dsse.h"

#include "crypto/digest.h"
#include "signing_fixture.h"

namespace user_events::signing::test {
namespace {

class DsseTest : public SigningFixture {
 protected:
  std::unique_ptr<KeyBook> book_ = open(options(destination("ed", "dsse")));
  std::unique_ptr<encoding::Encoder> structured_ = make_encoder(*book_, destination("ed", "dsse"), json());
  std::unique_ptr<encoding::Encoder> binary_ = make_encoder(*book_, destination("ed", "dsse", "cloudevents-binary"), json("cloudevents-binary"));

  static Attributes attributes_of(const Made& made) {
    auto envelope = event();
    envelope.extensions = made.extensions;
    Attributes out{{"datacontenttype", "application/json"}};
    encoding::for_each_attribute(envelope, kPosition, [&out](auto name, auto value) { out.emplace_back(name, value); });
    return out;
  }
};

// Its test cases 5 (core attributes and binary data) and 6a (an extension attribute).
TEST_F(DsseTest, DigestsAreThoseOfTheSpecification) {
  DigestList list;
  for (const std::string_view value : {"1", "example/uri", "1.0", "example.type.binary", "application/octet-stream", "", "", "", "\xF0\x9F\xA4\xA1"}) list.add(value);
  EXPECT_EQ(list.take(), "qCSeiZkS+hH9WiClfq6plfqYNVy2kvxWRfoBrLEzoDk=");
  list.add("value1");
  EXPECT_EQ(list.take(), "kU1P8bDaEnyNhglWzdTJNHh77khNWSZebBUxufVM2pU=");
  EXPECT_EQ(dsse_time("2026-05-13T09:49:12.999Z"), "2026-05-13T09:49:12Z");
  EXPECT_EQ(dsse_time("2020-06-18T17:24:53Z"), "2020-06-18T17:24:53Z");
}

TEST_F(DsseTest, PreAuthenticationEncodingIsThatOfTheProtocol) {
  // https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md
  EXPECT_EQ(pre_authentication_encoding("http://example.com/HelloWorld", "hello world"), "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  EXPECT_EQ(pre_authentication_encoding("", ""), "DSSEv1 0  0 ");
}

TEST_F(DsseTest, AWholeEventInJsonIsVerified) {
  const auto made = make(*structured_);
  ASSERT_EQ(made.readiness, encoding::Readiness::ready);
  EXPECT_EQ(made.headers, 0u);
  EXPECT_LE(made.body.size(), structured_->body_bound_bytes(event()));
  const auto apart = take_apart(made.body);
  ASSERT_TRUE(apart) << describe(apart.error());
  EXPECT_EQ(apart->data, event().data);
  const auto verified = verify_dsse(apart->attributes, apart->data, public_keys(*book_));
  ASSERT_TRUE(verified) << describe(verified.error());
  EXPECT_EQ(verified->key, "ed");
  EXPECT_TRUE(require_attributes(*verified, {{"id", "e-\"1\""}, {"tenant", "nörd"}, {"level", "7"}, {"sequence", "00000000000000000042"}}));
}

TEST_F(DsseTest, InBinaryModeTheAttributesAndTheBodyAreVerified) {
  const auto made = make(*binary_);
  EXPECT_EQ(made.body, event().data);
  const auto verified = verify_dsse(attributes_of(made), made.body, public_keys(*book_));
  ASSERT_TRUE(verified) << describe(verified.error());
  EXPECT_LE(made.body.size() + made.extensions.size() - event().extensions.size(), binary_->body_bound_bytes(event()));
}

TEST_F(DsseTest, EveryChangedAttributeAndByteIsNoticed) {
  const auto made = make(*binary_);
  const auto all = attributes_of(made);
  const auto keys = public_keys(*book_);
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto changed = all;
    changed[i].second.front() = changed[i].second.front() == '1' ? '2' : '1';
    EXPECT_FALSE(verify_dsse(changed, made.body, keys)) << all[i].first;
    auto missing = all;
    missing.erase(missing.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_FALSE(verify_dsse(missing, made.body, keys)) << all[i].first;
  }
  EXPECT_FALSE(verify_dsse(all, made.body + " ", keys));
  auto fraction = all;
  std::ranges::find(fraction, "time", &std::pair<std::string, std::string>::first)->second = "2026-11-24T09:00:00Z";
  EXPECT_TRUE(verify_dsse(fraction, made.body, keys)) << "the specification hashes whole seconds";
}

// Its test case 8, and what it says of payloads: each signed as it should be.
TEST_F(DsseTest, MaterialThatTheSpecificationForbidsIsRefused) {
  Signer signer(book_->key_of("crm"));
  DigestList digests;
  for (const std::string_view value : {"1", "/s", "1.0", "t", "", "", "", "", "{}"}) digests.add(value);
  const std::string core = R"("core":")" + digests.take() + "\"";
  digests.add("value1");
  const std::string ext = R"("ext":")" + digests.take() + "\"";
  const auto verified = [&](const std::string& payload, std::string_view type = kDssePayloadType) {
    const std::string signature = crypto::base64(signer(pre_authentication_encoding(kDssePayloadType, payload)));
    const std::string envelope = R"({"payload":")" + crypto::base64(payload) + R"(","payloadType":")" + std::string(type) + R"(","signatures":[{"keyid":"ed","sig":")" + signature + "\"}]}";
    return verify_dsse({{"id", "1"}, {"source", "/s"}, {"specversion", "1.0"}, {"type", "t"}, {"exta", "value1"}, {"dssematerial", crypto::base64(envelope)}}, "{}", public_keys(*book_)).has_value();
  };
  EXPECT_TRUE(verified("{" + core + "}"));
  EXPECT_TRUE(verified("{" + core + "," + ext + R"(,"signedextattrs":["exta"],"unknown":1})"));
  EXPECT_FALSE(verified("{" + core + "}", "https://cloudevents.io/verifiability/dsse/v0.2"));
  EXPECT_FALSE(verified("{" + core + "," + ext + "}"));
  EXPECT_FALSE(verified("{" + core + R"(,"signedextattrs":["exta"]})"));
  EXPECT_FALSE(verified(R"({"core":"AA=="})"));
  EXPECT_FALSE(verified("[]"));
  digests.add("value1");
  digests.add("value1");
  const std::string twice = R"("ext":")" + digests.take() + "\"";
  EXPECT_FALSE(verified("{" + core + "," + twice + R"(,"signedextattrs":["exta","exta"]})"));
  digests.add("1");
  const std::string id = R"("ext":")" + digests.take() + "\"";
  EXPECT_FALSE(verified("{" + core + "," + id + R"(,"signedextattrs":["id"]})"));
  digests.add("");
  const std::string nothing = R"("ext":")" + digests.take() + "\"";
  EXPECT_TRUE(verified("{" + core + "," + nothing + R"(,"signedextattrs":["absent"]})"));
  EXPECT_FALSE(verified("{" + core + "," + nothing + R"(,"signedextattrs":"absent"})"));
  EXPECT_FALSE(verified("{" + core + "," + nothing + R"(,"signedextattrs":[1]})"));
}

TEST_F(DsseTest, TheSameEventGivesTheSameBytesAtEachAttempt) {
  const auto first = make(*structured_);
  auto other = event();
  other.id = "e-2";
  EXPECT_NE(make(*structured_, other).body, first.body);
  EXPECT_EQ(make(*structured_).body, first.body);
}

TEST_F(DsseTest, ASignatureThatTheEventCameWithIsReplaced) {
  auto envelope = event();
  envelope.extensions = R"("dssematerial":"Zm9yZ2Vk","tenant":"nörd")";
  const auto made = make(*structured_, envelope);
  EXPECT_EQ(made.body.find("Zm9yZ2Vk"), std::string::npos);
  const auto apart = take_apart(made.body);
  ASSERT_TRUE(apart);
  EXPECT_TRUE(verify_dsse(apart->attributes, apart->data, public_keys(*book_)));
}

TEST_F(DsseTest, TheBoundCoversManyLongNames) {
  std::string extensions;
  for (int i = 0; i < 32; ++i) extensions += (i == 0 ? "\"" : ",\"") + std::string(900, 'n') + std::to_string(i) + "\":\"v\"";
  auto envelope = event();
  envelope.extensions = extensions;
  const auto made = make(*structured_, envelope);
  EXPECT_LE(made.body.size(), structured_->body_bound_bytes(envelope));
  EXPECT_LE(made.body.size(), structured_->growth().factor * (extensions.size() + event().data.size()) + structured_->growth().bytes);
}

TEST_F(DsseTest, BodiesThatAreNoEventAreRefused) {
  for (const char* body : {"", "x", "[]", R"({"a":[]})", R"({"a":{}})", R"({"data_base64":"AA=="})", R"({"data":1})", R"({"id":"1","id":"2"})", R"({"data":{})"})
    EXPECT_FALSE(take_apart(body)) << body;
}

}  // namespace
}  // namespace user_events::signing::test
