"""examples/sshd: a log becomes events, goes through the daemon into a real topic, and comes out whole."""
import collections
import json
import pathlib
import subprocess

import pytest
from cloudevents.http import from_http

EXAMPLE = pathlib.Path(__file__).parents[2] / "examples/sshd"


def convert(*arguments, log=None):
    done = subprocess.run([EXAMPLE / "sshd-events", *arguments], input=log, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def sample():
    return convert("--year", "2025", "--zone", "UTC", EXAMPLE / "auth.log")


def test_every_attempt_of_the_sample_is_one_event():
    events, messages = sample()
    told = [(event["type"], event["data"].get("userId") or event["data"]["username"], event["data"]["ipAddress"], event["time"],
             event["data"].get("reasonForFailure")) for event in events]
    failed, accepted = "user.login.failed", "user.loggedin"
    assert told == [
        (accepted, "ada", "192.0.2.10", "2025-12-31T23:58:10.000Z", None),
        (failed, "oracle", "198.51.100.7", "2025-12-31T23:59:04.000Z", "unknown-user"),
        (failed, "oracle", "198.51.100.7", "2025-12-31T23:59:07.000Z", "unknown-user"),
        (failed, "oracle", "198.51.100.7", "2025-12-31T23:59:07.000Z", "unknown-user"),
        (failed, "ada", "203.0.113.5", "2025-12-31T23:59:30.000Z", "bad-password"),
        (failed, "ada", "203.0.113.5", "2025-12-31T23:59:30.000Z", "bad-password"),
        # What the stranger typed was `grace from 2001:db8::5`: only the last address is sshd's word.
        (failed, "grace from 2001:db8::5", "2001:db8::7", "2026-01-01T00:00:05.000Z", "unknown-user"),
        (accepted, "grace", "2001:db8::7", "2026-01-01T00:00:15.000Z", None),
        (failed, "ada", "203.0.113.5", "2026-01-01T00:00:31.000Z", "bad-keyboard-interactive"),
        (accepted, "ada", "192.0.2.10", "2026-01-01T00:01:00.250Z", None),
    ]
    assert "line 12 left out: the user name is empty" in messages


def test_ids_are_distinct_the_same_in_every_run_and_independent_of_what_stands_before():
    ids = [event["id"] for event in sample()[0]]
    assert len(set(ids)) == len(ids)
    assert ids == [event["id"] for event in sample()[0]]
    later = (EXAMPLE / "auth.log").read_text().splitlines(keepends=True)[4:]
    assert [event["id"] for event in convert("--year", "2025", "--zone", "UTC", log="".join(later))[0]] == ids[1:]


def test_year_zone_and_host_can_be_named():
    line = "Jul  1 12:00:00 gate sshd[1]: Accepted password for ada from 192.0.2.1 port 1 ssh2\n"
    [event], _ = convert("--year", "2024", "--zone", "Europe/Berlin", "--host", "gate", log=line)
    assert (event["time"], event["data"]["userId"]) == ("2024-07-01T10:00:00.000Z", "ada@gate")


def test_lines_that_only_look_like_attempts_are_not_events():
    log = ("Jul  1 12:00:00 gate sudo[1]: Accepted password for ada from 192.0.2.1 port 1 ssh2\n"
           "Jul  1 12:00:00 gate sshd[1]: Accepted password for ada from gate.example.com port 1 ssh2\n"
           "Jul  1 12:00:00 gate sshd[1]: Invalid user Failed password for root from 192.0.2.1 port 1 ssh2\n"
           "Feb 30 12:00:00 gate sshd[1]: Accepted password for ada from 192.0.2.1 port 1 ssh2\n"
           "Accepted password for ada from 192.0.2.1 port 1 ssh2\n\n\xff\n")
    events, messages = convert("--year", "2024", log=log)
    assert events == [] and "2 left out" in messages


def in_topic(kafka, topic, expected):
    """What is wrong with the topic's content, beside the SDK's own complaints."""
    messages = kafka.consume(topic)
    out = []
    for message in messages:
        event = from_http({"content-type": "application/cloudevents+json"}, message["payload"])
        assert event["specversion"] == "1.0" and event["dataschema"].startswith("urn:user-events:schema:")
        assert message["key"] == event["partitionkey"]
        out.append((message["partition"], message["key"], event))
    assert sorted(event["id"] for _, _, event in out) == sorted(each["id"] for each in expected), "complete, each once"
    published = {each["id"]: (position, each) for position, each in enumerate(expected)}
    by_key, partitions = collections.defaultdict(list), collections.defaultdict(set)
    for partition, key, event in out:
        position, original = published[event["id"]]
        by_key[key].append(position)
        partitions[key].add(partition)
        assert (event["type"], event["time"]) == (original["type"], original["time"])
        assert event.data == original["data"]
    for key, positions in by_key.items():
        assert positions == sorted(positions), "in order per key"
        assert len(partitions[key]) == 1
    return out, by_key


def test_the_sample_goes_through_a_real_topic_complete_and_in_order(kafka, new_daemon):
    topic = kafka.create_topic(partitions=4)
    daemon = new_daemon(kafka.destination(topic)).start()
    events, _ = sample()
    ndjson = "".join(json.dumps(event) + "\n" for event in events)
    for expected in ("10 accepted (0 of them before)", "10 accepted (10 of them before)"):  # a second run changes nothing
        done = daemon.cli("publish", "--ndjson", "-", input=ndjson)
        assert done.returncode == 0 and expected in done.stdout, done.stderr
    daemon.wait_delivered()
    out, by_key = in_topic(kafka, topic, events)
    assert len(by_key) == 5  # ada and grace who logged in; ada, oracle and a strange name that did not
    for _, key, event in out:
        if event["type"] == "user.login.failed":
            assert event.get("subject") is None and event.data["username"] not in key, "no clear identifier in the key"
        else:
            assert key == event.get("subject") == event.data["userId"]


@pytest.mark.parametrize("attempts", [3_000])
def test_a_larger_log_with_many_names_keeps_every_attempt(kafka, new_daemon, rng, attempts):
    names = [f"user{n}" for n in range(40)] + ["root"] * 20
    lines = []
    for n in range(attempts):
        time = f"Mar {1 + n // 1440:2d} {n // 60 % 24:02d}:{n % 60:02d}:{rng.randrange(60):02d}"
        outcome = rng.choice(["Accepted publickey for {}", "Failed password for {}", "Failed password for invalid user {}"]).format(rng.choice(names))
        lines.append(f"{time} gate sshd[{n}]: {outcome} from 203.0.113.{rng.randrange(1, 255)} port {rng.randrange(1024, 65536)} ssh2\n")
    events, messages = convert("--year", "2026", "--zone", "UTC", log="".join(lines))
    assert len(events) == attempts and "left out" not in messages
    topic = kafka.create_topic(partitions=6)
    daemon = new_daemon(kafka.destination(topic)).start()
    done = daemon.cli("publish", "--ndjson", "-", input="".join(json.dumps(event) + "\n" for event in events))
    assert done.returncode == 0, done.stderr
    daemon.wait_delivered()
    in_topic(kafka, topic, events)
