// publish TYPE: one event.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "base/json_text.h"
#include "base/try.h"
#include "cli/answers.h"
#include "cli/commands.h"
#include "cli/http_client.h"
#include "cli/output.h"

namespace user_events::cli {
namespace {

constexpr std::size_t kMaxDataBytes = 64 << 20;  // no daemon takes more

Result<std::string> read_all(std::istream& in, std::string_view name) {
  std::string text;
  char piece[64 << 10];
  while (in.read(piece, sizeof piece) || in.gcount() > 0) {
    text.append(piece, static_cast<std::size_t>(in.gcount()));
    if (text.size() > kMaxDataBytes)
      return fail(ErrorKind::too_large, "data-too-large", fmt::format("{} is larger than 64 MiB", name));
  }
  if (in.bad()) return fail(ErrorKind::io, "data-unreadable", fmt::format("{} cannot be read", name));
  return text;
}

Result<std::string> read_data(const std::string& argument) {
  if (argument == "-") return read_all(std::cin, "standard input");
  if (!argument.starts_with('@')) return argument.empty() ? "{}" : argument;
  const std::string name = argument.substr(1);
  if (std::error_code error; std::filesystem::is_directory(name, error)) {
    return fail(ErrorKind::usage, "data-unreadable", fmt::format("--data: {} is a folder", name),
                "name a file that holds a JSON object");
  }
  std::ifstream in(name, std::ios::binary);
  if (!in) return fail(ErrorKind::usage, "data-unreadable", fmt::format("--data: {} cannot be read", name));
  return read_all(in, name);
}

void append_member(std::string_view name, std::string_view value, std::string& out) {
  if (value.empty()) return;
  out.append(",\"").append(name).append("\":");
  base::append_json_string(value, out);
}

}  // namespace

Result<void> publish_one(const PublishArguments& arguments) {
  for (const std::string_view text : {arguments.type, arguments.id, arguments.time}) {
    if (!base::is_valid_utf8(text)) return fail(ErrorKind::usage, "bad-utf8", "an argument is not UTF-8");
  }
  UE_TRY_ASSIGN(const std::string text, read_data(arguments.data));
  UE_TRY_ASSIGN(const std::string data, compact_object(text));
  std::string body = "{\"type\":";
  base::append_json_string(arguments.type, body);
  append_member("id", arguments.id, body);
  append_member("time", arguments.time, body);
  if (arguments.version != 0) body += fmt::format(",\"version\":{}", arguments.version);
  body.append(",\"data\":").append(data).append("}");

  UE_TRY_ASSIGN(HttpClient client, HttpClient::from_environment(arguments.client.token_file));
  UE_TRY_ASSIGN(const std::string answer, client.post("/v1/events", "application/json", body));
  UE_TRY_ASSIGN(const Receipt receipt, parse_receipt(answer));
  if (arguments.json) return write_result(answer + "\n");
  return write_result(fmt::format("{} {} as number {}\n",
                                  receipt.duplicate ? "was accepted before:" : "accepted",
                                  printable(receipt.id), receipt.sequence));
}

}  // namespace user_events::cli
