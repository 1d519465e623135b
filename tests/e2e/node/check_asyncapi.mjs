// Reads an AsyncAPI document with the specification's own parser: one JSON object on standard output, {"valid", "diagnostics", "document"}.
// Diagnostics of severity 0 are errors. `document` is what the parser's models say of it.
import {readFileSync} from "node:fs";
import {createRequire} from "node:module";

const [folder, file] = process.argv.slice(2);
const {Parser} = createRequire(folder + "/")("@asyncapi/parser");
const {document, diagnostics} = await new Parser().parse(readFileSync(file, "utf8"));
const channels = document?.channels().all().map((channel) => ({
  name: channel.id(),
  address: channel.address(),
  servers: channel.servers().all().map((server) => ({protocol: server.protocol(), host: server.host(), pathname: server.pathname()})),
  parameters: Object.fromEntries(channel.parameters().all().map((parameter) => [parameter.id(), parameter.json().enum])),
  messages: channel.messages().all().map((message) => ({
    name: message.name(),
    contentType: message.contentType(),
    headers: Object.keys(message.headers()?.properties() ?? {}),
    payload: message.payload().json(),
    examples: message.examples().all().map((example) => example.payload()),
  })),
  bindings: channel.bindings().all().map((binding) => binding.protocol()),
  operations: channel.operations().all().map((operation) => operation.action()),
}));
const found = diagnostics.map(({severity, code, path, message}) => ({severity, code, path: path.join("/"), message}));
process.stdout.write(JSON.stringify({valid: document !== undefined, diagnostics: found, channels: channels ?? []}, null, 1));
