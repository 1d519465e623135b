"""Users' data under keys of their own: what lies on the disk, what is left when a user is forgotten, and what survives."""
import json
import os
import shutil
import subprocess

import pytest

from canary import CANARY, canaries_in, every_event
from daemon import BINARY, StartFailed

def private_file(path, text):
    path.write_text(text)
    path.chmod(0o600)
    return path


@pytest.fixture
def master(tmp_path):
    return private_file(tmp_path / "master.key", "11" * 32 + "\n")


def sealing(master, more=""):
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
    events = delivered(sealed)
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
    assert "1 key(s) destroyed" in said
    events = sealed.events()
    assert len(events) == 19
    for event in events[:17]:
        assert event["erased"] is True and "data" not in event and "subject" not in event and "partitionkey" not in event
    assert events[17]["data"]["email"] == CANARY["email"], "an event without a user is not the user's"
    assert events[18]["data"]["userId"] == "other"
    assert "1 key(s) destroyed" in command(sealed, "keys", "forget", "--email", CANARY["email"].upper(), "--reason", "request 1")
    assert sealed.events()[17]["erased"] is True
    assert "nothing to forget" in command(sealed, "keys", "forget", CANARY["user"], "--reason", "again")
    # The same id later is another user.
    sealed.publish("user.mfa.enabled", {"userId": CANARY["user"]})
    assert sealed.events()[-1]["data"]["userId"] == CANARY["user"]
    assert json.loads(command(sealed, "keys", "list", "--json"))["forgotten"] == 2
    assert not any(text in sealed.log.read_text() for text in CANARY.values())


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
