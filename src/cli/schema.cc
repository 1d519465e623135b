// schema list, schema show: the event types that the daemon accepts.
#include <fmt/format.h>

#include <algorithm>

#include "base/try.h"
#include "cli/answers.h"
#include "cli/commands.h"
#include "cli/http_client.h"
#include "cli/output.h"

namespace user_events::cli {

Result<void> schema_list(const SchemaArguments& arguments) {
  UE_TRY_ASSIGN(HttpClient client, HttpClient::from_environment(arguments.client.token_file));
  UE_TRY_ASSIGN(const std::string body, client.get("/v1/schemas"));
  if (arguments.json) return write_result(body + "\n");
  UE_TRY_ASSIGN(const auto schemas, parse_schemas(body));
  std::size_t width = 0;
  for (const auto& schema : schemas) width = std::max(width, schema.type.size());
  std::string out;
  for (const auto& schema : schemas)
    out +=
        printable(fmt::format("{:<{}}  {:>2}  {}", schema.type, width, schema.version, schema.title)) + "\n";
  return write_result(out);
}

Result<void> schema_show(const SchemaArguments& arguments) {
  UE_TRY_ASSIGN(HttpClient client, HttpClient::from_environment(arguments.client.token_file));
  std::string path = "/v1/schemas/" + percent_encode(arguments.type);
  if (arguments.version == 0 && !arguments.policy.empty())
    return fail(ErrorKind::usage, "no-version", "--policy names the form of one version", "add --version N; both stand in an event's dataschema");
  if (arguments.version != 0) path += fmt::format("/{}", arguments.version);
  if (!arguments.policy.empty()) path += "/" + percent_encode(arguments.policy);
  UE_TRY_ASSIGN(const std::string text, client.get(path));
  return write_result(text.ends_with('\n') ? text : text + "\n");
}

}  // namespace user_events::cli
