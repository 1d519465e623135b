"""Very many dead letters replayed while the daemon is killed again and again. Nothing that was acknowledged to the publisher is missing, first
deliveries of each user are in order, what is repeated has the same id and bytes, and the replay comes to its end by itself.

UE_SEED replays the moments (not the scheduler); UE_LONG=1 is 100,000 letters."""
import collections
import json
import time

from conftest import IS_LONG, SEED
from daemon import wait_for
from load import Event, check_topic

LETTERS = 100_000 if IS_LONG else 3_000
USERS = 1_000 if IS_LONG else 100
KILLS = 5
RATE = 0 if IS_LONG else 1_000      # a short replay must last for five kills
REFUSED_BYTES, ENOUGH_BYTES = 100, 1_000_000


def publish(daemon):
    """Acknowledged events: of each user as many as of any other, mixed."""
    events = [Event(f"e-{n}", "user.updated", f"u-{n % USERS}", n // USERS + 1) for n in range(LETTERS)]
    for first in range(0, LETTERS, 5_000):
        batch = events[first:first + 5_000]
        status, answer = daemon.request("POST", "/v1/events", json.dumps([event.json() for event in batch]), timeout=120)
        assert status == 202, answer[-500:]
        for event, receipt in zip(batch, json.loads(answer)):
            event.sequence = receipt["sequence"]
    return events


def replay(daemon):
    return json.loads(daemon.request("GET", "/v1/dead-letters/replays/1", timeout=60)[1])


def test_dead_letters_are_replayed_over_kills(kafka, new_daemon, rng):
    print(f"seed {SEED}, {LETTERS} letters of {USERS} users, {KILLS} kills")
    topic = kafka.create_topic(partitions=4, max_message_bytes=REFUSED_BYTES)
    more = f'oversize = "dead-letter"\nmax_held_events = {LETTERS + 1}\n'
    daemon = new_daemon(kafka.destination(topic, more=more)).start()
    events = publish(daemon)
    begin = time.monotonic()
    daemon.wait_delivered(600)
    daemon.wait_letters("kafka", dead=USERS, held=LETTERS - USERS)
    print(f"stored as letters in {time.monotonic() - begin:.0f} s")
    assert daemon.stop() == 0
    kafka.alter_topic(topic, max_message_bytes=ENOUGH_BYTES)
    daemon.start()

    status, answer = daemon.request("POST", "/v1/dead-letters/replay", json.dumps({"all": True, "rate": RATE, "by": "campaign"}), timeout=120)
    assert status == 202 and json.loads(answer)["replays"][0]["total"] == LETTERS, answer
    begin, seen = time.monotonic(), []
    # The moments are places in the replay: one in each of as many stretches as there are kills.
    for place in ((number + rng.random()) * LETTERS * 0.9 / KILLS for number in range(KILLS)):
        wait_for(lambda: replay(daemon)["delivered"] >= place, 600, f"{place:.0f} letters are delivered")
        seen.append(replay(daemon)["delivered"])
        daemon.kill()
        daemon.start()
    assert replay(daemon)["remaining"] > 0 and replay(daemon)["state"] == "running", "the last kill hit a replay under way"
    wait_for(lambda: replay(daemon)["state"] != "running", 900, "the replay comes to its end")
    end = replay(daemon)
    print(f"{LETTERS} letters replayed in {time.monotonic() - begin:.0f} s, killed at {seen}")
    assert (end["state"], end["delivered"], end["deadAgain"], end["remaining"]) == ("done", LETTERS, 0, 0), end
    daemon.wait_letters("kafka")
    repeats = check_topic(kafka.consume(topic), events, may_repeat={event.id for event in events})
    print(f"{repeats} of them were delivered more than once, with the same bytes")
    # The users go on, in order.
    numbers = collections.Counter()
    for event in events:
        numbers[event.user] = max(numbers[event.user], event.number)
    after = [Event(f"after-{user}", "user.updated", user, number + 1) for user, number in numbers.items()]
    for event in after:
        event.sequence = daemon.publish(event.type, event.data(), id=event.id)["sequence"]
    daemon.wait_delivered()
    check_topic(kafka.consume(topic), events + after, may_repeat={event.id for event in events})
