// Bytes of a connection as HTTP requests. What comes out must not depend on how the bytes were cut into packets, and a target that is
// taken is taken again after it was written anew.
#include <algorithm>
#include <vector>

#include "base/uri_text.h"
#include "fuzz.h"
#include "server/request_parser.h"
#include "server/target.h"

namespace user_events::server {
namespace {

using Step = RequestParser::Step;

constexpr std::uint64_t kMaxBodyBytes = 4'096;
constexpr std::size_t kMaxRequests = 20;

class Body final : public BodySink {
 public:
  std::size_t take_body(std::string_view piece) override {
    text.append(piece);
    return piece.size();
  }
  std::string text;
};

/// One whole request.
struct Seen {
  Request request;
  std::string body;
};

bool same(const Seen& a, const Seen& b) {
  const Request &x = a.request, &y = b.request;
  return a.body == b.body && x.method == y.method && x.http11 == y.http11 && x.keep_alive == y.keep_alive &&
         x.expects_continue == y.expects_continue && x.expects_other == y.expects_other && x.content_length == y.content_length &&
         x.hosts == y.hosts && x.authorizations == y.authorizations && x.target == y.target && x.authorization == y.authorization &&
         x.host == y.host && x.origin == y.origin && x.content_type == y.content_type && x.content_encoding == y.content_encoding &&
         x.last_event_id == y.last_event_id && x.schema_version == y.schema_version && x.attributes == y.attributes;
}

/// The requests that a connection makes of `bytes` when they come in packets of `packet_bytes`. What is never whole or fails is none: a bad
/// line may be noticed before or after the header's end has come.
std::vector<Seen> read(std::string_view bytes, std::size_t packet_bytes) {
  std::vector<Seen> all;
  std::size_t begin = 0, end = std::min(packet_bytes, bytes.size());
  while (all.size() < kMaxRequests) {
    RequestParser parser;
    Seen seen;
    Body body;
    parser.start(seen.request, body);
    for (Step step = Step::progress; step != Step::done;) {
      std::size_t consumed = 0;
      const std::string_view offered = bytes.substr(begin, end - begin);
      step = parser.parse(offered, consumed);
      fuzz::require(consumed <= offered.size(), "no more is consumed than was offered");
      begin += consumed;
      if (step == Step::header_done) parser.limit_body(kMaxBodyBytes);
      if (step == Step::failed) fuzz::require(parser.failure().status >= 400 && !parser.failure().code.empty(), "a failure says why");
      if (step == Step::failed || step == Step::paused || (step == Step::need_more && end == bytes.size())) return all;
      if (step == Step::need_more) end = std::min(end + packet_bytes, bytes.size());
    }
    fuzz::require(body.text.size() <= kMaxBodyBytes, "a body is within its limit");
    seen.body = std::move(body.text);
    all.push_back(std::move(seen));
  }
  return all;
}

std::string written(const Target& target) {
  std::string out;
  for (const auto& segment : target.path) {
    out += '/';
    base::append_percent_encoded(segment, out, base::is_unreserved);
  }
  for (std::size_t i = 0; i < target.parameters.size(); ++i) {
    out += i == 0 ? '?' : '&';
    base::append_percent_encoded(target.parameters[i].first, out, base::is_unreserved);
    out += '=';
    base::append_percent_encoded(target.parameters[i].second, out, base::is_unreserved);
  }
  return out;
}

void check_target(std::string_view text) {
  const auto target = Target::parse(text);
  if (!target || target->path.empty()) return;
  const std::string again = written(*target);
  if (again.size() > 16 << 10) return;  // escapes are longer than what they stand for
  const auto twin = Target::parse(again);
  fuzz::require(twin && twin->path == target->path && twin->parameters == target->parameters, "a target is taken as what it was written from: " + again);
}

}  // namespace
}  // namespace user_events::server

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace user_events;
  if (size == 0) return 0;
  const std::string_view bytes = fuzz::text_of(data + 1, size - 1);
  const auto whole = server::read(bytes, bytes.size() + 1);
  const auto pieces = server::read(bytes, 1 + data[0] % 37);
  fuzz::require(std::ranges::equal(whole, pieces, server::same), "requests are the same however their bytes are cut");
  for (const auto& seen : whole) server::check_target(seen.request.target);
  server::check_target(bytes);
  return 0;
}
