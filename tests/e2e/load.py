"""Publishers that know what they were promised, and what must then be in the topic."""
import collections
import http.client
import json
import random
import threading
import time

USERS_PER_PUBLISHER = 5
ANSWER_SECONDS = 20


class Event:
    __slots__ = ("id", "type", "user", "number", "sequence", "round")

    def __init__(self, id, type, user, number):
        self.id, self.type, self.user, self.number, self.sequence, self.round = id, type, user, number, None, None

    def data(self):
        return {"userId": self.user, **({"changes": {"number": self.number}} if self.type == "user.updated" else {})}

    def json(self):
        return {"type": self.type, "id": self.id, "data": self.data()}


class Publisher:
    """One client with users of its own. It goes on to the next events only when those before are acknowledged; after a lost answer it
    asks again with the same ids, as a client should. So each user's events are accepted in the order of their numbers."""

    def __init__(self, index, rng, pause, types):
        self.index, self.rng, self.pause, self.types = index, rng, pause, types
        self.count = 0
        self.numbers = collections.Counter()
        self.pending = []        # sent and not acknowledged
        self.acknowledged = []
        self.repeats = 0         # answers that said "accepted before"
        self.wrong = []          # what no daemon may answer

    def next_events(self):
        events = []
        for _ in range(self.rng.choice([1, 1, 1, 5, 20])):
            user = f"u-{self.index}-{self.rng.randrange(USERS_PER_PUBLISHER)}"
            self.numbers[user] += 1
            self.count += 1
            events.append(Event(f"p{self.index}-{self.count}", self.rng.choice(self.types), user, self.numbers[user]))
        return events

    def run(self, port, round_number, stop):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
        try:
            while self.pending or not stop.is_set():
                if not self.pending:
                    self.pending = self.next_events()
                taken = self.publish_pending(connection, round_number)
                time.sleep(self.pause if taken else 0.01)
        except (OSError, http.client.HTTPException):
            pass  # the daemon is gone; what is pending is asked again in the next round
        finally:
            connection.close()

    def publish_pending(self, connection, round_number):
        is_stream = len(self.pending) > 1 and self.rng.random() < 0.3
        bodies = [event.json() for event in self.pending]
        if is_stream:
            body, content_type = "".join(json.dumps(each) + "\n" for each in bodies), "application/x-ndjson"
        else:
            body, content_type = json.dumps(bodies if len(bodies) > 1 else bodies[0]), "application/json"
        connection.request("POST", "/v1/events", body, {"Content-Type": content_type})
        response = connection.getresponse()
        if response.status == 503:
            response.read()
            return False
        if is_stream:
            # Line by line: what is answered before the daemon dies is promised.
            while line := response.readline():
                if not line.endswith(b"\n"):
                    break
                answer = json.loads(line)
                if "summary" in answer:
                    response.read()
                    break
                if "id" in answer:
                    self.take(answer, round_number)
                elif answer["problem"]["status"] != 503:
                    self.wrong.append(answer)
        else:
            answers = json.loads(response.read())
            if response.status != 202:
                self.wrong.append(answers)
                return False
            for answer in answers if isinstance(answers, list) else [answers]:
                self.take(answer, round_number)
        self.pending = [event for event in self.pending if event.sequence is None]
        return True

    def take(self, answer, round_number):
        event = next((each for each in self.pending if each.id == answer["id"]), None)
        if event is None or event.sequence is not None:
            self.wrong.append({"answered without being asked": answer})
            return
        event.sequence, event.round = answer["sequence"], round_number
        self.repeats += answer["duplicate"]
        self.acknowledged.append(event)


class Load:
    """`pause` seconds after each request; without one it is as much as Python can. `types`: of user.updated and those whose data is a
    user's id alone."""

    def __init__(self, rng, publishers=4, pause=0.0, types=("user.updated",)):
        self.publishers = [Publisher(n, random.Random(rng.random()), pause, types) for n in range(publishers)]
        self.threads = []

    def start(self, port, round_number):
        self.stop_asked = threading.Event()
        self.threads = [threading.Thread(target=each.run, args=(port, round_number, self.stop_asked)) for each in self.publishers]
        for thread in self.threads:
            thread.start()

    def finish(self):
        """What was begun is brought to its end."""
        self.stop_asked.set()
        self.join()
        assert not any(each.pending for each in self.publishers), "the daemon left before the load had finished"

    def join(self):
        for thread in self.threads:
            thread.join(ANSWER_SECONDS * 2)
            assert not thread.is_alive(), "a request hangs"
        self.threads = []

    @property
    def acknowledged(self):
        return [event for each in self.publishers for event in each.acknowledged]

    @property
    def repeats(self):
        return sum(each.repeats for each in self.publishers)

    def check_answers(self):
        for each in self.publishers:
            assert not each.wrong, f"answers that may not be: {each.wrong[:3]}"


def check_topic(messages, acknowledged, may_repeat=(), elsewhere=()):
    """Every acknowledged event is there (or its id is in `elsewhere`: dead letters, pending), with its number and content, once (or repeated
    with the same bytes where `may_repeat` holds its id), and each user's events come in order. Returns the number of repeats."""
    published = {event.id: event for event in acknowledged}
    copies = collections.defaultdict(list)
    order = collections.defaultdict(list)   # user → numbers of first deliveries
    partitions = collections.defaultdict(set)
    for message in messages:
        delivered = json.loads(message["payload"])
        event = published.get(delivered["id"])
        assert event, f"nobody published {delivered['id']}"
        assert message["key"] == event.user
        partitions[event.user].add(message["partition"])
        if event.id not in copies:
            order[event.user].append((event.number, event.sequence))
            assert int(delivered["sequence"]) == event.sequence, f"{event.id} was acknowledged with number {event.sequence}, delivered with {delivered['sequence']}"
            assert delivered["type"] == event.type and event.data().items() <= delivered["data"].items(), f"{event.id} has other content"
        copies[event.id].append(message["payload"])
    lost = [id for id in published if id not in copies and id not in elsewhere]
    assert not lost, f"{len(lost)} of {len(acknowledged)} acknowledged events are not in the topic: {lost[:5]}"
    for user, delivered in order.items():
        assert len(partitions[user]) == 1, f"{user} is in several partitions"
        numbers = [number for number, _ in delivered]
        assert numbers == sorted(numbers), f"{user}: out of order at {next(n for n, m in zip(numbers, numbers[1:]) if n > m)}"
        assert [sequence for _, sequence in delivered] == sorted(sequence for _, sequence in delivered)
    repeated = {id: len(each) - 1 for id, each in copies.items() if len(each) > 1}
    for id in repeated:
        assert len(set(copies[id])) == 1, f"{id} was repeated with other bytes"
    unexpected = [id for id in repeated if id not in may_repeat]
    assert not unexpected, f"{len(unexpected)} events are in the topic more than once: {sorted(unexpected)[:5]}"
    return sum(repeated.values())
