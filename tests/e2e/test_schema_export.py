"""schema export: JSON Schema, AsyncAPI and reference pages, read by the makers' own tools."""
import json
import os
import pathlib
import re
import subprocess

import jsonschema
import pytest

import test_schema_versions as rated
from daemon import BINARY, cli
from node_tools import read_asyncapi
from pages import run_page
from sample_events import ALL_TYPES, SAMPLES

ROOT = pathlib.Path(__file__).parents[2]
SECRET = "hunter2-do-not-show"
DESTINATIONS = f"""
source = "urn:example:user-service"
[[destination]]
name = "kafka"
kind = "kafka"
topic = "user.events"
kafka."bootstrap.servers" = "SASL_SSL://broker-1.example:9093,broker-2.example"
kafka."security.protocol" = "SASL_SSL"
kafka."sasl.mechanisms" = "PLAIN"
kafka."sasl.username" = "{SECRET}-user"
kafka."sasl.password" = "{SECRET}"
[[destination]]
name = "rabbit-mq"
kind = "rabbitmq"
types = ["user.*", "!user.login.failed"]
topic = "events"
hosts = "rabbit.example"
vhost = "users"
user = "{SECRET}-user"
password = "{SECRET}"
format = "cloudevents-binary"
[[destination]]
name = "sns"
kind = "sns"
topic = "arn:aws:sns:eu-west-1:123456789012:events-{{type}}.fifo"
access_key_id = "{SECRET}"
secret_access_key = "{SECRET}"
[[destination]]
name = "sqs"
kind = "sqs"
types = ["user.created", "user.updated"]
topic = "https://sqs.eu-west-1.amazonaws.com/123456789012/events-{{type}}"
region = "eu-west-1"
format = "plain"
[[destination]]
name = "hook"
kind = "webhook"
url = "https://hook.example/{SECRET}?key={SECRET}"
secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
headers.X-Api-Key = "{SECRET}"
[[destination]]
name = "nats"
kind = "nats"
topic = "events.{{type}}"
stream = "EVENTS"
servers = ["nats://nats.example:4222"]
token = "{SECRET}"
[[destination]]
name = "redis"
kind = "redis"
topic = "events"
address = "redis.example"
database = 3
password = "{SECRET}"
tls = true
[[destination]]
name = "file"
kind = "file"
path = "/tmp/events.ndjson"
"""


def rated_catalogue(folder):
    """A catalogue with the type of docs/catalogue.md, and one with references."""
    page = (ROOT / "docs/catalogue.md").read_text()
    (folder / "catalogue/user.rated").mkdir(parents=True)
    (folder / "catalogue/user.rated/1.json").write_text(re.search(r"^```json\n(.*?)^```", page, re.M | re.S)[1])
    (folder / "catalogue/user.moved").mkdir()
    (folder / "catalogue/user.moved/1.json").write_text(json.dumps({
        "$id": "urn:user-events:schema:user.moved:1", "title": "User moved", "type": "object", "additionalProperties": False, "required": ["userId"],
        "$defs": {"place": {"type": "object", "x-personal": "address", "required": ["city"], "additionalProperties": False,
                            "properties": {"city": {"type": "string", "maxLength": 20}}}},
        "properties": {"userId": {"type": "string", "minLength": 1, "x-personal": "user-id", "x-key": "user"},
                       "from": {"$ref": "#/$defs/place"}, "to": {"$ref": "#/$defs/place", "description": "Where to.", "minProperties": 1}}}))
    return folder / "catalogue"


def export(folder, *arguments):
    done = cli("schema", "export", *arguments, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def asyncapi_of(folder, config, *arguments):
    (folder / "user-events.toml").write_text(config)
    file = folder / "asyncapi.json"
    file.write_text(export(folder, "asyncapi", *arguments))
    return file


def errors_of(read):
    return [each for each in read["diagnostics"] if each["severity"] == 0]


# ---- JSON Schema

def real_events(daemon):
    for event_type, data in SAMPLES.items():
        daemon.publish(event_type, data)
    return daemon.events()


def test_the_bundle_validates_real_events_of_all_types_and_refuses_others(daemon):
    bundle = json.loads(export(daemon.folder, "json-schema"))
    jsonschema.Draft202012Validator.check_schema(bundle)
    validator = jsonschema.Draft202012Validator(bundle, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
    events = real_events(daemon)
    assert {event["type"] for event in events} == set(SAMPLES) and len(SAMPLES) == 18
    for event in events:
        validator.validate(event)
        for wrong in ({**event, "data": {**event["data"], "surplus": 1}}, {**event, "type": "user.unknown"}, {**event, "dataschema": "urn:other"},
                      {name: value for name, value in event.items() if name != "journalid"}, {**event, "sequence": "7"}):
            assert not validator.is_valid(wrong), wrong


def test_files_are_those_of_the_catalogue_and_the_same_each_time(tmp_path):
    printed = export(tmp_path, "json-schema", "--out", "a").splitlines()
    export(tmp_path, "json-schema", "--out", "b")
    files = {path.relative_to(tmp_path / "a"): path.read_bytes() for path in (tmp_path / "a").rglob("*.json")}
    assert files == {path.relative_to(tmp_path / "b"): path.read_bytes() for path in (tmp_path / "b").rglob("*.json")}
    assert len(files) == len(printed) == 20 and files.pop(pathlib.Path("events.json")).decode() == export(tmp_path, "json-schema")
    for path, text in files.items():
        assert text == (ROOT / "catalogue" / path).read_bytes()


def test_types_and_a_catalogue_of_your_own(tmp_path):
    rated_catalogue(tmp_path)
    bundle = json.loads(export(tmp_path, "json-schema", "--catalogue", "catalogue", "--type", "user.rated", "--type", "user.mfa.*"))
    assert list(bundle["$defs"]) == ["user.mfa.disabled:1", "user.mfa.enabled:1", "user.rated:1"]


# ---- Avro, Protobuf

@pytest.mark.parametrize("form, ending, word", [("avro", "avsc", '"type": "record"'), ("protobuf", "proto", "message UserCreated")])
def test_derived_schemas_are_files_or_the_text_of_one_type(tmp_path, form, ending, word):
    printed = export(tmp_path, form, "--out", "out").splitlines()
    assert printed == [f"out/{event_type}/1.{ending}" for event_type in ALL_TYPES]
    one = (tmp_path / f"out/user.created/1.{ending}").read_text()
    assert word in one and one == export(tmp_path, form, "--type", "user.created")
    several = cli("schema", "export", form, cwd=tmp_path)
    assert several.returncode == 2 and "--out" in several.stderr and several.stdout == ""


def test_the_protobuf_files_are_read_by_schema_check(tmp_path):
    export(tmp_path, "protobuf", "--out", "out")
    for event_type in ALL_TYPES:
        done = subprocess.run([BINARY, "schema", "check", f"out/{event_type}/1.proto", f"out/{event_type}/1.proto"], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


# ---- AsyncAPI

def test_the_document_of_every_kind_of_destination_is_valid_and_holds_no_secret(tmp_path):
    rated_catalogue(tmp_path)
    file = asyncapi_of(tmp_path, DESTINATIONS, "--catalogue", "catalogue")
    assert SECRET not in file.read_text() and "whsec" not in file.read_text()
    read = read_asyncapi(file)
    assert read["valid"] and errors_of(read) == []
    channels = {channel["name"]: channel for channel in read["channels"]}
    assert list(channels) == ["kafka", "rabbit-mq", "sns", "sqs", "hook", "nats", "redis"]  # a file has no address
    assert all(channel["operations"] == ["send"] for channel in channels.values())

    servers = {name: [(server["protocol"], server["host"], server.get("pathname")) for server in channel["servers"]] for name, channel in channels.items()}
    assert servers == {
        "kafka": [("kafka-secure", "broker-1.example:9093", None), ("kafka-secure", "broker-2.example:9092", None)],
        "rabbit-mq": [("amqp", "rabbit.example:5672", "/users")],
        "sns": [("sns", "sns.eu-west-1.amazonaws.com", None)],
        "sqs": [("sqs", "sqs.eu-west-1.amazonaws.com", None)],
        "hook": [("https", "hook.example", None)],
        "nats": [("nats", "nats.example:4222", None)],
        "redis": [("rediss", "redis.example:6379", "/3")]}
    assert {name: channel["address"] for name, channel in channels.items()} == {
        "kafka": "user.events", "rabbit-mq": "{type}", "sns": "arn:aws:sns:eu-west-1:123456789012:events-{type}.fifo",
        "sqs": "https://sqs.eu-west-1.amazonaws.com/123456789012/events-{type}", "hook": None, "nats": "events.{type}", "redis": "events"}
    assert channels["sqs"]["parameters"] == {"type": ["user-created", "user-updated"]} and channels["kafka"]["parameters"] == {}
    assert "user.rated" in channels["nats"]["parameters"]["type"]
    assert {name: channel["bindings"] for name, channel in channels.items() if channel["bindings"]} == {
        "kafka": ["kafka"], "rabbit-mq": ["amqp"], "sns": ["sns"], "sqs": ["sqs"]}


def test_messages_are_those_of_the_destination_with_headers_payload_and_an_example(tmp_path):
    channels = {channel["name"]: channel for channel in read_asyncapi(asyncapi_of(tmp_path, DESTINATIONS))["channels"]}
    names = {name: {message["name"] for message in channel["messages"]} for name, channel in channels.items()}
    assert names["kafka"] == set(ALL_TYPES) and names["rabbit-mq"] == set(ALL_TYPES) - {"user.login.failed"} and names["sqs"] == {"user.created", "user.updated"}
    message = {name: next(each for each in channel["messages"] if each["name"] == "user.created") for name, channel in channels.items()}
    assert {"content-type", "ce_id", "ce_journalid", "ce_sequence", "ce_replay"} == set(message["kafka"]["headers"])
    assert {"cloudEvents_type", "cloudEvents_dataschema", "cloudEvents_traceparent"} <= set(message["rabbit-mq"]["headers"])
    assert {"webhook-signature", "ce-id"} <= set(message["hook"]["headers"]) and {"type", "source"} <= set(message["sns"]["headers"])
    assert message["kafka"]["contentType"].startswith("application/cloudevents+json") and message["rabbit-mq"]["contentType"] == "application/json"
    assert message["kafka"]["examples"][0]["data"]["email"] == message["rabbit-mq"]["examples"][0]["email"] == message["sqs"]["examples"][0]["data"]["email"]
    for channel in channels.values():
        assert all(message["examples"] for message in channel["messages"])


def test_every_example_is_valid_against_its_message(tmp_path):
    """The parser does not look at them."""
    rated_catalogue(tmp_path)
    document = json.loads(asyncapi_of(tmp_path, DESTINATIONS, "--catalogue", "catalogue").read_text())
    checked = 0
    for channel in document["channels"].values():
        for message in channel["messages"].values():
            validator = jsonschema.Draft7Validator({**message["payload"], "components": document["components"]}, format_checker=jsonschema.FormatChecker())
            if message["name"] == "user.moved":  # its references say more than an example can be made of: none is better than a wrong one
                assert "examples" not in message
                continue
            example = message["examples"][0]["payload"]
            validator.validate(example)
            (example["data"] if "data" in example else example)["userId"] = ["surplus"]
            assert not validator.is_valid(example)
            checked += 1
    assert checked == 6 * 20 - 1 + 2  # six channels with all types but user.moved, one of them without failed logins; one with two types


def test_payloads_refuse_what_the_catalogue_refuses(tmp_path):
    rated_catalogue(tmp_path)
    document = json.loads(asyncapi_of(tmp_path, DESTINATIONS, "--catalogue", "catalogue").read_text())
    schemas = document["components"]["schemas"]
    resolver = lambda name: jsonschema.Draft7Validator({"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}})
    moved = resolver("data.user.moved.1")
    assert moved.is_valid({"userId": "u", "from": {"city": "Oslo"}, "to": {"city": "Rome"}})
    assert not moved.is_valid({"userId": "u", "to": {}}) and not moved.is_valid({"userId": "u", "from": {"city": "x" * 21}})
    event = document["channels"]["kafka"]["messages"]["user.rated.1"]["examples"][0]["payload"]
    assert resolver("event.user.rated.1").is_valid(event)
    assert not resolver("event.user.rated.1").is_valid({**event, "data": {**event["data"], "stars": 6}})
    assert not resolver("event.user.rated.1").is_valid({**event, "type": "user.created"})


BINARY_DESTINATIONS = """
[[destination]]
name = "avro"
kind = "kafka"
topic = "user.events"
encoding = "avro"
types = ["user.created", "user.updated", "user.rated"]
version = "1"
kafka."bootstrap.servers" = "broker.example:9092"
registry.url = "https://registry.example"
[[destination]]
name = "protobuf"
kind = "nats"
topic = "events.{type}"
stream = "EVENTS"
servers = ["nats://nats.example:4222"]
encoding = "protobuf"
format = "plain"
[[destination]]
name = "json"
kind = "kafka"
topic = "user.events"
format = "plain"
kafka."bootstrap.servers" = "broker.example:9092"
registry.url = "https://registry.example"
"""


def test_payloads_of_binary_channels_are_their_schemas_read_by_asyncapis_plugins(tmp_path):
    rated.write(tmp_path / "catalogue", rated.first(), rated.second())
    file = asyncapi_of(tmp_path, BINARY_DESTINATIONS, "--catalogue", "catalogue")
    read = read_asyncapi(file)
    assert read["valid"] and errors_of(read) == [] and not [each for each in read["diagnostics"] if "schema parser" in each["message"]], read["diagnostics"]
    channels = {channel["name"]: {f'{message["name"]}.{message["id"].rsplit(".", 1)[1]}': message for message in channel["messages"]} for channel in read["channels"]}
    assert set(channels["avro"]) == {"user.created.1", "user.updated.1", "user.rated.1"}, "of a destination at version 1 that one"
    assert {"user.rated.1", "user.rated.2"} < set(channels["protobuf"]) and len(channels["protobuf"]) == len(channels["json"]) == 21
    forms = {name: {(message["contentType"], message["schemaFormat"]) for message in messages.values()} for name, messages in channels.items()}
    assert forms == {"avro": {("application/vnd.confluent.avro", "application/vnd.apache.avro;version=1.9.0")},
                     "protobuf": {("application/protobuf", "application/vnd.google.protobuf;version=3")},
                     "json": {("application/vnd.confluent.json", "application/vnd.aai.asyncapi;version=3.0.0")}}
    # What the plugins made of them is JSON Schema.
    assert set(channels["avro"]["user.created.1"]["payload"]["properties"]) == {"userId", "email", "username", "registrationTimestamp", "status"}
    assert set(channels["protobuf"]["user.rated.2"]["payload"]["properties"]) == {"user_id", "full_name", "score", "tier"}
    assert set(channels["json"]["user.rated.2"]["payload"]["properties"]) == {"userId", "fullName", "score", "tier"}, "the data alone"
    document = json.loads(file.read_text())
    schemas = document["components"]["schemas"]
    for form, name in (("avro", "user.updated"), ("protobuf", "user.updated")):
        text = export(tmp_path, form, "--type", name)
        assert schemas[f"{form}.{name}.1"]["schema"] == (json.loads(text) if form == "avro" else text)
    assert {name for name, channel in document["channels"].items() if "the id of its schema" in channel["description"]} == {"avro", "json"}
    assert "registry.example" not in file.read_text()


def test_a_schema_that_is_none_is_noticed_by_the_plugins(tmp_path):
    file = asyncapi_of(tmp_path, BINARY_DESTINATIONS.replace(', "user.rated"', ""))
    document = json.loads(file.read_text())
    for name, breaking in (("avro.user.created.1", lambda schema: schema["fields"][0].update(type="strung")), ("protobuf.user.created.1", None)):
        broken = json.loads(json.dumps(document))
        if breaking:
            breaking(broken["components"]["schemas"][name]["schema"])
        else:
            broken["components"]["schemas"][name]["schema"] = "syntax = \"proto3\"; message {"
        file.write_text(json.dumps(broken))
        assert errors_of(read_asyncapi(file)) != [], name


def test_the_parser_of_this_test_refuses_a_broken_document(tmp_path):
    file = asyncapi_of(tmp_path, DESTINATIONS)
    document = json.loads(file.read_text())
    for breaking in (lambda d: d["operations"]["send.kafka"].update(action="shout"), lambda d: d["channels"]["nats"].update(address=7),
                     lambda d: d["channels"]["kafka"]["servers"].append({"$ref": "#/servers/nowhere"}),
                     lambda d: d["channels"]["sqs"]["bindings"]["sqs"].pop("queue")):
        broken = json.loads(json.dumps(document))
        breaking(broken)
        file.write_text(json.dumps(broken))
        assert errors_of(read_asyncapi(file)) != []


def test_the_daemon_serves_the_document_of_its_configuration(new_daemon):
    daemon = new_daemon('source = "urn:example:shop"\n[[destination]]\nname = "k"\nkind = "kafka"\ntopic = "t"\nkafka."bootstrap.servers" = "127.0.0.1:1"\n').start()
    status, body = daemon.request("GET", "/asyncapi.json")
    assert status == 200 and body == cli("schema", "export", "asyncapi", "--config", daemon.config, cwd=daemon.folder).stdout
    assert json.loads(body)["id"] == "urn:example:shop" and list(json.loads(body)["channels"]) == ["k"]
    file = daemon.folder / "asyncapi.json"
    file.write_text(body)
    assert read_asyncapi(file)["valid"]
    assert daemon.request("POST", "/asyncapi.json", "{}")[0] == 405 and daemon.request("GET", "/asyncapi.json?x=1")[0] == 400


def test_without_destinations_the_document_is_valid_and_empty(tmp_path):
    read = read_asyncapi(asyncapi_of(tmp_path, ""))
    assert read["valid"] and errors_of(read) == [] and read["channels"] == []


# ---- hostile schemas

def own_type(folder, properties, **more):
    (folder / "catalogue/user.tested").mkdir(parents=True)
    user = {"type": "string", "minLength": 1, "x-personal": "user-id", "x-key": "user", "x-field-number": 1}
    (folder / "catalogue/user.tested/1.json").write_text(json.dumps({
        "$id": "urn:user-events:schema:user.tested:1", "title": "User tested", "type": "object", "additionalProperties": False, "required": ["userId"],
        "properties": {"userId": user, **properties}, **more}))
    return ["--catalogue", "catalogue", "--type", "user.tested"]


@pytest.mark.parametrize("form", ["json-schema", "avro", "protobuf", "asyncapi", "markdown"])
def test_ten_thousand_fields_have_every_form(tmp_path, form):
    own = own_type(tmp_path, {f"f{n}": {"type": "integer", "x-field-number": n if n < 19000 else n + 1000} for n in range(2, 10_001)})
    (tmp_path / "user-events.toml").write_text(DESTINATIONS)
    text = export(tmp_path, form, *own)
    assert "f10000" in text and "f9999" in text


def test_ten_thousand_fields_have_types_in_every_language(tmp_path):
    own = own_type(tmp_path, {f"f{n}": {"type": "integer"} for n in range(2, 10_001)})
    for language in ("typescript", "python", "cpp"):
        done = cli("generate", language, "--out", language, *own, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert any("10000" in path.read_text() for path in (tmp_path / language).rglob("*") if path.is_file())


def test_a_type_that_is_nested_too_deep_has_no_derived_schema_and_the_other_documents_go_on(tmp_path):
    nodes = {f"d{n}": {"type": "object", "x-personal": "none", "additionalProperties": False,
                       "properties": {"below": {"$ref": f"#/$defs/d{n + 1}"} if n < 40 else {"type": "integer"}}} for n in range(41)}
    own = own_type(tmp_path, {"tree": {"$ref": "#/$defs/d0"}}, **{"$defs": nodes})
    for form in ("avro", "protobuf", "markdown"):
        done = cli("schema", "export", form, *own, cwd=tmp_path)
        assert done.returncode == 2 and "levels inside each other" in done.stderr and "user.tested version 1" in done.stderr and done.stdout == "", done.stderr
    assert cli("generate", "python", "--out", "python", *own, cwd=tmp_path).returncode == 2
    assert "user.tested" in export(tmp_path, "json-schema", *own)
    read = read_asyncapi(asyncapi_of(tmp_path, DESTINATIONS, "--catalogue", "catalogue"))
    assert read["valid"] and errors_of(read) == []
    [tested] = [message for message in read["channels"][0]["messages"] if message["name"] == "user.tested"]
    assert tested["examples"] == []


def test_a_type_that_contains_itself_is_refused_with_its_place(tmp_path):
    own = own_type(tmp_path, {"tree": {"$ref": "#/$defs/node"}}, **{"$defs": {"node": {"type": "object", "x-personal": "none", "properties": {"below": {"$ref": "#/$defs/node"}}}}})
    done = cli("schema", "export", "json-schema", *own, cwd=tmp_path)
    assert done.returncode == 2 and "/$defs/node" in done.stderr and "may not contain itself" in done.stderr


# ---- reference pages

def test_the_committed_pages_are_fresh(tmp_path):
    export(tmp_path, "markdown", "--out", "events")
    made = {path.name: path.read_text() for path in (tmp_path / "events").iterdir()}
    committed = {path.name: path.read_text() for path in (ROOT / "docs/events").iterdir()}
    stale = sorted(name for name in made.keys() | committed.keys() if made.get(name) != committed.get(name))
    assert stale == [], f"docs/events is stale ({', '.join(stale)}): run `build/release/user-events schema export markdown --out docs/events`"
    assert made.keys() == {f"{event_type}.md" for event_type in ALL_TYPES} | {"README.md"}


def test_links_of_the_pages_lead_somewhere():
    for page in (ROOT / "docs/events").iterdir():
        text = page.read_text()
        headings = {re.sub(r"[^a-z0-9 -]", "", line.lstrip("# ").lower()).replace(" ", "-") for line in text.splitlines() if line.startswith("#")}
        for target in re.findall(r"\]\(([^)]+)\)", text):
            assert target[1:] in headings if target.startswith("#") else (page.parent / target).exists(), f"{page.name}: {target}"


def test_a_page_says_what_the_schema_says(tmp_path):
    catalogue = rated_catalogue(tmp_path)
    rated = json.loads((catalogue / "user.rated/1.json").read_text())
    rated["$id"] = "urn:user-events:schema:user.rated:2"
    rated["x-since"] = "1.4"
    rated["properties"]["stars"]["maximum"] = 10
    rated["properties"]["colour"] = {"type": "string", "enum": ["red", "a|b"], "x-personal": "none", "description": "Two\nlines."}
    del rated["properties"]["comment"]
    (catalogue / "user.rated/2.json").write_text(json.dumps(rated))
    page = export(tmp_path, "markdown", "--catalogue", "catalogue", "--type", "user.rated")
    assert "| `stars` | integer | yes | ≥ 1; ≤ 10 | – | How many. |" in page
    assert '| `colour` | text | no | one of `"red"`, `"a\\|b"` | – | Two lines. |' in page
    assert "| `userId` | text | yes | 1 to 255 characters | user-id | The user's id. |" in page
    assert "| 2 | 1.4 | `colour` is new; `comment` is gone |" in page and "Ordered by `userId`, the user's id." in page
    example = json.loads(re.search(r"```json\n(.*?)```", page, re.S)[1])
    schema = json.loads(export(tmp_path, "json-schema", "--catalogue", "catalogue"))
    jsonschema.Draft202012Validator(schema).validate(example)
    assert example["dataschema"] == "urn:user-events:schema:user.rated:2"


def test_every_example_of_the_built_in_types_is_an_event(tmp_path):
    validator = jsonschema.Draft202012Validator(json.loads(export(tmp_path, "json-schema")))
    examples = [re.search(r"```json\n(.*?)```", page.read_text(), re.S) for page in (ROOT / "docs/events").glob("user.*.md")]
    assert len(examples) == 19 and all(examples)
    for example in examples:
        validator.validate(json.loads(example[1]))


def test_the_commands_of_the_page_run_as_they_stand(tmp_path):
    run_page("exports.md", tmp_path)


# ---- the command

def test_a_file_that_is_somebodys_own_stays(tmp_path):
    (tmp_path / "out/user.created").mkdir(parents=True)
    mine = tmp_path / "out/user.created/1.json"
    mine.write_text("mine")
    done = cli("schema", "export", "json-schema", "--out", "out", cwd=tmp_path)
    assert done.returncode == 1 and str(mine.relative_to(tmp_path)) in done.stderr and "--force" in done.stderr and done.stdout == ""
    assert mine.read_text() == "mine" and [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == [mine]
    export(tmp_path, "json-schema", "--out", "out", "--force")
    assert mine.read_text() == (ROOT / "catalogue/user.created/1.json").read_text()
    marked = tmp_path / "out/events.json"
    marked.write_text(marked.read_text().replace('"title": "Event"', '"title": "Older"'))
    export(tmp_path, "json-schema", "--out", "out")
    assert '"title": "Event"' in marked.read_text() and list((tmp_path / "out").glob("*.new")) == []


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "target").write_text("Generated by user-events; do not edit.")
    (tmp_path / "out/events.json").symlink_to(tmp_path / "target")
    assert cli("schema", "export", "json-schema", "--out", "out", cwd=tmp_path).returncode == 1
    export(tmp_path, "json-schema", "--out", "out", "--force")
    assert (tmp_path / "target").read_text().endswith("do not edit.") and not (tmp_path / "out/events.json").is_symlink()


@pytest.mark.parametrize("arguments, word", [
    (["pdf"], "FORM"), ([], "FORM"), (["json-schema", "--type", "user.unknown"], "--type"), (["json-schema", "--type", "User!"], "pattern"),
    (["json-schema", "--catalogue", "nowhere"], "nowhere"), (["asyncapi", "--config", "nowhere.toml"], "nowhere.toml"), (["json-schema", "--out", ""], "--out")])
def test_wrong_usage_is_exit_status_2(tmp_path, arguments, word):
    done = cli("schema", "export", *arguments, cwd=tmp_path)
    assert done.returncode == 2 and done.stdout == "" and word in done.stderr


def test_help_has_examples():
    done = cli("schema", "export", "--help")
    assert done.returncode == 0 and "Example" in done.stdout and done.stderr == ""
