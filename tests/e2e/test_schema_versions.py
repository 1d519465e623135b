"""Several versions of an event type side by side: producers move on, consumers stay, the catalogue is read again while the daemon runs."""
import http.client
import json
import signal
import time

import pytest

from daemon import wait_for

TYPE = "user.rated"


def schema(version, fields, required, **more):
    """Fields: name → schema without the number, which follows from the name."""
    numbers = {"userId": 1, "name": 2, "fullName": 2, "score": 3, "tier": 4, "note": 5, "stars": 6}
    properties = {"userId": {"type": "string", "minLength": 1, "x-personal": "user-id", "x-key": "user"}, **fields}
    for name, field in properties.items():
        field |= {"description": name, "x-field-number": numbers[name]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:user-events:schema:{TYPE}:{version}", "title": "User rated",
            "description": "A user rated something.", "type": "object", "properties": properties, "required": ["userId", *required],
            "additionalProperties": False, **more}


TEXT = {"type": "string", "maxLength": 50, "x-personal": "username"}
SCORE = {"type": "integer", "minimum": 0}
TIER = {"enum": ["basic", "gold"], "x-personal": "none"}


def first():
    return schema(1, {"name": dict(TEXT), "score": dict(SCORE)}, ["name", "score"])


def second():
    """A name is renamed, a tier is defaulted."""
    return schema(2, {"fullName": dict(TEXT), "score": dict(SCORE), "tier": dict(TIER)}, ["fullName", "score", "tier"],
                  **{"x-cast": {"rename": {"/name": "fullName"}, "default": {"/tier": "basic"}}})


def third():
    """The score is dropped."""
    return schema(3, {"fullName": dict(TEXT), "tier": dict(TIER)}, ["fullName", "tier"],
                  **{"x-cast": {"drop": ["/score"], "restore": {"/score": 0}}})


def renumbered():
    """The score is dropped, and its Protobuf number given to the tier."""
    made = schema(2, {"name": dict(TEXT), "tier": dict(TIER)}, ["name"], **{"x-cast": {"drop": ["/score"]}})
    made["properties"]["tier"]["x-field-number"] = 3
    return made


def write(folder, *schemas):
    (folder / TYPE).mkdir(parents=True, exist_ok=True)
    for each in schemas:
        (folder / TYPE / (each["$id"].rsplit(":", 1)[1] + ".json")).write_text(json.dumps(each))


@pytest.fixture
def catalogue(tmp_path):
    write(tmp_path / "catalogue", first(), second(), third())
    return tmp_path / "catalogue"


def get(daemon, path, versions=None):
    """(status, document)"""
    connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=30)
    try:
        connection.request("GET", path, headers={"Accept-Schema-Version": versions} if versions else {})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


V1 = {"userId": "u-1", "name": "Ada", "score": 7}
V2 = {"userId": "u-1", "fullName": "Ada", "score": 7, "tier": "gold"}
V3 = {"userId": "u-1", "fullName": "Ada", "tier": "gold"}


def publish_all(daemon):
    daemon.publish(TYPE, V1, version=1, id="e-1")
    daemon.publish(TYPE, V2, version=2, id="e-2")
    daemon.publish(TYPE, V3, id="e-3")


def schema_of(event):
    return event["dataschema"].rsplit(":", 1)[1]


def test_publishing_names_a_version_or_takes_the_newest(new_daemon, catalogue):
    daemon = new_daemon(f'catalogue_dir = "{catalogue}"\n').start()
    publish_all(daemon)
    assert [schema_of(event) for event in daemon.events()] == ["1", "2", "3"]
    status, body = daemon.request("POST", "/v1/events", json.dumps({"type": TYPE, "version": 4, "data": V3}))
    assert status == 422
    assert json.loads(body)["errors"] == [
        {"pointer": "/version", "code": "unknown-version", "detail": "this type has no such version; there is 1, 2 and 3"}]


def test_readers_get_the_version_they_ask_for(new_daemon, catalogue):
    daemon = new_daemon(f'catalogue_dir = "{catalogue}"\n').start()
    publish_all(daemon)
    status, page = get(daemon, "/v1/events", "1")
    assert status == 200
    assert [schema_of(event) for event in page["events"]] == ["1", "1", "1"]
    assert [event["data"] for event in page["events"]] == [V1, V1, {**V1, "score": 0}]
    status, page = get(daemon, "/v1/events", f"{TYPE}=3")
    assert [event["data"] for event in page["events"]] == [{**V3, "tier": "basic"}, V3, V3]
    status, event = get(daemon, "/v1/events/e-1", "3")
    assert (status, schema_of(event), event["data"]) == (200, "3", {**V3, "tier": "basic"})
    assert get(daemon, "/v1/events/e-1")[1]["data"] == V1, "without the header it is what was published"


def test_what_a_version_lacks_is_406_and_a_wrong_header_400(new_daemon, catalogue):
    daemon = new_daemon(f'catalogue_dir = "{catalogue}"\n').start()
    daemon.publish("user.loggedin", {"userId": "u-1", "ipAddress": "192.0.2.1", "userAgent": "x"})
    publish_all(daemon)
    status, problem = get(daemon, "/v1/events", "2")
    assert (status, problem["status"], problem["type"]) == (406, 406, "urn:user-events:problem:no-cast")
    assert "event number 1" in problem["detail"] and "user.loggedin" in problem["detail"] and "only 1" in problem["detail"], problem
    status, page = get(daemon, "/v1/events?type=user.rated", "2")
    assert status == 200 and [schema_of(event) for event in page["events"]] == ["2", "2", "2"]
    assert get(daemon, "/v1/events/stream", "9")[0] == 406
    for wrong in ["0", "one", "1,1", "user.rated="]:
        status, problem = get(daemon, "/v1/events", wrong)
        assert (status, problem["type"]) == (400, "urn:user-events:problem:bad-schema-version"), wrong


def test_a_page_ends_before_an_event_that_cannot_be_said(new_daemon, tmp_path):
    narrow = schema(1, {"stars": {"type": "integer", "minimum": 1, "maximum": 5}}, ["stars"])
    wide = schema(2, {"stars": {"type": "integer", "minimum": 1, "maximum": 10}}, ["stars"])
    write(tmp_path / "catalogue", narrow, wide)
    daemon = new_daemon(f'catalogue_dir = "{tmp_path / "catalogue"}"\n').start()
    for stars in [4, 9, 5]:
        daemon.publish(TYPE, {"userId": "u-1", "stars": stars})
    status, page = get(daemon, "/v1/events", "1")
    assert (status, len(page["events"]), page["next"]) == (200, 1, 1)
    status, problem = get(daemon, "/v1/events?after=1", "1")
    assert (status, problem["type"]) == (406, "urn:user-events:problem:cast-refused") and "`/stars`" in problem["detail"] and "9" not in problem["detail"], problem
    assert [event["data"]["stars"] for event in get(daemon, "/v1/events?after=2", "1")[1]["events"]] == [5]


def test_the_stream_speaks_the_version_that_is_asked_for(new_daemon, catalogue):
    daemon = new_daemon(f'catalogue_dir = "{catalogue}"\n').start()
    publish_all(daemon)
    connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=30)
    connection.request("GET", "/v1/events/stream", headers={"Accept-Schema-Version": "1"})
    response = connection.getresponse()
    events = []
    while len(events) < 3:
        line = response.readline().decode()
        assert line, "the stream ended"
        if line.startswith("data: "):
            events.append(json.loads(line[6:]))
    connection.close()
    assert [schema_of(event) for event in events] == ["1", "1", "1"]


# ---- the catalogue while the daemon runs

def reload(daemon, until):
    daemon.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + 20
    while not until(daemon.status()["catalogue"]):
        assert time.monotonic() < deadline, daemon.log_tail()
        time.sleep(0.05)
    return daemon.status()["catalogue"]


def test_a_new_version_is_taken_while_the_daemon_runs(new_daemon, tmp_path):
    write(tmp_path / "catalogue", first())
    daemon = new_daemon(f'catalogue_dir = "{tmp_path / "catalogue"}"\n').start()
    daemon.publish(TYPE, V1, id="e-1")
    versions = daemon.status()["catalogue"]["versions"]
    write(tmp_path / "catalogue", second())
    state = reload(daemon, lambda catalogue: catalogue["reloads"] == 1)
    assert (state["versions"], state["problem"]) == (versions + 1, "")
    daemon.publish(TYPE, V2, id="e-2")
    assert [schema_of(event) for event in daemon.events()] == ["1", "2"]
    assert [event["data"] for event in get(daemon, "/v1/events", f"{TYPE}=1")[1]["events"]] == [V1, V1]
    assert "user.rated:2" in daemon.log_tail()


@pytest.mark.parametrize("broken, reason", [
    (json.dumps(schema(2, {"name": dict(TEXT), "tier": dict(TIER)}, ["name", "tier"])), "`/score` is required in version 1 and gone in version 2"),
    (json.dumps(schema(2, {"name": dict(TEXT), "score": {"type": "integer", "minimum": 1}}, ["name", "score"])), "/properties/score/minimum"),
    (json.dumps(renumbered()), "user.rated/1.json uses 3 for /properties/score"),
    ('{"type":', "not readable as JSON"), (json.dumps({**second(), "if": {}}), "the keyword is outside the profile")])
def test_an_incompatible_or_broken_version_is_refused_and_the_old_one_goes_on(new_daemon, tmp_path, broken, reason):
    write(tmp_path / "catalogue", first())
    daemon = new_daemon(f'catalogue_dir = "{tmp_path / "catalogue"}"\n').start()
    (tmp_path / "catalogue" / TYPE / "2.json").write_text(broken)
    state = reload(daemon, lambda catalogue: catalogue["problem"])
    assert reason in state["problem"] and "user.rated/2.json" in state["problem"], state
    wait_for(lambda: reason in daemon.log_tail(), 10, "it is in the log")
    assert reason in daemon.cli("status").stdout
    daemon.publish(TYPE, V1)
    assert schema_of(daemon.events()[0]) == "1"
    write(tmp_path / "catalogue", second())
    assert reload(daemon, lambda catalogue: not catalogue["problem"])["reloads"] == 1
    daemon.publish(TYPE, V2)


def test_a_published_version_that_changes_or_goes_is_refused(new_daemon, catalogue):
    daemon = new_daemon(f'catalogue_dir = "{catalogue}"\n').start()
    path = catalogue / TYPE / "2.json"
    path.write_text(json.dumps(second(), indent=4, sort_keys=True))
    reload(daemon, lambda state: state["reloads"] == 1 and not state["problem"])
    path.write_text(json.dumps({**second(), "title": "Another"}))
    assert "user.rated version 2 is not what it was" in reload(daemon, lambda state: state["problem"])["problem"]
    path.unlink()
    assert "user.rated version 2 is gone" in reload(daemon, lambda state: "gone" in state["problem"])["problem"]
    daemon.publish(TYPE, V2, version=2)


def test_the_daemon_does_not_start_with_versions_that_cannot_be_cast(new_daemon, tmp_path):
    write(tmp_path / "catalogue", first(), schema(2, {}, []))
    daemon = new_daemon(f'catalogue_dir = "{tmp_path / "catalogue"}"\n').launch()
    assert daemon.process.wait(30) == 2
    assert "user.rated/2.json" in daemon.log_tail() and "`/name` is required in version 1 and gone in version 2" in daemon.log_tail()
    write(tmp_path / "catalogue", schema(2, {}, [], **{"x-cast": "none"}))
    daemon = new_daemon(f'catalogue_dir = "{tmp_path / "catalogue"}"\n', name="second").start()
    daemon.publish(TYPE, V1, version=1)
    assert get(daemon, "/v1/events", f"{TYPE}=2")[0] == 406


# ---- destinations

def delivered(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_destination_stays_at_its_version_beside_one_at_the_newest(new_daemon, catalogue, tmp_path):
    config = f'catalogue_dir = "{catalogue}"\n'
    for name, pin in [("old", 'version = "1"'), ("newest", ""), ("second", f'versions = {{"{TYPE}" = 2}}')]:
        config += f'[[destination]]\nname = "{name}"\nkind = "file"\npath = "{tmp_path / name}.ndjson"\n{pin}\n'
    daemon = new_daemon(config).start()
    publish_all(daemon)
    daemon.publish("user.loggedin", {"userId": "u-1", "ipAddress": "192.0.2.1", "userAgent": "x"})
    daemon.wait_delivered()
    old, newest, second_one = (delivered(tmp_path / f"{name}.ndjson") for name in ["old", "newest", "second"])
    assert [schema_of(event) for event in old] == ["1", "1", "1", "1"]
    assert [event["data"] for event in old[:3]] == [V1, V1, {**V1, "score": 0}]
    assert [schema_of(event) for event in newest] == ["1", "2", "3", "1"] and [event["data"] for event in newest[:3]] == [V1, V2, V3]
    assert [schema_of(event) for event in second_one] == ["2", "2", "2", "1"]
    assert [event["id"] for event in old] == [event["id"] for event in newest]


def test_an_event_that_the_pinned_version_cannot_say_is_a_dead_letter_with_the_reason(new_daemon, tmp_path):
    write(tmp_path / "catalogue", schema(1, {"stars": {"type": "integer", "maximum": 5}}, ["stars"]),
          schema(2, {"stars": {"type": "integer", "maximum": 10}}, ["stars"]))
    daemon = new_daemon(f'catalogue_dir = "{tmp_path / "catalogue"}"\n[[destination]]\nname = "old"\nkind = "file"\n'
                        f'path = "{tmp_path / "old.ndjson"}"\nversion = "1"\n').start()
    daemon.publish(TYPE, {"userId": "u-1", "stars": 9})
    daemon.publish(TYPE, {"userId": "u-2", "stars": 3})
    daemon.wait_letters("old", dead=1)
    assert [event["data"]["stars"] for event in delivered(tmp_path / "old.ndjson")] == [3]
    letters = json.loads(daemon.request("GET", "/v1/dead-letters")[1])["letters"]
    assert "cannot be said in version 1: at `/stars`" in letters[0]["reason"], letters


@pytest.mark.parametrize("pin, reason", [('version = "2"', "wants version 2 of user.account.status.changed, which has only 1"),
                                         ('version = "new"', "is no version"), ('versions = {"user.unknown" = 1}', "which is no event type")])
def test_a_version_that_is_not_there_is_refused_at_the_start(new_daemon, catalogue, tmp_path, pin, reason):
    daemon = new_daemon(f'catalogue_dir = "{catalogue}"\n[[destination]]\nname = "old"\nkind = "file"\npath = "{tmp_path / "x"}"\n{pin}\n').launch()
    assert daemon.process.wait(30) == 2
    assert reason in daemon.log_tail()
