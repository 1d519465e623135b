#include "destinations/aws/target.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace user_events::destinations::aws {
namespace {

constexpr std::string_view kFifo = ".fifo";

bool is_name(std::string_view name) {
  if (name.ends_with(kFifo)) name.remove_suffix(kFifo.size());
  return !name.empty() && name.size() <= 256 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

/// `sqs.eu-west-1.amazonaws.com`, `sqs-fips.…`, `eu-west-1.queue.amazonaws.com`, `vpce-….sqs.eu-west-1.vpce.amazonaws.com`.
std::string region_in(std::string_view host) {
  if (host.find(".amazonaws.com") == std::string_view::npos) return {};
  if (const auto queue = host.find(".queue.amazonaws.com"); queue != std::string_view::npos) return std::string(host.substr(0, queue));
  for (const std::string_view service : {"sqs.", "sqs-fips."}) {
    const auto at = host.find(service);
    if (at == std::string_view::npos) continue;
    const auto rest = host.substr(at + service.size());
    return std::string(rest.substr(0, rest.find('.')));
  }
  return {};
}

Result<TargetName> parse_queue_url(std::string_view url) {
  const auto bad = fail(ErrorKind::usage, "destination-setting", "is not the URL of a queue",
                        "topic = \"https://sqs.REGION.amazonaws.com/ACCOUNT/QUEUE\"; in place of the name's part {type} may stand");
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos || (!url.starts_with("https://") && !url.starts_with("http://"))) return bad;
  const auto path = url.find('/', scheme + 3);
  const auto name = url.substr(url.rfind('/') + 1);
  if (path == std::string_view::npos || url.find('@') != std::string_view::npos || !is_name(name)) return bad;
  return TargetName{.id = std::string(url),
                    .endpoint = std::string(url.substr(0, path + 1)),
                    .region = region_in(url.substr(scheme + 3, path - scheme - 3)),
                    .fifo = name.ends_with(kFifo)};
}

Result<TargetName> parse_topic_arn(std::string_view arn) {
  std::array<std::string_view, 6> parts;
  std::string_view rest = arn;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto end = i + 1 < parts.size() ? std::min(rest.find(':'), rest.size()) : rest.size();
    parts[i] = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (parts[0] != "arn" || parts[2] != "sns" || parts[3].empty() || parts[4].empty() || !is_name(parts[5]))
    return fail(ErrorKind::usage, "destination-setting", "is not the ARN of a topic",
                "topic = \"arn:aws:sns:REGION:ACCOUNT:TOPIC\"; in place of the name's part {type} may stand");
  return TargetName{.id = std::string(arn),
                    .endpoint = fmt::format("https://sns.{}.{}/", parts[3], domain_of_region(parts[3])),
                    .region = std::string(parts[3]),
                    .fifo = parts[5].ends_with(kFifo)};
}

}  // namespace

std::string_view domain_of_region(std::string_view region) noexcept {
  return region.starts_with("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}

Result<TargetName> parse_target(ServiceKind kind, std::string_view id) {
  return kind == ServiceKind::sqs ? parse_queue_url(id) : parse_topic_arn(id);
}

}  // namespace user_events::destinations::aws
