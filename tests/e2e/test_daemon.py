"""The daemon as a process: start, stop, and a data directory that gives trouble."""
import errno
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

from daemon import BINARY, Daemon, StartFailed, cli, wait_for


def user_event(n, **more):
    return json.dumps({"type": "user.updated", "id": f"e-{n}", "data": {"userId": f"u-{n % 10}", "changes": {"n": n}}, **more})


def test_sigterm_answers_what_is_under_way_delivers_it_and_ends_with_0(new_daemon, tmp_path):
    daemon = new_daemon(f'[[destination]]\nname = "lines"\nkind = "file"\npath = "{tmp_path}/out.ndjson"\n').start()
    acknowledged, broken = [], []

    def publish(thread):
        connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=10)
        for n in range(thread, 1_000_000, 8):
            try:
                connection.request("POST", "/v1/events", user_event(n), {"Content-Type": "application/json"})
                response = connection.getresponse()
                body = json.loads(response.read())
            except (OSError, http.client.HTTPException) as problem:
                broken.append(problem)
                return
            if response.status != 202:
                assert response.status == 503, body
                return
            acknowledged.append(body["id"])

    threads = [threading.Thread(target=publish, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    started = time.monotonic()
    assert daemon.stop() == 0, daemon.log_tail()
    assert time.monotonic() - started < 10
    for thread in threads:
        thread.join()
    assert len(acknowledged) > 100, refusal
    delivered = [json.loads(line)["id"] for line in (tmp_path / "out.ndjson").read_text().splitlines()]
    assert len(delivered) == len(set(delivered)) and set(acknowledged) <= set(delivered)
    # A connection may be closed between two requests, but no request that was taken goes unanswered.
    assert set(delivered) == set(acknowledged), f"{len(set(delivered) - set(acknowledged))} events were accepted and not answered; {broken[:2]}"


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_the_daemon_at_once(new_daemon, first):
    # Something keeps the orderly end busy: a destination whose broker is not there.
    daemon = new_daemon('[[destination]]\nname = "k"\nkind = "kafka"\ntopic = "t"\nkafka."bootstrap.servers" = "127.0.0.1:1"\n').start()
    daemon.publish("user.mfa.enabled", {"userId": "u-1"})
    daemon.process.send_signal(first)
    time.sleep(0.5)
    assert daemon.process.poll() is None, "the orderly end waits for the destination"
    daemon.process.send_signal(signal.SIGTERM)
    assert daemon.process.wait(2) == 128 + signal.SIGTERM
    assert daemon.start().status()["lastSequence"] == 1


def test_what_cannot_be_delivered_before_the_end_is_kept_and_no_failure(new_daemon):
    daemon = new_daemon('[[destination]]\nname = "k"\nkind = "kafka"\ntopic = "t"\nkafka."bootstrap.servers" = "127.0.0.1:1"\n').start()
    daemon.publish("user.mfa.enabled", {"userId": "u-1"})
    assert daemon.stop(seconds=20) == 0
    assert "still pending for: k" in daemon.log_tail()


def test_events_survive_a_restart_and_numbers_go_on(daemon):
    first = daemon.publish("user.mfa.enabled", {"userId": "u-1"})
    assert daemon.stop() == 0
    second = daemon.start().publish("user.mfa.enabled", {"userId": "u-2"})
    assert (first["sequence"], second["sequence"]) == (1, 2)
    assert [event["id"] for event in daemon.events()] == [first["id"], second["id"]]


def test_a_data_directory_in_use_is_refused_and_the_first_daemon_goes_on(daemon, new_daemon):
    daemon.publish("user.mfa.enabled", {"userId": "u-1"})
    second = new_daemon(name="second").launch("--data-dir", daemon.data_dir)
    assert second.process.wait(10) == 1
    assert str(daemon.data_dir) in second.log_tail() and not second.port_file.exists()
    daemon.publish("user.mfa.enabled", {"userId": "u-2"})
    assert len(daemon.events()) == 2


def test_an_address_in_use_is_refused_with_a_hint(daemon, new_daemon):
    second = new_daemon(name="second").launch(port=daemon.port)
    assert second.process.wait(10) == 1 and f":{daemon.port}" in second.log_tail()


def test_a_read_only_data_directory_is_refused_with_a_reason(new_daemon, tmp_path):
    folder = tmp_path / "readonly"
    folder.mkdir()
    if os.geteuid() == 0:  # root may write whatever the mode says, but not to a read-only file system
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", folder], capture_output=True, text=True)
        assert mounted.returncode == 0, f"a read-only tmpfs is needed, and cannot be mounted: {mounted.stderr}"
    else:
        folder.chmod(0o500)
    try:
        daemon = new_daemon().launch("--data-dir", folder)
        assert daemon.process.wait(10) == 1
        assert str(folder) in daemon.log_tail() and "hint" in daemon.log_tail()
    finally:
        if os.geteuid() == 0:
            subprocess.run(["umount", "-l", folder], check=True)


def fill(folder):
    """Leaves not a byte."""
    with open(folder / "fill", "wb", buffering=0) as out:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    out.write(b"x" * size)
            except OSError as full:
                assert full.errno == errno.ENOSPC


def test_a_full_disk_refuses_clearly_loses_nothing_and_goes_on_when_there_is_room(new_daemon, small_disk):
    daemon = new_daemon().start("--data-dir", small_disk / "data")
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * (40 << 20))
    acknowledged, n, refusal = [], 0, None
    while refusal is None and n < 100_000:
        batch = [{"type": "user.updated", "id": f"e-{k}", "data": {"userId": f"u-{k % 10}", "changes": {"text": "x" * 2_000}}} for k in range(n, n + 50)]
        status, text = daemon.request("POST", "/v1/events", json.dumps(batch))
        if status == 202:
            acknowledged += [each["id"] for each in json.loads(text)]
            n += 50
        else:
            refusal = (status, json.loads(text))
    assert refusal and refusal[0] == 503, refusal
    assert refusal[1]["type"].startswith("urn:user-events:problem:") and "full" in json.dumps(refusal[1])
    assert len(acknowledged) > 100, refusal
    assert daemon.request("GET", "/healthz")[0] == 200
    assert daemon.request("GET", "/readyz")[0] == 503
    fill(small_disk)  # others take the rest, to the last byte
    assert daemon.request("POST", "/v1/events", user_event(1_000_001))[0] == 503
    assert [event["id"] for event in daemon.events()] == acknowledged

    ballast.unlink()
    deadline = time.monotonic() + 20
    while (answer := daemon.request("POST", "/v1/events", user_event(1_000_002)))[0] != 202:
        assert time.monotonic() < deadline, f"still refused 20 s after there is room: {answer}"
        time.sleep(0.2)
    acknowledged.append("e-1000002")
    assert daemon.request("GET", "/readyz")[0] == 200
    daemon.kill()
    daemon.start("--data-dir", small_disk / "data")
    assert [event["id"] for event in daemon.events()] == acknowledged


def test_a_disk_that_is_full_at_start_is_named(new_daemon, small_disk):
    fill(small_disk)
    daemon = new_daemon().launch("--data-dir", small_disk / "data")
    if daemon.wait_ready(10):  # it may start, but then it must not accept
        assert daemon.request("POST", "/v1/events", user_event(1))[0] == 503
    else:
        assert daemon.process.returncode == 1 and "No space left" in daemon.log_tail()


def test_a_broken_configuration_ends_with_2_and_starts_nothing(tmp_path):
    (tmp_path / "bad.toml").write_text('data_dir = "data"\n[htpp]\nlisten = "127.0.0.1:0"\n')
    done = cli("serve", "--config", tmp_path / "bad.toml", cwd=tmp_path)
    assert done.returncode == 2 and "bad.toml:3: htpp.listen is not a known key; did you mean http.listen?" in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_destination_that_vanished_from_the_file_stops_the_start_until_it_is_retired(new_daemon, tmp_path):
    daemon = new_daemon(f'[[destination]]\nname = "lines"\nkind = "file"\npath = "{tmp_path}/out.ndjson"\n').start()
    daemon.publish("user.mfa.enabled", {"userId": "u-1"})
    daemon.wait_delivered()
    assert daemon.stop() == 0
    daemon.set_config("")
    with pytest.raises(StartFailed) as refused:
        daemon.start()
    assert "'lines'" in str(refused.value) and "retired" in str(refused.value)
    assert daemon.process.returncode == 2
    daemon.set_config('retired = ["lines"]\n')
    daemon.start().publish("user.mfa.enabled", {"userId": "u-2"})


def test_the_port_file_names_the_port_once_it_answers(new_daemon):
    daemon = new_daemon().launch()
    assert daemon.wait_ready()
    with socket.create_connection(("127.0.0.1", daemon.port), timeout=5):
        pass
    assert daemon.request("GET", "/readyz")[0] == 200
    assert f"http://127.0.0.1:{daemon.port}" in daemon.log_tail()


def test_stdout_destination_writes_events_and_messages_stay_on_standard_error(tmp_path):
    (tmp_path / "c.toml").write_text('[[destination]]\nname = "out"\nkind = "stdout"\nformat = "plain"\n')
    process = subprocess.Popen([BINARY, "serve", "--config", "c.toml", "--listen", "127.0.0.1:0", "--port-file", "port"], cwd=tmp_path, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    try:
        daemon = Daemon(tmp_path / "unused")
        daemon.process, daemon.port_file = process, tmp_path / "port"
        assert daemon.wait_ready()
        daemon.publish("user.mfa.enabled", {"userId": "u-1"})
        event = json.loads(process.stdout.readline())
        assert list(event) == ["type", "timestamp", "data"] and event["type"] == "user.mfa.enabled"
    finally:
        process.terminate()
        rest, messages = process.communicate(timeout=20)
    assert rest == "" and "listens on" in messages


# ---- a destination that stays behind

def test_what_a_detached_destination_never_gets_is_told_to_who_waits_and_is_in_status_over_restarts(new_daemon, tmp_path):
    folder = tmp_path / "away"  # the destination is down until it is there
    daemon = new_daemon(f'''
[journal]
segment_bytes = "1MiB"
retention_bytes = "1MiB"
idempotency_window = "1s"
[[destination]]
name = "late"
kind = "file"
path = "{folder}/out.ndjson"
window_events = 16
max_lag_bytes = "1MiB"
lag_action = "detach"
''').start()
    publish = lambda n: daemon.publish("user.updated", {"userId": f"u-{n % 10}", "changes": {"text": "x" * 100_000}}, id=f"e-{n}")
    for n in range(1, 31):
        publish(n)
    waited = []
    body = json.dumps({"type": "user.mfa.enabled", "id": "waited", "data": {"userId": "u-1"}})
    waiter = threading.Thread(target=lambda: waited.append(daemon.request("POST", "/v1/events?wait=delivered&timeout=60s", body, timeout=90)))
    waiter.start()
    last = 31
    wait_for(lambda: daemon.status()["lastSequence"] == last, 30, "the waiter's event is there")
    deadline = time.monotonic() + 50
    while daemon.status()["firstSequence"] <= 40:
        assert time.monotonic() < deadline, daemon.status()
        publish(last := last + 1)
    publish(last := last + 1)
    assert waiter.is_alive(), waited
    folder.mkdir()
    daemon.wait_delivered()
    waiter.join()
    status, answer = waited[0]
    assert (status, json.loads(answer)["destinations"]) == (202, [{"name": "late", "state": "lost"}]) and json.loads(answer)["sequence"] == 31
    got = [int(json.loads(line)["sequence"]) for line in (folder / "out.ndjson").read_text().splitlines()]
    lost = sorted(set(range(1, last + 1)) - set(got))
    assert lost == list(range(lost[0], lost[-1] + 1)) and lost[0] > 16
    (gap,) = daemon.destination_status("late")["gaps"]
    assert (gap["first"], gap["last"], gap["events"]) == (lost[0], lost[-1], len(lost)) and 'lag_action = "detach"' in gap["reason"]
    line = rf"never had +{len(lost)} events, numbers {lost[0]} to {lost[-1]}: removed by retention"
    assert re.search(line, daemon.cli("status").stdout)
    daemon.kill()
    assert re.search(line, cli("status", "--data-dir", daemon.data_dir).stdout)
    assert json.loads(cli("status", "--json", "--data-dir", daemon.data_dir).stdout)["destinations"][0]["gaps"] == [gap]
    daemon.start()
    assert daemon.destination_status("late")["gaps"] == [gap] and re.search(line, daemon.cli("status").stdout)
