"""A daemon whose master key stays in a key service."""
import json
import urllib.request

import pytest

from broker import Broker
from daemon import StartFailed


class Moto(Broker):
    KIND = "moto"


@pytest.fixture(scope="module")
def moto(tmp_path_factory):
    broker = Moto(tmp_path_factory.mktemp("moto"))
    try:
        yield broker.start()
    finally:
        broker.stop()


def make_key(moto):
    request = urllib.request.Request(f"http://127.0.0.1:{moto.port}/", b"{}", {
        "X-Amz-Target": "TrentService.CreateKey", "Content-Type": "application/x-amz-json-1.1",
        "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/kms/aws4_request, SignedHeaders=host, Signature=0"})
    return json.load(urllib.request.urlopen(request, timeout=30))["KeyMetadata"]["Arn"]


def test_events_are_sealed_under_a_key_that_never_leaves_the_service(moto, new_daemon, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-aws-secret")
    key = make_key(moto)
    daemon = new_daemon(f'[privacy]\nmaster_key.aws_kms = "{key}"\nmaster_key.aws_endpoint = "http://127.0.0.1:{moto.port}"\n').start()
    daemon.publish("user.created", {"userId": "u-1", "email": "ada@example.com", "status": "active"})
    for what in ("epoch", "master"):
        done = daemon.cli("keys", "rotate", what)
        assert done.returncode == 0, done.stderr
    assert "aws-kms-" in daemon.cli("keys", "list").stdout
    assert daemon.stop() == 0
    daemon.start()
    assert daemon.events()[0]["data"]["email"] == "ada@example.com"
    daemon.stop()
    moto.stop()
    with pytest.raises(StartFailed) as failed:
        daemon.start()
    assert "master key" in str(failed.value) and "canary-aws-secret" not in daemon.log.read_text()
    for path in daemon.data_dir.rglob("*"):
        assert not path.is_file() or b"ada@example.com" not in path.read_bytes()
