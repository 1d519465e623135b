"""A registry behind TLS: whose certificate is believed, and who may ask it."""
import base64
import json

import pytest

from certificates import Authority
from daemon import cli, wait_for
from https_front import HttpsFront

SECRET = "swordfish-do-not-show"
LOGIN = {"userId": "u-1", "ipAddress": "192.0.2.7", "userAgent": "test"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("stranger"), "another authority")


@pytest.fixture
def new_front(registry, authority):
    """A front of the registry, with a certificate for this address unless others are given."""
    made = []

    def make(signed=None, **more):
        made.append(HttpsFront(registry.port, *(signed or authority.sign("server", "/CN=registry", "IP:127.0.0.1")), **more))
        return made[-1]

    yield make
    for front in made:
        front.close()


def config_of(port, topic="t", **settings):
    """A destination that nothing is sent to, but whose registry is asked by commands."""
    settings = {"url": f"https://127.0.0.1:{port}/apis/ccompat/v7", "subject": "topic-record", **settings}
    lines = "".join(f"registry.{key} = {json.dumps(str(value) if not isinstance(value, bool) else value)}\n" for key, value in settings.items())
    return f'[[destination]]\nname = "kafka"\nkind = "kafka"\ntopic = "{topic}"\ntypes = ["user.role.*"]\nkafka."bootstrap.servers" = "127.0.0.1:1"\n{lines}'


def register(folder, config, *arguments):
    (folder / "user-events.toml").write_text(config)
    done = cli("schema", "register", "--json", *arguments, cwd=folder)
    assert SECRET not in done.stdout + done.stderr
    return done


@pytest.mark.parametrize("authentication, authorization", [
    ({"user": "ada", "password": SECRET}, "Basic " + base64.b64encode(f"ada:{SECRET}".encode()).decode()), ({"token": SECRET}, f"Bearer {SECRET}")])
def test_schemas_are_registered_under_a_private_authority_with_a_client_certificate_and_credentials(
        new_front, registry, authority, tmp_path, authentication, authorization):
    certificate, key = authority.sign("client", "/CN=user-events")
    front = new_front(client_ca=authority.certificate, authorization=authorization)
    tls = {"tls_ca_file": authority.certificate, "tls_cert_file": certificate, "tls_key_file": key}
    topic = tmp_path.name
    done = register(tmp_path, config_of(front.port, topic, **tls, **authentication))
    assert done.returncode == 0, done.stderr
    subjects = [row["subject"] for row in json.loads(done.stdout)]
    assert subjects == [f"{topic}-user.role.assigned", f"{topic}-user.role.removed"] and set(subjects) <= set(registry.request("GET", "/subjects")[1])
    paths = [f"/apis/ccompat/v7/subjects/{subject}{end}" for subject in subjects for end in ("", "/versions")]
    assert front.requests == [("POST", path) for path in paths], "each schema is looked up once and registered once"

    wrong = {name: "wrong" if name != "user" else value for name, value in authentication.items()}
    refused = register(tmp_path, config_of(front.port, topic, **tls, **wrong))
    assert refused.returncode != 0 and "refuses these credentials (status 401)" in refused.stderr and "registry.user" in refused.stderr, refused.stderr
    stranger_to_it = register(tmp_path, config_of(front.port, topic, tls_ca_file=authority.certificate, **authentication))
    assert stranger_to_it.returncode != 0 and "alert" in stranger_to_it.stderr and "registry.tls_cert_file" in stranger_to_it.stderr, stranger_to_it.stderr


def test_a_certificate_of_an_authority_that_is_not_known_is_refused(new_front, authority, stranger, tmp_path):
    front = new_front()
    for ca in ({}, {"tls_ca_file": stranger.certificate}):
        done = register(tmp_path, config_of(front.port, token=SECRET, **ca))
        assert done.returncode != 0 and done.stdout == ""
        assert "certificate" in done.stderr and "registry.tls_ca_file" in done.stderr and f"https://127.0.0.1:{front.port}" in done.stderr, done.stderr
    assert front.requests == [], "no byte of a request leaves before the certificate is believed"


def test_a_certificate_for_another_host_is_refused(new_front, authority, tmp_path):
    front = new_front(signed=authority.sign("other", "/CN=registry", "IP:127.0.0.2,DNS:registry.example"))
    done = register(tmp_path, config_of(front.port, tls_ca_file=authority.certificate, token=SECRET))
    assert done.returncode != 0 and "127.0.0.1" in done.stderr and "name" in done.stderr and "registry.url" in done.stderr, done.stderr
    assert front.requests == []


@pytest.mark.parametrize("name", ["tls_ca_file", "tls_cert_file"])
def test_a_file_that_is_not_there_is_named(new_front, authority, tmp_path, name):
    front = new_front()
    _, key = authority.sign("client", "/CN=user-events")
    settings = {"tls_ca_file": authority.certificate, **({"tls_key_file": key} if name == "tls_cert_file" else {}), name: tmp_path / "nowhere.pem"}
    done = register(tmp_path, config_of(front.port, **settings))
    assert done.returncode != 0 and (name == "tls_cert_file" or "nowhere.pem" in done.stderr) and "registry" in done.stderr, done.stderr
    assert front.requests == []


def test_events_wait_until_the_registry_is_believed(kafka, new_front, authority, new_daemon):
    front = new_front()
    topic = kafka.create_topic()
    registry = f'registry = {{url = "https://127.0.0.1:{front.port}/apis/ccompat/v7", register = true, subject = "topic-record"'
    daemon = new_daemon(kafka.destination(topic, more=registry + "}\n")).start()
    daemon.publish("user.loggedin", LOGIN)
    wait_for(lambda: "registry.tls_ca_file" in daemon.destination_status("kafka")["detail"], 30, "status says what to do")
    assert front.requests == [] and kafka.consume(topic) == []
    assert daemon.stop() == 0
    daemon.set_config(kafka.destination(topic, more=f'{registry}, tls_ca_file = "{authority.certificate}"}}\n'))
    daemon.start().wait_delivered()
    assert len(kafka.consume(topic)) == 1 and len(front.requests) == 2
