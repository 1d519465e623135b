#include "server/key_refresh.h"

#include <fmt/format.h>

#include <fstream>
#include <optional>

#include "base/try.h"
#include "destinations/http/client.h"
#include "observability/log.h"

namespace user_events::server {
namespace {

using access::kMaxKeySetBytes;

constexpr std::chrono::milliseconds kTimeout{10'000};
/// How often it is looked whether a reading is due.
constexpr std::chrono::milliseconds kPoll{500};

std::unexpected<Error> unreadable(const std::string& where, std::string_view why) {
  return fail(ErrorKind::unavailable, "keys-unreadable", fmt::format("the keys at {} cannot be read: {}", where, why),
              "see jwks_file, jwks_url and ca_file of the [[issuer]]");
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text(kMaxKeySetBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || (!in && !in.eof())) return unreadable(path, "no file that can be read");
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

Result<std::string> fetch(const access::KeySetSource& source, const std::atomic<bool>& stopping) {
  destinations::http::ClientOptions options;
  options.max_connections = 1;
  options.max_answer_bytes = kMaxKeySetBytes;
  options.ca_file = source.ca_file;
  destinations::http::Client client(options);
  destinations::http::Request request;
  request.method = "GET";
  request.url = source.url;
  request.timeout = kTimeout;
  request.use_proxy = false;
  std::optional<destinations::http::Response> answer;
  client.start(std::move(request), [&answer](destinations::http::Response response) { answer = std::move(response); });
  while (!answer && !stopping) client.run(kPoll);
  if (!answer) return unreadable(source.url, "the daemon is stopping");
  if (answer->status == 0) return unreadable(source.url, answer->error);
  if (answer->status != 200) return unreadable(source.url, fmt::format("the answer is {}", answer->status));
  return std::move(answer->body);
}

}  // namespace

Result<access::KeySet> read_keys(const access::KeySetSource& source, const std::atomic<bool>& stopping) {
  UE_TRY_ASSIGN(const auto text, source.url.empty() ? read_file(source.file) : fetch(source, stopping));
  auto keys = access::KeySet::parse(text);
  if (!keys) keys.error().message = fmt::format("{}: {}", source.url.empty() ? source.file : source.url, keys.error().message);
  return keys;
}

KeyRefresh::KeyRefresh(std::vector<std::shared_ptr<access::KeyStore>> stores) : stores_(std::move(stores)) {
  if (!stores_.empty()) thread_ = std::thread([this] { run(); });
}

KeyRefresh::~KeyRefresh() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void KeyRefresh::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    for (const auto& store : stores_) {
      if (!store->take_turn(std::chrono::steady_clock::now())) continue;
      auto keys = read_keys(store->source(), stopping_);
      if (keys)
        store->replace(*std::move(keys));
      else
        observability::log().warn("access: {}", describe(keys.error()));
    }
    lock.lock();
    changed_.wait_for(lock, kPoll, [this] { return stopping_.load(); });
  }
}

}  // namespace user_events::server
