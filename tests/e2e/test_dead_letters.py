"""What a person does about events that a broker will not take: find out, repair, send again, give up. The broker is a real Kafka whose topic
takes only small messages until it is repaired."""
import getpass
import http.server
import json
import os
import pathlib
import pty
import re
import subprocess
import threading

import pytest

from daemon import BINARY, cli, wait_for

SMALL_BYTES, ENOUGH_BYTES = 3_000, 1_000_000
PAGES = pathlib.Path(__file__).parents[2] / "docs"


class Stuck:
    """A daemon whose destination refuses what is larger than its topic allows."""

    def __init__(self, kafka, new_daemon, more="", partitions=1, by_proxy=False, look_ms=500):
        self.kafka = kafka
        self.topic = kafka.create_topic(partitions=partitions, max_message_bytes=SMALL_BYTES)
        # The topic's limit is looked at as often as its metadata.
        settings = f'oversize = "dead-letter"\nkafka."topic.metadata.refresh.interval.ms" = "{look_ms}"\n{more}'
        self.daemon = new_daemon(kafka.destination(self.topic, more=settings, by_proxy=by_proxy)).start()

    def publish(self, user, number, large=False):
        changes = {"number": number, **({"text": "x" * SMALL_BYTES} if large else {})}
        return self.daemon.publish("user.updated", {"userId": user, "changes": changes}, id=f"{user}-{number}")

    def publish_poison(self):
        """u-1: the second is too large, so the third and fourth wait behind it; u-2 goes on."""
        for number in (1, 2, 3, 4):
            self.publish("u-1", number, large=number == 2)
            self.publish("u-2", number)
        self.daemon.wait_delivered()
        assert self.delivered("u-1") == [1] and self.delivered("u-2") == [1, 2, 3, 4]
        return self

    def repair(self):
        """The topic takes large messages from now on, and the daemon has noticed."""
        self.kafka.alter_topic(self.topic, max_message_bytes=ENOUGH_BYTES)
        wait_for(lambda: f"max.message.bytes is {ENOUGH_BYTES} now" in self.daemon.log_tail(20_000), 30, "the daemon sees the topic's new limit")
        return self

    def delivered(self, user):
        """Numbers of the user's events in the topic."""
        return [event["data"]["changes"]["number"] for event in self.kafka.events(self.topic) if event["subject"] == user]

    def letters(self, *arguments):
        done = self.daemon.cli("dead-letters", "list", "--json", *arguments)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def stuck(kafka, new_daemon):
    return Stuck(kafka, new_daemon).publish_poison()


# ---- looking

def test_a_refused_event_is_listed_with_its_reason_and_what_waits_behind_it(stuck):
    first, *held = stuck.letters()
    assert (first["state"], first["id"], first["type"], first["destination"], first["sequence"]) == ("dead", "u-1-2", "user.updated", "kafka", 3)
    assert f"max.message.bytes of {SMALL_BYTES}" in first["reason"]
    assert [(each["state"], each["id"]) for each in held] == [("held", "u-1-3"), ("held", "u-1-4")]
    text = stuck.daemon.cli("dead-letters", "list").stdout
    assert re.search(r"^ +1  dead +\S+Z +3  kafka  user\.updated  u-1-2  .*max\.message\.bytes", text), text
    stuck.daemon.wait_letters("kafka", dead=1, held=2)
    assert re.search(r"dead letters +3: 1 dead, 2 held behind them; the oldest since \S+Z\n", stuck.daemon.cli("status").stdout)


def test_letters_are_found_by_what_is_known_of_them(stuck):
    ids = lambda *arguments: [each["id"] for each in stuck.letters(*arguments)]
    assert ids("--state", "held") == ["u-1-3", "u-1-4"] and ids("--state", "dead", "--state", "held") == ["u-1-2", "u-1-3", "u-1-4"]
    assert ids("--destination", "kafka") == ids("--user", "u-1") == ids("--type", "user.*") == ids()
    assert ids("--destination", "other") == ids("--user", "u-2") == ids("--type", "!user.updated") == []
    assert ids("--cause", "MAX.message.bytes") == ["u-1-2"] and ids("--cause", "no such words") == []
    assert ids("--since", "2100-01-01T00:00:00Z") == ids("--until", "2000-01-01T00:00:00Z") == [] and len(ids("--since", "2000-01-01T00:00:00Z")) == 3
    assert ids("--after", "1") == ["u-1-3", "u-1-4"]
    limited = stuck.daemon.cli("dead-letters", "list", "--limit", "2")
    assert len(limited.stdout.splitlines()) == 2 and "--after 2" in limited.stderr


def test_no_user_is_in_a_listing_unless_it_is_asked_for(kafka, new_daemon):
    stuck = Stuck(kafka, new_daemon)
    stuck.daemon.publish("user.updated", {"userId": "ada-lovelace", "changes": {"text": "x" * SMALL_BYTES}}, id="e-1")
    stuck.daemon.wait_delivered()
    for shown in (stuck.daemon.cli("dead-letters", "list").stdout, stuck.daemon.cli("dead-letters", "list", "--json").stdout, stuck.daemon.cli("status").stdout,
                  stuck.daemon.request("GET", "/v1/dead-letters")[1], stuck.daemon.request("GET", "/v1/status")[1], stuck.daemon.request("GET", "/metrics")[1],
                  stuck.daemon.log_tail(100_000)):
        assert "ada-lovelace" not in shown
    assert "ada-lovelace" in stuck.daemon.cli("dead-letters", "list", "--show-users").stdout
    assert stuck.letters("--show-users")[0]["user"] == "ada-lovelace"


def test_show_has_the_event_and_what_it_waits_for(stuck):
    shown = json.loads(stuck.daemon.cli("dead-letters", "show", "2", "--json").stdout)
    assert (shown["state"], shown["behind"], shown["user"], shown["event"]["id"]) == ("held", 1, "u-1", "u-1-3")
    assert shown["event"]["data"] == {**shown["event"]["data"], "userId": "u-1", "changes": {"number": 3}} and shown["event"]["specversion"] == "1.0"
    text = stuck.daemon.cli("dead-letters", "show", "2").stdout
    assert "waits behind letter 1" in text and '"id":"u-1-3"' in text
    missing = stuck.daemon.cli("dead-letters", "show", "99")
    assert missing.returncode == 1 and missing.stdout == "" and "99" in missing.stderr


def test_list_show_and_status_read_the_data_directory_while_the_daemon_is_down(stuck):
    commands = (["dead-letters", "list", "--json"], ["dead-letters", "list", "--show-users"], ["dead-letters", "show", "1", "--json"])
    live = [stuck.daemon.cli(*command).stdout for command in commands]
    in_use = cli("dead-letters", "list", "--data-dir", stuck.daemon.data_dir)
    assert in_use.returncode == 1 and "leave out --data-dir" in in_use.stderr
    assert stuck.daemon.stop() == 0
    assert [cli(*command, "--data-dir", stuck.daemon.data_dir).stdout for command in commands] == live
    assert "3: 1 dead, 2 held behind them" in cli("status", "--data-dir", stuck.daemon.data_dir).stdout
    down = json.loads(cli("status", "--json", "--data-dir", stuck.daemon.data_dir).stdout)
    assert down["destinations"][0]["letters"]["held"] == 2


def test_a_publisher_who_waits_for_delivery_is_told_what_became_of_it(stuck):
    def publish(user, number, **changes):
        body = json.dumps({"type": "user.updated", "id": f"{user}-{number}", "data": {"userId": user, "changes": {"number": number, **changes}}})
        status, answer = stuck.daemon.request("POST", "/v1/events?wait=delivered&timeout=10s", body)
        return status, json.loads(answer)["destinations"]

    assert publish("u-3", 1) == (200, [{"name": "kafka", "state": "delivered"}])
    assert publish("u-3", 2, text="x" * SMALL_BYTES) == (202, [{"name": "kafka", "state": "dead-letter"}])
    assert publish("u-3", 3) == (202, [{"name": "kafka", "state": "held"}])
    assert stuck.daemon.cli("destination", "pause", "kafka").returncode == 0
    body = json.dumps({"type": "user.updated", "data": {"userId": "u-4", "changes": {"number": 1}}})
    status, answer = stuck.daemon.request("POST", "/v1/events?wait=delivered&timeout=100ms", body)
    assert (status, json.loads(answer)["destinations"]) == (202, [{"name": "kafka", "state": "pending"}])


# ---- replay

def test_a_replay_after_the_repair_delivers_the_letter_and_all_that_waited_in_order(stuck):
    done = stuck.repair().daemon.cli("dead-letters", "replay", "1")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert done.stdout == "replay 1 (kafka) is done: 3 of 3 delivered, 0 failed again\n"
    assert stuck.delivered("u-1") == [1, 2, 3, 4]
    assert stuck.letters() == [] and stuck.daemon.destination_status("kafka")["replayed"] == 3
    stuck.daemon.wait_letters("kafka")
    stuck.publish("u-1", 5)
    stuck.daemon.wait_delivered()
    assert stuck.delivered("u-1") == [1, 2, 3, 4, 5]
    again = stuck.daemon.cli("dead-letters", "replay", "--all")
    assert again.returncode == 1 and again.stdout == "" and "no dead letter" in again.stderr
    assert "1  done" in stuck.daemon.cli("dead-letters", "replays").stdout


def test_a_replay_before_the_repair_fails_again_and_says_so(stuck):
    done = stuck.daemon.cli("dead-letters", "replay", "--destination", "kafka")
    assert done.returncode == 1 and "1 failed again" in done.stdout and "failed again" in done.stderr
    assert [(each["state"], each["id"]) for each in stuck.letters()] == [("dead", "u-1-2"), ("held", "u-1-3"), ("held", "u-1-4")]
    assert stuck.letters()[0]["replays"] == 1
    assert stuck.delivered("u-1") == [1]


def test_a_held_letter_is_not_replayed_past_the_one_it_waits_for(stuck):
    done = stuck.repair().daemon.cli("dead-letters", "replay", "2")
    assert done.returncode == 1 and done.stdout == "" and "waits" in done.stderr
    assert stuck.delivered("u-1") == [1]


def test_a_replay_can_be_told_not_to_wait_and_be_cancelled(kafka, new_daemon):
    stuck = Stuck(kafka, new_daemon)
    for n in range(20):
        stuck.publish(f"u-{n}", 1, large=True)
    stuck.daemon.wait_delivered()
    stuck.repair()
    done = stuck.daemon.cli("dead-letters", "replay", "--all", "--rate", "1", "--no-wait", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["state"] == "running" and json.loads(done.stdout)["total"] == 20
    cancelled = stuck.daemon.cli("dead-letters", "cancel", "1", "--json")
    assert cancelled.returncode == 0 and json.loads(cancelled.stdout)["state"] == "cancelled"
    left = len(stuck.letters("--state", "dead"))
    assert 0 < left == 20 - len(kafka.events(stuck.topic))
    assert stuck.daemon.cli("dead-letters", "replay", "--all").returncode == 0
    assert len(kafka.events(stuck.topic)) == 20


def publish_lines(stuck, users, of_each):
    """For each user one event that is too large, and others behind it."""
    lines = [json.dumps({"type": "user.updated", "id": f"u-{user}-{number}",
                         "data": {"userId": f"u-{user}", "changes": {"number": number, **({"text": "x" * SMALL_BYTES} if number == 1 else {})}}})
             for number in range(1, of_each + 1) for user in range(users)]
    assert stuck.daemon.cli("publish", "--ndjson", "-", input="\n".join(lines)).returncode == 0
    stuck.daemon.wait_delivered(120)
    stuck.daemon.wait_letters("kafka", dead=users, held=users * (of_each - 1))


def test_a_replay_survives_kill_9_and_is_followed_over_the_restart(kafka, new_daemon):
    stuck = Stuck(kafka, new_daemon, partitions=4)
    publish_lines(stuck, users=50, of_each=20)
    stuck.repair()
    follower = subprocess.Popen([BINARY, "dead-letters", "replay", "--all", "--rate", "400"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env={**os.environ, "USER_EVENTS_URL": stuck.daemon.url})
    replay = lambda: json.loads(stuck.daemon.request("GET", "/v1/dead-letters/replays/1")[1])
    try:
        wait_for(lambda: replay().get("delivered", 0) > 200, 60, "the replay is under way")
        stuck.daemon.kill()
        assert "trying again" in follower.stderr.readline()
        stuck.daemon.start(port=stuck.daemon.port)
        out, messages = follower.communicate(timeout=120)
    finally:
        follower.kill()
    assert follower.returncode == 0, messages
    assert out == "replay 1 (kafka) is done: 1,000 of 1,000 delivered, 0 failed again\n"
    stuck.daemon.wait_letters("kafka")
    check_first_deliveries(stuck, users=50, of_each=20)


# ---- copies

def test_a_copy_goes_to_the_dead_letter_topic_and_again_after_a_crash_that_hid_its_acknowledgement(kafka, new_daemon):
    dead = kafka.create_topic(partitions=2)
    with kafka.proxy() as proxy:
        stuck = Stuck(kafka, new_daemon, f'dead_letter_topic = "{dead}"\n', by_proxy=True, look_ms=300_000)  # one request at a time: no other may come first
        stuck.publish("u-1", 1, large=True)
        stuck.daemon.wait_letters("kafka", dead=1)
        copies = lambda: [json.loads(message["payload"])["id"] for message in kafka.consume(dead)]
        wait_for(lambda: copies() == ["u-1-1"], 30, "the first letter's copy")
        proxy.tell("swallow")
        stuck.publish("u-1", 2, large=True)
        stuck.publish("u-2", 1, large=True)
        wait_for(lambda: "u-2-1" in copies(), 30, "the second letter's copy")
        stuck.daemon.kill()
        proxy.tell("pass")
        stuck.daemon.start()
        wait_for(lambda: sorted(copies()) == ["u-1-1", "u-2-1", "u-2-1"], 60, "the copy whose acknowledgement was lost is sent again, the other is not")
        stuck.daemon.wait_letters("kafka", dead=2, held=1)
        assert stuck.daemon.stop() == 0
        stuck.daemon.start()
        stuck.daemon.wait_letters("kafka", dead=2, held=1)
        first, one, other = sorted(kafka.consume(dead), key=lambda message: message["key"])
        assert (one["key"], one["payload"], one["headers"]) == (other["key"], other["payload"], other["headers"]), "a repetition is the same record"
        headers = dict(zip(first["headers"][::2], first["headers"][1::2]))
        assert headers["ce_id"] == "u-1-1" and headers["dead-letter-destination"] == "kafka" and "max.message.bytes" in headers["dead-letter-reason"]


def check_first_deliveries(stuck, users, of_each):
    firsts, payloads = {}, {}
    for message in stuck.kafka.consume(stuck.topic):
        event = json.loads(message["payload"])
        assert payloads.setdefault(event["id"], message["payload"]) == message["payload"], "a repetition has the same bytes"
        numbers = firsts.setdefault(event["subject"], [])
        if event["data"]["changes"]["number"] not in numbers:
            numbers.append(event["data"]["changes"]["number"])
    assert firsts == {f"u-{user}": list(range(1, of_each + 1)) for user in range(users)}


def test_progress_of_a_replay_is_shown_on_a_terminal_only(kafka, new_daemon):
    stuck = Stuck(kafka, new_daemon)
    publish_lines(stuck, users=10, of_each=10)
    stuck.repair()
    ours, theirs = pty.openpty()
    done = subprocess.run([BINARY, "dead-letters", "replay", "--all", "--rate", "50"], stdout=subprocess.PIPE, stderr=theirs, timeout=60, text=True,
                          env={**os.environ, "USER_EVENTS_URL": stuck.daemon.url})
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:  # how Linux says that the other side is closed
        pass
    os.close(ours)
    assert done.returncode == 0 and done.stdout.startswith("replay 1 (kafka) is done: 100 of 100 delivered")
    assert re.search(rb"\d+ of 100 delivered, 0 failed again, \d+ a second", shown) and b"\r" in shown


class FinishesAndIsGone(http.server.BaseHTTPRequestHandler):
    """A daemon that answers a replay with one that is done already, and nothing after it."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(202, {"replays": [{"number": 7, "destination": "kafka", "state": "done", "total": 2, "delivered": 2, "deadAgain": 0, "remaining": 0}]})

    def do_GET(self):
        self.answer(404, {"type": "urn:user-events:problem:no-replay", "detail": "there is no replay 7"})

    def answer(self, status, content):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_a_replay_that_is_done_is_printed_as_it_was_answered_and_not_asked_for_again():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), FinishesAndIsGone) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        done = cli("dead-letters", "replay", "--all", "--json", USER_EVENTS_URL=f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert json.loads(done.stdout) == {"number": 7, "destination": "kafka", "state": "done", "total": 2, "delivered": 2, "deadAgain": 0, "remaining": 0}


# ---- discard

def test_a_discarded_letter_lets_those_behind_it_go_and_is_on_record(stuck):
    done = stuck.daemon.cli("dead-letters", "discard", "1", "--reason", "sent by hand")
    assert (done.returncode, done.stdout) == (0, "1 letter given up; what was held behind goes on\n"), done.stderr
    stuck.daemon.wait_letters("kafka")
    assert stuck.delivered("u-1") == [1, 3, 4]
    assert "sent by hand" in stuck.daemon.log_tail(20_000)
    again = stuck.daemon.cli("dead-letters", "discard", "1", "--reason", "sent by hand")
    assert again.returncode == 1 and "no dead letter" in again.stderr


def test_who_discarded_what_and_why_is_shown_by_the_daemon_and_from_its_directory(stuck):
    daemon = stuck.daemon
    assert daemon.cli("dead-letters", "list", "--discarded").stdout == ""
    assert daemon.cli("dead-letters", "discard", "1", "3", "--reason", "sent by hand\x07").returncode == 0
    record, other = map(json.loads, daemon.cli("dead-letters", "list", "--discarded", "--json").stdout.splitlines())
    assert (record["number"], record["id"], record["sequence"], record["destination"], other["number"]) == (1, "u-1-2", 3, "kafka", 3)
    assert record["reason"] == "sent by hand\x07" and record["by"] == getpass.getuser() and "max.message.bytes" in record["cause"]
    line = daemon.cli("dead-letters", "list", "--discarded", "--cause", "max.message").stdout
    assert re.search(rf"^ +1  \S+Z +3  kafka  user\.updated  u-1-2  given up by {record['by']}: sent by hand\?  \(cause: ", line), line
    assert "--after 1" in daemon.cli("dead-letters", "list", "--discarded", "--limit", "1").stderr
    text = daemon.cli("dead-letters", "show", "1").stdout
    assert re.search(rf"^letter +1 \(discarded\)$.*^given up by +{record['by']}$.*^reason +sent by hand\?$", text, re.MULTILINE | re.DOTALL), text
    assert json.loads(daemon.cli("dead-letters", "show", "1", "--json").stdout) == record
    commands = (["list", "--discarded"], ["list", "--discarded", "--json"], ["show", "1"], ["show", "1", "--json"])
    live = [daemon.cli("dead-letters", *command).stdout for command in commands]
    assert not any("u-1\"" in each for each in live)
    assert daemon.stop() == 0
    assert [cli("dead-letters", *command, "--data-dir", daemon.data_dir).stdout for command in commands] == live


@pytest.mark.parametrize("arguments, word", [
    (["replay"], "--all"), (["replay", "--all", "1"], "--all"), (["discard", "1"], "--reason"), (["discard", "--reason", "x"], "--all"),
    (["discard", "--all", "--reason", ""], "--reason"), (["replay", "0"], "0"), (["replay", "--since", "yesterday"], "--since"),
    (["list", "--state", "deda"], "--state"), (["replay", "--all", "--rate", "0"], "--rate"), (["list", "--type", "*.*"], "--type"), (["show"], "NUMBER"),
    (["discard", "--user", "", "--reason", "x"], "--user"), (["list", "--discarded", "--user", "u-1"], "--user"),
    (["list", "--discarded", "--state", "dead"], "--state"), (["list", "--discarded", "--show-users"], "--show-users")])
def test_letters_are_never_meant_by_accident(arguments, word):
    done = cli("dead-letters", *arguments, USER_EVENTS_URL="http://127.0.0.1:1")
    assert (done.returncode, done.stdout) == (2, "") and word in done.stderr, done.stderr


# ---- destinations

def test_a_paused_destination_gets_nothing_until_it_is_resumed_also_over_a_restart(stuck):
    daemon = stuck.daemon
    assert "is paused" in daemon.cli("destination", "pause", "kafka").stdout
    stuck.publish("u-2", 5)
    assert json.loads(daemon.cli("destination", "list", "--json").stdout)["destinations"][0]["paused"] is True
    assert daemon.stop() == 0
    daemon.start()
    stuck.publish("u-2", 6)
    assert re.search(r"^kafka +kafka +paused +2 waiting", daemon.cli("destination", "list").stdout), daemon.cli("destination", "list").stdout
    assert stuck.delivered("u-2") == [1, 2, 3, 4]
    assert daemon.cli("destination", "resume", "kafka").returncode == 0
    daemon.wait_delivered()
    assert stuck.delivered("u-2") == [1, 2, 3, 4, 5, 6]
    missing = daemon.cli("destination", "pause", "kafak")
    assert missing.returncode == 1 and "kafak" in missing.stderr


def test_a_destination_gets_a_stretch_of_the_journal_again_marked_as_a_replay(kafka, new_daemon):
    stuck = Stuck(kafka, new_daemon)
    for number in (1, 2, 3):
        stuck.publish("u-1", number)
    stuck.daemon.wait_delivered()
    done = stuck.daemon.cli("destination", "replay", "kafka", "--from", "2")
    assert (done.returncode, done.stdout) == (0, "kafka gets numbers 2 to 3 again, marked as replay 1\n"), done.stderr
    stuck.daemon.wait_delivered()
    assert [(event["id"], event.get("replay")) for event in kafka.events(stuck.topic)] == \
        [("u-1-1", None), ("u-1-2", None), ("u-1-3", None), ("u-1-2", "1"), ("u-1-3", "1")]
    since = stuck.daemon.cli("destination", "replay", "kafka", "--since", "2000-01-01T00:00:00Z", "--json")
    assert json.loads(since.stdout) == {"from": 1, "until": 3, "replay": 2}
    beyond = stuck.daemon.cli("destination", "replay", "kafka", "--from", "4711")
    assert beyond.returncode == 1 and "4711" in beyond.stderr
    assert stuck.daemon.cli("destination", "replay", "kafka").returncode == 2


# ---- what the pages say

def test_every_dead_letter_command_has_help_with_examples():
    for group, commands in {"dead-letters": ["list", "show", "replay", "discard", "replays", "cancel"], "destination": ["list", "pause", "resume", "replay"]}.items():
        for command in ([], *([each] for each in commands)):
            done = cli(group, *command, "--help")
            assert done.returncode == 0 and f"user-events {group} " in done.stdout[done.stdout.index("Example"):]


@pytest.mark.parametrize("page", ["http.md", "cli.md"])
def test_the_examples_of_the_page_run_as_they_stand(stuck, page):
    section = (PAGES / page).read_text().split("<!-- dead letters: begin -->")[1].split("<!-- dead letters: end -->")[0]
    script = "\n".join(text for text in re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL))
    assert script.count("\n") > 5
    stuck.repair()
    script = script.replace("http://127.0.0.1:8080", stuck.daemon.url).replace("user-events ", f"'{BINARY}' ")
    done = subprocess.run(["bash", "-eu", "-o", "pipefail"], input=script, capture_output=True, text=True, timeout=120,
                          env={**os.environ, "USER_EVENTS_URL": stuck.daemon.url})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "urn:user-events:problem" not in done.stdout, done.stdout
