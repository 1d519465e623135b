"""The audit log of the real binary: every act is in it, and whatever is done to a data directory is found. The journal's files are read and forged by
`journal_file`, which knows only docs/journal-format.md."""
import base64
import hashlib
import json
import shutil
import signal
import subprocess
import time

import jwcrypto.jwk
import jwcrypto.jws
import pytest

import journal_file
from daemon import cli, wait_for
from test_sealing import every_event, CANARY, private_file, sealing

TOKEN = "only-for-this-test-and-long-enough-0"


@pytest.fixture
def key(tmp_path):
    """An Ed25519 key for checkpoints: its configuration."""
    path = tmp_path / "audit.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", path], check=True)
    path.chmod(0o600)
    return f'[[signing_key]]\nname = "audit"\nalgorithm = "EdDSA"\nfile = "{path}"\n'


@pytest.fixture
def audited(new_daemon, key, tmp_path):
    """A daemon with signed checkpoints, which are also appended to a file."""
    daemon = new_daemon(f'[audit]\nkey = "audit"\npublish_to = "{tmp_path}/anchors"\n' + key)
    daemon.anchors = tmp_path / "anchors"
    daemon.keys = tmp_path / "keys.jwks"
    daemon.start()
    daemon.keys.write_text(daemon.request("GET", "/.well-known/jwks.json")[1])
    return daemon


def acts(daemon):
    """(type, payload, principal) of each record of the audit log."""
    return [(each.type, json.loads(each.payload), each.scope) for each in journal_file.records(daemon.data_dir / "audit")]


def acts_of(daemon, kind):
    return [payload for each, payload, _ in acts(daemon) if each == kind]


def verify(daemon, *arguments, status=None):
    done = cli("audit", "verify", "--data-dir", daemon.data_dir, "--keys", daemon.keys, "--json", *arguments)
    assert done.returncode in (0, 1), done.stderr
    if status is not None:
        assert done.returncode == status, done.stdout + done.stderr
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    assert report["ok"] == (done.returncode == 0)
    return report


def publish(daemon, count, first=0):
    for number in range(first, first + count):
        daemon.publish("user.mfa.enabled", {"userId": f"u-{number}"})


def with_history(daemon):
    """Two runs, 10 events each, with the checkpoint of each stop."""
    publish(daemon, 10)
    assert daemon.stop() == 0
    daemon.start()
    publish(daemon, 10, 10)
    assert daemon.stop() == 0
    return daemon


def test_a_data_directory_that_nobody_touched_verifies_and_says_what_it_holds(audited):
    report = verify(with_history(audited), status=0)
    assert report["events"]["last"] == 20
    assert report["signedCheckpoints"] == 2 and report["unsignedCheckpoints"] == 0
    assert report["lastCheckpoint"]["events"] == 20
    text = cli("audit", "verify", "--data-dir", audited.data_dir, "--keys", audited.keys)
    assert text.returncode == 0 and "everything is as it was written" in text.stdout


def test_checkpoints_are_what_other_peoples_libraries_take_them_for(audited):
    with_history(audited)
    keys = jwcrypto.jwk.JWKSet.from_json(audited.keys.read_text())
    lines = audited.anchors.read_text().splitlines()
    assert len(lines) == 2
    assert [payload["jws"] for payload in acts_of(audited, "checkpoint")] == lines
    for line in lines:
        token = jwcrypto.jws.JWS()
        token.deserialize(line, keys.get_key("audit"))
        claims = json.loads(token.payload)
    ends = {frame.last: frame.hash.hex() for frame in journal_file.frames(audited.data_dir / "journal")}
    assert ends[claims["events"]["sequence"]] == claims["events"]["hash"]
    ends = {frame.last: frame.hash.hex() for frame in journal_file.frames(audited.data_dir / "audit")}
    assert ends[claims["audit"]["sequence"]] == claims["audit"]["hash"]


def make_master(folder):
    (folder / "keystore").mkdir()
    return private_file(folder / "master.key", "11" * 32 + "\n")


def with_client(new_daemon, folder, name, grants, more=""):
    """A running daemon that seals, with one client, as which its command line asks."""
    token = private_file(folder / "token", TOKEN)
    daemon = new_daemon(sealing(make_master(folder), f'[[client]]\nname = "{name}"\ntoken_file = "{token}"\ngrants = {{{grants}}}\n{more}')).start()
    real = daemon.cli
    daemon.cli = lambda *arguments, **more: real(*arguments, **{"USER_EVENTS_TOKEN": TOKEN, **more})
    return daemon


# ---- every act ----

def test_every_act_is_recorded_with_who_asked_what_for_and_how_it_ended(new_daemon, receiver, tmp_path):
    daemon = with_client(new_daemon, tmp_path, "ops", 'publish = ["user.*"], dead_letters = ["user.*"], keys = true, admin = true',
                         f'[[destination]]\nname = "out"\nkind = "file"\ntopic = "{tmp_path}/out.ndjson"\n')

    def run(*arguments, status=0):
        done = daemon.cli(*arguments)
        assert done.returncode == status, done.stdout + done.stderr

    for kind, data in every_event():
        run("publish", kind, "--data", json.dumps(data))
    run("destination", "pause", "out")
    run("destination", "resume", "out")
    run("destination", "replay", "out", "--from", "1")
    run("dead-letters", "replay", "7", status=1)
    run("dead-letters", "discard", "--user", CANARY["user"], "--reason", "for the test", status=1)
    run("keys", "rotate", "epoch")
    run("keys", "forget", CANARY["user"], "--reason", "request 1", "--now")
    assert daemon.request("GET", "/v1/status")[0] == 401
    daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: len(acts_of(daemon, "config.reload")) == 6, 10, "the reload is recorded")
    wait_for(lambda: acts_of(daemon, "access.denied"), 10, "the refused request is recorded")
    assert daemon.stop() == 0

    by_type = {}
    for kind, payload, scope in acts(daemon):
        by_type.setdefault(kind, []).append((payload, scope))
    for kind in ("destination.pause", "destination.resume", "destination.replay", "keys.rotate", "keys.forget", "dead-letters.replay", "dead-letters.discard"):
        (asked, scope), (ended, _) = by_type[kind]
        assert asked["stage"] == "asked" and ended["stage"] == "ended", kind
        assert scope.startswith("ops"), (kind, scope)
        assert ended["outcome"] == ("failed" if kind.startswith("dead-letters") else "done"), ended
    forgotten = by_type["keys.forget"][0][0]["asked"]
    assert forgotten["user"].startswith("usr_") and forgotten["reason"] == "request 1" and forgotten["now"] is True
    assert by_type["keys.forget"][1][0]["counts"]["keys"] >= 1
    assert by_type["dead-letters.discard"][0][0]["asked"]["user"] == forgotten["user"]
    assert by_type["destination.pause"][0][0]["asked"] == {"destination": "out"}
    assert by_type["config.load"] and by_type["start"] and by_type["stop"] and by_type["checkpoint"]
    shown = cli("config", "show", "--config", daemon.config).stdout.partition("\n")[2]
    loads = [payload["asked"] for kind in ("config.load", "config.reload") for payload, _ in by_type[kind] if payload["stage"] == "asked"]
    assert {each["what"] for each in loads} == {"everything", "catalogue", "clients", "signing-keys"}
    assert {each["configuration"] for each in loads} == {hashlib.sha256(shown.encode()).hexdigest()}
    assert {"principal": "(unknown)", "reason": "no-credentials", "count": 1} in by_type["access.denied"][0][0]["asked"]["requests"]
    # Nothing personal, whatever was asked.
    for path in (daemon.data_dir / "audit").iterdir():
        content = path.read_bytes()
        assert not [kind for kind, text in CANARY.items() if text.encode() in content]


def test_forgetting_a_user_leaves_the_chain_as_it_was(new_daemon, key, tmp_path):
    daemon = new_daemon(sealing(make_master(tmp_path), '[audit]\nkey = "audit"\n' + key)).start()
    daemon.keys = tmp_path / "keys.jwks"
    daemon.keys.write_text(daemon.request("GET", "/.well-known/jwks.json")[1])
    publish(daemon, 5)
    daemon.stop()
    before = list(journal_file.frames(daemon.data_dir / "journal"))
    daemon.start()
    assert daemon.cli("keys", "forget", "u-3", "--reason", "request 2").returncode == 0
    daemon.stop()
    assert list(journal_file.frames(daemon.data_dir / "journal"))[:len(before)] == before
    verify(daemon, status=0)


def test_a_flood_of_refused_requests_fills_no_disk(new_daemon, tmp_path):
    token = private_file(tmp_path / "token", TOKEN)
    daemon = new_daemon(f'[[client]]\nname = "ops"\ntoken_file = "{token}"\ngrants = {{admin = true}}\n').start()
    for _ in range(500):
        assert daemon.request("GET", "/v1/status")[0] == 401
    assert daemon.stop() == 0
    sums = acts_of(daemon, "access.denied")
    assert sum(each["count"] for payload in sums for each in payload["asked"]["requests"]) == 500
    assert len(sums) < 20


def test_status_and_metrics_tell_how_the_audit_log_is(audited):
    publish(audited, 1)
    status = audited.status()["audit"]
    assert status["lastSequence"] >= 2 and status["signed"] is True and status["problem"] == ""
    metrics = audited.request("GET", "/metrics")[1]
    assert "user_events_audit_healthy 1" in metrics and "user_events_audit_records_total" in metrics


# ---- a disk, a crash ----

def test_what_a_full_disk_keeps_out_of_the_audit_log_is_refused(small_disk, new_daemon, tmp_path):
    daemon = new_daemon(f'[[destination]]\nname = "out"\nkind = "file"\ntopic = "{tmp_path}/out.ndjson"\n')
    daemon.data_dir = small_disk / "data"
    daemon.set_config(daemon.config.read_text().split("\n", 1)[1])
    daemon.start()
    with open(small_disk / "ballast", "wb") as ballast:
        try:
            while ballast.write(b"x" * 65536):
                ballast.flush()
        except OSError:
            pass
    # The state is full, too, which is an outcome to be recorded like others.
    discard = lambda: daemon.request("POST", "/v1/dead-letters/discard", json.dumps({"filter": {"user": "nobody"}, "reason": "r" * 1000}))
    for _ in range(20_000):     # what is reserved ahead takes some
        status, body = discard()
        if "audit log" in body:
            break
    assert status == 503 and "audit log" in body, (status, body)
    (small_disk / "ballast").unlink()
    wait_for(lambda: discard()[0] == 404, 30, "there is room again")
    assert daemon.stop() == 0
    done = cli("audit", "verify", "--data-dir", daemon.data_dir)
    assert done.returncode == 0, done.stdout


def test_a_killed_daemon_leaves_an_audit_log_that_verifies(audited):
    publish(audited, 20)
    audited.kill()
    assert verify(audited)["findings"] == [] or verify(audited)["signedCheckpoints"] == 0
    audited.start()
    publish(audited, 5, 20)
    assert audited.stop() == 0
    report = verify(audited, status=0)
    assert report["events"]["last"] == 25


def test_an_open_data_directory_is_not_verified_but_a_copy_of_it_is(audited, tmp_path):
    publish(audited, 3)
    done = cli("audit", "verify", "--data-dir", audited.data_dir)
    assert done.returncode == 1 and "copy" in done.stderr
    shutil.copytree(audited.data_dir, tmp_path / "copy")
    assert cli("audit", "verify", "--data-dir", tmp_path / "copy").returncode == 0


# ---- tampering ----

def nth_frame(daemon, number, journal="journal"):
    return list(journal_file.frames(daemon.data_dir / journal))[number]


def overwrite(frame, offset, data):
    with open(frame.path, "r+b") as file:
        file.seek(frame.offset + offset)
        file.write(data)


def test_an_altered_byte_is_found_with_its_place_and_since_when(audited):
    with_history(audited)
    frame = nth_frame(audited, 14)
    overwrite(frame, 200, bytes([frame.content[200] ^ 1]))
    finding, = verify(audited, status=1)["findings"]
    assert (finding["journal"], finding["kind"], finding["segment"], finding["offset"]) == ("events", "altered", int(frame.path.stem), frame.offset)
    assert (finding["first"], finding["last"]) == (frame.first, frame.last)
    assert finding["goodUntil"]["events"] == 10
    text = cli("audit", "verify", "--data-dir", audited.data_dir, "--keys", audited.keys)
    assert f"offset {frame.offset}" in text.stdout and "since the checkpoint of" in text.stdout


def test_swapped_records_are_found(audited):
    with_history(audited)
    first, second = nth_frame(audited, 4), nth_frame(audited, 5)
    overwrite(first, 0, second.content + first.content)
    findings = verify(audited, status=1)["findings"]
    assert findings[0]["kind"] == "reordered" and findings[0]["offset"] == first.offset


def test_a_removed_record_is_found(audited):
    with_history(audited)
    gone = nth_frame(audited, 5)
    content = gone.path.read_bytes()
    gone.path.write_bytes(content[:gone.offset] + content[gone.offset + len(gone.content):])
    findings = verify(audited, status=1)["findings"]
    assert findings[0]["offset"] == gone.offset


def test_a_removed_segment_is_found(audited):
    with_history(audited)
    journal_file.segments(audited.data_dir / "audit")[-1].unlink()
    done = cli("audit", "verify", "--data-dir", audited.data_dir, "--keys", audited.keys)
    assert done.returncode == 1 and "there is no audit log" in done.stderr


def test_a_truncated_tail_is_found(audited):
    with_history(audited)
    frame = nth_frame(audited, 17)
    with open(frame.path, "r+b") as file:
        file.truncate(frame.offset)
    finding, = verify(audited, status=1)["findings"]
    assert (finding["kind"], finding["first"], finding["last"]) == ("truncated", frame.first, 20)


def test_a_whole_chain_made_to_fit_again_is_found_by_the_signatures(audited):
    with_history(audited)
    journal_file.forge(audited.data_dir / "journal", lambda body: body.replace(b"u-12", b"u-99"))
    finding, = verify(audited, status=1)["findings"]
    assert finding["kind"] == "altered" and finding["first"] == 11 and finding["last"] == 20
    assert finding["goodUntil"]["events"] == 10


def test_a_forged_act_is_found(audited):
    audited.request("POST", "/v1/destinations/none/pause")
    assert audited.cli("keys", "rotate", "epoch").returncode == 1      # not sealed: no act
    with_history(audited)
    journal_file.forge(audited.data_dir / "audit", lambda body: body.replace(b"config.load", b"config.lost"))
    assert verify(audited, status=1)["findings"][0]["journal"] == "audit"


def test_a_checkpoint_changed_in_the_log_is_found(audited):
    with_history(audited)
    line = audited.anchors.read_text().splitlines()[0].encode()
    forged = line[:-2] + (b"AA" if line[-2:] != b"AA" else b"BA")
    journal_file.forge(audited.data_dir / "audit", lambda body: body.replace(line, forged))
    assert any(each["kind"] == "checkpoint" for each in verify(audited, status=1)["findings"])


def test_a_directory_put_back_to_an_earlier_state_is_found_by_the_anchors_only(audited, tmp_path):
    publish(audited, 10)
    audited.stop()
    shutil.copytree(audited.data_dir, tmp_path / "earlier")
    audited.start()
    publish(audited, 10, 10)
    audited.stop()
    verify(audited, "--anchor", audited.anchors, status=0)
    shutil.rmtree(audited.data_dir)
    shutil.move(tmp_path / "earlier", audited.data_dir)
    verify(audited, status=0)
    findings = verify(audited, "--anchor", audited.anchors, status=1)["findings"]
    assert [each["kind"] for each in findings] == ["truncated", "truncated"]


def test_wrong_usage_says_what_is_missing(audited, tmp_path):
    audited.stop()
    for arguments in (["--keys", tmp_path / "none"], ["--anchor", tmp_path / "none"], ["--data-dir", tmp_path / "nowhere"]):
        done = cli("audit", "verify", "--data-dir", audited.data_dir, *arguments) if "--data-dir" not in arguments else cli("audit", "verify", *arguments)
        assert done.returncode != 0 and "user-events:" in done.stderr, done.stderr
    (empty := tmp_path / "empty").write_text("\n")
    done = cli("audit", "verify", "--data-dir", audited.data_dir, "--anchor", audited.anchors, "--anchor", empty)
    assert done.returncode == 2 and f"{empty} holds no checkpoint" in done.stderr, done.stderr


# ---- exports ----

def test_an_export_is_checked_against_the_directory(audited, tmp_path):
    with_history(audited)
    for name in ("ndjson", "csv"):
        done = cli("audit", "export", "--data-dir", audited.data_dir, "--format", name)
        assert done.returncode == 0, done.stderr
        file = tmp_path / f"records.{name}"
        file.write_bytes(done.stdout.encode())
        verify(audited, "--export", file, status=0)
        lines = file.read_bytes().splitlines(keepends=True)
        file.write_bytes(b"".join(lines[:5] + lines[6:]))
        done = cli("audit", "verify", "--data-dir", audited.data_dir, "--export", file)
        assert done.returncode == 1 and "line 6" in done.stderr, done.stderr
        assert "everything is as it was written" in done.stdout, "the directory's own report stands whatever the export is"


def test_an_export_holds_every_record_as_the_files_say(audited):
    with_history(audited)
    done = cli("audit", "export", "--data-dir", audited.data_dir)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    proof = lines.pop()["proof"]
    records = journal_file.records(audited.data_dir / "audit") + journal_file.records(audited.data_dir / "journal")
    assert [(line["sequence"], line["type"]) for line in lines] == [(each.sequence, each.type) for each in records]
    assert proof["lines"] == len(lines) and proof["events"]["sequence"] == 20
    assert "u-1" not in done.stdout


# ---- searching ----

def search(daemon, *arguments):
    done = daemon.cli("audit", "search", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def indexed(daemon, *arguments):
    wait_for(lambda: not any(search(daemon, *arguments)[each] for each in ("eventsBehind", "actsBehind")), 30, "the index is there")
    return search(daemon, *arguments)["entries"]


def test_events_and_acts_are_found_by_user_type_time_and_principal(new_daemon, tmp_path):
    daemon = with_client(new_daemon, tmp_path, "ops", 'publish = ["user.*"], keys = true, admin = true')
    done = daemon.cli("audit", "search")
    assert done.returncode == 1 and "audit index on" in done.stderr, done.stderr
    for kind, data in every_event():
        assert daemon.cli("publish", kind, "--data", json.dumps(data)).returncode == 0
    assert daemon.cli("publish", "user.mfa.enabled", "--data", '{"userId":"u-2"}').returncode == 0
    assert daemon.cli("audit", "index", "on").returncode == 0
    everything = indexed(daemon, "--limit", "1000")
    assert len([each for each in everything if each["journal"] == "events"]) == len(every_event()) + 1
    assert [each["time"] for each in everything] == sorted((each["time"] for each in everything), reverse=True)
    of_user = indexed(daemon, "--user", CANARY["user"])
    assert len(of_user) == len(every_event()) - 1 and {each["principal"] for each in of_user} == {"ops"}
    assert [each["type"] for each in indexed(daemon, "--user", CANARY["email"])] == ["user.login.failed"]
    assert [each["type"] for each in indexed(daemon, "--user", CANARY["user"], "--type", "user.mfa.enabled")] == ["user.mfa.enabled"]
    assert len(indexed(daemon, "--type", "user.address.*")) == 3
    assert indexed(daemon, "--principal", "nobody") == []
    assert {each["type"] for each in indexed(daemon, "--type", "audit.*")} == {"audit.index"}
    assert {each["type"] for each in indexed(daemon, "--type", "user.mfa.*", "--type", "config.*")} == {"user.mfa.enabled", "user.mfa.disabled", "config.load"}
    assert indexed(daemon, "--until", "2020-01-01T00:00:00Z") == []
    assert daemon.cli("keys", "forget", CANARY["user"], "--reason", "request 3", "--now").returncode == 0
    wait_for(lambda: len(indexed(daemon, "--type", "keys.forget")) == 2, 30, "the act is found")
    assert {each["record"]["stage"] for each in indexed(daemon, "--user", CANARY["user"]) if each["journal"] == "audit"} == {"asked"}
    text = daemon.cli("audit", "search", "--user", CANARY["user"]).stdout
    assert "keys.forget" in text and not [kind for kind, canary in CANARY.items() if canary in text]
    for path in (daemon.data_dir / "index").iterdir():
        assert not [kind for kind, canary in CANARY.items() if canary.encode() in path.read_bytes()]
    # Page by page nothing is missing and nothing comes twice, though much was accepted in the same millisecond.
    everything, page, found = indexed(daemon, "--limit", "1000"), {"more": True, "next": ""}, []
    while page["more"]:
        page = search(daemon, "--limit", "3", *(["--before", page["next"]] if page["next"] else []))
        found += page["entries"]
    assert found == everything
    done = daemon.cli("audit", "search", "--limit", "3")
    assert f"--before {search(daemon, '--limit', '3')['next']}" in done.stderr
    assert "go on from" in daemon.cli("audit", "search", "--before", "tomorrow").stderr
    # It is kept over a restart, and goes when nobody wants it.
    daemon.stop()
    daemon.start()
    assert len(indexed(daemon, "--type", "user.address.*")) == 3
    assert daemon.cli("audit", "index", "off").returncode == 0
    assert daemon.cli("audit", "search").returncode == 1 and not (daemon.data_dir / "index").exists()


def test_who_is_shown_no_user_ids_can_ask_for_nobodys_acts(new_daemon, tmp_path):
    daemon = with_client(new_daemon, tmp_path, "analyst", 'publish = ["user.*"], admin = true', 'privacy = "analytics"\n')
    assert daemon.cli("publish", "user.mfa.enabled", "--data", '{"userId":"u-2"}').returncode == 0
    assert daemon.cli("audit", "index", "on").returncode == 0
    assert len(indexed(daemon, "--type", "user.*")) == 1
    done = daemon.cli("audit", "search", "--user", "u-2")
    assert done.returncode == 1 and "can name none" in done.stderr


def test_an_index_that_cannot_be_opened_keeps_nothing_else_from_starting(audited):
    assert audited.cli("audit", "index", "on").returncode == 0
    publish(audited, 3)
    audited.stop()
    shutil.rmtree(audited.data_dir / "index")
    (audited.data_dir / "index/events.db/in-the-way").mkdir(parents=True)
    audited.start()
    publish(audited, 3, 3)
    assert "events.db" in audited.status()["audit"]["problem"]
    assert audited.cli("audit", "search").returncode == 1
    assert audited.cli("audit", "index", "on").returncode == 1, "it is in the way still"
    assert not (audited.data_dir / "index").exists(), "an index that cannot be made leaves nothing behind"
    assert audited.cli("audit", "index", "on").returncode == 0
    assert len(indexed(audited, "--type", "user.*")) == 6 and audited.status()["audit"]["problem"] == ""


# ---- retention and holds ----

def test_a_hold_keeps_everything_and_without_one_retention_leaves_records(audited):
    audited.stop()
    audited.set_config(audited.config.read_text().split("\n", 1)[1] + '[journal]\nsegment_bytes = "1MiB"\nretention_age = "1s"\nidempotency_window = "1s"\n')
    audited.start()
    assert audited.cli("audit", "hold", "add", "case-7", "--reason", "request of the court").returncode == 0
    assert audited.cli("audit", "hold", "add", "case-7", "--reason", "again").returncode == 1
    for name, reason in (("a/b", "r"), ("a\u0001b", "r"), ("case-8", " "), ("case-8", "x" * 1_001)):
        assert audited.request("POST", "/v1/audit/holds", json.dumps({"name": name, "reason": reason}))[0] in (400, 422), name
    event = json.dumps([{"type": "user.updated", "data": {"userId": "u-1", "changes": {"note": "x" * 20_000}}}] * 20)
    for _ in range(10):
        assert audited.request("POST", "/v1/events", event)[0] == 202
    audited.stop()
    audited.start()
    assert "case-7" in audited.cli("audit", "hold", "list").stdout
    time.sleep(8)           # two rounds of retention
    assert audited.status()["firstSequence"] == 1
    assert audited.cli("audit", "hold", "remove", "case-7", "--reason", "closed").returncode == 0
    wait_for(lambda: audited.status()["firstSequence"] > 1, 30, "retention goes on")
    audited.stop()
    assert acts_of(audited, "journal.removed") and len(acts_of(audited, "hold.add")) == 4 and len(acts_of(audited, "hold.remove")) == 2
    assert verify(audited, status=0)["events"]["first"] > 1
