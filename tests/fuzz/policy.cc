// Choices of a schema, of an event that fits it and of a privacy policy. Whatever a schema calls personal, in whatever schemas come together at its place, is
// not in what the policy leaves unless the policy shows that class; what is left fits the derived schema.
#include "catalogue/catalogue.h"
#include "fuzz.h"
#include "policy/canaries.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace user_events;
  static const auto known = fuzz::must(catalogue::Catalogue::builtin(), "the built-in catalogue");
  if (const auto result = policy::test::release_canaries(fuzz::text_of(data, size), known)) fuzz::require(result->broken.empty(), result->broken);
  return 0;
}
