"""What the daemon sends as webhooks, verified by the library of Standard Webhooks, which knows nothing of this project."""
import base64
import json
import os
import subprocess
import time

import pytest
from cloudevents.http import from_http
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from daemon import BINARY, wait_for


def new_secret():
    return "whsec_" + base64.b64encode(os.urandom(32)).decode()


def destination(receiver, place, secrets, more=""):
    return (f'[[destination]]\nname = "hook"\nkind = "webhook"\nurl = "http://127.0.0.1:{receiver.port}/{place}?key=url-token"\n{secrets}\n'
            f'headers.Authorization = "Bearer header-token"\nallow_http = true\nallow_private_networks = true\n{more}')


def publish(daemon, count, first=0):
    for number in range(first, first + count):
        daemon.publish("user.updated", {"userId": f"u-{number % 5}", "changes": {"name": f"Zoë {number}"}}, id=f"event.{number}")
    daemon.wait_delivered()


@pytest.mark.parametrize("format", ["cloudevents", "cloudevents-binary", "plain"])
def test_every_request_is_verified_by_another_implementation(receiver, new_daemon, format):
    secret = new_secret()
    receiver.know(secret)
    receiver.make_place("hook", "204\n503\n500\n204")
    daemon = new_daemon(destination(receiver, "hook", f'secret = "{secret}"', f'format = "{format}"\n')).start()
    publish(daemon, 20)
    requests = receiver.received("hook")
    assert sum(one["status"] == 204 for one in requests) == 20 and len(requests) == 22
    ids = set()
    for one in requests:
        Webhook(secret).verify(one["body"], one["headers"])
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(one["body"] + " ", one["headers"])
        with pytest.raises(WebhookVerificationError):
            Webhook(new_secret()).verify(one["body"], one["headers"])
        if one["status"] == 204:
            ids.add(one["headers"]["webhook-id"])
        if format != "plain":
            event = from_http(one["headers"], one["body"])
            assert event["type"] == "user.updated" and event["id"].startswith("event.")
            assert event.data["changes"]["name"].startswith("Zoë")
    assert ids == {f"event%2E{number}" for number in range(20)}


def test_a_secret_is_changed_without_a_gap(receiver, new_daemon, tmp_path):
    old, new = new_secret(), new_secret()
    (tmp_path / "old").write_text(old + "\n")
    (tmp_path / "new").write_text(new + "\n")
    receiver.know(old)
    receiver.make_place("hook")
    daemon = new_daemon(destination(receiver, "hook", f'secret_file = "{tmp_path}/old"')).start()
    publish(daemon, 5)
    daemon.stop()
    daemon.set_config(destination(receiver, "hook", f'secret_file = "{tmp_path}/new"\nprevious_secret_file = "{tmp_path}/old"'))
    daemon.start()
    publish(daemon, 5, first=5)
    receiver.know(new)
    publish(daemon, 5, first=10)
    requests = receiver.received("hook")
    assert len(requests) == 15
    for number, one in enumerate(requests):
        Webhook(old).verify(one["body"], one["headers"])
        if number >= 5:
            Webhook(new).verify(one["body"], one["headers"])


def test_no_secret_is_shown_anywhere(receiver, new_daemon):
    secret = new_secret()
    receiver.know(new_secret())
    receiver.make_place("hook")
    daemon = new_daemon(destination(receiver, "hook", f'secret = "{secret}"')).start()
    daemon.publish("user.updated", {"userId": "u-1", "changes": {"name": "Zoë"}})
    wait_for(lambda: daemon.destination_status("hook")["state"] == "down", 30, "the wrong secret is noticed")
    shown = subprocess.run([BINARY, "config", "show", "--config", daemon.config], capture_output=True, text=True, check=True).stdout
    shown += json.dumps(daemon.status()) + daemon.request("GET", "/metrics")[1]
    daemon.stop()
    shown += daemon.log_tail(1_000_000)
    assert "status 401" in shown
    for hidden in (secret, secret.removeprefix("whsec_"), "url-token", "header-token", "Zoë"):
        assert hidden not in shown, hidden


def test_an_event_is_given_up_at_its_deadline_and_an_outage_does_not_count(receiver, new_daemon):
    secret = new_secret()
    receiver.know(secret)
    receiver.make_place("hook", "500")
    daemon = new_daemon(destination(receiver, "hook", f'secret = "{secret}"', 'retry = {initial = "50ms", max = "100ms", attempts = 0, deadline = "2s"}\n')).start()
    letters = lambda: [json.loads(line) for line in daemon.cli("dead-letters", "list", "--json").stdout.splitlines()]
    for number in (1, 2):
        daemon.publish("user.updated", {"userId": "u-1", "changes": {"number": number}}, id=f"event-{number}")
    daemon.wait_letters("hook", dead=1, held=1)
    dead, held = letters()
    assert (dead["id"], held["id"]) == ("event-1", "event-2")
    assert dead["reason"].startswith("given up, its time is over: ") and "status 500" in dead["reason"]
    assert len(receiver.received("hook")) > 5 and {one["headers"]["webhook-id"] for one in receiver.received("hook")} == {"event-1"}
    receiver.stop()
    daemon.publish("user.updated", {"userId": "u-2", "changes": {"number": 1}}, id="outage")
    time.sleep(4)
    assert len(letters()) == 2 and daemon.destination_status("hook")["state"] == "down"


def test_an_endpoint_that_connects_and_never_answers_is_down_until_one_event_is_answered(receiver, new_daemon):
    secret = new_secret()
    receiver.know(secret)
    receiver.make_place("hook", "200 delay=60\n" * 4 + "204")
    daemon = new_daemon(destination(receiver, "hook", f'secret = "{secret}"', 'request_timeout = "1s"\n')).start()
    daemon.publish("user.updated", {"userId": "u-1", "changes": {"number": 1}}, id="event-1")
    status = lambda: daemon.destination_status("hook")
    wait_for(lambda: status()["state"] == "down", 30, "the silence is noticed")
    states = set()
    while (now := status())["delivered"] == 0:
        if now["inDoubt"] < 4:
            states.add((now["state"], now["detail"].split(": ")[-1]))
    assert states == {("down", "no answer in time")}, states
    wait_for(lambda: status()["state"] == "up", 30, "it is up once it has answered")
