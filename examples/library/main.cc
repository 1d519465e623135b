// Publishes two events durably and reads them back. With a configuration file (docs/configuration.md) they
// also go to its destinations.
#include <user_events/publisher.h>

#include <cstdio>

int main(int argc, char** argv) {
  using namespace user_events;
  auto options = argc > 1 ? Options::load(argv[1]) : Options{};
  if (!options) return std::fprintf(stderr, "%s\n", describe(options.error()).c_str()), 2;
  auto publisher = UserEventPublisher::open(*options);
  if (!publisher) return std::fprintf(stderr, "%s\n", describe(publisher.error()).c_str()), 1;

  auto created =
      publisher->publish(UserCreated{.user_id = "u-1", .email = "ada@example.com", .status = "active"});
  auto enabled = publisher->publish_mfa_enabled({.user_id = "u-1", .mfa_type = "totp"});
  for (const auto& receipt : {created, enabled}) {
    if (!receipt) return std::fprintf(stderr, "%s\n", describe(receipt.error()).c_str()), 1;
  }
  const auto page = publisher->read({.after = created->sequence - 1});
  for (const auto& event : page->events) std::printf("%s\n", event.json.c_str());
  return publisher->flush(std::chrono::seconds(10)) && publisher->close() ? 0 : 1;
}
