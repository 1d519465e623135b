import os
import random
import subprocess

import pytest

from aws_emulator import Moto
from daemon import BINARY, Daemon
from kafka import Kafka
from rabbitmq import RabbitMq
from receiver import Receiver
from registry import Registry

SEED = int(os.environ.get("UE_SEED") or random.SystemRandom().randrange(1 << 32))
IS_LONG = os.environ.get("UE_LONG") == "1"


def pytest_report_header():
    return [f"binary under test: {BINARY}", f"seed: {SEED} (UE_SEED={SEED} replays it)"]


@pytest.fixture(scope="session", autouse=True)
def binary():
    assert BINARY.exists(), f"{BINARY} is not built (cmake --build --preset release --target user-events), or name another with UE_BINARY"
    return BINARY


@pytest.fixture
def rng():
    return random.Random(SEED)


@pytest.fixture
def new_daemon(tmp_path):
    """Makes daemons that end with the test."""
    made = []

    def make(config="", name="daemon"):
        made.append(Daemon(tmp_path / name, config))
        return made[-1]

    yield make
    for daemon in made:
        daemon.close()


@pytest.fixture
def daemon(new_daemon):
    """A running daemon without destinations."""
    return new_daemon().start()


@pytest.fixture
def receiver(tmp_path):
    """A receiver of webhooks."""
    receiver = Receiver(tmp_path / "receiver")
    receiver.folder.mkdir()
    try:
        yield receiver.start()
    finally:
        receiver.stop()


def session_broker(kind):
    """The session's broker. Whoever stops it starts it again."""

    @pytest.fixture(scope="session", name=kind.__name__.lower())
    def fixture(tmp_path_factory):
        broker = kind(tmp_path_factory.mktemp(kind.__name__.lower()))
        try:
            yield broker.start()
        finally:
            broker.stop()

    return fixture


kafka = session_broker(Kafka)
rabbitmq = session_broker(RabbitMq)
registry = session_broker(Registry)
moto = session_broker(Moto)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 MiB. Needs root."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder], capture_output=True, text=True)
    assert mounted.returncode == 0, f"a small tmpfs is needed to fill a disk, and cannot be mounted: {mounted.stderr}"
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)
