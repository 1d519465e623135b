#include "server/request_parser.h"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cctype>
#include <optional>

#include "base/ascii.h"
#include "server/limits.h"

namespace user_events::server {

namespace beast = boost::beast;
namespace http = boost::beast::http;

void Request::clear() {
  method = Method::other;
  http11 = keep_alive = true;
  expects_continue = expects_other = false;
  content_length.reset();
  hosts = authorizations = 0;
  for (auto* text : {&target, &authorization, &host, &origin, &content_type, &content_encoding, &last_event_id,
                     &schema_version, &body})
    text->clear();
  attributes.clear();
}

namespace {

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

Method method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get:
      return Method::get;
    case http::verb::head:
      return Method::head;
    case http::verb::post:
      return Method::post;
    default:
      return Method::other;
  }
}

constexpr ParseFailure kTooManyFields{431, "header-too-large",
                                      "the header is larger than 16 KiB or has too many ce-* fields"};
constexpr ParseFailure kBodyTooLarge{413, "body-too-large", "the body is larger than http.max_body_bytes"};
constexpr ParseFailure kBadTransferEncoding{
    400, "ambiguous-length",
    "Transfer-Encoding must be `chunked` alone, in HTTP/1.1, and without Content-Length"};

/// Beast's error as an answer. The texts are ours: they must hold nothing of the request.
ParseFailure failure_of(const beast::error_code& code) {
  using http::error;
  if (code == error::header_limit || code == error::buffer_overflow) return kTooManyFields;
  if (code == error::body_limit) return kBodyTooLarge;
  if (code == error::bad_transfer_encoding) return kBadTransferEncoding;
  if (code == error::bad_content_length || code == error::multiple_content_length)
    return {400, "ambiguous-length",
            "Content-Length is no number, repeated with another value, or beside Transfer-Encoding"};
  if (code == error::bad_version)
    return {400, "bad-request-line", "only HTTP/1.0 and HTTP/1.1 are spoken here"};
  if (code == error::bad_method || code == error::bad_target || code == error::bad_line_ending)
    return {400, "bad-request-line", "the request line is not HTTP/1.1"};
  if (code == error::bad_chunk || code == error::bad_chunk_extension)
    return {400, "bad-chunk", "the chunked body is malformed"};
  return {400, "bad-header", "a header field is malformed"};
}

}  // namespace

struct RequestParser::Impl {
  /// The callbacks of Beast's parser, which copy what is needed and nothing else.
  class Callbacks final : public http::basic_parser<true> {
   public:
    Callbacks(Impl& impl, Request& request, BodySink& sink) : impl_(impl), request_(request), sink_(sink) {
      header_limit(kMaxHeaderBytes);
      body_limit(boost::none);  // limit_body counts
    }

   private:
    void on_request_impl(http::verb method, beast::string_view, beast::string_view target, int version,
                         beast::error_code&) override {
      request_.method = method_of(method);
      request_.http11 = version == 11;
      request_.target.assign(target.data(), target.size());
      header_bytes_ = target.size();
    }

    void on_field_impl(http::field name, beast::string_view name_text, beast::string_view value,
                       beast::error_code& error) override {
      header_bytes_ += name_text.size() + value.size() + 4;
      if (header_bytes_ > kMaxHeaderBytes) return impl_.fail(kTooManyFields, error);
      if (impl_.header_done) return;  // a trailer says nothing that anybody here may rely on
      switch (name) {
        case http::field::host:
          ++request_.hosts;
          return set(request_.host, value);
        case http::field::authorization:
          ++request_.authorizations;
          return set(request_.authorization, value);
        case http::field::content_type:
          return set(request_.content_type, value);
        case http::field::content_encoding:
          return set(request_.content_encoding, value);
        case http::field::origin:
          return set(request_.origin, value);
        case http::field::expect:
          (beast::iequals(value, "100-continue") ? request_.expects_continue : request_.expects_other) = true;
          return;
        case http::field::transfer_encoding:
          // Beast takes a body whose last coding is chunked, and none at all for other codings: what follows
          // would be the next request.
          if (!request_.http11 || !beast::iequals(value, "chunked")) impl_.fail(kBadTransferEncoding, error);
          return;
        case http::field::unknown:
          return on_other_field(view(name_text), view(value), error);
        default:
          return;
      }
    }

    void on_other_field(std::string_view name, std::string_view value, beast::error_code& error) {
      constexpr std::string_view kPrefix = "ce-";
      if (beast::iequals({name.data(), name.size()}, "Last-Event-ID")) {
        request_.last_event_id = value;
        return;
      }
      if (beast::iequals({name.data(), name.size()}, "Accept-Schema-Version")) {
        // Given several times, it is one list (RFC 9110, 5.3).
        if (!request_.schema_version.empty()) request_.schema_version += ',';
        request_.schema_version += value;
        return;
      }
      const auto prefix = name.substr(0, kPrefix.size());
      if (name.size() <= kPrefix.size() || !beast::iequals({prefix.data(), prefix.size()}, "ce-")) return;
      if (request_.attributes.size() == kMaxCloudEventHeaders) return impl_.fail(kTooManyFields, error);
      auto& attribute = request_.attributes.emplace_back(name.substr(kPrefix.size()), value);
      base::lower_ascii(attribute.first);
    }

    void on_header_impl(beast::error_code&) override {
      impl_.header_done = true;
      request_.keep_alive = keep_alive();
      if (const auto length = content_length()) request_.content_length = *length;
    }

    std::size_t on_body_impl(beast::string_view piece, beast::error_code& error) override {
      return take(piece, error);
    }
    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view piece,
                                   beast::error_code& error) override {
      return take(piece, error);
    }

    std::size_t take(beast::string_view piece, beast::error_code& error) {
      const auto taken = sink_.take_body(view(piece));
      impl_.paused = taken == 0;
      body_bytes_ += taken;
      if (body_bytes_ > impl_.body_limit) impl_.fail(kBodyTooLarge, error);
      return taken;
    }

    void on_chunk_header_impl(std::uint64_t size, beast::string_view, beast::error_code& error) override {
      if (size > impl_.body_limit || body_bytes_ > impl_.body_limit - size) impl_.fail(kBodyTooLarge, error);
    }

    void on_response_impl(int, beast::string_view, int, beast::error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}
    void on_finish_impl(beast::error_code&) override {}

    static void set(std::string& to, beast::string_view value) { to.assign(value.data(), value.size()); }

    Impl& impl_;
    Request& request_;
    BodySink& sink_;
    std::size_t header_bytes_ = 0;
    std::uint64_t body_bytes_ = 0;
  };

  void fail(const ParseFailure& why, beast::error_code& error) {
    failure = why;
    own_failure = true;
    error = http::error::bad_value;
  }

  std::optional<Callbacks> parser;
  ParseFailure failure;
  std::uint64_t body_limit = ~0ull;
  bool own_failure = false, header_done = false, header_reported = false, paused = false;
};

RequestParser::RequestParser() : impl_(std::make_unique<Impl>()) {}
RequestParser::~RequestParser() = default;

void RequestParser::start(Request& request, BodySink& sink) {
  auto& impl = *impl_;
  request.clear();
  impl.parser.emplace(impl, request, sink);
  impl.failure = {};
  impl.body_limit = ~0ull;
  impl.own_failure = impl.header_done = impl.header_reported = impl.paused = false;
}

RequestParser::Step RequestParser::parse(std::string_view bytes, std::size_t& consumed) {
  auto& impl = *impl_;
  auto& parser = *impl.parser;
  consumed = 0;
  if (impl.header_reported && parser.is_done()) return Step::done;
  if (!parser.got_some())  // RFC 9112, 2.2: empty lines before a request line are ignored
    while (bytes.substr(consumed).starts_with("\r\n")) consumed += 2;
  bytes.remove_prefix(consumed);
  if (bytes.empty() || (!parser.got_some() && bytes == "\r")) return Step::need_more;

  beast::error_code error;
  impl.paused = false;
  consumed += parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  if (error == http::error::need_more) return Step::need_more;
  if (error) {
    if (!impl.own_failure) impl.failure = failure_of(error);
    return Step::failed;
  }
  if (impl.header_done && !impl.header_reported) {
    impl.header_reported = true;
    return Step::header_done;
  }
  if (parser.is_done()) return Step::done;
  return impl.paused ? Step::paused : Step::progress;
}

const ParseFailure& RequestParser::failure() const noexcept { return impl_->failure; }

bool RequestParser::complete() const noexcept { return impl_->parser->is_done(); }

void RequestParser::limit_body(std::uint64_t bytes) { impl_->body_limit = bytes; }

}  // namespace user_events::server
