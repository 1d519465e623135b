"""Real brokers that restart, stand still, lose acknowledgements or crawl, under load. The load is the observer: it knows what was
acknowledged to it, and in which order for each user. Whatever happens: nothing acknowledged is missing from the broker, the dead letters and
what is pending; first deliveries per user are in order; what is repeated has the same id and bytes; the books balance; the daemon does not grow.

UE_SEED replays the load's shape and the moments (not the scheduler); UE_LONG=1 is the long counts."""
import json
import time

import pytest

from conftest import IS_LONG, SEED
from daemon import wait_for
from load import Load, check_topic

RESTARTS = 50 if IS_LONG else 3
STILL_SECONDS = 45 if IS_LONG else 8    # the time-outs are lowered to 3 s and less
CUTS = 50 if IS_LONG else 5
BACKLOG_EVENTS = 1_000_000 if IS_LONG else 200_000

# Beyond what the daemon held once it had been through the first fault. What may wait in memory is lowered, so that the first fault fills it (and
# many segments are sealed): what still grows afterwards has no bound.
MORE_MIB, MORE_DESCRIPTORS, MORE_THREADS = 32, 6, 2
SMALL_JOURNAL = '[journal]\nsegment_bytes = "16MiB"\n'
SMALL_WINDOW = "window_events = 10000\n"


@pytest.fixture(params=["kafka", "rabbitmq"])
def broker(request):
    print(f"seed {SEED}")
    return request.getfixturevalue(request.param)


class Everything:
    """Holds every id: any event may be repeated."""

    def __contains__(self, _):
        return True


class Held:
    """What the daemon holds over a campaign."""

    def __init__(self, daemon):
        self.daemon, self.samples = daemon, []

    def sample(self):
        self.samples.append(self.daemon.resources())

    def check(self):
        first, most = self.samples[0], [max(each) for each in zip(*self.samples)]
        print(f"resident {first.resident_mib:.0f} → at most {most[0]:.0f} MiB, descriptors {first.descriptors} → {most[1]}, threads {first.threads} → {most[2]}")
        print("MiB: " + " ".join(f"{each.resident_mib:.0f}" for each in self.samples))
        last = self.samples[-1]
        assert last.resident_mib <= first.resident_mib + MORE_MIB, self.samples
        assert last.descriptors <= first.descriptors + MORE_DESCRIPTORS, self.samples
        assert last.threads <= first.threads + MORE_THREADS, self.samples


def is_wanted(event, types):
    """As a destination's `types` would have it, for whole names and `user.*`."""
    return types is None or (("user.*" in types or event.type in types) and "!" + event.type not in types)


def finish(daemon, load, destinations):
    """`destinations`: name → (broker, place, types). Everything is delivered, and the books balance."""
    load.finish()
    daemon.wait_delivered(300)
    load.check_answers()
    assert len(load.acknowledged) > 100, "a campaign on an idle daemon proves nothing"
    for name, (broker, place, types) in destinations.items():
        wanted = [event for event in load.acknowledged if is_wanted(event, types)]
        status = daemon.destination_status(name)
        assert status["deadLetters"] == 0, "an outage is no event's fault"
        assert status["delivered"] + status["deadLetters"] + status["lagEvents"] == len(wanted), (status, len(wanted))
        repeats = check_topic(broker.consume(place), wanted, may_repeat=Everything() if broker.REPEATS else ())
        print(f"{name}: {len(wanted)} events, {repeats} repeated, {status['retries']} retries, {status['inDoubt']} in doubt")


def wait_delivered_more(daemon, name, seconds=90):
    before = daemon.destination_status(name)["delivered"]
    wait_for(lambda: daemon.destination_status(name)["delivered"] > before, seconds, "deliveries go on")


def test_a_broker_that_restarts_under_load_loses_and_reorders_nothing(broker, new_daemon, rng):
    place = broker.create_place()
    daemon = new_daemon(SMALL_JOURNAL + broker.destination(place, "b", SMALL_WINDOW)).start()
    load, held = Load(rng, pause=0.01), Held(daemon)
    load.start(daemon.port, 0)
    try:
        for number in range(RESTARTS):
            time.sleep(0.5 + rng.random())
            broker.stop(kill=number % 2 == 1)
            broker.start()
            wait_delivered_more(daemon, "b")
            held.sample()
    finally:
        broker.start()
        load.stop_asked.set()
    finish(daemon, load, {"b": (broker, place, None)})
    held.sample()
    held.check()
    print(f"{RESTARTS} restarts")


def test_a_broker_that_stands_still_past_every_time_out_gets_everything_afterwards(broker, new_daemon, rng):
    place = broker.create_place()
    daemon = new_daemon(SMALL_JOURNAL + broker.destination(place, "b", broker.IMPATIENT + SMALL_WINDOW)).start()
    load, held = Load(rng, pause=0.01), Held(daemon)
    load.start(daemon.port, 0)
    try:
        wait_delivered_more(daemon, "b")
        for _ in range(2):
            broker.pause()
            acknowledged = len(load.acknowledged)
            time.sleep(STILL_SECONDS)
            broker.resume()
            assert len(load.acknowledged) > acknowledged + 100, "publishing goes on"
            wait_delivered_more(daemon, "b")
            held.sample()
    finally:
        broker.resume()
        load.stop_asked.set()
    finish(daemon, load, {"b": (broker, place, None)})
    held.sample()
    held.check()


def test_connections_cut_in_the_middle_of_acknowledgements_lose_and_reorder_nothing(broker, new_daemon, rng):
    place = broker.create_place()
    daemon = new_daemon(SMALL_JOURNAL + broker.destination(place, "b", SMALL_WINDOW, by_proxy=True)).start()
    load, held = Load(rng, pause=0.01), Held(daemon)
    with broker.proxy() as proxy:
        load.start(daemon.port, 0)
        try:
            for _ in range(CUTS):
                wait_delivered_more(daemon, "b")
                before = proxy.swallowed()
                proxy.tell("swallow")
                wait_for(lambda: proxy.swallowed() > before, 30, "an acknowledgement is lost")
                time.sleep(rng.random() * 0.2)
                proxy.tell("cut")
                time.sleep(rng.random() * 0.2)
                proxy.tell("pass")
                held.sample()
            wait_delivered_more(daemon, "b")
        finally:
            proxy.tell("pass")
            load.stop_asked.set()
        finish(daemon, load, {"b": (broker, place, None)})
    held.sample()
    held.check()
    print(f"{CUTS} cuts")


def test_several_destinations_each_get_what_their_filters_let_through(kafka, rabbitmq, new_daemon, rng):
    print(f"seed {SEED}")
    filters = {"updates": (kafka, ["user.updated"]), "rest": (kafka, ["user.*", "!user.updated"]), "all": (rabbitmq, ["user.*"]),
               "enabled": (rabbitmq, ["user.mfa.enabled"])}
    places = {name: (broker, broker.create_place(), types) for name, (broker, types) in filters.items()}
    config = "".join(broker.destination(place, name, f"types = {json.dumps(types)}") for name, (broker, place, types) in places.items())
    daemon = new_daemon(config).start()
    load = Load(rng, pause=0.01, types=("user.updated", "user.mfa.enabled", "user.mfa.disabled"))
    load.start(daemon.port, 0)
    try:
        time.sleep(2)
        kafka.stop(kill=True)
        kafka.start()
        for name in filters:
            wait_delivered_more(daemon, name)
    finally:
        kafka.start()
        load.stop_asked.set()
    finish(daemon, load, places)


def backlog_rate(daemon, config, name):
    """Accepts BACKLOG_EVENTS without any destination, then measures how many a second that one gets of them."""
    daemon.set_config("")
    daemon.start()
    for first in range(0, BACKLOG_EVENTS, 10_000):
        events = [{"type": "user.updated", "data": {"userId": f"u-{n % 1000}", "changes": {"number": n}}} for n in range(first, first + 10_000)]
        status, answer = daemon.request("POST", "/v1/events", json.dumps(events), timeout=120)
        assert status == 202, answer[-500:]
    daemon.stop()
    daemon.set_config(config)
    daemon.start()
    delivered = lambda: daemon.destination_status(name)["delivered"]
    wait_for(delivered, 60, "delivery begins")
    begin, before = time.monotonic(), delivered()
    wait_for(lambda: delivered() == BACKLOG_EVENTS, 300, "the backlog is delivered")
    return (BACKLOG_EVENTS - before) / (time.monotonic() - begin)


def test_a_crawling_and_a_dead_destination_hinder_no_other(kafka, new_daemon):
    """The ratio is a figure, not a check: other work on the machine moves it, and a broker gets faster as it warms up (so alone is measured
    before and after)."""

    def rate_alone(name):
        daemon = new_daemon(name=name)
        rate = backlog_rate(daemon, kafka.destination(kafka.create_place(), "fast"), "fast")
        daemon.stop()
        return rate

    before = rate_alone("before")
    # About one message a second: a message alone in its request, and little more bytes than that through the proxy.
    crawling = kafka.destination(kafka.create_place(), "slow", 'kafka."batch.num.messages" = "1"\nkafka."linger.ms" = "0"\n', by_proxy=True)
    dead = '[[destination]]\nname = "dead"\nkind = "kafka"\ntopic = "t"\nkafka."bootstrap.servers" = "127.0.0.1:1"\n'
    daemon = new_daemon(name="with others")
    with kafka.proxy() as proxy:
        proxy.tell("rate 700")
        beside = backlog_rate(daemon, kafka.destination(kafka.create_place(), "fast") + crawling + dead, "fast")
        wait_delivered_more(daemon, "slow", 60)
        assert 0 < daemon.destination_status("slow")["delivered"] < BACKLOG_EVENTS / 10, "it does crawl"
        assert daemon.destination_status("dead")["delivered"] == 0
        assert daemon.stop(seconds=40) == 0
    alone = (before + rate_alone("after")) / 2
    print(f"{BACKLOG_EVENTS} events: alone {alone:.0f}/s, beside a crawling and a dead one {beside:.0f}/s: {beside / alone:.2f} of it")
