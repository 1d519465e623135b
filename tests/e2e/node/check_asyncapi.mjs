// Reads an AsyncAPI document with the specification's own parser: one JSON object on standard output, {"valid", "diagnostics", "document"}.
// Diagnostics of severity 0 are errors. `document` is what the parser's models say of it.
import {readFileSync} from "node:fs";
import {createRequire} from "node:module";

const [folder, file] = process.argv.slice(2);
const require = createRequire(folder + "/");
const {Parser} = require("@asyncapi/parser");
const parser = new Parser();
parser.registerSchemaParser(require("@asyncapi/avro-schema-parser").AvroSchemaParser());
parser.registerSchemaParser(require("@asyncapi/protobuf-schema-parser").ProtoBuffSchemaParser());
const {document, diagnostics} = await parser.parse(readFileSync(file, "utf8"));
// The parser itself only has them read; whether they are schemas it does not ask.
for (const message of document?.allMessages() ?? []) {
  const {schemaFormat, "x-parser-original-payload": data} = message.payload()?.json() ?? {};
  if (!schemaFormat) continue;
  const wrong = await parser.parserRegistry.get(schemaFormat).validate({data, schemaFormat, path: [message.id()]});
  for (const each of wrong ?? []) diagnostics.push({severity: 0, code: "schema", path: each.path ?? [], message: each.message});
}
const channels = document?.channels().all().map((channel) => ({
  name: channel.id(),
  address: channel.address(),
  servers: channel.servers().all().map((server) => ({protocol: server.protocol(), host: server.host(), pathname: server.pathname()})),
  parameters: Object.fromEntries(channel.parameters().all().map((parameter) => [parameter.id(), parameter.json().enum])),
  messages: channel.messages().all().map((message) => ({
    id: message.id(),
    name: message.name(),
    contentType: message.contentType(),
    headers: Object.keys(message.headers()?.properties() ?? {}),
    schemaFormat: message.schemaFormat(),
    payload: message.payload().json().schema ?? message.payload().json(),
    examples: message.examples().all().map((example) => example.payload()),
  })),
  bindings: channel.bindings().all().map((binding) => binding.protocol()),
  operations: channel.operations().all().map((operation) => operation.action()),
}));
const found = diagnostics.map(({severity, code, path, message}) => ({severity, code, path: path.join("/"), message}));
process.stdout.write(JSON.stringify({valid: document !== undefined, diagnostics: found, channels: channels ?? []}, null, 1));
