#include "destinations/rabbitmq/outstanding.h"

#include <algorithm>

namespace user_events::destinations::rabbitmq {

const Published* Outstanding::mark_returned(std::uint64_t sequence) {
  const auto found = std::ranges::find_if(events_, [sequence](const Published& event) { return event.sequence == sequence && !event.confirmed; });
  if (found == events_.end()) return nullptr;
  found->returned = true;
  return &*found;
}

void Outstanding::drop_confirmed() {
  while (!events_.empty() && events_.front().confirmed) {
    events_.pop_front();
    ++first_tag_;
  }
}

}  // namespace user_events::destinations::rabbitmq
