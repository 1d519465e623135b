// What the tests of policies share: policies in few words, and small catalogues.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/live.h"
#include "catalogue/support.h"
#include "policy/plans.h"
#include "support/temporary_directory.h"

namespace user_events::policy::test {

inline PrivacyPolicy policy_of(const PrivacyPolicyOptions& given) {
  auto policy = PrivacyPolicy::parse(given);
  if (!policy) throw std::runtime_error(describe(policy.error()));
  return *std::move(policy);
}

/// The built-in types, and user.noted with all that they do not have: arrays, maps with and without types, numbers, fields inside fields.
inline catalogue::Catalogue catalogue_with_notes() {
  const ::user_events::test::TemporaryDirectory folder;
  folder.write("user.noted/1.json", R"({"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"urn:user-events:schema:user.noted:1",
      "title":"User noted","type":"object","properties":{
        "userId":{"type":"string","minLength":1,"x-personal":"user-id","x-key":"user"},
        "emails":{"type":"array","x-personal":"email","items":{"type":"string"}},
        "friends":{"type":"array","items":{"type":"object","additionalProperties":false,"properties":{
          "name":{"type":"string","x-personal":"name"},"since":{"type":"integer"}}}},
        "labels":{"type":"object","additionalProperties":{"type":"string","x-personal":"name"}},
        "age":{"type":"integer","x-personal":"birth"},
        "phone":{"type":["string","null"],"x-personal":"phone"},
        "note":{"x-personal":"free-text"},
        "a/b":{"type":"object","x-personal":"address","additionalProperties":false,"properties":{"c~d":{"type":"string"},"size":{"type":"number","x-personal":"none"}}}},
      "required":["userId"],"additionalProperties":{"x-personal":"free-text"}})");
  auto made = catalogue::Catalogue::builtin();
  if (!made) throw std::runtime_error(describe(made.error()));
  if (auto loaded = made->load_directory(folder.path()); !loaded) throw std::runtime_error(describe(loaded.error()));
  return *std::move(made);
}

}  // namespace user_events::policy::test
