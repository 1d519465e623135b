"""Events whose schemas are in a registry: a real registry, a real Kafka, and the deserializers of Confluent's own client as the consumer."""
import io
import json
import pathlib
import re
import struct

import fastavro
import grpc_tools
import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_tools import protoc

import test_schema_versions as rated
from daemon import cli, wait_for
from test_sealing import private_file

ROOT = pathlib.Path(__file__).parents[2]
LOGIN = {"userId": "u-1", "ipAddress": "192.0.2.7", "userAgent": "test"}
CREATED = {"userId": "u-1", "email": "ada@example.com", "status": "active"}


def registry_settings(registry, **more):
    settings = {"url": f"http://127.0.0.1:{registry.port}/apis/ccompat/v7", **more}
    return "registry = {" + ", ".join(f"{key} = {json.dumps(value)}" for key, value in settings.items()) + "}\n"


def client_of(registry):
    return SchemaRegistryClient({"url": f"http://127.0.0.1:{registry.port}/apis/ccompat/v7"})


def text_registry_client(registry):
    """The client of docs/schema-registry.md, for registries that tell Protobuf schemas as text only."""
    page = (ROOT / "docs/schema-registry.md").read_text()
    names = {}
    exec(re.search(r"<!-- run: protobuf -->\n```python\n(.*?)```", page, re.S)[1], names)
    return names["TextRegistryClient"]({"url": f"http://127.0.0.1:{registry.port}/apis/ccompat/v7"})


def message_class(folder, text, name):
    """Of a Protobuf file, by protoc; in a pool of its own, for versions of a type share a name."""
    (folder / f"{name}.proto").write_text(text)
    assert protoc.main(["protoc", f"-I{folder}", f"-I{pathlib.Path(grpc_tools.__file__).parent / '_proto'}", "--include_imports",
                        f"--descriptor_set_out={folder}/set", f"{name}.proto"]) == 0
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString((folder / "set").read_bytes()).file:
        pool.Add(file)
    package = re.search(r"^package ([\w.]+);", text, re.M)[1]
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}"))


def reader(encoding, registry, message, folder):
    """The data of a message, read by Confluent's deserializer for that encoding, with the names of JSON."""
    client = client_of(registry)
    context = SerializationContext(message.topic(), MessageField.VALUE)
    if encoding == "json":
        return JSONDeserializer(None, schema_registry_client=client)(message.value(), context)
    if encoding == "avro":
        return AvroDeserializer(client)(message.value(), context)
    text = client.get_schema(id_of(message)).schema_str
    kind = message_class(folder, text, re.search(r"^message (\w+)", text, re.M)[1])
    settings = {"use.deprecated.format": False}
    read = ProtobufDeserializer(kind, settings, text_registry_client(registry))(message.value(), context)
    assert read == ProtobufDeserializer(kind, settings)(message.value(), context), "and without a registry"
    return {"".join(part.capitalize() if i else part for i, part in enumerate(field.name.split("_"))): value for field, value in read.ListFields()}


def id_of(message):
    magic, schema_id = struct.unpack(">bI", message.value()[:5])
    assert magic == 0
    return schema_id


@pytest.mark.parametrize("encoding", ["json", "avro", "protobuf"])
@pytest.mark.parametrize("subject", ["topic-record", "record"])
def test_confluents_deserializers_read_what_was_sent(kafka, registry, new_daemon, tmp_path, encoding, subject):
    topic = kafka.create_topic()
    daemon = new_daemon(kafka.destination(topic, more=registry_settings(registry, register=True, subject=subject) + f'encoding = "{encoding}"')).start()
    daemon.publish("user.created", CREATED)
    daemon.publish("user.loggedin", LOGIN)
    daemon.publish("user.loggedin", {**LOGIN, "userId": "u-2"})
    daemon.wait_delivered()
    seen = {}
    for n, message in enumerate(kafka.messages(topic, 3)):
        headers = {name: value.decode() for name, value in message.headers()}
        assert headers["ce_specversion"] == "1.0", "binary mode is what the format becomes with a registry"
        assert headers["content-type"] == f"application/vnd.confluent.{encoding}"
        folder = tmp_path / f"message-{n}"
        folder.mkdir()
        data = reader(encoding, registry, message, folder)
        seen[(headers["ce_type"], data["userId"])] = data
    assert seen[("user.created", "u-1")]["email"] == "ada@example.com"
    assert seen[("user.loggedin", "u-1")]["userAgent"] == "test"
    assert seen[("user.loggedin", "u-2")]["ipAddress"] == "192.0.2.7"
    assert len(seen) == 3
    names = {"json": ("user.created", "user.loggedin")}.get(encoding, ("user_events.UserCreated", "user_events.UserLoggedIn"))
    assert {f"{topic}-{name}" if subject == "topic-record" else name for name in names} <= set(registry.request("GET", "/subjects")[1])


def test_the_registry_of_these_tests_ignores_the_format_that_confluents_protobuf_client_asks_for(kafka, registry, new_daemon):
    """Why docs/schema-registry.md has a client for it. Once this fails, that can go."""
    topic = kafka.create_topic()
    daemon = new_daemon(kafka.destination(topic, more=registry_settings(registry, register=True) + 'encoding = "protobuf"')).start()
    daemon.publish("user.loggedin", LOGIN)
    daemon.wait_delivered()
    path = f"/schemas/ids/{id_of(kafka.messages(topic, 1)[0])}"
    assert registry.request("GET", path + "?format=serialized") == registry.request("GET", path)


@pytest.mark.parametrize("encoding", ["avro", "protobuf"])
def test_binary_encodings_go_without_a_registry_too(kafka, new_daemon, encoding):
    topic = kafka.create_topic()
    daemon = new_daemon(kafka.destination(topic, more=f'encoding = "{encoding}"')).start()
    daemon.publish("user.mfa.enabled", {"userId": "u-1", "timestamp": "2026-11-24T09:00:00.000Z"})
    daemon.wait_delivered()
    [message] = kafka.messages(topic, 1)
    headers = {name: value.decode() for name, value in message.headers()}
    assert headers["content-type"] == f"application/{encoding}"
    assert headers["ce_dataschema"] == "urn:user-events:schema:user.mfa.enabled:1"
    # As docs/encodings.md has it.
    assert message.value().hex() == {"avro": "06752d310080bac4ccc168", "protobuf": "0a03752d311a060890a495d806"}[encoding]


def registry_requests(daemon):
    [line] = [each for each in daemon.request("GET", "/metrics")[1].splitlines() if each.startswith("user_events_registry_requests_total{")]
    return float(line.split()[-1])


def test_events_wait_without_loss_while_the_registry_is_away_and_what_is_known_goes_on(kafka, registry, new_daemon, tmp_path):
    topic = kafka.create_topic()
    other = tmp_path / "other.ndjson"
    daemon = new_daemon(kafka.destination(topic, more=registry_settings(registry, register=True, subject="topic-record", timeout="1s")) +
                        f'[[destination]]\nname = "file"\nkind = "file"\npath = "{other}"\n').start()
    daemon.publish("user.loggedin", LOGIN)
    daemon.wait_delivered()
    asked = registry_requests(daemon)
    assert asked == 2, "looked up, registered"
    for n in range(50):
        daemon.publish("user.loggedin", {**LOGIN, "userId": f"u-{n}"})
    daemon.wait_delivered()
    assert registry_requests(daemon) == asked, "no request an event"
    assert daemon.stop() == 0
    registry.pause()
    try:
        daemon.start()
        daemon.publish("user.created", {**CREATED, "userId": "new"})
        daemon.publish("user.loggedin", {**LOGIN, "userId": "known"})
        wait_for(lambda: daemon.destination_status("file")["lagEvents"] == 0, 30, "the other destination goes on")
        kafka.messages(topic, 52)
        wait_for(lambda: "registry" in daemon.destination_status("kafka")["detail"], 30, "status says what is waited for")
        assert daemon.destination_status("kafka")["lagEvents"] >= 1
    finally:
        registry.resume()
    daemon.wait_delivered()
    messages = kafka.messages(topic, 53)
    assert [dict(message.headers())["ce_type"] for message in messages].count(b"user.created") == 1
    assert daemon.destination_status("kafka")["deadLetters"] == 0


def test_schema_register_puts_every_type_of_a_destination_there(kafka, registry, new_daemon, tmp_path):
    topic = kafka.create_topic()
    config = kafka.destination(topic, more='types = ["user.role.*"]\n' + registry_settings(registry, subject="topic-record"))
    daemon = new_daemon(config)
    subjects = {f"{topic}-user.role.assigned", f"{topic}-user.role.removed"}
    dry = cli("schema", "register", "--dry-run", "--config", daemon.config)
    assert dry.returncode == 0, dry.stderr
    assert all(subject in dry.stdout for subject in subjects)
    assert not subjects & set(registry.request("GET", "/subjects")[1])
    done = cli("schema", "register", "--json", "--config", daemon.config)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert {row["subject"] for row in rows} == subjects
    assert subjects <= set(registry.request("GET", "/subjects")[1])
    again = cli("schema", "register", "--json", "--config", daemon.config)
    assert [row["id"] for row in json.loads(again.stdout)] == [row["id"] for row in rows]
    # What is registered so is enough for a daemon that may only look up.
    daemon.start()
    daemon.publish("user.role.assigned", {"userId": "u-1", "roleId": "r-1"})
    daemon.wait_delivered()
    assert id_of(kafka.messages(topic, 1)[0]) in {row["id"] for row in rows}


def test_without_leave_to_register_events_wait_until_somebody_registers(kafka, registry, new_daemon):
    topic = kafka.create_topic()
    daemon = new_daemon(kafka.destination(topic, more=registry_settings(registry, subject="topic-record"))).start()
    daemon.publish("user.loggedin", LOGIN)
    wait_for(lambda: "schema register" in daemon.destination_status("kafka")["detail"], 30, "status says what to do")
    assert cli("schema", "register", "--config", daemon.config).returncode == 0
    daemon.wait_delivered()
    assert len(kafka.messages(topic, 1)) == 1


def test_a_structured_format_with_a_registry_is_refused_with_what_to_do(kafka, registry, new_daemon):
    for more, word in [('format = "cloudevents"\n', "cloudevents-binary"), ('registry.subjct = "topic"\n', "registry.subject")]:
        daemon = new_daemon(kafka.destination("t", more=f'registry.url = "http://127.0.0.1:1"\n{more}'), name="checked")
        checked = cli("config", "check", "--config", daemon.config)
        assert checked.returncode == 2
        assert word in checked.stdout + checked.stderr, checked.stdout + checked.stderr


def write_type(folder, version, extra):
    """user.rated, whose data is that of user.mfa.enabled and what is in `extra`, all required."""
    schema = json.loads((ROOT / "catalogue/user.mfa.enabled/1.json").read_text())
    schema["x-name"] = "UserRated"
    if version > 1:
        schema["x-cast"] = "none"
    schema["$id"] = f"urn:user-events:schema:user.rated:{version}"
    for number, name in enumerate(extra, 20):
        schema["properties"][name] = {"type": "string", "maxLength": 64, "description": "More.", "x-personal": "none", "x-field-number": number}
        schema["required"].append(name)
    place = folder / "user.rated" / f"{version}.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(schema))


def test_an_incompatible_version_is_refused_with_the_reason_and_the_old_one_goes_on(kafka, registry, new_daemon, tmp_path):
    catalogue = tmp_path / "catalogue"
    write_type(catalogue, 1, [])
    write_type(catalogue, 2, ["mood"])
    topic = kafka.create_topic()
    more = registry_settings(registry, register=True, subject="topic-record", compatibility="backward") + 'encoding = "avro"'
    daemon = new_daemon(f'catalogue_dir = "{catalogue}"\n' + kafka.destination(topic, more='types = ["user.rated"]\n' + more)).start()
    publish = lambda user, version, **data: daemon.publish("user.rated", {"userId": user, **data}, version=version)
    publish("u-1", 1)
    daemon.wait_delivered()
    publish("u-2", 2, mood="fine")
    publish("u-3", 1)
    daemon.wait_letters("kafka", dead=1)
    assert len(kafka.messages(topic, 2)) == 2
    [letter] = map(json.loads, daemon.cli("dead-letters", "list", "--json").stdout.splitlines())
    assert "not backward compatible" in letter["reason"] and "mood" in letter["reason"], letter["reason"]
    assert registry.request("GET", f"/subjects/{topic}-user_events.UserRated/versions")[1] == [1]
    checked = cli("schema", "check", "--against-registry", "--config", daemon.config)
    assert checked.returncode == 1 and "mood" in checked.stdout
    assert registry.request("GET", f"/config/{topic}-user_events.UserRated")[1]["compatibilityLevel"] == "BACKWARD"


# ---- several versions of a type

def read_alone(encoding, message, folder):
    """The data of user.rated, version 1, from bytes without a registry, with the names of JSON."""
    exported = cli("schema", "export", encoding, "--catalogue", folder / "catalogue", "--type", rated.TYPE, "--out", folder / "schemas")
    assert exported.returncode == 0, exported.stderr
    text = (folder / f"schemas/{rated.TYPE}/1.{'avsc' if encoding == 'avro' else 'proto'}").read_text()
    if encoding == "avro":
        return fastavro.schemaless_reader(io.BytesIO(message.value()), fastavro.parse_schema(json.loads(text)))
    read = message_class(folder, text, "UserRated").FromString(message.value())
    return {"userId": read.user_id, "name": read.name, "score": read.score}


@pytest.mark.parametrize("has_registry", [True, False])
@pytest.mark.parametrize("encoding", ["avro", "protobuf"])
def test_a_destination_stays_at_its_version_in_a_binary_encoding(kafka, registry, new_daemon, tmp_path, encoding, has_registry):
    rated.write(tmp_path / "catalogue", rated.first(), rated.second(), rated.third())
    topic = kafka.create_topic()
    more = f'encoding = "{encoding}"\nversion = "1"\ntypes = ["{rated.TYPE}"]\n' + (registry_settings(registry, register=True, subject="topic-record") if has_registry else "")
    daemon = new_daemon(f'catalogue_dir = "{tmp_path / "catalogue"}"\n' + kafka.destination(topic, more=more)).start()
    rated.publish_all(daemon)
    daemon.wait_delivered()
    messages = kafka.messages(topic, 3)
    headers = [dict(message.headers()) for message in messages]
    assert {each["ce_dataschema"] for each in headers} == {b"urn:user-events:schema:user.rated:1"}
    if has_registry:
        read = [reader(encoding, registry, message, tmp_path) for message in messages]
        assert len({id_of(message) for message in messages}) == 1
        listed = json.loads(cli("schema", "register", "--json", "--config", daemon.config).stdout)
        assert [(row["version"], row["verdict"]) for row in listed] == [(1, "is there already")], "the other versions are not for this destination"
        assert registry.request("GET", f"/subjects/{topic}-user_events.UserRated/versions")[1] == [1]
    else:
        read = [read_alone(encoding, message, tmp_path) for message in messages]
    # A score of 0 is not on the wire in Protobuf, where a class reads it as 0 all the same.
    assert [{"score": 0, **each} for each in read] == [rated.V1, rated.V1, {**rated.V1, "score": 0}]


@pytest.mark.parametrize("encoding", ["json", "avro", "protobuf"])
def test_a_version_that_is_taken_while_the_daemon_runs_is_registered_and_the_old_one_goes_on(kafka, registry, new_daemon, tmp_path, encoding):
    rated.write(tmp_path / "catalogue", rated.first())
    topic = kafka.create_topic()
    more = f'encoding = "{encoding}"\ntypes = ["{rated.TYPE}"]\n' + registry_settings(registry, register=True, subject="topic-record")
    daemon = new_daemon(f'catalogue_dir = "{tmp_path / "catalogue"}"\n' + kafka.destination(topic, more=more)).start()
    daemon.publish(rated.TYPE, rated.V1, id="e-1")
    daemon.wait_delivered()
    rated.write(tmp_path / "catalogue", rated.second())
    rated.reload(daemon, lambda catalogue: catalogue["reloads"] == 1)
    asked = registry_requests(daemon)
    daemon.publish(rated.TYPE, rated.V2, id="e-2")
    daemon.publish(rated.TYPE, rated.V1, version=1, id="e-3")
    daemon.publish(rated.TYPE, {**rated.V2, "tier": "basic"}, id="e-4")
    daemon.wait_delivered()
    assert registry_requests(daemon) == asked + 2, "the new version was looked up and registered, once"
    messages = {dict(message.headers())["ce_id"].decode(): message for message in kafka.messages(topic, 4)}
    ids = {name: id_of(message) for name, message in messages.items()}
    assert ids["e-1"] == ids["e-3"] != ids["e-2"] == ids["e-4"], ids
    read = {}
    for name, message in messages.items():
        (tmp_path / name).mkdir()
        read[name] = reader(encoding, registry, message, tmp_path / name)
    assert read == {"e-1": rated.V1, "e-2": rated.V2, "e-3": rated.V1, "e-4": {**rated.V2, "tier": "basic"}}


# ---- what a privacy policy leaves

POLICY = 'privacy = {user-id = "token", email = "mask", ip = "omit"}\n'


def with_key(folder):
    return f'[privacy]\nmaster_key.file = "{private_file(folder / "master.key", "11" * 32)}"\n'


@pytest.mark.parametrize("encoding", ["json", "avro", "protobuf"])
def test_what_a_policy_leaves_has_schemas_and_subjects_of_its_own(kafka, registry, new_daemon, tmp_path, encoding):
    topics = {name: kafka.create_topic() for name in ("all", "some")}
    more = f'encoding = "{encoding}"\n' + registry_settings(registry, register=True, subject="record")
    daemon = new_daemon(with_key(tmp_path) + kafka.destination(topics["all"], "all", more) + kafka.destination(topics["some"], "some", POLICY + more)).start()
    daemon.publish("user.created", CREATED)
    daemon.publish("user.loggedin", LOGIN)
    daemon.publish("user.updated", {"userId": "u-1", "changes": {"email": "ada@example.com", "plan": "free"}})
    daemon.wait_delivered()
    read, ids, marks = {}, {}, set()
    for name, topic in topics.items():
        for n, message in enumerate(kafka.messages(topic, 3)):
            folder = tmp_path / f"{name}-{n}"
            folder.mkdir()
            headers = {header: value.decode() for header, value in message.headers()}
            read[name, headers["ce_type"]] = reader(encoding, registry, message, folder)
            ids[name, headers["ce_type"]] = id_of(message)
            marks |= {headers["ce_dataschema"].split(":")[5]} if name == "some" else set()
    [mark] = marks
    assert len(set(ids.values())) == 6, "no schema is that of another"
    created, login = read["some", "user.created"], read["some", "user.loggedin"]
    assert re.fullmatch("tok1_[0-9a-f]{32}", created["userId"]) and login["userId"] == created["userId"]
    assert created["email"] == "a***@example.com" and "ipAddress" not in login and login["userAgent"] == "test"
    assert read["all", "user.created"]["email"] == "ada@example.com" and read["all", "user.loggedin"]["ipAddress"] == "192.0.2.7"
    assert "ada@" not in str(read["some", "user.updated"])
    subjects = {f"user.created.{mark}", f"user.loggedin.{mark}"} if encoding == "json" else {f"user_events.{mark}.UserCreated", f"user_events.{mark}.UserLoggedIn"}
    assert subjects <= set(registry.request("GET", "/subjects")[1])
    rows = json.loads(cli("schema", "register", "--dry-run", "--json", "--config", daemon.config).stdout)
    known = {(row["destination"], row["type"]): row for row in rows}
    for name, kind in read:
        assert (known[name, kind]["verdict"], known[name, kind]["id"]) == ("is there already", ids[name, kind])


@pytest.mark.parametrize("encoding", ["avro", "protobuf"])
def test_versions_of_a_type_under_one_policy_are_versions_of_one_subject(kafka, registry, new_daemon, tmp_path, encoding):
    rated.write(tmp_path / "catalogue", rated.first())
    topic = kafka.create_topic()
    more = f'encoding = "{encoding}"\ntypes = ["{rated.TYPE}"]\n' + POLICY + registry_settings(registry, register=True, subject="topic-record")
    daemon = new_daemon(f'catalogue_dir = "{tmp_path / "catalogue"}"\n' + with_key(tmp_path) + kafka.destination(topic, more=more)).start()
    daemon.publish(rated.TYPE, rated.V1)
    daemon.wait_delivered()
    rated.write(tmp_path / "catalogue", rated.second())
    rated.reload(daemon, lambda catalogue: catalogue["reloads"] == 1)
    daemon.publish(rated.TYPE, rated.V2)
    daemon.wait_delivered()
    schemas = sorted(dict(message.headers())["ce_dataschema"].decode() for message in kafka.messages(topic, 2))
    [mark] = {schema.split(":")[5] for schema in schemas}
    assert [schema.split(":")[4] for schema in schemas] == ["1", "2"]
    assert registry.request("GET", f"/subjects/{topic}-user_events.{mark}.UserRated/versions")[1] == [1, 2]


def test_the_files_of_a_destination_read_what_it_is_sent(kafka, new_daemon, tmp_path):
    topic = kafka.create_topic()
    daemon = new_daemon(with_key(tmp_path) + kafka.destination(topic, more=POLICY + 'encoding = "avro"\ntypes = ["user.created"]\n')).start()
    daemon.publish("user.created", CREATED)
    daemon.wait_delivered()
    exported = cli("schema", "export", "avro", "--destination", "kafka", "--config", daemon.config)
    assert exported.returncode == 0, exported.stderr
    schema = json.loads(exported.stdout)
    [message] = kafka.messages(topic, 1)
    assert schema["dataschema"] == dict(message.headers())["ce_dataschema"].decode()
    read = fastavro.schemaless_reader(io.BytesIO(message.value()), fastavro.parse_schema(schema))
    assert read["email"] == "a***@example.com" and read["userId"].startswith("tok1_")
    wrong = cli("schema", "export", "avro", "--destination", "nobody", "--config", daemon.config)
    assert wrong.returncode == 2 and "nobody" in wrong.stderr


def test_a_policy_that_leaves_no_form_in_the_encoding_is_refused_beforehand(kafka, new_daemon, tmp_path):
    """Text or an object is anything, which needs no numbers of fields; the object alone needs them."""
    schema = json.loads((ROOT / "catalogue/user.mfa.enabled/1.json").read_text())
    schema |= {"$id": "urn:user-events:schema:user.rated:1", "x-name": "UserRated"}
    schema["properties"]["home"] = {"type": ["string", "object"], "x-personal": "name", "x-field-number": 20, "additionalProperties": False,
                                    "properties": {"city": {"type": "string", "x-personal": "none"}}}
    place = tmp_path / "catalogue/user.rated/1.json"
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps(schema))
    config = lambda policy: f'catalogue_dir = "{tmp_path / "catalogue"}"\n' + kafka.destination("t", more=f'encoding = "protobuf"\ntypes = ["user.rated"]\n{policy}')
    assert cli("config", "check", "--config", new_daemon(config(""), name="all").config).returncode == 0
    checked = cli("config", "check", "--config", new_daemon(config('privacy = {name = "omit"}'), name="some").config)
    assert checked.returncode == 2 and "destination.kafka.encoding" in checked.stderr + checked.stdout and "x-field-number" in checked.stderr + checked.stdout, checked.stderr


def test_a_class_that_is_misspelt_is_refused_wherever_a_policy_is_read(kafka, new_daemon, tmp_path):
    config = new_daemon(kafka.destination("t", more='privacy = {emial = "mask"}\nregistry.url = "http://127.0.0.1:1"')).config
    for command in (["schema", "register"], ["schema", "export", "asyncapi"], ["schema", "export", "avro", "--out", tmp_path / "out", "--destination", "kafka"],
                    ["generate", "python", "--out", tmp_path / "out", "--destination", "kafka"], ["config", "check"]):
        refused = cli(*command, "--config", config)
        assert refused.returncode == 2 and "did you mean email?" in refused.stdout + refused.stderr, command
