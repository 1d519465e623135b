"""A daemon whose master key stays in a key service."""
import pytest

from daemon import StartFailed


def test_events_are_sealed_under_a_key_that_never_leaves_the_service(moto, new_daemon, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-aws-secret")
    key = moto.make_kms_key()
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
