"""What is signed for each destination, over real brokers, verified by PyJWT, jwcrypto, jose (Node.js) and Go's standard library, which know nothing of this project."""
import base64
import json
import os
import re
import signal
import subprocess
import uuid

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from jwcrypto import jwk, jws

import dsse
from broker import Broker
from daemon import BINARY, cli, wait_for
from node_tools import FOLDER, SCRIPTS, run_node
from pages import DOCS

COUNT = 3


def make_key(folder, name):
    """The lines of the configuration that know it."""
    if name.startswith("hs"):
        command = f"(umask 077; openssl rand -base64 32 > {name}.key)"
    else:
        command = f"(umask 077; openssl genpkey -algorithm ed25519 -out {name}.key)"
    folder.mkdir(exist_ok=True)
    subprocess.run(["bash", "-c", command], check=True, cwd=folder)
    return f'[[signing_key]]\nname = "{name}"\nalgorithm = "{"HS256" if name.startswith("hs") else "EdDSA"}"\nfile = "{folder / name}.key"\n'


def publish(daemon, first=0, count=COUNT):
    for number in range(first, first + count):
        event = {"specversion": "1.0", "id": f"e {number}", "source": "/crm", "type": "user.updated", "tenant": "nörd",
                 "data": {"userId": f"u-{number}", "changes": {"name": "Zoë"}}}
        status, body = daemon.request("POST", "/v1/events", json.dumps(event), "application/cloudevents+json")
        assert status == 202, body
    daemon.wait_delivered()


class Redis(Broker):
    KIND = "redis"


@pytest.fixture
def redis(tmp_path):
    broker = Redis(tmp_path / "redis")
    try:
        yield broker.start()
    finally:
        broker.stop()


class Message:
    """What was received: the body's bytes, and headers without the protocol's prefix."""

    def __init__(self, body, headers, prefix):
        self.body = body
        self.signature = headers.get("jws-signature")
        self.attributes = {name.removeprefix(prefix): value for name, value in headers.items() if name.startswith(prefix)}
        self.attributes["datacontenttype"] = headers.get("content-type")


def from_kafka(kafka, topic, count=COUNT):
    return [Message(one.value(), {name: value.decode() for name, value in one.headers()}, "ce_") for one in kafka.messages(topic, count)]


def from_rabbitmq(rabbitmq, place, count=COUNT):
    messages = []
    with rabbitmq.connect() as connection:
        channel = connection.channel()
        for method, properties, body in channel.consume(place, inactivity_timeout=30):
            assert method is not None, f"{len(messages)} of {count} messages"
            headers = {name: value if isinstance(value, str) else value.decode() for name, value in properties.headers.items()}
            prefix = next(name for name in headers if name.endswith("sequence")).removesuffix("sequence")
            messages.append(Message(body, {**headers, "content-type": properties.content_type}, prefix))
            channel.basic_ack(method.delivery_tag)
            if len(messages) == count:
                return messages


def from_redis(redis, key):
    done = subprocess.run(["redis-cli", "-p", str(redis.port), "--json", "XRANGE", key, "-", "+"], capture_output=True, check=True, timeout=30)
    entries = [dict(zip(fields[::2], fields[1::2])) for _, fields in json.loads(done.stdout)]
    return [Message(fields["data"].encode(), fields, "ce_") for fields in entries]


def from_webhook(receiver, place, count=COUNT):
    wait_for(lambda: len(receiver.received(place)) >= count, 30, f"{count} requests")
    return [Message(one["body"].encode(), one["headers"], "ce-") for one in receiver.received(place)]


def example(language):
    """The code of a language in the page."""
    return re.search(rf"^<!-- run: {language} -->\n```\w+\n(.*?)^```$", (DOCS / "security/signatures.md").read_text(), re.M | re.S)[1]


def python_example():
    names = {}
    exec(example("python"), names)  # noqa: S102
    return names["verify"]


@pytest.fixture(scope="module")
def go_program(tmp_path_factory):
    folder = tmp_path_factory.mktemp("go")
    (folder / "main.go").write_text(
        'package main\n\nimport ("crypto/ed25519"; "encoding/base64"; "encoding/json"; "errors"; "fmt"; "os"; "strings")\n\n' + example("go") +
        'func main() {\n\tsignature, _ := os.ReadFile(os.Args[1])\n\tbody, _ := os.ReadFile(os.Args[2])\n\tkey, _ := base64.RawURLEncoding.DecodeString(os.Args[3])\n'
        '\tce, err := verify(string(signature), body, key, os.Args[4])\n\tif err != nil {\n\t\tfmt.Fprintln(os.Stderr, err)\n\t\tos.Exit(1)\n\t}\n'
        '\tjson.NewEncoder(os.Stdout).Encode(ce)\n}\n')
    built = subprocess.run(["go", "build", "-o", "verify", "main.go"], cwd=folder, capture_output=True, text=True, timeout=300, env={**os.environ, "GO111MODULE": "off"})
    assert built.returncode == 0, built.stderr
    return folder / "verify"


class Verifiers:
    """Each takes a message and a destination, gives the attributes that are signed, or raises."""

    def __init__(self, folder, jwks, go_program):
        self.folder, self.jwks, self.go_program = folder, jwks, go_program
        self.python = python_example()
        self.module = FOLDER.resolve() / f"example-{uuid.uuid4().hex}.mjs"     # beside node_modules
        self.module.write_text(example("node"))
        (folder / "jwks.json").write_text(json.dumps(jwks))

    def close(self):
        self.module.unlink()

    def files(self, message):
        (self.folder / "signature.txt").write_text(message.signature)
        (self.folder / "body.bin").write_bytes(message.body)
        return self.folder / "signature.txt", self.folder / "body.bin"

    def pyjwt(self, message, destination):
        return self.python(message.signature, message.body, self.jwks, destination)

    def jwcrypto(self, message, destination):
        token = jws.JWS()
        token.allowed_algs = ["EdDSA"]
        token.deserialize(message.signature)
        token.verify(jwk.JWKSet.from_json(json.dumps(self.jwks)), detached_payload=message.body)
        assert token.jose_header["destination"] == destination
        return token.jose_header["ce"]

    def node(self, message, destination):
        done = run_node(SCRIPTS / "verify_jws.mjs", self.module, *self.files(message), self.folder / "jwks.json", destination)
        if done.returncode != 0:
            raise ValueError(done.stderr)
        return json.loads(done.stdout)

    def go(self, message, destination):
        kid = jwt.get_unverified_header(message.signature)["kid"]
        key = next(one["x"] for one in self.jwks["keys"] if one["kid"] == kid)
        done = subprocess.run([self.go_program, *self.files(message), key, destination], capture_output=True, text=True, timeout=30)
        if done.returncode != 0:
            raise ValueError(done.stderr)
        return json.loads(done.stdout)

    def cli(self, message, destination):
        signature, body = self.files(message)
        done = cli("verify", body, "--jws", f"@{signature}", "--jwks", self.folder / "jwks.json", "--destination", destination, "--json")
        if done.returncode != 0:
            assert done.returncode == 1 and "not verified" in done.stderr
            raise ValueError(done.stderr)
        return json.loads(done.stdout)["attributes"]

    def all(self):
        return [self.pyjwt, self.jwcrypto, self.node, self.go, self.cli]


@pytest.fixture
def verifiers(tmp_path, go_program):
    made = []

    def make(jwks):
        folder = tmp_path / f"verifier-{len(made)}"
        folder.mkdir()
        made.append(Verifiers(folder, jwks, go_program))
        return made[-1]

    yield make
    for each in made:
        each.close()


def jwks_of(daemon):
    status, text = daemon.request("GET", "/.well-known/jwks.json")
    assert status == 200
    return json.loads(text)


def check_attributes(message, signed, number):
    """Everything that came in headers is what was signed, and what was published is there."""
    assert signed["id"] == f"e {number}" and signed["source"] == "/crm" and signed["type"] == "user.updated" and signed["tenant"] == "nörd"
    assert len(signed["sequence"]) == 20 and signed["journalid"] and signed["subject"] == f"u-{number}"
    for name, value in message.attributes.items():
        if name != "datacontenttype":
            assert signed[name] == value.replace("%20", " ").replace("n%C3%B6rd", "nörd"), name


def test_every_message_of_every_broker_is_verified_by_other_libraries(kafka, rabbitmq, redis, receiver, new_daemon, tmp_path, verifiers):
    keys = tmp_path / "keys"
    topics = {name: kafka.create_topic() for name in ("structured", "binary", "plain", "avro", "secret")}
    queue = rabbitmq.create_place()
    secret = "whsec_" + base64.b64encode(os.urandom(32)).decode()
    receiver.know(secret)
    receiver.make_place("hook", "503\n204")
    sign = 'sign = "ed-1"\n'
    config = make_key(keys, "ed-1") + make_key(keys, "hs-1")
    config += kafka.destination(topics["structured"], "structured", sign)
    config += kafka.destination(topics["binary"], "binary", sign + 'format = "cloudevents-binary"\n')
    config += kafka.destination(topics["plain"], "plain", sign + 'format = "plain"\n')
    config += kafka.destination(topics["avro"], "avro", sign + 'format = "cloudevents-binary"\nencoding = "avro"\n')
    config += kafka.destination(topics["secret"], "secret", 'sign = "hs-1"\n')
    config += rabbitmq.destination(queue, "rabbit", sign)
    config += f'[[destination]]\nname = "redis"\nkind = "redis"\ntopic = "events"\naddress = "127.0.0.1:{redis.port}"\n{sign}'
    config += (f'[[destination]]\nname = "hook"\nkind = "webhook"\nurl = "http://127.0.0.1:{receiver.port}/hook"\nsecret = "{secret}"\nallow_http = true\n'
               f'allow_private_networks = true\nformat = "cloudevents-binary"\n{sign}')
    daemon = new_daemon(config).start()
    publish(daemon)
    received = {name: from_kafka(kafka, topics[name]) for name in topics if name != "secret"}
    received["rabbit"] = from_rabbitmq(rabbitmq, queue)
    received["redis"] = from_redis(redis, "events")
    attempts = from_webhook(receiver, "hook", COUNT + 1)
    received["hook"] = [one for one in attempts if one.signature != attempts[0].signature] + [attempts[0]]
    assert len(received["hook"]) == COUNT, "the event that was sent twice had another signature the second time"

    jwks = jwks_of(daemon)
    assert [key["kid"] for key in jwks["keys"]] == ["ed-1"] and set(jwks["keys"][0]) == {"kty", "crv", "x", "kid", "use", "alg"}
    verifier = verifiers(jwks)
    for destination, messages in received.items():
        messages.sort(key=lambda one: verifier.pyjwt(one, destination)["id"])
        for number, message in enumerate(messages):
            check_attributes(message, verifier.pyjwt(message, destination), number)
            check_attributes(message, verifier.jwcrypto(message, destination), number)
        for check in verifier.all():
            signed = check(messages[0], destination)
            check_attributes(messages[0], signed, 0)
            with pytest.raises(Exception):
                check(messages[0], "another")
            changed = Message(messages[0].body[:-1] + b" ", {"jws-signature": messages[0].signature}, "ce_")
            with pytest.raises(Exception):
                check(changed, destination)
            swapped = Message(messages[1].body, {"jws-signature": messages[0].signature}, "ce_")
            with pytest.raises(Exception):
                check(swapped, destination)

    message = from_kafka(kafka, topics["secret"])[0]
    key = base64.b64decode((keys / "hs-1.key").read_text())
    header = jwt.api_jws.decode_complete(message.signature, key, algorithms=["HS256"], detached_payload=message.body)["header"]
    assert header["destination"] == "secret" and header["ce"]["type"] == "user.updated"
    signature, body = verifier.files(message)
    assert cli("verify", body, "--jws", f"@{signature}", "--secret-file", keys / "hs-1.key").returncode == 0
    assert cli("verify", body, "--jws", f"@{signature}", "--jwks", verifier.folder / "jwks.json").returncode == 1
    for file in keys.iterdir():
        for line in file.read_text().splitlines():
            assert len(line) < 40 or line not in daemon.log_tail(1 << 20)


def ed25519_keys(jwks):
    def check(key):
        return lambda signature, content: ed25519.Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key["x"] + "=")).verify(signature, content)
    return {key["kid"]: check(key) for key in jwks["keys"]}


def structured_event(body):
    """(attributes, bytes of the data)"""
    event = json.loads(body)
    data = body[body.index(b',"data":') + len(b',"data":'):-1]
    assert json.loads(data) == event.pop("data")
    return event, data


def test_the_python_verifier_of_dsse_accepts_the_vector_of_the_specification():
    material = ("eyJwYXlsb2FkVHlwZSI6Imh0dHBzOi8vY2xvdWRldmVudHMuaW8vdmVyaWZpYWJpbGl0eS9kc3NlL3YwLjEiLCJwYXlsb2FkIjoiZXlKamIzSmxJam9pY1VOVFpXbGFhMU1yYUVnNVYybERiR1p4"
                "Tm5Cc1puRlpUbFo1TW10MmVGZFNabTlDY2t4RmVtOUVhejBpZlE9PSIsInNpZ25hdHVyZXMiOlt7ImtleWlkIjoidGVzdGtleSIsInNpZyI6IkYyaXAweG1nSlgzdWdIWkM2dE1ycjdBMkVxYWkwOHJh"
                "R3JUd2R5aC9PR0RJSXJGN0J5TTJ5SVRMS3FOckYzZHpaR1IybzBDczlmRUJGZEx4Uk9VeUVRPT0ifV19")
    public = ec.EllipticCurvePublicNumbers(46950820868899156662930047687818585632848591499744589407958293238635476079160,
                                           5640078356564379163099075877009565129882514886557779369047442380624545832820, ec.SECP256R1()).public_key()

    def check(signature, content):
        r, s = (int.from_bytes(half) for half in (signature[:32], signature[32:]))
        public.verify(encode_dss_signature(r, s), content, ec.ECDSA(SHA256()))

    attributes = {"specversion": "1.0", "id": "1", "source": "example/uri", "type": "example.type.binary", "datacontenttype": "application/octet-stream", "dssematerial": material}
    assert dsse.verify(attributes, base64.b64decode("8J+koQ=="), {"testkey": check}) == []
    with pytest.raises(dsse.Discard):
        dsse.verify({**attributes, "id": "2"}, base64.b64decode("8J+koQ=="), {"testkey": check})


def test_events_with_dsse_are_verified_by_an_implementation_of_the_extension(kafka, new_daemon, tmp_path):
    topics = {name: kafka.create_topic() for name in ("structured", "binary", "avro")}
    sign = 'sign = "ed-1"\nsignature = "dsse"\n'
    config = make_key(tmp_path / "keys", "ed-1") + kafka.destination(topics["structured"], "structured", sign)
    config += kafka.destination(topics["binary"], "binary", sign + 'format = "cloudevents-binary"\n')
    config += kafka.destination(topics["avro"], "avro", sign + 'format = "cloudevents-binary"\nencoding = "avro"\n')
    config += f'[[destination]]\nname = "file"\nkind = "file"\npath = "{tmp_path}/events.ndjson"\n{sign}'
    daemon = new_daemon(config).start()
    publish(daemon)
    jwks = jwks_of(daemon)
    (tmp_path / "jwks.json").write_text(json.dumps(jwks))
    keys = ed25519_keys(jwks)
    events = [structured_event(message.body) for message in from_kafka(kafka, topics["structured"])]
    events += [structured_event(line) for line in (tmp_path / "events.ndjson").read_bytes().splitlines()]
    events += [(message.attributes, message.body) for name in ("binary", "avro") for message in from_kafka(kafka, topics[name])]
    assert len(events) == 4 * COUNT
    for attributes, data in events:
        names = dsse.verify(attributes, data, keys)
        assert set(names) == set(attributes) - {*dsse.CORE, "dssematerial"} and "tenant" in names
        for name, other in (("id", "e 9"), ("tenant", "south"), ("sequence", "0" * 20), ("subject", "u-9"), ("time", "2020-01-01T00:00:00Z")):
            with pytest.raises(dsse.Discard):
                dsse.verify({**attributes, name: other}, data, keys)
        with pytest.raises(dsse.Discard):
            dsse.verify(attributes, data + b" ", keys)
    whole = (tmp_path / "events.ndjson").read_bytes().splitlines()[0]
    assert cli("verify", "--jwks", tmp_path / "jwks.json", input=whole).returncode == 0
    assert cli("verify", "--jwks", tmp_path / "jwks.json", input=whole.replace(b"Zo", b"zo")).returncode == 1
    attributes, data = events[-1]
    given = [word for pair in attributes.items() for word in ("--attribute", "=".join(pair))]
    assert cli("verify", "--jwks", tmp_path / "jwks.json", *given, input=data).returncode == 0
    assert cli("verify", "--jwks", tmp_path / "jwks.json", *given, input=data + b" ").returncode == 1


def test_a_key_is_changed_without_a_gap_and_without_a_restart(kafka, new_daemon, tmp_path, verifiers):
    topic, keys = kafka.create_topic(), tmp_path / "keys"
    first, second = make_key(keys, "ed-1"), make_key(keys, "ed-2")
    daemon = new_daemon(first + kafka.destination(topic, "crm", 'sign = "ed-1"\n')).start()

    def reload(config, expected):
        seen = daemon.log_tail(1 << 20).count(expected)
        daemon.set_config(config)
        daemon.process.send_signal(signal.SIGHUP)
        wait_for(lambda: daemon.log_tail(1 << 20).count(expected) > seen, 10, expected)

    publish(daemon, 0, 1)
    reload(first + second + kafka.destination(topic, "crm", 'sign = "ed-1"\n'), "signing keys are read again")
    assert [key["kid"] for key in jwks_of(daemon)["keys"]] == ["ed-1", "ed-2"]
    both = jwks_of(daemon)
    publish(daemon, 1, 1)
    reload(first + second + kafka.destination(topic, "crm", 'sign = "ed-2"\n'), "signing keys are read again")
    publish(daemon, 2, 1)
    reload(second + kafka.destination(topic, "crm", 'sign = "ed-2"\n'), "signing keys are read again")
    publish(daemon, 3, 1)
    assert [key["kid"] for key in jwks_of(daemon)["keys"]] == ["ed-2"]
    verifier = verifiers(both)
    used = {verifier.pyjwt(message, "crm")["id"]: jwt.get_unverified_header(message.signature)["kid"] for message in from_kafka(kafka, topic, 4)}
    assert used == {"e 0": "ed-1", "e 1": "ed-1", "e 2": "ed-2", "e 3": "ed-2"}

    stay = "signing keys stay as they were"
    reload(second + kafka.destination(topic, "crm", ""), stay)                                       # would no longer sign
    reload(second + kafka.destination(topic, "crm", 'sign = "ed-2"\nsignature = "dsse"\n'), stay)    # another form
    (keys / "ed-2.key").chmod(0o640)
    reload(second + kafka.destination(topic, "crm", 'sign = "ed-2"\n'), stay)
    subprocess.run(["bash", "-c", "rm ed-2.key; umask 077; openssl genpkey -algorithm ed25519 -out ed-2.key"], check=True, cwd=keys)
    reload(second + kafka.destination(topic, "crm", 'sign = "ed-2"\n'), stay)                        # another key of that name
    publish(daemon, 4, 1)
    last = [message for message in from_kafka(kafka, topic, 5) if verifier.pyjwt(message, "crm")["id"] == "e 4"]
    assert len(last) == 1


def test_the_page_makes_a_key_and_a_configuration_that_is_good(tmp_path):
    text = (DOCS / "security/signatures.md").read_text()
    block = re.search(r"^```sh\n(.*?)^```$", text, re.M | re.S)[1].replace("user-events config", '"$UE" config')
    done = subprocess.run(["bash", "-eu", "-c", block], cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "UE": str(BINARY)})
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "signing-2026-11.pem").stat().st_mode & 0o777 == 0o600


def test_verify_says_what_is_covered_and_why_not(new_daemon, tmp_path):
    """Against the daemon's own key set, with the switches of the command line."""
    daemon = new_daemon(make_key(tmp_path / "keys", "ed-1")).start()
    key = jwk.JWK.from_pem((tmp_path / "keys/ed-1.key").read_bytes())

    def sign(body=b'{"a":1}', **more):
        head = {"alg": "EdDSA", "kid": "ed-1", "b64": False, "crit": ["b64"], "destination": "crm", "cty": "application/json", "ce": {"id": "e-1"}, **more}
        token = jws.JWS(body)
        token.allowed_algs = ["EdDSA", "HS256"]
        token.add_signature(key, protected=json.dumps(head))
        token.detach_payload()
        return token.serialize(compact=True)

    def verify(signature, *more, body=b'{"a":1}'):
        return daemon.cli("verify", "--jws", signature, *more, input=body)

    done = verify(sign())
    assert done.returncode == 0 and done.stdout.splitlines() == [
        "verified: jws-signature with EdDSA, key ed-1", "covered:", "  body: 7 bytes", "  destination: crm", "  content type: application/json", "  id: e-1"]
    assert verify(sign(), "--attribute", "id=e-1", "--destination", "crm").returncode == 0
    for arguments in (["--attribute", "id=e-2"], ["--attribute", "type=user.created"], ["--destination", "mail"]):
        assert verify(sign(), *arguments).returncode == 1, arguments
    assert verify(sign(), body=b'{"a":2}').returncode == 1
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none", "b64": False, "crit": ["b64"], "ce": {}}).encode()).decode().rstrip("=")
    for signature in (f"{none}..", sign(kid="other"), sign().replace("..", ".eyJhIjoxfQ."), "x"):
        done = verify(signature)
        assert done.returncode == 1 and done.stderr.startswith("user-events: not verified: "), done.stderr
    assert verify(sign(), "--jwks", "http://192.0.2.1/keys").returncode == 2
    far = daemon.cli("verify", "--jws", sign(), input=b'{"a":1}', USER_EVENTS_URL="http://192.0.2.1:8080")
    assert far.returncode == 2 and "USER_EVENTS_URL has no TLS" in far.stderr, far.stderr
    assert verify(sign(), "--attribute", "id").returncode == 2
    assert verify(sign(), "--jwks", tmp_path / "nothing").returncode == 1


def test_what_cannot_carry_a_signature_is_refused_by_config_check(tmp_path):
    key = make_key(tmp_path / "keys", "ed-1") + make_key(tmp_path / "keys", "hs-1")

    def check(destination):
        (tmp_path / "user-events.toml").write_text(key + "[[destination]]\nname = \"d\"\n" + destination)
        return cli("config", "check", "--config", tmp_path / "user-events.toml")

    kafka = 'kind = "kafka"\ntopic = "t"\nkafka."bootstrap.servers" = "127.0.0.1:1"\n'
    sqs = 'kind = "sqs"\ntopic = "https://sqs.eu-west-1.amazonaws.com/123456789012/q"\n'
    assert check(kafka + 'sign = "ed-1"\n').returncode == 0
    for destination, why in ((kafka + 'sign = "nobody"\n', "is the name of no [[signing_key]]"),
                             (kafka + 'sign = "hs-1"\nsignature = "dsse"\n', "cannot be dsse with a key for HS256"),
                             (kafka + 'sign = "ed-1"\nsignature = "dsse"\nformat = "plain"\n', "format plain has no place for it"),
                             (f'kind = "file"\npath = "{tmp_path}/f"\nsign = "ed-1"\n', "needs a header for the signature"),
                             (sqs + 'sign = "ed-1"\nsignature = "dsse"\n', "does not carry all data as it is written")):
        done = check(destination)
        assert done.returncode == 2 and why in done.stderr + done.stdout, done.stderr + done.stdout
    for wrong, why in (('name = "k"\nfile = "k"\n', "is missing: EdDSA or HS256"), ('name = "k"\nalgorithm = "EdDSA"\n', "and only one of them"),
                       ('name = "k"\nalgorithm = "EdDSA"\nfile = "k"\nenv = "K"\n', "and only one of them"), ('name = "ed-1"\nalgorithm = "EdDSA"\nfile = "k"\n', "name of two signing keys"),
                       ('name = "k"\nalgorithm = "RS256"\nfile = "k"\n', "algorithm")):
        (tmp_path / "user-events.toml").write_text(f"{key}[[signing_key]]\n{wrong}")
        done = cli("config", "check", "--config", tmp_path / "user-events.toml")
        assert done.returncode == 2 and why in done.stderr + done.stdout, done.stderr + done.stdout
