"""The commands, as a person or a script uses them."""
import json
import os
import pty
import re
import subprocess
import time

import pytest

from daemon import BINARY, cli

ADA = {"userId": "u-1", "email": "ada@example.com", "status": "active"}


def events_of(done):
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def mfa(user, **more):
    return json.dumps({"type": "user.mfa.enabled", "data": {"userId": user}, **more})


# ---- publish TYPE

@pytest.mark.parametrize("form", ["argument", "file", "standard input"])
def test_publish_takes_data_from_an_argument_a_file_or_standard_input(daemon, tmp_path, form):
    text = json.dumps(ADA, indent=2)
    (tmp_path / "ada.json").write_text(text)
    data, given = {"argument": (text, None), "file": (f"@{tmp_path}/ada.json", None), "standard input": ("-", text)}[form]
    done = daemon.cli("publish", "user.created", "--data", data, "--id", "signup-1", "--time", "2026-01-02T03:04:05Z", "--version", "1", input=given)
    assert (done.returncode, done.stdout, done.stderr) == (0, "accepted signup-1 as number 1\n", "")
    [event] = daemon.events()
    assert (event["id"], event["type"], event["subject"], event["time"]) == ("signup-1", "user.created", "u-1", "2026-01-02T03:04:05.000Z")
    assert {key: event["data"][key] for key in ADA} == ADA


def test_publish_with_an_id_twice_answers_with_the_first_receipt(daemon):
    first = daemon.cli("publish", "user.mfa.enabled", "--data", '{"userId":"u-1"}', "--id", "a", "--json")
    again = daemon.cli("publish", "user.mfa.enabled", "--data", '{"userId":"u-1"}', "--id", "a", "--json")
    assert json.loads(first.stdout) == {"id": "a", "sequence": 1, "duplicate": False}
    assert json.loads(again.stdout) == {"id": "a", "sequence": 1, "duplicate": True}
    other = daemon.cli("publish", "user.mfa.enabled", "--data", '{"userId":"u-2"}', "--id", "a")
    assert other.returncode == 1 and other.stdout == ""
    assert len(daemon.events()) == 1


def test_publish_says_which_field_is_wrong_and_never_its_value(daemon):
    done = daemon.cli("publish", "user.created", "--data", json.dumps({**ADA, "email": "swordfish"}))
    assert done.returncode == 1 and done.stdout == ""
    assert "/data/email" in done.stderr and "swordfish" not in done.stderr
    unknown = daemon.cli("publish", "user.craeted", "--data", json.dumps(ADA))
    assert unknown.returncode == 1 and "user.created" in unknown.stderr, "the nearest type is named"
    assert daemon.events() == []


@pytest.mark.parametrize("data", ["{", "[]", "1", '{"a":1} x', "@/nonexistent/file"])
def test_publish_refuses_data_that_is_no_object_before_it_asks_anybody(data):
    done = cli("publish", "user.created", "--data", data, USER_EVENTS_URL="http://127.0.0.1:1")
    assert done.returncode in (1, 2) and done.stdout == "" and "no daemon" not in done.stderr


def test_a_type_with_quotes_in_it_stays_a_text(daemon):
    done = daemon.cli("publish", 'user.created","id":"x', "--data", json.dumps(ADA))
    assert done.returncode == 1 and daemon.events() == []


# ---- publish --ndjson

def test_ndjson_lists_failures_by_line_and_publishes_the_others(daemon, tmp_path):
    lines = [mfa("u-1"), "not json", "", mfa("u-2"), json.dumps({"type": "user.created", "data": {"userId": "u-3"}}), mfa("u-4")]
    (tmp_path / "events.ndjson").write_text("\n".join(lines))  # the last line without its end
    done = daemon.cli("publish", "--ndjson", tmp_path / "events.ndjson")
    assert done.returncode == 1
    assert re.fullmatch(r"6 lines: 3 accepted \(0 of them before\), 2 refused, in [\d.]+ s\n", done.stdout)
    failures = done.stderr.splitlines()
    assert failures[0].startswith("line 2: ") and failures[1].startswith("line 5: ") and "/data/email" in failures[1]
    assert [event["subject"] for event in daemon.events()] == ["u-1", "u-2", "u-4"]


def test_ndjson_of_a_hundred_thousand_lines_from_standard_input(daemon):
    count = 100_000
    text = "".join(mfa(f"u-{n % 100}", id=f"e-{n}") + "\n" for n in range(count))
    done = daemon.cli("publish", "--ndjson", "-", "--json", input=text)
    assert done.returncode == 0, done.stderr
    *receipts, summary = map(json.loads, done.stdout.splitlines())
    assert [(each["line"], each["id"]) for each in receipts] == [(n + 1, f"e-{n}") for n in range(count)]
    assert {key: summary["summary"][key] for key in ("lines", "accepted", "duplicates", "rejected")} == \
        {"lines": count, "accepted": count, "duplicates": 0, "rejected": 0}
    again = daemon.cli("publish", "--ndjson", "-", input=text)
    assert "100,000 accepted (100,000 of them before)" in again.stdout
    assert daemon.status()["lastSequence"] == count


def test_ndjson_with_a_line_over_the_limit_refuses_that_line_alone(daemon):
    lines = [mfa("u-1"), mfa("x" * 300_000), mfa("u-2")]
    done = daemon.cli("publish", "--ndjson", "-", input="\n".join(lines) + "\n")
    assert done.returncode == 1 and done.stderr.startswith("line 2: "), done.stderr
    assert [event["subject"] for event in daemon.events()] == ["u-1", "u-2"]


def test_ndjson_of_nothing_is_done_at_once(daemon):
    done = daemon.cli("publish", "--ndjson", "/dev/null")
    assert done.returncode == 0 and done.stdout.startswith("0 lines: 0 accepted")


def live_publish(daemon, **options):
    return subprocess.Popen([BINARY, "publish", "--ndjson", "-", "--json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            env={**os.environ, "USER_EVENTS_URL": daemon.url}, text=True, bufsize=1, **options)


def test_a_live_pipe_is_answered_line_by_line_and_outlives_silence(new_daemon):
    daemon = new_daemon('[http]\nidle_timeout = "6s"\nread_timeout = "6s"\n').start()
    live = live_publish(daemon)
    answered = []
    for pause, user in [(0, "u-1"), (1, "u-2"), (8, "u-3")]:  # the last after more silence than the daemon allows
        time.sleep(pause)
        live.stdin.write(mfa(user) + "\n")
        live.stdin.flush()
        answered.append(json.loads(live.stdout.readline()))
    live.stdin.close()
    summary = json.loads(live.stdout.readline())["summary"]
    assert live.wait(10) == 0, live.stderr.read()
    assert [each["line"] for each in answered] == [1, 2, 3]
    assert (summary["lines"], summary["accepted"]) == (3, 3)
    assert [event["subject"] for event in daemon.events()] == ["u-1", "u-2", "u-3"]


def test_a_stream_that_breaks_off_says_from_which_line_to_go_on(daemon):
    live = live_publish(daemon)
    live.stdin.write(mfa("u-1") + "\n")
    live.stdin.flush()
    assert json.loads(live.stdout.readline())["line"] == 1
    daemon.kill()
    live.stdin.write(mfa("u-2") + "\n")
    live.stdin.close()
    assert live.wait(10) == 1
    messages = live.stderr.read()
    assert "answered up to line 1" in messages and "publish again from line 2" in messages


def test_progress_is_shown_on_a_terminal_only(daemon):
    def publish_slowly(standard_error):
        process = subprocess.Popen([BINARY, "publish", "--ndjson", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=standard_error,
                                   env={**os.environ, "USER_EVENTS_URL": daemon.url}, text=True, bufsize=1)
        process.stdin.write(mfa("u-1") + "\n")
        time.sleep(1)  # five times as long as a progress line stands
        out, messages = process.communicate(mfa("u-2") + "\n", timeout=30)
        assert process.returncode == 0 and out.startswith("2 lines: 2 accepted")
        return messages

    assert publish_slowly(subprocess.PIPE) == ""
    ours, theirs = pty.openpty()
    publish_slowly(theirs)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:  # how Linux says that the other side is closed
        pass
    os.close(ours)
    assert b"1 accepted, 0 refused" in shown and b"\r" in shown


# ---- tail, status, schema

def test_tail_shows_the_newest_and_filters(daemon):
    for n in range(1, 31):
        daemon.publish("user.mfa.enabled" if n % 3 else "user.mfa.disabled", {"userId": f"u-{n % 2}"})
    numbers = lambda *arguments: [int(event["sequence"]) for event in events_of(daemon.cli("tail", "--json", *arguments))]
    assert numbers() == list(range(21, 31))
    assert numbers("--last", "3") == [28, 29, 30]
    assert numbers("--after", "25") == [26, 27, 28, 29, 30]
    assert numbers("--after", "0", "--type", "user.mfa.disabled") == list(range(3, 31, 3))
    assert numbers("--type", "user.mfa.disabled", "--last", "2") == [27, 30]
    assert numbers("--after", "0", "--user", "u-1", "--type", "user.*", "--type", "!user.mfa.disabled") == [n for n in range(1, 31) if n % 3 and n % 2]
    text = daemon.cli("tail", "-n", "1").stdout
    assert re.fullmatch(r" +30  \S+Z  user.mfa.disabled  u-0  \{.*\}\n", text)


def test_tail_reads_more_than_a_page(daemon):
    daemon.cli("publish", "--ndjson", "-", input="".join(mfa(f"u-{n}") + "\n" for n in range(2_500)))
    assert len(daemon.cli("tail", "--after", "0").stdout.splitlines()) == 2_500


def test_tail_follow_goes_on_across_a_restart_of_the_daemon(daemon):
    daemon.publish("user.mfa.enabled", {"userId": "u-1"})
    follower = subprocess.Popen([BINARY, "tail", "--follow", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env={**os.environ, "USER_EVENTS_URL": daemon.url})
    try:
        assert json.loads(follower.stdout.readline())["subject"] == "u-1"
        daemon.publish("user.mfa.enabled", {"userId": "u-2"})
        assert json.loads(follower.stdout.readline())["subject"] == "u-2"
        assert daemon.stop() == 0
        daemon.start(port=daemon.port)
        daemon.publish("user.mfa.enabled", {"userId": "u-3"})
        assert json.loads(follower.stdout.readline())["subject"] == "u-3"
        assert follower.poll() is None
    finally:
        follower.kill()
        follower.communicate()


def test_tail_into_head_ends_quietly(daemon):
    daemon.cli("publish", "--ndjson", "-", input="".join(mfa(f"u-{n}") + "\n" for n in range(5_000)))
    done = subprocess.run(["bash", "-c", f"set -o pipefail; '{BINARY}' tail --after 0 | head -n 1"], capture_output=True, text=True, timeout=30,
                          env={**os.environ, "USER_EVENTS_URL": daemon.url})
    assert done.returncode == 0 and done.stderr == "" and len(done.stdout.splitlines()) == 1


def test_output_that_cannot_be_written_is_a_failure(daemon):
    daemon.publish("user.mfa.enabled", {"userId": "u-1"})
    with open("/dev/full", "wb") as full:
        done = subprocess.run([BINARY, "tail"], stdout=full, stderr=subprocess.PIPE, text=True, env={**os.environ, "USER_EVENTS_URL": daemon.url})
    assert done.returncode == 1 and "standard output" in done.stderr


def test_tail_does_not_let_data_command_the_terminal(daemon):
    daemon.publish("user.updated", {"userId": "u-1", "changes": {"name": "\x1b[2J\x9b31m\x7f"}})
    shown = daemon.cli("tail").stdout
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", shown)


def test_status_and_tail_read_the_data_directory_when_the_daemon_is_down(daemon):
    daemon.publish("user.mfa.enabled", {"userId": "u-1"})
    live, tail = daemon.status(), daemon.cli("tail", "--json").stdout
    in_use = cli("status", "--data-dir", daemon.data_dir)
    assert in_use.returncode == 1 and "leave out --data-dir" in in_use.stderr
    assert daemon.stop() == 0
    down = json.loads(cli("status", "--data-dir", daemon.data_dir, "--json").stdout)
    assert (down["journalId"], down["lastSequence"]) == (live["journalId"], 1)
    assert cli("tail", "--data-dir", daemon.data_dir, "--json").stdout == tail
    assert "no daemon" in cli("status", "--data-dir", daemon.data_dir).stdout
    again = daemon.start().status()
    assert (again["journalId"], again["lastSequence"]) == (live["journalId"], 1)


def test_a_data_directory_that_is_not_there_is_not_made(tmp_path):
    for command in ("status", "tail"):
        done = cli(command, "--data-dir", tmp_path / "typo")
        assert done.returncode == 1 and done.stdout == "" and "typo" in done.stderr
    assert not (tmp_path / "typo").exists()


def test_status_tells_a_person_and_a_machine(daemon):
    daemon.publish("user.mfa.enabled", {"userId": "u-1"})
    assert re.search(r"accepting events\n.*events +numbers 1 to 1\n.*1 accepted", daemon.cli("status").stdout, re.S)
    assert json.loads(daemon.cli("status", "--json").stdout)["accepted"] == 1


def test_schemas_can_be_listed_and_shown(daemon):
    listed = daemon.cli("schema", "list").stdout
    assert len(listed.splitlines()) == 19 and re.search(r"^user\.created +1  ", listed, re.M)
    assert len(json.loads(daemon.cli("schema", "list", "--json").stdout)["schemas"]) == 19
    shown = json.loads(daemon.cli("schema", "show", "user.created", "--version", "1").stdout)
    assert "email" in shown["properties"]
    missing = daemon.cli("schema", "show", "user.nothing")
    assert missing.returncode == 1 and missing.stdout == ""


# ---- configuration and usage

def test_config_check_reports_every_error_with_its_line(tmp_path):
    (tmp_path / "bad.toml").write_text('datadir = "x"\n[http]\nread_timeout = "30 parsecs"\nlisten = "0.0.0.0:8080"\n[[destination]]\nname = "k"\nkind = "kafak"\n')
    done = cli("config", "check", "--config", tmp_path / "bad.toml")
    assert done.returncode == 2 and done.stdout == ""
    assert "bad.toml:1: datadir is not a known key; did you mean data_dir?" in done.stderr
    assert "bad.toml:3: http.read_timeout is not a duration" in done.stderr
    assert 'did you mean "kafka"?' in done.stderr
    (tmp_path / "open.toml").write_text('[http]\nlisten = "0.0.0.0:8080"\n')
    assert cli("config", "check", "--config", tmp_path / "open.toml").returncode == 2
    (tmp_path / "good.toml").write_text('[[destination]]\nname = "k"\nkind = "kafka"\ntopic = "t"\nkafka."bootstrap.servers" = "127.0.0.1:9"\n')
    good = cli("config", "check", "--config", tmp_path / "good.toml")
    assert (good.returncode, good.stderr) == (0, "") and "no errors, 1 destination" in good.stdout


def test_config_check_and_serve_refuse_a_dead_letter_topic_alike(tmp_path):
    file = tmp_path / "bad.toml"
    file.write_text(f'data_dir = "{tmp_path}/data"\n[[destination]]\nname = "f"\nkind = "file"\ntopic = "{tmp_path}/events"\ndead_letter_topic = "dead"\n')
    checked, served = cli("config", "check", "--config", file), cli("serve", "--config", file, "--listen", "127.0.0.1:0")
    assert checked.returncode == served.returncode == 2 and checked.stderr == served.stderr and checked.stdout == ""
    assert "bad.toml:6: dead_letter_topic is not for a file destination (leave it out)" in checked.stderr


def test_config_show_is_a_whole_configuration_without_secrets(tmp_path):
    (tmp_path / "password").write_text("swordfish\n")
    (tmp_path / "user-events.toml").write_text(
        '[[destination]]\nname = "k"\nkind = "kafka"\ntopic = "t"\nkafka."bootstrap.servers" = "127.0.0.1:9"\n'
        f'kafka."sasl.username" = "ada"\nkafka."sasl.password_file" = "{tmp_path}/password"\nkafka."ssl.key.password" = "swordfish"\n')
    done = cli("config", "show", cwd=tmp_path)  # the default file of the working directory
    assert done.returncode == 0, done.stderr
    assert "swordfish" not in done.stdout and "<redacted>" in done.stdout and f'kafka."sasl.password_file" = "{tmp_path}/password"' in done.stdout
    (tmp_path / "shown.toml").write_text(done.stdout)
    assert cli("config", "check", "--config", tmp_path / "shown.toml").returncode == 0


@pytest.mark.parametrize("arguments, word", [
    ([], "serve"), (["bogus"], "bogus"), (["stauts"], "status"), (["publish"], "TYPE"), (["config", "shw"], "show"), (["tail", "--bogus"], "--bogus"),
    (["serve", "--config", "/nonexistent.toml"], "/nonexistent.toml"), (["serve", "--listen", "nowhere"], "--listen"), (["tail", "--last", "0"], "--last"),
    (["status", "--token-file", "/nonexistent"], "--token-file"), (["publish", "--ndjson", "/nonexistent"], "/nonexistent"),
    (["tail", "--follow", "--data-dir", "."], "--follow")])
def test_wrong_usage_is_exit_status_2_and_names_what_is_wrong(arguments, word, tmp_path):
    done = cli(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "") and word in done.stderr


def test_help_and_version():
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", cli("--version").stdout)
    for command in ["serve", "publish", "tail", "status", "dead-letters", "destination", "schema", "config"]:
        done = cli(command, "--help")
        assert done.returncode == 0 and "Example" in done.stdout and done.stderr == ""


def test_a_client_without_a_daemon_says_what_to_do():
    for command in (["status"], ["tail"], ["tail", "--follow"], ["schema", "list"], ["dead-letters", "list"], ["dead-letters", "replay", "--all"],
                    ["destination", "list"], ["publish", "user.mfa.enabled", "--data", '{"userId":"u-1"}']):
        done = cli(*command, USER_EVENTS_URL="http://127.0.0.1:1")
        assert done.returncode == 1 and done.stdout == "" and "127.0.0.1:1" in done.stderr and "user-events serve" in done.stderr
    assert cli("status", USER_EVENTS_URL="ftp://127.0.0.1").returncode == 2


def test_the_token_goes_into_a_header_and_nowhere_else(tmp_path):
    import http.server
    import threading
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append((self.path, self.headers["Authorization"]))
            self.send_response(401)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (tmp_path / "token").write_text("swordfish\n")
    url = f"http://127.0.0.1:{server.server_port}"
    by_file = cli("status", "--token-file", tmp_path / "token", USER_EVENTS_URL=url)
    by_environment = cli("status", USER_EVENTS_URL=url, USER_EVENTS_TOKEN="swordfish")
    without = cli("status", USER_EVENTS_URL=url)
    server.shutdown()
    server.server_close()
    assert seen == [("/v1/status", "Bearer swordfish")] * 2 + [("/v1/status", None)]
    for done in (by_file, by_environment, without):
        assert done.returncode == 1 and "swordfish" not in done.stdout + done.stderr
