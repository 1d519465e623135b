"""One long life of a daemon at several brokers, with failures, dead letters, a kill, debug logging and the command line: personal data is found nowhere."""
import json
import pathlib
import signal
import subprocess

from canary import CANARY, canaries, canaries_in, every_event
from daemon import BINARY, wait_for
from test_audit import indexed
from test_sealing import private_file

SECRETS = {"master key": "7f" * 32, "webhook secret": "whsec_" + "Y2FuYXJ5" * 4, "token": "canary-token-7f3a-canary-token-7f3a"}
HIDDEN = '{others = "token", free-text = "omit", address = "omit"}'


def bad_input(daemon):
    """What is wrong in each way holds canaries, too; the answers."""
    good = {"userId": CANARY["user"], "email": CANARY["email"], "username": CANARY["name"], "status": "active"}
    bodies = [{"type": "user.created", "data": {**good, "email": 7, "status": None}},
              {"type": "user.loggedin", "data": {"userId": CANARY["user"], "ipAddress": CANARY["text"], "userAgent": CANARY["agent"]}},
              {"type": "user.address.added", "data": {"userId": CANARY["user"], "addressId": 1, "address": {"street": CANARY["street"]}}},
              {"type": "user.created", "data": good, "time": CANARY["text"]}]
    texts = [json.dumps(body) for body in bodies] + [json.dumps(bodies[0])[:-3], json.dumps(good)]
    for text in texts:
        status, answer = daemon.request("POST", "/v1/events", text)
        assert 400 <= status < 500, (status, text)
        yield answer
        yield daemon.request("GET", f"/v1/events?user={CANARY['user']}&limit=nonsense")[1]
    # Who sent them is told which names are unknown; nobody else is.
    for body in ({"type": "user.created", "data": {**good, CANARY["email"]: 1}}, {"type": CANARY["email"], "data": good}):
        assert daemon.request("POST", "/v1/events", json.dumps(body))[0] == 422


def command_line(daemon, number):
    """What people look at; each command's output, what the process list shows of it is what they typed."""
    for arguments in (["status"], ["status", "--json"], ["dead-letters", "list"], ["dead-letters", "list", "--json"], ["keys", "list"],
                      ["config", "show", "--config", daemon.config], ["config", "check", "--config", daemon.config], ["destination", "list"],
                      ["audit", "search", "--limit", "1000"], ["audit", "search", "--limit", "1000", "--json"], ["audit", "hold", "list"],
                      ["dead-letters", "discard", str(number), "--reason", "seen"]):
        done = daemon.cli(*arguments)
        assert done.returncode == 0, (arguments, done.stderr)
        yield done.stdout + done.stderr
    bad = daemon.cli("publish", "user.created", "--data", json.dumps({"userId": CANARY["user"], "email": 7}))
    assert bad.returncode == 1
    yield bad.stdout + bad.stderr


def test_personal_data_and_secrets_are_found_nowhere_that_the_policy_does_not_allow(kafka, rabbitmq, receiver, new_daemon, tmp_path):
    (tmp_path / "keystore").mkdir()
    master = private_file(tmp_path / "master.key", SECRETS["master key"] + "\n")
    secret = private_file(tmp_path / "hook.secret", SECRETS["webhook secret"])
    receiver.know(SECRETS["webhook secret"])
    receiver.make_place("hook", "503\n400\n503 body=100\n204")
    topics = {form: kafka.create_topic() for form in ("cloudevents-binary", "plain")}
    place = rabbitmq.create_place()
    tables = [kafka.destination(topic, f"kafka-{form}", f'format = "{form}"\nprivacy = {HIDDEN}', by_proxy=form == "plain") for form, topic in topics.items()]
    tables.append(rabbitmq.destination(place, more=f"privacy = {HIDDEN}"))
    tables.append(f'[[destination]]\nname = "hook"\nkind = "webhook"\nprivacy = {HIDDEN}\nurl = "http://127.0.0.1:{receiver.port}/hook"\n'
                  f'secret_file = "{secret}"\nallow_http = true\nallow_private_networks = true\nretry = {{initial = "50ms", max = "200ms"}}\n')
    tables.append(f'[[destination]]\nname = "allowed"\nkind = "file"\npath = "{tmp_path}/allowed.ndjson"\n')
    daemon = new_daemon("\n".join(['log.level = "debug"', f'[privacy]\nmaster_key.file = "{master}"\nkey_store = "{tmp_path}/keystore/keys.db"', *tables]))
    seen = []
    with kafka.proxy() as proxy:
        daemon.start()
        assert daemon.cli("audit", "index", "on").returncode == 0
        sent = every_event()
        for kind, data in sent[:9]:
            daemon.publish(kind, data)
        seen += bad_input(daemon)
        wait_for(lambda: daemon.destination_status("hook")["letters"]["dead"] >= 1, 30, "the hook refuses one")
        proxy.tell("cut")
        daemon.publish("user.mfa.enabled", {"userId": CANARY["user"]})
        daemon.kill()
        seen += [str(found) for found in canaries_in(daemon.data_dir)]
        daemon.start()
        proxy.tell("pass")
        for kind, data in sent[9:]:
            daemon.publish(kind, data)
        letters = [json.loads(line) for line in daemon.cli("dead-letters", "list", "--json").stdout.splitlines()]
        seen += command_line(daemon, letters[0]["number"])
        seen += [json.dumps(letters), daemon.request("GET", "/metrics")[1], daemon.request("GET", "/v1/status")[1], daemon.request("GET", "/asyncapi.json")[1]]
        seen += [pathlib.Path(f"/proc/{daemon.process.pid}/{name}").read_text().replace("\0", " ") for name in ("cmdline", "environ")]
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_delivered()
        seen.append(json.dumps(indexed(daemon)))
        assert daemon.stop() == 0
    exported = subprocess.run([BINARY, "audit", "export", "--data-dir", daemon.data_dir], capture_output=True, text=True, timeout=60)
    assert exported.returncode == 0
    seen.append(exported.stdout)
    seen.append(daemon.log.read_text())

    # Everything arrived, and where it may be read it can be: else this would find nothing anywhere.
    allowed = (tmp_path / "allowed.ndjson").read_text()
    assert canaries(allowed) == set(CANARY) and len(allowed.splitlines()) >= len(sent)
    received = [json.dumps(kafka.consume(topic)) for topic in topics.values()]
    received += [json.dumps(rabbitmq.consume(place)), json.dumps(receiver.received("hook"))]
    for content in received:
        assert content.count("user.mfa.disabled") >= 1
    for content in seen + received:
        assert canaries(content) == set(), content[:2000]
        assert not [name for name, text in SECRETS.items() if text in content], content[:2000]
    assert canaries_in(daemon.data_dir) == []
    assert canaries_in(tmp_path / "keystore") == []
