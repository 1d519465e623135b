"""A broker that is not there, comes late, or is gone for a while: publishing goes on, and everything arrives once, in order."""
import json
import time
import uuid

from conftest import IS_LONG
from daemon import wait_for
from load import Load, check_topic

GONE_SECONDS = 60 if IS_LONG else 15


def finish(daemon, kafka, topic, load):
    load.finish()
    daemon.wait_delivered(120)
    load.check_answers()
    assert len(load.acknowledged) > 100
    assert check_topic(kafka.consume(topic), load.acknowledged) == 0


def test_a_broker_that_is_down_at_start_gets_everything_once_it_is_there(kafka, new_daemon, rng):
    topic = kafka.create_topic()
    kafka.stop()
    try:
        daemon = new_daemon(kafka.destination(topic)).start()
        load = Load(rng, pause=0.01)
        load.start(daemon.port, 0)
        wait_for(lambda: daemon.destination_status("kafka")["state"] == "down", 30, "status says that the broker is down")
        down = daemon.destination_status("kafka")
        assert down["detail"] and down["delivered"] == 0 and down["lagEvents"] > 0
        assert daemon.request("GET", "/readyz")[0] == 200, "the journal takes events all the same"
    finally:
        kafka.start()
    finish(daemon, kafka, topic, load)
    assert daemon.destination_status("kafka")["state"] == "up"


def test_a_broker_that_is_gone_for_a_while_is_caught_up_with(kafka, new_daemon, rng):
    topic = kafka.create_topic()
    daemon = new_daemon(kafka.destination(topic)).start()
    load = Load(rng, pause=0.01)
    load.start(daemon.port, 0)
    time.sleep(1)
    kafka.stop(kill=True)
    try:
        before = len(load.acknowledged)
        time.sleep(GONE_SECONDS)
        assert len(load.acknowledged) > before + 100, "publishing goes on"
        assert "bootstrap.servers" in daemon.destination_status("kafka")["detail"], "status names the setting"
    finally:
        kafka.start()
    finish(daemon, kafka, topic, load)


def test_the_memory_that_a_backlog_took_goes_back_to_the_system(kafka, new_daemon):
    topic = kafka.create_topic()
    daemon = new_daemon(kafka.destination(topic)).start()
    kafka.stop()
    try:
        for first in range(0, 60_000, 10_000):
            events = [{"type": "user.updated", "data": {"userId": f"u-{n % 1000}", "changes": {"number": n}}} for n in range(first, first + 10_000)]
            assert daemon.request("POST", "/v1/events", json.dumps(events), timeout=120)[0] == 202
        wait_for(lambda: daemon.resources().resident_mib > 65, 60, "the window and the producer's queue are full")
        full = daemon.resources().resident_mib
    finally:
        kafka.start()
    daemon.wait_delivered(120)
    wait_for(lambda: daemon.resources().resident_mib < full - 20, 60, f"of {full:.0f} MiB 20 have gone back")
    print(f"resident {full:.0f} MiB with the backlog, {daemon.resources().resident_mib:.0f} afterwards")


def test_an_unknown_broker_hinders_nothing_but_itself(kafka, new_daemon):
    topic = kafka.create_topic()
    unknown = '[[destination]]\nname = "unknown"\nkind = "kafka"\ntopic = "t"\nkafka."bootstrap.servers" = "nowhere.invalid:9092"\n'
    daemon = new_daemon(kafka.destination(topic) + unknown).start()
    for n in range(100):
        daemon.publish("user.mfa.enabled", {"userId": f"u-{n % 7}"}, id=f"e-{n}")
    wait_for(lambda: daemon.destination_status("kafka")["lagEvents"] == 0, 60, "the other broker gets its events")
    assert sorted(event["id"] for event in kafka.events(topic)) == sorted(f"e-{n}" for n in range(100))
    wait_for(lambda: daemon.destination_status("unknown")["state"] == "down", 30, "status says which one is down")
    assert daemon.destination_status("unknown")["lagEvents"] == 100
    assert daemon.stop(seconds=20) == 0
    shown = daemon.start().cli("status").stdout
    assert "unknown (kafka)" in shown


def test_a_topic_that_is_not_there_is_named_and_taken_up_once_it_is_made(kafka, new_daemon):
    topic = f"later-{uuid.uuid4().hex[:8]}"
    daemon = new_daemon(kafka.destination(topic)).start()
    daemon.publish("user.mfa.enabled", {"userId": "u-1"}, id="e-1")
    wait_for(lambda: topic in daemon.destination_status("kafka")["detail"], 30, "status names the topic")
    kafka.create_topic(name=topic, partitions=2)
    daemon.wait_delivered(60)
    assert [event["id"] for event in kafka.events(topic)] == ["e-1"]


def test_binary_mode_has_its_attributes_in_headers(kafka, new_daemon):
    topic = kafka.create_topic(partitions=1)
    daemon = new_daemon(kafka.destination(topic, more='format = "cloudevents-binary"')).start()
    daemon.publish("user.created", {"userId": "u-1", "email": "ada@example.com", "status": "active"}, id="e-1")
    daemon.wait_delivered()
    [message] = kafka.consume(topic)
    headers = dict(zip(message["headers"][::2], message["headers"][1::2]))
    assert (headers["ce_id"], headers["ce_type"], headers["ce_specversion"], headers["content-type"]) == ("e-1", "user.created", "1.0", "application/json")
    assert json.loads(message["payload"])["email"] == "ada@example.com"
