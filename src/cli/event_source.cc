#include "cli/event_source.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/try.h"
#include "cli/http_client.h"
#include "cli/time_switch.h"
#include "observability/log.h"
#include "server/delivery_json.h"
#include "server/status_json.h"

namespace user_events::cli {
namespace {

std::string letters_path(std::string_view path, const LetterQuery& query) {
  const auto& filter = query.filter;
  std::string out = fmt::format("{}?after={}&limit={}", path, query.after, query.limit);
  const auto add = [&out](std::string_view name, std::string_view value) {
    if (!value.empty()) out.append("&").append(name).append("=").append(percent_encode(value));
  };
  add("destination", filter.destination);
  for (const auto& type : filter.types) add("type", type);
  for (const auto state : filter.states) add("state", to_text(state));
  add("user", filter.user);
  add("reason", filter.reason);
  if (filter.since) add("since", time_text(*filter.since));
  if (filter.until) add("until", time_text(*filter.until));
  if (query.with_users) add("users", "true");
  return out;
}

class DaemonSource final : public EventSource {
 public:
  explicit DaemonSource(HttpClient client) : client_(std::move(client)) {}

  Result<Page> page(const ReadQuery& query) override {
    UE_TRY_ASSIGN(const std::string body, client_.get(events_path("/v1/events", query, true)));
    return parse_page(body);
  }
  Result<std::uint64_t> last_sequence() override {
    UE_TRY_ASSIGN(const std::string body, client_.get("/v1/events?after=now&limit=1"));
    UE_TRY_ASSIGN(const Page page, parse_page(body));
    return page.next;
  }
  Result<Status> status() override {
    UE_TRY_ASSIGN(const std::string body, client_.get("/v1/status"));
    return parse_status(body);
  }
  Result<std::string> status_json() override { return client_.get("/v1/status"); }
  Result<std::string> letters_json(const LetterQuery& query) override { return client_.get(letters_path("/v1/dead-letters", query)); }
  Result<std::string> letter_json(std::uint64_t number) override {
    return client_.get(fmt::format("/v1/dead-letters/{}", number));
  }
  Result<std::string> discarded_json(const LetterQuery& query) override {
    return client_.get(letters_path("/v1/dead-letters/discarded", query));
  }
  Result<std::string> discarded_letter_json(std::uint64_t number) override {
    return client_.get(fmt::format("/v1/dead-letters/discarded/{}", number));
  }

 private:
  HttpClient client_;
};

class DirectorySource final : public EventSource {
 public:
  explicit DirectorySource(UserEventPublisher publisher) : publisher_(std::move(publisher)) {}

  Result<Page> page(const ReadQuery& query) override {
    UE_TRY_ASSIGN(const ReadPage read, publisher_.read(query));
    Page page;
    page.next = read.next;
    for (const auto& event : read.events) page.events.push_back(event.json);
    return page;
  }
  Result<std::uint64_t> last_sequence() override { return publisher_.last_sequence(); }
  Result<Status> status() override { return publisher_.status(); }
  Result<std::string> status_json() override { return server::status_json(publisher_.status()); }
  Result<std::string> letters_json(const LetterQuery& query) override {
    UE_TRY_ASSIGN(const auto page, publisher_.dead_letters(query.filter, query.after, query.limit));
    return server::letters_json(page, query.with_users);
  }
  Result<std::string> letter_json(std::uint64_t number) override {
    UE_TRY_ASSIGN(const auto letter, publisher_.dead_letter(number));
    return server::letter_json(letter);
  }
  Result<std::string> discarded_json(const LetterQuery& query) override {
    UE_TRY_ASSIGN(const auto page, publisher_.discarded_letters(query.filter, query.after, query.limit));
    return server::discarded_page_json(page);
  }
  Result<std::string> discarded_letter_json(std::uint64_t number) override {
    UE_TRY_ASSIGN(const auto letter, publisher_.discarded_letter(number));
    return server::discarded_letter_json(letter);
  }

 private:
  UserEventPublisher publisher_;
};

}  // namespace

Result<std::unique_ptr<EventSource>> open_source(const ClientArguments& client, const std::string& data_dir) {
  if (data_dir.empty()) {
    UE_TRY_ASSIGN(HttpClient http, HttpClient::from_environment(client.token_file));
    return std::make_unique<DaemonSource>(std::move(http));
  }
  std::error_code error;
  if (!std::filesystem::is_directory(data_dir, error)) {
    return fail(ErrorKind::not_found, "no-data-directory",
                fmt::format("--data-dir: {} is no folder", data_dir),
                "name the data_dir of the daemon's configuration");
  }
  Options options;
  options.data_dir = data_dir;
  options.read_only = true;
  options.log.level = "warn";
  observability::configure_log(options.log);
  auto publisher = UserEventPublisher::open(std::move(options));
  if (!publisher) {
    if (publisher.error().code == "data-directory-in-use")
      publisher.error().hint = "its daemon runs: leave out --data-dir to ask it";
    return std::unexpected(std::move(publisher).error());
  }
  return std::make_unique<DirectorySource>(*std::move(publisher));
}

std::string events_path(std::string_view path, const ReadQuery& query, bool with_limit) {
  std::string out = fmt::format("{}?after={}", path, query.after);
  for (const auto& type : query.types) out += "&type=" + percent_encode(type);
  if (!query.user.empty()) out += "&user=" + percent_encode(query.user);
  if (with_limit) out += fmt::format("&limit={}", query.limit);
  return out;
}

}  // namespace user_events::cli
