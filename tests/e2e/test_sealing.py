"""Users' data under keys of their own: what lies on the disk, what is left when a user is forgotten, and what survives."""
import json
import os
import shutil
import sqlite3
import subprocess

import pytest

from canary import CANARY, canaries_in, every_event
from daemon import BINARY, StartFailed, wait_for

def private_file(path, text):
    path.write_text(text)
    path.chmod(0o600)
    return path


@pytest.fixture
def master(tmp_path):
    return private_file(tmp_path / "master.key", "11" * 32 + "\n")


def sealing(master, more="erased_event = false\n"):
    return f'[privacy]\nmaster_key.file = "{master}"\nkey_store = "{master.parent}/keystore/keys.db"\n{more}'


def with_file(master, path):
    return sealing(master) + f'[[destination]]\nname = "out"\nkind = "file"\ntopic = "{path}"\n'


@pytest.fixture
def sealed(new_daemon, master, tmp_path):
    """A running daemon that seals, with a file as its destination."""
    (tmp_path / "keystore").mkdir()
    daemon = new_daemon(with_file(master, tmp_path / "out.ndjson"))
    daemon.out = tmp_path / "out.ndjson"
    return daemon.start()


def command(daemon, *arguments, status=0):
    done = subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=60, env={**os.environ, "USER_EVENTS_URL": daemon.url})
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def delivered(daemon):
    return [json.loads(line) for line in daemon.out.read_text().splitlines()]


def test_personal_data_lies_nowhere_in_the_data_directory_and_goes_out_as_it_came(sealed):
    sent = every_event()
    for kind, data in sent:
        sealed.publish(kind, data)
    sealed.wait_delivered()
    assert canaries_in(sealed.data_dir) == [], "while it runs"
    assert canaries_in(sealed.data_dir.parent.parent / "keystore") == []
    assert not any(text in sealed.log.read_text() for text in CANARY.values())
    events = sorted(delivered(sealed), key=lambda event: event["sequence"])  # a destination keeps the order of each user, not of all
    assert [event["type"] for event in events] == [kind for kind, _ in sent]
    for event, (kind, data) in zip(events, sent):
        assert data.items() <= event["data"].items(), kind
        if kind != "user.login.failed":
            assert event["subject"] == event["partitionkey"] == CANARY["user"]
    assert [event["data"] for event in sealed.events()] == [event["data"] for event in events]
    sealed.kill()
    assert canaries_in(sealed.data_dir) == [], "after a kill"


def test_without_sealing_the_same_check_finds_them(new_daemon):
    daemon = new_daemon().start()
    for kind, data in every_event():
        daemon.publish(kind, data)
    assert {kind for _, kind in canaries_in(daemon.data_dir)} == set(CANARY)


def test_a_users_events_are_found_by_the_user_id(sealed):
    for user in ("u-1", "u-2", "u-1"):
        sealed.publish("user.mfa.enabled", {"userId": user})
    page = json.loads(sealed.request("GET", "/v1/events?user=u-1")[1])
    assert [event["subject"] for event in page["events"]] == ["u-1", "u-1"]


def test_keys_survive_kills_before_they_are_written_down(sealed, rng):
    expected = []
    for _ in range(5):
        for number in range(50):
            user = f"u-{rng.randrange(400)}"
            sealed.publish("user.updated", {"userId": user, "changes": {"n": number}})
            expected.append((user, number))
        sealed.kill()
        sealed.start()
    events = sealed.events()
    assert [(event["data"]["userId"], event["data"]["changes"]["n"]) for event in events] == expected


def test_a_forgotten_user_is_gone_from_reads_dead_letters_and_a_backup_and_others_stay(sealed, master, tmp_path, new_daemon):
    for kind, data in every_event():
        sealed.publish(kind, data)
    sealed.publish("user.mfa.enabled", {"userId": "other"})
    sealed.wait_delivered()
    said = command(sealed, "keys", "forget", CANARY["user"], "--reason", "request 1")
    assert "2 key(s) destroyed" in said, "the user's, and that of the failed logins with the user's address"
    events = sealed.events()
    assert len(events) == 19
    for event in events[:18]:
        assert event["erased"] is True and "data" not in event and "subject" not in event and "partitionkey" not in event
    assert events[18]["data"]["userId"] == "other"
    assert "nothing to forget" in command(sealed, "keys", "forget", "--email", CANARY["email"].upper(), "--reason", "request 1")
    assert "nothing to forget" in command(sealed, "keys", "forget", CANARY["user"], "--reason", "again")
    # The same id later is another user.
    sealed.publish("user.mfa.enabled", {"userId": CANARY["user"]})
    assert sealed.events()[-1]["data"]["userId"] == CANARY["user"]
    assert json.loads(command(sealed, "keys", "list", "--json"))["forgotten"] == 2
    assert not any(text in sealed.log.read_text() for text in CANARY.values())


def created(user, **more):
    return "user.created", {"userId": user, "email": f"{user}@example.com", "status": "active", **more}


def failed(**who):
    return "user.login.failed", {**who, "ipAddress": "192.0.2.1", "reasonForFailure": "bad-password"}


def publish_each(daemon, *events):
    for kind, data in events:
        daemon.publish(kind, data)
    daemon.wait_delivered()


def erased(daemon):
    return [event.get("erased", False) for event in daemon.events()]


@pytest.mark.parametrize("who", [["ada"], ["--email", "ADA@example.com"], ["--username", "Ada.L"]])
def test_who_is_forgotten_may_be_named_by_id_address_or_name_and_failed_logins_go_too(sealed, who):
    publish_each(sealed, failed(email="Ada@EXAMPLE.com"), created("ada", username="ada.l"), failed(username="ADA.L"), created("bob"), failed(email="bob@example.com"))
    assert "3 key(s) destroyed" in command(sealed, "keys", "forget", *who, "--reason", "r")
    assert erased(sealed) == [True, True, True, False, False]
    assert "nothing to forget" in command(sealed, "keys", "forget", *who, "--reason", "r")


def test_an_address_that_passed_on_to_another_user_forgets_nobody_unasked(sealed):
    publish_each(sealed, created("ada"), ("user.email.verified", {"userId": "bob", "email": "ada@example.com"}), failed(email="ada@example.com"))
    said = command(sealed, "keys", "forget", "--email", "ada@example.com", "--reason", "r", status=1)
    assert "2 users have gone by that name or address" in said and "keys forget ID" in said
    assert erased(sealed) == [False, False, False]
    assert "1 key(s) destroyed" in command(sealed, "keys", "forget", "ada", "--reason", "r"), "the failed login may be the other's"
    assert erased(sealed) == [True, False, False]
    assert "2 key(s) destroyed" in command(sealed, "keys", "forget", "--email", "ada@example.com", "--reason", "r"), "it is one user's now"
    assert erased(sealed) == [True, True, True]


def test_who_goes_by_what_survives_kills_before_it_is_written_down(sealed):
    for user in ("u-1", "u-2", "u-3"):
        sealed.publish(*created(user))
        sealed.publish(*failed(email=f"{user}@example.com"))
        sealed.kill()
        sealed.start()
    for user in ("u-1", "u-2", "u-3"):
        assert "2 key(s) destroyed" in command(sealed, "keys", "forget", "--email", f"{user}@example.com", "--reason", "r")


def test_a_key_store_from_before_links_is_taken_on(sealed):
    publish_each(sealed, created("u-1"))
    assert sealed.stop() == 0
    store = sqlite3.connect(sealed.data_dir.parent.parent / "keystore/keys.db")
    store.executescript("DROP TABLE link; PRAGMA user_version=1;")
    store.close()
    sealed.start()
    publish_each(sealed, created("u-2"))
    assert "1 key(s) destroyed" in command(sealed, "keys", "forget", "--email", "u-2@example.com", "--reason", "r")
    assert "nothing to forget" in command(sealed, "keys", "forget", "--email", "u-1@example.com", "--reason", "r"), "as before: only failed logins go by it"
    assert erased(sealed) == [False, True]


@pytest.mark.parametrize("who", [["ada"], ["--email", "ada@example.com"]])
def test_destinations_are_told_who_was_forgotten(new_daemon, master, tmp_path, who):
    (tmp_path / "keystore").mkdir()
    daemon = new_daemon(with_file(master, tmp_path / "out.ndjson").replace("erased_event = false\n", "")).start()
    daemon.out = tmp_path / "out.ndjson"
    publish_each(daemon, created("bob"), created("ada"), failed(email="nobody@example.com"))
    assert "1 key(s) destroyed, and user.erased published" in command(daemon, "keys", "forget", *who, "--reason", "r")
    daemon.wait_delivered()
    told = delivered(daemon)[3:]
    assert [(event["type"], event["subject"], event["data"]["userId"]) for event in told] == [("user.erased", "ada", "ada")]
    assert erased(daemon) == [False, True, False, False]
    said = command(daemon, "keys", "forget", "--email", "nobody@example.com", "--reason", "r")
    assert "1 key(s) destroyed\n" in said, "there is no user to tell of"
    assert len(daemon.events()) == 4
    # The id that is told is the user's data, too, and can be forgotten in turn.
    assert "and user.erased published" in command(daemon, "keys", "forget", "ada", "--reason", "again")


def test_nobody_else_says_that_a_user_was_erased(sealed):
    event = {"type": "user.erased", "data": {"userId": "ada"}}
    for body, kind in ((event, "application/json"), ([event], "application/json"), ({"specversion": "1.0", "id": "e", "source": "s", **event}, "application/cloudevents+json")):
        status, said = sealed.request("POST", "/v1/events", json.dumps(body), content_type=kind)
        assert status == 403 and "reserved-type" in said, said
    status, said = sealed.request("POST", "/v1/events", json.dumps(event) + "\n" + json.dumps({"type": "user.mfa.enabled", "data": {"userId": "ada"}}) + "\n", content_type="application/x-ndjson")
    assert status == 200 and "reserved-type" in said.splitlines()[0] and '"id"' in said.splitlines()[1], said
    assert [one["type"] for one in sealed.events()] == ["user.mfa.enabled"]


def test_a_backup_of_the_data_directory_without_the_key_store_shows_nothing(sealed, master, tmp_path, new_daemon):
    sealed.publish("user.created", {"userId": "u-1", "email": CANARY["email"], "status": "active"})
    sealed.wait_delivered()
    assert sealed.stop() == 0
    (tmp_path / "copy").mkdir()
    shutil.copytree(sealed.data_dir, tmp_path / "copy/data")
    assert canaries_in(tmp_path / "copy") == []
    blind = new_daemon("retired = [\"out\"]\n", name="copy").start()
    status, body = blind.request("GET", "/v1/events")
    assert status == 500 or "sealed" in body, body
    assert CANARY["email"] not in body and "sealed" in body


def test_forgetting_waits_for_what_is_under_way_or_is_told_not_to(new_daemon, master, tmp_path):
    (tmp_path / "keystore").mkdir()
    daemon = new_daemon(sealing(master) + '[[destination]]\nname = "away"\nkind = "redis"\naddress = "127.0.0.1:1"\ntopic = "users"\n').start()
    daemon.publish("user.mfa.enabled", {"userId": "u-1"})
    said = command(daemon, "keys", "forget", "u-1", "--reason", "r", status=1)
    assert "still under way to: away" in said
    assert daemon.events()[0]["data"]["userId"] == "u-1"
    assert "1 key(s)" in command(daemon, "keys", "forget", "u-1", "--reason", "r", "--now")
    assert daemon.events()[0]["erased"] is True


def test_forgetting_refuses_while_the_journal_holds_clear_events(new_daemon, master, tmp_path):
    (tmp_path / "keystore").mkdir()
    daemon = new_daemon().start()
    daemon.publish("user.mfa.enabled", {"userId": "u-1"})
    assert daemon.stop() == 0
    daemon.set_config(sealing(master))
    daemon.start()
    daemon.publish("user.mfa.enabled", {"userId": "u-1"})
    assert [event["data"]["userId"] for event in daemon.events()] == ["u-1", "u-1"]
    assert "before they were sealed" in command(daemon, "keys", "forget", "u-1", "--reason", "r", status=1)


def test_clear_events_expire_and_then_users_can_be_forgotten(new_daemon, master, tmp_path):
    (tmp_path / "keystore").mkdir()
    daemon = new_daemon('journal.segment_bytes = "1MiB"\n').start()
    daemon.publish(*created("u-1"))
    assert daemon.stop() == 0
    daemon.set_config('journal.segment_bytes = "1MiB"\njournal.retention_age = "1s"\njournal.idempotency_window = "1s"\n' + sealing(master))
    daemon.start()
    line = json.dumps({"type": "user.updated", "data": {"userId": "u-1", "changes": {"bio": "x" * 10_000}}}) + "\n"
    assert "before they were sealed" in command(daemon, "keys", "forget", "u-1", "--reason", "r", status=1)
    for _ in range(3):
        assert daemon.request("POST", "/v1/events", line * 60, content_type="application/x-ndjson")[0] == 200
    wait_for(lambda: daemon.status()["firstSequence"] > 1, 30, "the clear segment is gone")
    assert "key(s) destroyed" in command(daemon, "keys", "forget", "u-1", "--reason", "r")


def test_keys_rotate_without_a_stop(sealed, master):
    sealed.publish("user.mfa.enabled", {"userId": "u-1"})
    before = json.loads(command(sealed, "keys", "list", "--json"))
    after = json.loads(command(sealed, "keys", "rotate", "epoch", "--json"))
    assert after["epoch"] == before["epoch"] + 1 and after["users"] == before["users"] == 1
    private_file(master, "22" * 32)
    rotated = json.loads(command(sealed, "keys", "rotate", "master", "--json"))
    assert rotated["masterKey"] != before["masterKey"]
    sealed.publish("user.mfa.disabled", {"userId": "u-1"})
    assert sealed.stop() == 0
    sealed.start()
    assert [event["data"]["userId"] for event in sealed.events()] == ["u-1", "u-1"]
    sealed.stop()
    private_file(master, "11" * 32)
    with pytest.raises(StartFailed, match="was written under master key"):
        sealed.start()


def test_where_events_are_not_sealed_keys_say_so(daemon):
    assert "not sealed" in command(daemon, "keys", "list")
    assert "set privacy.master_key" in command(daemon, "keys", "forget", "u-1", "--reason", "r", status=1)
