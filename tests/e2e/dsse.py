"""Verification of CloudEvents with DSSE, written after the text of the extension alone:
https://github.com/cloudevents/spec/blob/main/cloudevents/extensions/verifiability.md"""
import base64
import hashlib
import json

PAYLOAD_TYPE = "https://cloudevents.io/verifiability/dsse/v0.1"
CORE = ["id", "source", "specversion", "type", "datacontenttype", "dataschema", "subject", "time"]


class Discard(Exception):
    pass


def canonical(value):
    if isinstance(value, bool):
        return b"true" if value else b"false"
    return str(value).encode()


def digest_of(values):
    return hashlib.sha256(b"".join(hashlib.sha256(value).digest() for value in values)).digest()


def to_the_second(time):
    assert time.endswith("Z")
    return time[:19] + "Z" if "." in time else time


def verify(attributes, data, keys):
    """`keys`: keyid → function (signature, content) that raises. The names of the extension attributes that are verified."""
    envelope = json.loads(base64.b64decode(attributes["dssematerial"], validate=True))
    if envelope["payloadType"] != PAYLOAD_TYPE:
        raise Discard("payloadType")
    payload = base64.b64decode(envelope["payload"], validate=True)
    content = b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)
    signatures = [one for one in envelope["signatures"] if one["keyid"] in keys]
    if not signatures:
        raise Discard("no acceptable key")
    for one in signatures:
        keys[one["keyid"]](base64.b64decode(one["sig"], validate=True), content)
    material = json.loads(payload)
    if ("ext" in material) != ("signedextattrs" in material):
        raise Discard("ext without signedextattrs")
    core = [to_the_second(attributes[name]).encode() if name == "time" and name in attributes else canonical(attributes.get(name, "")) for name in CORE]
    if base64.b64decode(material["core"]) != digest_of([*core, data]):
        raise Discard("core")
    names = material.get("signedextattrs", [])
    if len(set(names)) != len(names) or set(names) & {*CORE, "dssematerial"}:
        raise Discard("signedextattrs")
    if names and base64.b64decode(material["ext"]) != digest_of([canonical(attributes.get(name, "")) for name in names]):
        raise Discard("ext")
    return names
