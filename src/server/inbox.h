// What other threads have finished for connections, handed to the loop in bursts.
#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <variant>
#include <vector>

#include "user_events/publisher.h"

namespace user_events::server {

class Channel;

/// A connection, or the fact that it is gone: slots are reused with another generation.
struct ConnectionId {
  std::uint32_t slot = 0, generation = 0;
};

using Published = Result<std::vector<Receipt>>;
struct EachPublished {
  std::uint64_t piece = 0;  ///< Counted by the NDJSON exchange.
  std::vector<Result<Receipt>> results;
};
using Progress = std::vector<DeliveryProgress>;
using Continuation =
    std::move_only_function<void(Channel*)>;  ///< Runs on the loop's thread, if the connection still lives.

struct Completion {
  ConnectionId to;
  std::variant<Published, EachPublished, Progress, Continuation> what;
};

/// Thread-safe; outlives its loop for as long as somebody still owes a completion. A publish that fails at
/// once calls back on the loop's own thread: that goes past the lock.
class Inbox : public boost::intrusive_ref_counter<Inbox> {
 public:
  /// `wake` is called without arguments from any thread, at most once until the next `take`; it must not call
  /// back.
  explicit Inbox(std::function<void()> wake) : wake_(std::move(wake)) {}

  void push(Completion&& completion);
  /// Without waking: more of a group commit will follow, and `wake_if_any` after the last.
  void push_quietly(Completion&& completion);
  /// Wakes for what was pushed quietly. Any thread; cheap when there is nothing.
  void wake_if_any();
  /// Swaps what has come into `out` (which must be empty). Loop's thread.
  void take(std::vector<Completion>& out);
  /// The same for what the loop's own thread has pushed.
  void take_local(std::vector<Completion>& out) { out.swap(local_); }
  [[nodiscard]] bool has_local() const noexcept { return !local_.empty(); }
  /// Called once by the thread that is the loop.
  void bind_to_this_thread() { owner_ = std::this_thread::get_id(); }
  /// Nothing is kept and nobody woken from now on.
  void close();

 private:
  std::mutex mutex_;
  std::vector<Completion> items_;
  std::function<void()> wake_;
  bool woken_ = false;  // since the last take
  bool closed_ = false;
  std::thread::id owner_;          // written before the loop's thread does anything else
  std::vector<Completion> local_;  // only that thread
};

/// Where a callback of the publisher goes. Two words, so that std::move_only_function keeps it without
/// allocating.
struct Ticket {
  boost::intrusive_ptr<Inbox> inbox;
  ConnectionId to;

  template <class What>
  void operator()(What&& what) {
    inbox->push({to, std::forward<What>(what)});
  }
  /// A publish that was accepted is one of a group commit, whose end the journal tells its listeners; one
  /// that was refused stands alone.
  void operator()(Published&& what) {
    what ? inbox->push_quietly({to, std::move(what)}) : inbox->push({to, std::move(what)});
  }
};

}  // namespace user_events::server
