#include "server/loop.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <ctime>

#include "server/limits.h"

namespace user_events::server {
namespace {

/// Deadlines are met to a quarter of the shortest.
std::chrono::milliseconds sweep_interval(const HttpOptions& options) {
  return std::clamp(std::min(options.read_timeout, options.idle_timeout) / 4, std::chrono::milliseconds(5),
                    kSweep);
}

}  // namespace

Loop::Loop(Service& service)
    : service_(service),
      burst_(service.publisher),
      work_(io_.get_executor()),
      timer_(io_),
      sweep_interval_(sweep_interval(service.options)),
      // The burst begins here, before the journal goes on: its next commit waits for those that are answered now
      // and come back at once.
      inbox_(new Inbox([this] {
        burst_.begin();
        asio::post(io_, [this] { drain_inbox(); });
      })) {
  read_clock();
}

// Without memory to end, the process ends. NOLINTNEXTLINE(bugprone-exception-escape)
Loop::~Loop() {
  finish_stop();
  // Connections that still have operations in the queue go with it; what is owed to them finds a closed
  // inbox.
  slots_.clear();
}

void Loop::run_in_thread() {
  thread_ = std::thread([this] {
    inbox_->bind_to_this_thread();
    sweep();
    run();
  });
}

void Loop::run() {
  while (io_.run_one() != 0) {  // sleeps here, outside any burst
    for (std::size_t handled = 1; handled < kBurstHandlers && io_.poll_one() != 0; ++handled) {
    }
    burst_.end();
  }
}

void Loop::adopt(asio::ip::tcp protocol, int native_socket) {
  asio::post(io_, [this, protocol, native_socket] {
    Socket socket(io_);
    ErrorCode error;
    socket.assign(protocol, native_socket, error);
    if (error || stopping_) {
      if (error) ::close(native_socket);
      service_.connections.fetch_sub(1, std::memory_order_relaxed);
      return;
    }
    std::uint32_t slot = 0;
    if (free_slots_.empty()) {
      slot = static_cast<std::uint32_t>(slots_.size());
      slots_.emplace_back();
    } else {
      slot = free_slots_.back();
      free_slots_.pop_back();
    }
    slots_[slot].connection =
        ConnectionPtr(new Connection(*this, {slot, slots_[slot].generation}, std::move(socket), service_.tls->context()));
    const auto connection = slots_[slot].connection;
    connection->begin();
  });
}

Connection* Loop::find(ConnectionId id) noexcept {
  auto& slot = slots_[id.slot];
  return slot.generation == id.generation ? slot.connection.get() : nullptr;
}

void Loop::remove(ConnectionId id) {
  auto& slot = slots_[id.slot];
  if (slot.generation != id.generation) return;
  slot.connection.reset();
  ++slot.generation;
  free_slots_.push_back(id.slot);
  service_.connections.fetch_sub(1, std::memory_order_relaxed);
}

void Loop::deliver(std::vector<Completion>& completions) {
  for (auto& completion : completions) {
    const ConnectionPtr connection = find(completion.to);
    if (connection) connection->complete(std::move(completion));
  }
  completions.clear();
}

void Loop::drain_inbox() {
  inbox_->take(taken_);
  draining_ = true;
  deliver(taken_);
  draining_ = false;
  for (const auto& connection : answered_) connection->arm();
  answered_.clear();
}

bool Loop::defer_reading(Connection& connection) {
  if (draining_) answered_.emplace_back(&connection);
  return draining_;
}

void Loop::deliver_local() {
  while (inbox_->has_local()) {
    std::vector<Completion> completions;  // not a member: a completion may publish, and come back here
    completions.swap(taken_local_);
    inbox_->take_local(completions);
    deliver(completions);
    completions.swap(taken_local_);
  }
}

void Loop::wait_for_advance(ConnectionId id) {
  waiting_streams_.push_back(id);
  streams_wait_.store(true);
}

void Loop::notice_advance() {
  inbox_->wake_if_any();
  if (!streams_wait_.load() || wake_posted_.exchange(true)) return;
  asio::post(io_, [this] { wake_streams(); });
}

void Loop::wake_streams() {
  streams_wait_.store(false);
  wake_posted_.store(false);
  std::vector<ConnectionId> waiting;
  waiting.swap(waiting_streams_);
  for (const auto id : waiting) {
    const ConnectionPtr connection = find(id);
    if (connection) connection->notice_advance();
  }
}

template <class Function>
void Loop::for_each_connection(Function&& function) {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const auto connection = slots_[i].connection;  // keeps it alive, whatever the function does
    if (connection) function(*connection);
  }
}

void Loop::read_clock() {
  now_ = std::chrono::steady_clock::now();
  const auto second = std::time(nullptr);
  if (second == date_second_) return;
  date_second_ = second;
  std::tm utc{};
  gmtime_r(&second, &utc);
  char text[40];
  date_.assign(text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc));
}

void Loop::sweep() {
  read_clock();
  for_each_connection([this](Connection& connection) { connection.tick(now_); });
  timer_.expires_after(sweep_interval_);
  timer_.async_wait([this](const ErrorCode& error) {
    if (!error) sweep();
  });
}

void Loop::begin_stop() {
  asio::post(io_, [this] {
    stopping_ = true;
    for_each_connection([](Connection& connection) { connection.begin_stop(); });
  });
}

void Loop::finish_stop() {
  if (!thread_.joinable()) return;
  asio::post(io_, [this] {
    stopping_ = true;
    for_each_connection([](Connection& connection) { connection.close(); });
    timer_.cancel();
    inbox_->close();
    work_.reset();
  });
  thread_.join();
}

}  // namespace user_events::server
