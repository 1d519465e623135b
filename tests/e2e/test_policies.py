"""What a destination and a reader get to see of personal data: every type, every format, everywhere that something of an event can be seen."""
import http.server
import json
import os
import re
import signal
import subprocess
import sys
import threading

import jsonschema
import pytest

import journal_file
from canary import CANARY, canaries, every_event
from daemon import StartFailed, cli, wait_for
from pages import DOCS
from test_access import ask, client, make_token
from test_sealing import command, private_file

PAGE = DOCS / "security/privacy-policies.md"
# What each policy may show: masks show part of a value, but no canary whole.
POLICIES = {"trusted": '"trusted"', "analytics": '"analytics"', "minimal": '"minimal"', "hidden": '{others = "omit"}',
            "encrypted": '{others = "encrypt"}', "tokens": '{others = "token"}', "masked": '{others = "mask", user-id = "token"}'}


@pytest.fixture
def master(tmp_path):
    return private_file(tmp_path / "master.key", "11" * 32 + "\n")


def config(master, *tables, more=""):
    return "\n".join([more, f'[privacy]\nmaster_key.file = "{master}"', *tables])


def file_table(name, path, privacy, more=""):
    return f'[[destination]]\nname = "{name}"\nkind = "file"\npath = "{path}"\nprivacy = {privacy}\n{more}'


def publish_all(daemon, user=CANARY["user"]):
    sent = every_event(user)
    for kind, data in sent:
        body = json.dumps({"specversion": "1.0", "id": f"e-{kind}-{user != CANARY['user']}", "source": "urn:test", "type": kind, "data": data, "tenant": CANARY["text"]})
        status, answer = daemon.request("POST", "/v1/events", body, content_type="application/cloudevents+json")
        assert status == 202, answer
    return sent


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_no_policy_shows_what_it_forbids_in_any_format(new_daemon, master, tmp_path):
    tables = [file_table(f"{name}-{form}", tmp_path / f"{name}-{form}.ndjson", privacy, f'format = "{form}"\n')
              for name, privacy in POLICIES.items() for form in ("cloudevents", "plain")]
    daemon = new_daemon(config(master, *tables, more='log.level = "debug"')).start()
    sent = publish_all(daemon)
    daemon.wait_delivered()
    for name in POLICIES:
        for form in ("cloudevents", "plain"):
            content = (tmp_path / f"{name}-{form}.ndjson").read_text()
            assert len(content.splitlines()) == len(sent), "every event goes out, whatever is left of it"
            found = canaries(content)
            assert found == (set(CANARY) if name == "trusted" else set()), (name, form)
            if name != "trusted":
                assert "Canaria" not in content and ("Canary" not in content or name in ("analytics", "masked")), (name, form)
    for seen in (daemon.log.read_text(), daemon.request("GET", "/metrics")[1], daemon.request("GET", "/v1/status")[1],
                 daemon.request("GET", "/v1/dead-letters")[1], daemon.request("GET", "/asyncapi.json")[1]):
        assert canaries(seen) == set()


def test_the_schema_that_an_event_names_is_served_and_describes_what_is_left(new_daemon, master, tmp_path):
    tables = [file_table(name, tmp_path / f"{name}.ndjson", privacy) for name, privacy in POLICIES.items()]
    daemon = new_daemon(config(master, *tables)).start()
    sent = publish_all(daemon)
    daemon.wait_delivered()
    marks = {}
    for name in POLICIES:
        events = lines(tmp_path / f"{name}.ndjson")
        assert len(events) == len(sent)
        for event in events:
            kind, version, *mark = event["dataschema"].split(":")[3:]
            status, text = daemon.request("GET", "/v1/schemas/" + "/".join([kind, version, *mark]))
            assert status == 200, event["dataschema"]
            schema = json.loads(text)
            assert schema["$id"] == event["dataschema"]
            jsonschema.Draft202012Validator.check_schema(schema)
            jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER).validate(event["data"])
            marks.setdefault(name, set()).update(mark)
    assert marks.pop("trusted") == set() and all(len(each) == 1 for each in marks.values()) and len(set.union(*marks.values())) == len(marks)
    [mark] = marks["analytics"]
    assert daemon.cli("schema", "show", "user.created", "--version", "1", "--policy", mark).stdout == daemon.request("GET", f"/v1/schemas/user.created/1/{mark}")[1]
    for path in ("user.created/1/p00000000", f"user.created/2/{mark}", f"user.made/1/{mark}", f"user.created/1/{mark}/x"):
        assert daemon.request("GET", f"/v1/schemas/{path}")[0] == 404, path
    assert daemon.cli("schema", "show", "user.created", "--policy", mark).returncode == 2


def test_types_made_for_a_destination_read_what_it_is_sent(new_daemon, master, tmp_path):
    daemon = new_daemon(config(master, file_table("some", tmp_path / "some.ndjson", POLICIES["analytics"]))).start()
    sent = publish_all(daemon)
    daemon.wait_delivered()
    made = cli("generate", "python", "--out", tmp_path / "some_events", "--destination", "some", "--config", daemon.config)
    assert made.returncode == 0, made.stderr
    program = "import json, sys\nimport some_events\nfor line in sys.stdin:\n    print(json.dumps(some_events.parse_event(line).to_json()['data']))\n"
    read = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, input=(tmp_path / "some.ndjson").read_text(), capture_output=True, text=True)
    assert read.returncode == 0, read.stderr
    assert [json.loads(line) for line in read.stdout.splitlines()] == [event["data"] for event in lines(tmp_path / "some.ndjson")]
    assert len(read.stdout.splitlines()) == len(sent)


def test_message_keys_headers_and_bodies_of_kafka_follow_the_policy(kafka, new_daemon, master):
    topics = {(name, form): kafka.create_topic() for name in ("analytics", "hidden", "trusted") for form in ("cloudevents-binary", "cloudevents", "plain")}
    tables = [kafka.destination(topic, f"{name}-{form}", f'format = "{form}"\nprivacy = {POLICIES[name]}') for (name, form), topic in topics.items()]
    daemon = new_daemon(config(master, *tables)).start()
    sent = publish_all(daemon)
    publish_all(daemon, "another")
    daemon.wait_delivered()
    for (name, form), topic in topics.items():
        messages = kafka.consume(topic)
        assert len(messages) == 2 * len(sent)
        assert canaries(json.dumps(messages)) == (set(CANARY) if name == "trusted" else set()), (name, form)
        keys = {message["key"] for message in messages}
        assert len(keys) == 3, "two users, and one who failed to sign in"
        if name != "trusted":
            assert all(re.fullmatch("tok1_[0-9a-f]{32}", key) for key in keys)
        partitions = {key: {message["partition"] for message in messages if message["key"] == key} for key in keys}
        assert all(len(used) == 1 for used in partitions.values()), "a user's events stay in one partition"
        orders = [[m["headers"][m["headers"].index("ce_type") + 1] for m in messages if m["key"] == key] for key in keys] if form == "cloudevents-binary" else []
        for order in orders:
            assert order in ([kind for kind, _ in sent[:-1]], ["user.login.failed"] * 2)


def test_a_forgotten_user_is_a_record_without_a_value_under_the_users_key(kafka, new_daemon, master):
    topic = kafka.create_topic(cleanup_policy="compact")
    daemon = new_daemon(config(master, kafka.destination(topic, "kafka", 'privacy = "analytics"\ntombstones = true'))).start()
    for user in ("u-1", "u-2"):
        daemon.publish("user.created", {"userId": user, "email": "ada@example.com", "status": "active"})
    daemon.wait_delivered()
    command(daemon, "keys", "forget", "u-1", "--reason", "r")
    daemon.wait_delivered()
    messages = kafka.consume(topic)
    tombstones = [message for message in messages if message["payload"] is None]
    first = next(message for message in messages if message["payload"] and message["headers"][message["headers"].index("ce_sequence") + 1].endswith("1"))
    assert len(messages) == 3 and [one["key"] for one in tombstones] == [first["key"]]
    assert daemon.stop() == 0
    daemon.start()
    daemon.publish("user.mfa.enabled", {"userId": "u-2"})
    daemon.wait_delivered()
    assert len(kafka.consume(topic)) == 4, "what is in the topic is found, with or without a value"


def test_what_each_action_leaves_is_what_the_page_says(new_daemon, master, tmp_path):
    table = file_table("out", tmp_path / "out.ndjson", '{email = "mask", username = "token", ip = "mask", user-agent = "mask", address = "omit", free-text = "omit"}')
    daemon = new_daemon(config(master, table)).start()
    daemon.publish("user.created", {"userId": "u-1", "email": "ada@example.com", "username": "Ada", "status": "active"})
    daemon.publish("user.loggedin", {"userId": "u-1", "ipAddress": "2001:db8:1:2::3", "userAgent": "Mozilla/5.0 (X11)"})
    daemon.publish("user.address.added", {"userId": "u-1", "addressId": "a-1", "address": {"line1": "x", "city": "y", "country": "GB"}})
    daemon.publish("user.updated", {"userId": "u-1", "changes": {"email": "ada@example.com", "status": "b", "nick": "Ada", "username": "ADA"}})
    daemon.wait_delivered()
    created, login, address, updated = [event["data"] for event in lines(tmp_path / "out.ndjson")]
    assert created["userId"] == "u-1" and created["email"] == "a***@example.com"
    assert login["ipAddress"] == "2001:db8:1::" and login["userAgent"] == "Mozilla"
    assert address["address"] == {} and address["addressId"] == "a-1"
    assert updated["changes"] == {"email": "a***@example.com", "status": "b", "username": created["username"]}, "nick is no field: the strictest action"
    assert updated["updatedFields"] == ["email", "status", "nick", "username"]


def test_the_pages_program_reads_encrypted_fields_until_the_user_is_forgotten(new_daemon, master, tmp_path):
    tables = [file_table("crm", tmp_path / "crm.ndjson", '{others = "encrypt", user-id = "clear"}')]
    reader, reader_hash = make_token("crm-service")
    other, other_hash = make_token("other")
    admin, admin_hash = make_token("admin")
    daemon = new_daemon(config(master, *tables, client("crm-service", reader_hash, 'field_keys = ["crm"]'), client("other", other_hash, 'field_keys = ["elsewhere"], keys = true'),
                               client("admin", admin_hash, 'publish = ["*"], keys = true, admin = true'))).start()
    data = {"userId": "u-1", "email": "ada@example.com", "username": "ada", "status": "active"}
    assert ask(daemon, "POST", "/v1/events", admin, {"type": "user.created", "data": data})[0] == 202
    changes = {"userId": "u-1", "changes": {"a/b~c\"\n": ["x", {"y": 1.5}], "visits": 7, "none": None}}
    assert ask(daemon, "POST", "/v1/events", admin, {"type": "user.updated", "data": changes})[0] == 202
    wait_for(lambda: (tmp_path / "crm.ndjson").exists() and len(lines(tmp_path / "crm.ndjson")) == 2, 20, "both are delivered")
    content = (tmp_path / "crm.ndjson").read_text()
    assert "ada" not in content and content.count("enc1.crm.1.") == 5

    program = tmp_path / "decrypt.py"
    program.write_text(re.search(r"^```python\n(.*?)^```$", PAGE.read_text(), re.M | re.S)[1])
    run = lambda: subprocess.run([sys.executable, program], input=content, text=True, capture_output=True, timeout=60,
                                 env={**os.environ, "USER_EVENTS_URL": daemon.url, "USER_EVENTS_TOKEN": reader})
    done = run()
    assert done.returncode == 0, done.stderr
    created, updated = [json.loads(line)["data"] for line in done.stdout.splitlines()]
    assert data.items() <= created.items() and changes.items() <= updated.items()

    kid = re.search(r"enc1\.(crm\.1\.[\w-]+)\.", content)[1]
    status, headers, key = ask(daemon, "GET", f"/v1/keys/fields/{kid}", reader)
    assert status == 200 and key["kty"] == "oct" and headers["Cache-Control"] == "private, max-age=3600" and headers["Content-Type"] == "application/jwk+json"
    assert ask(daemon, "GET", f"/v1/keys/fields/{kid}")[0] == 401
    assert ask(daemon, "GET", f"/v1/keys/fields/{kid}", admin)[0] == 403
    assert ask(daemon, "GET", f"/v1/keys/fields/{kid}", other)[0] == 404, "another receiver's keys are not there"
    forged = kid[:-4] + ("AAAA" if kid[-4:] != "AAAA" else "BBBB")
    for wrong in (forged, "crm", "crm.1.x", "x" * 300, kid.replace("crm", "bi")):
        assert ask(daemon, "GET", f"/v1/keys/fields/{wrong}", reader)[0] == 404, wrong
    assert key["k"] not in daemon.log.read_text()

    assert ask(daemon, "POST", "/v1/keys/forget", admin, {"user": "u-1", "reason": "request 1"})[0] == 200
    status, _, problem = ask(daemon, "GET", f"/v1/keys/fields/{kid}", reader)
    assert status == 410 and problem["status"] == 410 and "destroyed" in problem["detail"]
    assert run().returncode != 0
    assert daemon.stop() == 0
    records = [each for each in journal_file.records(daemon.data_dir / "audit") if each.type == "keys.field"]
    asked = [json.loads(each.payload) for each in records[::2]]
    assert {each.scope for each in records} == {"crm-service"} and {each["asked"]["kid"] for each in asked} == {kid}, "what was made up, or is another's, leaves no record"
    outcomes = [json.loads(each.payload)["outcome"] for each in records[1::2]]
    assert set(outcomes[:-2]) == {"done"} and outcomes[-2:] == ["failed", "failed"], outcomes
    assert all(key["k"].encode() not in path.read_bytes() for path in (daemon.data_dir / "audit").iterdir())


SHAPED = {
    "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:user-events:schema:user.shaped:1", "title": "Shaped", "type": "object",
    "additionalProperties": False, "required": ["userId"],
    "properties": {
        "userId": {"type": "string", "minLength": 1, "x-personal": "user-id", "x-key": "user"},
        "beside": {"$ref": "#/$defs/person", "required": ["mail"]},
        "either": {"x-personal": "none", "anyOf": [{"$ref": "#/$defs/person"}, {"type": "integer"}]},
        "each": {"type": "array", "x-personal": "none", "items": {"$ref": "#/$defs/person", "minProperties": 1}},
        "other": {"type": "object", "x-personal": "none", "additionalProperties": {"anyOf": [{"type": "string", "x-personal": "name"}, {"$ref": "#/$defs/person"}], "x-personal": "none"}},
    },
    "$defs": {"person": {"type": "object", "additionalProperties": False, "properties": {"mail": {"type": "string", "x-personal": "email"}, "size": {"type": "integer"}}}},
}


def test_fields_that_several_schemas_speak_of_are_hidden_from_destinations_and_readers(new_daemon, master, tmp_path):
    (tmp_path / "catalogue/user.shaped").mkdir(parents=True)
    (tmp_path / "catalogue/user.shaped/1.json").write_text(json.dumps(SHAPED))
    admin, admin_hash = make_token("admin")
    readers = {name: make_token(name) for name in ("minimal", "hidden", "encrypted", "tokens")}
    tables = [file_table(name, tmp_path / f"{name}.ndjson", POLICIES[name]) for name in readers]
    clients = [client(name, hashed, 'read = ["*"]', f"privacy = {POLICIES[name]}") for name, (_, hashed) in readers.items()]
    daemon = new_daemon(config(master, *tables, client("admin", admin_hash, 'publish = ["*"], admin = true'), *clients, more=f'catalogue_dir = "{tmp_path}/catalogue"')).start()
    person = {"mail": CANARY["email"], "size": 7}
    data = {"userId": CANARY["user"], "beside": person, "either": person, "each": [person, person], "other": {"a": CANARY["name"], "b": person}}
    assert ask(daemon, "POST", "/v1/events", admin, {"type": "user.shaped", "data": data})[0] == 202
    for name, (token, _) in readers.items():
        wait_for(lambda: (tmp_path / f"{name}.ndjson").exists() and lines(tmp_path / f"{name}.ndjson"), 20, "it is delivered")
        status, _, page = ask(daemon, "GET", "/v1/events", token)
        assert status == 200 and len(page["events"]) == 1
        for seen in (lines(tmp_path / f"{name}.ndjson")[0], page["events"][0]):
            assert canaries(json.dumps(seen)) == set(), (name, seen)
            assert seen["data"]["beside"]["size"] == seen["data"]["each"][1]["size"] == 7, "what is nobody's stays"


def test_a_reload_that_names_an_unknown_class_for_a_client_changes_nothing(new_daemon, master):
    token, hashed = make_token("reader")
    good = config(master, client("reader", hashed, 'read = ["*"]', 'privacy = {email = "omit"}'))
    daemon = new_daemon(good.replace("email = ", "e-mail = "))
    with pytest.raises(StartFailed, match="client 'reader': privacy.e-mail is no class"):
        daemon.start()
    daemon.set_config(good)
    daemon.start()
    daemon.set_config(good.replace("email = ", "e-mail = "))
    daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "clients and certificates stay as they were" in daemon.log.read_text(), 10, "the reload is refused")
    assert "client 'reader': privacy.e-mail is no class of personal data that an event type has; did you mean email?" in daemon.log.read_text()
    assert ask(daemon, "GET", "/v1/events", token)[0] == 200


def test_a_message_that_is_sent_again_is_the_same_bytes(new_daemon, master, tmp_path):
    tables = [file_table("crm", tmp_path / "crm.ndjson", '{others = "encrypt"}', 'format = "plain"\n')]
    daemon = new_daemon(config(master, *tables)).start()
    publish_all(daemon)
    daemon.wait_delivered()
    first = (tmp_path / "crm.ndjson").read_text().splitlines()
    assert daemon.stop() == 0
    daemon.start()
    command(daemon, "destination", "replay", "crm", "--from", "1")
    wait_for(lambda: len((tmp_path / "crm.ndjson").read_text().splitlines()) == 2 * len(first), 20, "all is sent again")
    assert sorted((tmp_path / "crm.ndjson").read_text().splitlines()[len(first):]) == sorted(first)


def test_tokens_join_where_a_domain_is_shared_and_nowhere_else(new_daemon, master, tmp_path):
    shared = '{preset = "analytics", token_domain = "warehouse"}'
    tables = [file_table(name, tmp_path / f"{name}.ndjson", privacy)
              for name, privacy in (("a", shared), ("b", shared), ("c", '"analytics"'), ("d", '{preset = "analytics", key_version = 2}'))]
    daemon = new_daemon(config(master, *tables)).start()
    daemon.publish("user.created", {"userId": "u-1", "email": "Ada@example.com", "status": "active"})
    daemon.publish("user.login.failed", {"email": "ada@EXAMPLE.com", "ipAddress": "192.0.2.1", "reasonForFailure": "x"})
    daemon.wait_delivered()
    seen = {name: [event["data"]["email"] for event in lines(tmp_path / f"{name}.ndjson")] for name in "abcd"}
    assert all(created == failed for created, failed in seen.values()), "a failed login joins the user by the address"
    assert seen["a"] == seen["b"] and len({seen[name][0] for name in "acd"}) == 3
    assert seen["d"][0].startswith("tok2_")


def test_a_reader_sees_what_his_policy_shows_and_cannot_name_users(new_daemon, master, tmp_path):
    tokens = {name: make_token(name) for name in ("analyst", "masked", "full")}
    grants = 'read = ["*"], dead_letters = ["*"]'
    daemon = new_daemon(config(master, client("analyst", tokens["analyst"][1], grants, 'privacy = "analytics"'),
                               client("masked", tokens["masked"][1], grants, 'privacy = {email = "mask"}'),
                               client("full", tokens["full"][1], grants + ', publish = ["*"], admin = true'))).start()
    analyst, masked, full = (tokens[name][0] for name in ("analyst", "masked", "full"))
    for kind, data in every_event():
        assert ask(daemon, "POST", "/v1/events", full, {"type": kind, "data": data})[0] == 202
    page = ask(daemon, "GET", "/v1/events?limit=1000", analyst)[2]
    assert len(page["events"]) == 18 and canaries(json.dumps(page)) == set()
    assert {event["subject"] for event in page["events"][:17]} == {page["events"][0]["data"]["userId"]}
    assert page["events"][0]["subject"].startswith("tok1_")
    one = page["events"][0]
    assert ask(daemon, "GET", f"/v1/events/{one['id']}", analyst)[2]["data"] == one["data"]
    assert canaries(json.dumps(ask(daemon, "GET", "/v1/events?limit=1000", full)[2])) == set(CANARY)
    assert "email" not in canaries(json.dumps(ask(daemon, "GET", "/v1/events?limit=1000", masked)[2]))
    user = CANARY["user"]
    assert ask(daemon, "GET", f"/v1/events?user={user}", masked)[0] == 200
    for path in (f"/v1/events?user={user}", f"/v1/events/stream?user={user}", f"/v1/dead-letters?user={user}", "/v1/dead-letters?users=true"):
        assert ask(daemon, "GET", path, analyst)[0] == 403, path
    assert ask(daemon, "POST", "/v1/dead-letters/replay", analyst, {"filter": {"user": user}, "by": "a"})[0] == 403
    assert ask(daemon, "POST", "/v1/dead-letters/discard", analyst, {"filter": {"user": user}, "reason": "r", "by": "a"})[0] == 403


class Refusing(http.server.BaseHTTPRequestHandler):
    """An endpoint that refuses everything, and remembers what it was sent."""

    def do_POST(self):
        self.server.seen.append(str(self.headers) + self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(400)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def refusing():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    server.seen = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


def test_dead_letters_are_shown_after_the_readers_policy_and_requests_follow_the_destinations(refusing, new_daemon, master):
    reader, reader_hash = make_token("reader")
    full, full_hash = make_token("full")
    hook = (f'[[destination]]\nname = "hook"\nkind = "webhook"\nurl = "http://127.0.0.1:{refusing.server_port}/"\nsecret = "whsec_{"A" * 32}"\nformat = "cloudevents-binary"\n'
            'allow_http = true\nallow_private_networks = true\non_dead_letter = "skip"\nprivacy = "minimal"\n')
    daemon = new_daemon(config(master, hook, client("reader", reader_hash, 'dead_letters = ["*"]', 'privacy = "minimal"'),
                               client("full", full_hash, 'dead_letters = ["*"], publish = ["*"], admin = true'), more='log.level = "debug"')).start()
    for kind, data in every_event():
        assert ask(daemon, "POST", "/v1/events", full, {"type": kind, "data": data})[0] == 202
    listed = lambda token: ask(daemon, "GET", "/v1/dead-letters?limit=100", token)[2]
    wait_for(lambda: len(listed(full)["letters"]) == 18, 60, "every event is a dead letter")
    assert len(refusing.seen) == 18 and canaries("".join(refusing.seen)) == set()
    letters = listed(reader)["letters"]
    assert canaries(json.dumps(letters)) == set()
    shown = [ask(daemon, "GET", f"/v1/dead-letters/{letter['number']}", reader)[2] for letter in letters]
    assert canaries(json.dumps(shown)) == set() and all(one["event"]["partitionkey"].startswith("tok1_") for one in shown)
    assert canaries(json.dumps([ask(daemon, "GET", f"/v1/dead-letters/{letter['number']}", full)[2] for letter in letters])) == set(CANARY)
    assert canaries(daemon.log.read_text()) == set()


@pytest.mark.parametrize("text, finding", [
    ('privacy = "strict"', "none of trusted, analytics and minimal"), ('privacy = {email = "hide"}', "none of clear, mask, token, encrypt and omit"),
    ('privacy = {user-id = "mask"}', "cannot be mask"), ('privacy = {emial = "mask"}', "did you mean email?"), ('privacy = 3', "trusted, analytics"),
    ('privacy = {preset = "analytics", key_version = 0}', "whole number from 1"),
])
def test_config_check_says_what_cannot_work(new_daemon, master, tmp_path, text, finding):
    daemon = new_daemon(config(master, f'[[destination]]\nname = "out"\nkind = "file"\npath = "{tmp_path}/out"\n{text}\n'))
    said = command_at(daemon, "config", "check", "--config", daemon.config)
    assert finding in said, said


def test_a_policy_with_keys_needs_a_master_key_and_is_shown_as_it_was_written(new_daemon, tmp_path, master):
    table = f'[[destination]]\nname = "out"\nkind = "file"\npath = "{tmp_path}/out"\nprivacy = {{preset = "analytics", ip = "omit", key_version = 2}}\n'
    daemon = new_daemon(table)
    assert "needs privacy.master_key" in command_at(daemon, "config", "check", "--config", daemon.config)
    daemon.set_config(table.replace('preset = "analytics", ', 'email = "mask", '))
    assert "no errors" in command_at(daemon, "config", "check", "--config", daemon.config)
    daemon.set_config(config(master, table))
    show = lambda file: command_at(daemon, "config", "show", "--config", file).split("\n", 1)[1]
    shown = show(daemon.config)
    assert 'privacy.preset = "analytics"' in shown and 'privacy.ip = "omit"' in shown and 'privacy.key_version = "2"' in shown
    (tmp_path / "shown.toml").write_text(shown)
    assert show(tmp_path / "shown.toml") == shown


def command_at(daemon, *arguments):
    done = cli(*arguments, cwd=daemon.folder)
    return done.stdout + done.stderr
