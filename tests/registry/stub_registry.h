// A registry that answers as a test says: in memory and right, or with whatever the test puts in its place.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "destinations/registry_settings.h"
#include "support/http_stub.h"

namespace user_events::registry::test {

class StubRegistry {
 public:
  /// Empty: the right answer.
  using Override = std::function<std::string(const tests::StubRequest&)>;

  StubRegistry() : stub_([this](const auto& request) { return answer(request); }) {}

  [[nodiscard]] destinations::RegistrySettings settings() const {
    destinations::RegistrySettings out;
    out.url = stub_.url() + "/base";
    out.timeout = std::chrono::milliseconds(2'000);
    return out;
  }
  void answer_with(Override override) {
    std::lock_guard lock(mutex_);
    override_ = std::move(override);
  }
  void answer_rightly() { answer_with({}); }
  [[nodiscard]] std::vector<tests::StubRequest> requests() const { return stub_.requests(); }
  [[nodiscard]] std::size_t count(const std::string& begin) const {
    std::size_t n = 0;
    for (const auto& request : requests()) n += request.line.starts_with(begin) ? 1u : 0u;
    return n;
  }
  /// As if somebody had registered it.
  std::uint32_t put(const std::string& subject, const std::string& body) {
    std::lock_guard lock(mutex_);
    return add(subject, body);
  }
  /// What `put` takes.
  static std::string body_of(const std::string& schema_json_string, const std::string& type) {
    return R"({"schema":)" + schema_json_string + R"(,"schemaType":")" + type + "\"}";
  }

  static std::string json(int status, const std::string& body) {
    return std::to_string(status) + " X\r\nContent-Type: application/vnd.schemaregistry.v1+json\r\n\r\n" + body;
  }

 private:
  std::uint32_t add(const std::string& subject, const std::string& body) {
    const auto [known, is_new] = ids_.try_emplace(body, static_cast<std::uint32_t>(ids_.size() + 1));
    auto& versions = subjects_[subject];
    if (std::find(versions.begin(), versions.end(), body) == versions.end()) versions.push_back(body);
    return known->second;
  }

  std::string answer(const tests::StubRequest& request) {
    Override override;
    {
      std::lock_guard lock(mutex_);
      override = override_;
    }
    if (override)
      if (auto text = override(request); text != "right") return text;
    std::lock_guard lock(mutex_);
    const auto path = request.line.substr(request.line.find(' ') + 1, request.line.rfind(' ') - request.line.find(' ') - 1);
    const bool is_post = request.line.starts_with("POST ");
    constexpr std::string_view kSubjects = "/base/subjects/", kVersions = "/versions";
    if (path.starts_with("/base/config/")) return json(200, request.body);
    if (!path.starts_with(kSubjects)) return "404 Not Found\r\n\r\nno such page";
    auto subject = path.substr(kSubjects.size());
    const auto versions_at = subject.find(kVersions);
    const bool of_versions = versions_at != std::string::npos;
    const std::string version = of_versions ? subject.substr(versions_at + kVersions.size()) : "";
    subject = subject.substr(0, versions_at);
    if (is_post && of_versions) return json(200, R"({"id":)" + std::to_string(add(subject, request.body)) + "}");
    const auto found = subjects_.find(subject);
    if (found == subjects_.end()) return json(404, R"({"error_code":40401,"message":"no subject"})");
    if (is_post) {
      const auto at = std::find(found->second.begin(), found->second.end(), request.body);
      if (at == found->second.end()) return json(404, R"({"error_code":40403,"message":"no schema"})");
      return json(200, R"({"subject":"s","version":1,"id":)" + std::to_string(ids_.at(request.body)) + "}");
    }
    if (version.empty()) {
      std::string list;
      for (std::size_t i = 1; i <= found->second.size(); ++i) list += (i > 1 ? "," : "") + std::to_string(i);
      return json(200, "[" + list + "]");
    }
    const std::size_t number = version == "/latest" ? found->second.size() : std::stoul(version.substr(1));
    const std::string& body = found->second.at(number - 1);
    return json(200, body.substr(0, body.size() - 1) + R"(,"subject":"s","version":)" + std::to_string(number) + R"(,"id":)" + std::to_string(ids_.at(body)) + "}");
  }

  mutable std::mutex mutex_;
  Override override_;
  std::map<std::string, std::uint32_t> ids_;  // by body
  std::map<std::string, std::vector<std::string>> subjects_;
  tests::HttpStub stub_;
};

/// Waits until it is true, at most ten seconds.
inline bool eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace user_events::registry::test
