"""kill -9 at random moments under load. What was acknowledged is in the topic, each user's events in order, and nothing twice.

UE_SEED replays the moments and the load's shape (not the scheduler); UE_LONG=1 is 200 kills instead of 20."""
import os
import pathlib
import time

import pytest

from conftest import IS_LONG, SEED
from daemon import BINARY
from load import Load, check_topic

KILLS = 200 if IS_LONG else 20
BROKER_DOWN_EVERY = 5       # of so many rounds, one has the broker down
LONGEST_LIFE_SECONDS = 1.5


@pytest.fixture
def slow_disk():
    """Environment of a daemon whose writes come late: what is acknowledged before it is written has time to be lost."""
    library = pathlib.Path(os.environ.get("UE_SLOW_DISK") or BINARY.parent / "tests/e2e/libue_slow_disk.so")
    assert library.exists(), f"{library} is not built"
    return {"LD_PRELOAD": str(library)}


def test_kill_campaign(kafka, new_daemon, slow_disk, rng):
    print(f"seed {SEED}, {KILLS} kills")
    topic = kafka.create_topic(partitions=4)
    daemon = new_daemon(kafka.destination(topic))
    load = Load(rng)
    early = busy = 0
    try:
        for round_number in range(KILLS):
            # One in five falls into the start itself; there the broker stays up, since nothing would be under way.
            kill_after = rng.uniform(0, 0.15) if rng.random() < 0.2 else rng.uniform(0.15, LONGEST_LIFE_SECONDS)
            is_broker_down = round_number % BROKER_DOWN_EVERY == BROKER_DOWN_EVERY - 1
            if is_broker_down:
                kafka.stop(kill=rng.random() < 0.5)
            daemon.launch(**(slow_disk if rng.random() < 0.5 else {}))
            born = time.monotonic()
            ready = False
            while time.monotonic() - born < kill_after:
                if not ready and daemon.port_file.exists():
                    ready = daemon.wait_ready()
                    load.start(daemon.port, round_number)
                assert daemon.process.poll() is None, f"the daemon ended by itself (seed {SEED}, round {round_number}):\n{daemon.log_tail()}"
                time.sleep(0.002)
            daemon.kill()
            load.join()
            if is_broker_down:
                kafka.start()
            early += not ready
            busy += ready and any(each.pending for each in load.publishers)
        daemon.start()
        load.start(daemon.port, KILLS)
        time.sleep(0.5)
        load.finish()
        daemon.wait_delivered(120)
    finally:
        load.join()
        kafka.start()
    load.check_answers()
    acknowledged = load.acknowledged
    print(f"{KILLS} kills: {early} during the start, {busy} with requests under way; {len(acknowledged)} events, {load.repeats} answered as accepted before")
    repeats = check_topic(kafka.consume(topic), acknowledged)
    assert repeats == 0
    # The journal tells the same story as the topic.
    assert {event["id"]: int(event["sequence"]) for event in daemon.events()} == {event.id: event.sequence for event in acknowledged}
    # A campaign that kills an idle daemon proves nothing.
    assert busy >= KILLS // 3 and len(acknowledged) > KILLS * 50 and load.repeats > 0
