// A destination that notes what passes between the runner and the adapter, and what no adapter may do.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "destinations/destination.h"

namespace user_events::tests::conformance {

/// What was seen so far, over all destinations that were watched. Thread-safe.
class Watch {
 public:
  [[nodiscard]] std::uint64_t count(destinations::Outcome outcome) const;
  [[nodiscard]] std::uint64_t taken() const;
  [[nodiscard]] std::uint64_t in_flight() const;
  /// Reasons of everything but accepted, each once.
  [[nodiscard]] std::set<std::string> reasons() const;
  /// Broken promises of destination.h. Empty: none.
  [[nodiscard]] std::vector<std::string> violations() const;

 private:
  friend class WatchedDestination;
  void began();
  void took(std::uint64_t sequence, std::uint32_t max_in_flight);
  void reported(const destinations::Report& report);
  void ended();

  mutable std::mutex mutex_;
  std::map<destinations::Outcome, std::uint64_t> outcomes_;
  std::set<std::uint64_t> in_flight_;
  std::set<std::string> reasons_;
  std::vector<std::string> violations_;
  std::uint64_t taken_ = 0;
};

class WatchedDestination final : public destinations::Destination {
 public:
  WatchedDestination(std::unique_ptr<Destination> inner, Watch& watch) : inner_(std::move(inner)), watch_(watch) {}

  ~WatchedDestination() override;
  WatchedDestination(const WatchedDestination&) = delete;
  WatchedDestination& operator=(const WatchedDestination&) = delete;

  const destinations::Features& features() const noexcept override { return inner_->features(); }
  Result<void> start(std::string_view resume, std::string_view journal_id, std::uint64_t low_water) override;
  destinations::SendStatus send(const destinations::Message& message) override;
  void poll(std::vector<destinations::Report>& out, std::chrono::milliseconds timeout) override;
  std::string resume_state() const override { return inner_->resume_state(); }
  bool reconciled() const noexcept override { return inner_->reconciled(); }
  void wake() noexcept override { inner_->wake(); }
  destinations::Health health() const override { return inner_->health(); }
  void close(std::chrono::milliseconds deadline) override { inner_->close(deadline); }

 private:
  std::unique_ptr<Destination> inner_;
  Watch& watch_;
};

}  // namespace user_events::tests::conformance
