"""Random valid events in Avro and Protobuf, as `ue_encoded_events` prints them, and both read back by other implementations.

What a reader gives is turned into the JSON it stands for by the schema's text alone, as a consumer would do it after docs/encodings.md."""
import datetime
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import uuid

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import FieldDescriptor
from grpc_tools import protoc

ROOT = pathlib.Path(__file__).parents[2]
PROGRAM = pathlib.Path(os.environ.get("UE_BUILD", ROOT / "build/release")) / "tests/schemas/ue_encoded_events"
CATALOGUE = ROOT / "tests/schemas/catalogue"
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
ABSENT = object()


def encoded(seed, count, catalogue=CATALOGUE, lines=None):
    """(schemas by (type, version), events)."""
    done = subprocess.run([PROGRAM, str(seed), "-" if lines else str(count), str(catalogue)], input="\n".join(lines or []), text=True, check=True,
                          stdout=subprocess.PIPE)
    rows = [json.loads(line) for line in done.stdout.split("\n") if line]
    return {(row["schema"], row["version"]): row for row in rows if "schema" in row}, [row for row in rows if "type" in row]


def rfc3339(time):
    time = time.astimezone(datetime.timezone.utc)
    assert time.microsecond % 1000 == 0
    return f"{time.year:04}-{time.month:02}-{time.day:02}T{time.hour:02}:{time.minute:02}:{time.second:02}.{time.microsecond // 1000:03}Z"


def same(a, b):
    """Equal as JSON values: 1 and 1.0 are, 1 and true are not."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return isinstance(a, (int, float)) == isinstance(b, (int, float)) and a == b


class AvroJson:
    """From what an Avro library reads to JSON, after the schema."""

    def __init__(self, text):
        self.root = json.loads(text)
        self.named = {}
        self._collect(self.root)

    def _collect(self, schema):
        if isinstance(schema, list):
            for branch in schema:
                self._collect(branch)
        elif isinstance(schema, dict):
            if "name" in schema:
                self.named[f'{schema["namespace"]}.{schema["name"]}'] = schema
            for field in schema.get("fields", []):
                self._collect(field["type"])
            for inner in ("items", "values"):
                self._collect(schema.get(inner))

    def json(self, value, schema=None):
        schema = self.root if schema is None else schema
        if isinstance(schema, str):
            schema = self.named.get(schema, schema)
        if isinstance(schema, list):  # ["null", …]
            return None if value is None else self.json(value, schema[1])
        kind = schema if isinstance(schema, str) else schema["type"]
        if kind == "record":
            return self._free(value["value"]) if schema["name"] == "Value" else self._record(value, schema)
        if kind == "array":
            return [self.json(item, schema["items"]) for item in value]
        if kind == "map":
            return {key: self.json(item, schema["values"]) for key, item in value.items()}
        if isinstance(value, datetime.datetime):
            return rfc3339(value)
        return str(value) if isinstance(value, uuid.UUID) else value

    def _record(self, value, schema):
        made = {}
        for field in schema["fields"]:
            item = value[field["name"]]
            if field.get("default", ABSENT) == {}:  # the members without a name of their own
                made.update(self.json(item, field["type"]))
            elif not (item is None and "default" in field):
                made[field.get("jsonName", field["name"])] = self.json(item, field["type"])
        return made

    def _free(self, value):
        if isinstance(value, list):
            return [self._free(item["value"]) for item in value]
        return {member["name"]: self._free(member["value"]["value"]) for member in value["members"]} if isinstance(value, dict) else value

    def expected(self, value, schema=None):
        """The JSON with the one thing that Avro does not tell: null and absent are one where a field may be both."""
        schema = self.root if schema is None else schema
        if isinstance(schema, str):
            schema = self.named.get(schema, schema)
        if isinstance(schema, list):
            return value if value is None else self.expected(value, schema[1])
        kind = schema if isinstance(schema, str) else schema["type"]
        if kind == "array":
            return [self.expected(item, schema["items"]) for item in value]
        if kind == "map":
            return {key: self.expected(item, schema["values"]) for key, item in value.items()}
        if kind != "record" or schema["name"] == "Value":
            return value.lower() if isinstance(schema, dict) and schema.get("logicalType") == "uuid" else value
        fields = {field.get("jsonName", field["name"]): field for field in schema["fields"] if field.get("default", ABSENT) != {}}
        made = {}
        for name, item in value.items():
            field = fields.get(name)
            free = field and isinstance(field["type"], list) and self._is_free(field["type"][1])
            if field and item is None and "default" in field and not free:
                continue
            made[name] = self.expected(item, field["type"]) if field else item
        return made

    def _is_free(self, schema):
        schema = self.named.get(schema, schema) if isinstance(schema, str) else schema
        return isinstance(schema, dict) and schema.get("name") == "Value"


class ProtobufReader:
    """A .proto text compiled by protoc, and its messages as JSON."""

    def __init__(self, text, folder, stem):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{stem}.proto").write_text(text)
        include = pathlib.Path(protoc.__file__).parent / "_proto"
        assert protoc.main(["protoc", f"-I{folder}", f"-I{include}", f"--python_out={folder}", f"--descriptor_set_out={folder / stem}.set",
                            "--include_imports", f"{stem}.proto"]) == 0
        self.message_class = self._generated(folder, stem)

    @staticmethod
    def _generated(folder, stem):
        """The class in protoc's module. Two versions of a message cannot be in one process by that way: all but the first are made of the
        same descriptors in a pool of their own."""
        if stem.endswith("_1"):
            spec = importlib.util.spec_from_file_location(f"{stem}_pb2", folder / f"{stem}_pb2.py")
            module = importlib.util.module_from_spec(spec)
            sys.modules[spec.name] = module
            spec.loader.exec_module(module)
            (name,) = module.DESCRIPTOR.message_types_by_name
            return getattr(module, name)
        files = descriptor_pb2.FileDescriptorSet.FromString((folder / f"{stem}.set").read_bytes()).file
        pool = descriptor_pool.DescriptorPool()
        for file in files:
            pool.Add(file)
        (message,) = files[-1].message_type
        return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"user_events.{message.name}"))

    def parse(self, data):
        return self.message_class.FromString(data)

    def json(self, message):
        if message.DESCRIPTOR.full_name == "google.protobuf.Timestamp":
            return rfc3339(EPOCH + datetime.timedelta(seconds=message.seconds, microseconds=message.nanos // 1000))
        if message.DESCRIPTOR.file.name == "google/protobuf/struct.proto":
            return self._free(message)
        made = {}
        for field in message.DESCRIPTOR.fields:
            value = getattr(message, field.name)
            if field.number == (1 << 29) - 1:  # the members without a name of their own
                made.update(self._free(value) if not field.is_repeated else self._map(field, value))
            elif field.is_repeated:
                made[field.json_name] = self._map(field, value) if self._is_map(field) else [self._item(item) for item in value]
            elif not field.has_presence or message.HasField(field.name):
                made[field.json_name] = self._item(value)
        return made

    @staticmethod
    def _is_map(field):
        return field.type == FieldDescriptor.TYPE_MESSAGE and field.message_type.GetOptions().map_entry

    def _map(self, field, value):
        return {key: self._item(item) for key, item in value.items()}

    def _item(self, value):
        if not hasattr(value, "DESCRIPTOR"):
            return value
        names = [field.name for field in value.DESCRIPTOR.fields]
        if value.DESCRIPTOR.name.endswith("List") and names == ["items"]:
            return self.json(value)["items"]
        if value.DESCRIPTOR.name.endswith("Map") and names == ["members"]:
            return self.json(value)["members"]
        return self.json(value)

    def _free(self, value):
        if value.DESCRIPTOR.name == "Struct":
            return {key: self._free(item) for key, item in value.fields.items()}
        if value.DESCRIPTOR.name == "ListValue":
            return [self._free(item) for item in value.values]
        kind = value.WhichOneof("kind")
        assert kind, "a Value without a kind"
        return None if kind == "null_value" else self._free(getattr(value, kind)) if kind in ("struct_value", "list_value") else getattr(value, kind)

    def expected(self, value, descriptor=None):
        """The JSON with what Protobuf does not tell: an absent or null list or map is an empty one, a null scalar an absent one."""
        descriptor = descriptor or self.message_class.DESCRIPTOR
        made = {}
        for field in descriptor.fields:
            free = field.type == FieldDescriptor.TYPE_MESSAGE and field.message_type.full_name == "google.protobuf.Value"
            item = value.get(field.json_name, ABSENT)
            if field.number == (1 << 29) - 1:
                continue
            if field.is_repeated:
                empty = {} if self._is_map(field) else []
                made[field.json_name] = empty if item is ABSENT or item is None else self._inner(item, field)
            elif item is not ABSENT and (item is not None or free):
                made[field.json_name] = self._inner(item, field)
        known = {field.json_name for field in descriptor.fields if field.number != (1 << 29) - 1}
        return made | {name: item for name, item in value.items() if name not in known}

    def _inner(self, item, field):
        if field.type != FieldDescriptor.TYPE_MESSAGE or field.message_type.full_name.startswith("google."):
            return item
        inner = field.message_type
        if self._is_map(field):
            value = inner.fields_by_name["value"]
            return {key: self._inner(part, value) for key, part in item.items()}
        if field.is_repeated and isinstance(item, list):
            return [self.expected(part, inner) if isinstance(part, dict) and [f.name for f in inner.fields] != ["members"] else part for part in item]
        return self.expected(item, inner) if isinstance(item, dict) else item
