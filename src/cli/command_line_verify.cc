// The switches of `verify`.
#include "cli/command_line_parts.h"

namespace user_events::cli {

void add_verify(CLI::App& app, VerifyArguments& a, Action& action) {
  auto* command = app.add_subcommand("verify", "Check the signature of a received message, and say what it covers");
  command->add_option("BODY", a.body, "File with the body as it was received, byte for byte; - for standard input")->capture_default_str();
  command->add_option("--jws", a.jws, "What the header jws-signature holds, or @FILE; without it the event must have an attribute dssematerial")->type_name("TEXT|@FILE");
  auto* jwks = command->add_option("--jwks", a.jwks, "The sender's public keys: a JWK set (default: those of the daemon at USER_EVENTS_URL)")->type_name("FILE|URL");
  command->add_option("--ca-file", a.ca_file, "Authority of the server at that URL, PEM (default: the system's)")->type_name("FILE")->needs(jwks);
  auto* secret = command->add_option("--secret-file", a.secret_file, "The secret that HS256 signs with, instead of public keys")->type_name("FILE");
  jwks->excludes(secret);
  command->add_option("--attribute", a.attributes, "An attribute that was received in a header, without its prefix: it must be what was signed; may be repeated")
      ->type_name("NAME=VALUE")
      ->take_all();
  command->add_option("--destination", a.destination, "The name of the destination that it must have been signed for")->type_name("NAME");
  command->add_flag("--json", a.json, "As JSON");
  command->footer(
      "Exit status: 0 it is what was signed, 1 it is not.\nExamples:\n  user-events verify body.json --jws @header.txt --jwks https://events.example.com/.well-known/jwks.json\n"
      "  user-events verify body.json --jws \"$SIGNATURE\" --jwks keys.json --attribute id=e-1 --attribute type=user.created\n"
      "  user-events verify body.json --jws @header.txt --secret-file hs256.key --destination crm\n  user-events verify event-with-dssematerial.json --jwks keys.json");
  command->callback([&a, &action] { action = [&a] { return verify(a); }; });
}

}  // namespace user_events::cli
