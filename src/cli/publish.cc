// publish TYPE: one event.
#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/try.h"
#include "cli/answers.h"
#include "cli/commands.h"
#include "cli/http_client.h"
#include "cli/input.h"
#include "cli/output.h"

namespace user_events::cli {
namespace {

constexpr std::size_t kMaxDataBytes = 64 << 20;  // no daemon takes more

Result<std::string> read_data(const std::string& argument) {
  if (argument == "-") return read_input(argument, kMaxDataBytes, "--data");
  if (argument.starts_with('@')) return read_input(argument.substr(1), kMaxDataBytes, "--data");
  return argument.empty() ? "{}" : argument;
}

}  // namespace

Result<void> publish_one(const PublishArguments& arguments) {
  for (const std::string_view text : {arguments.type, arguments.id, arguments.time}) {
    if (!base::is_valid_utf8(text)) return fail(ErrorKind::usage, "bad-utf8", "an argument is not UTF-8");
  }
  UE_TRY_ASSIGN(const std::string text, read_data(arguments.data));
  UE_TRY_ASSIGN(const std::string data, compact_object(text));
  std::string body;
  base::ObjectWriter event(body);
  event.text("type", arguments.type);
  if (!arguments.id.empty()) event.text("id", arguments.id);
  if (!arguments.time.empty()) event.text("time", arguments.time);
  if (arguments.version != 0) event.number("version", arguments.version);
  event.raw("data", data);
  event.end();

  UE_TRY_ASSIGN(HttpClient client, HttpClient::from_environment(arguments.client.token_file));
  UE_TRY_ASSIGN(const std::string answer, client.post("/v1/events", "application/json", body));
  UE_TRY_ASSIGN(const Receipt receipt, parse_receipt(answer));
  if (arguments.json) return write_result(answer + "\n");
  return write_result(fmt::format("{} {} as number {}\n",
                                  receipt.duplicate ? "was accepted before:" : "accepted",
                                  printable(receipt.id), receipt.sequence));
}

}  // namespace user_events::cli
