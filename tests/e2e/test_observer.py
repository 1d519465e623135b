"""That the observer of the campaigns notices what they are about."""
import json
import random

import pytest

from load import Event, check_topic


@pytest.fixture
def acknowledged():
    events = [Event(f"e-{n}", "user.updated", f"u-{n % 3}", n) for n in range(1, 31)]
    random.Random(1).shuffle(events)
    for sequence, event in enumerate(sorted(events, key=lambda each: each.number), 1):
        event.sequence = sequence
    return events


@pytest.fixture
def messages(acknowledged):
    return [{"key": event.user, "partition": 0,
             "payload": json.dumps({"id": event.id, "type": event.type, "sequence": f"{event.sequence:020}", "data": event.data()})}
            for event in sorted(acknowledged, key=lambda each: each.sequence)]


def test_what_is_right_passes(messages, acknowledged):
    assert check_topic(messages, acknowledged) == 0
    assert check_topic(messages + messages[:2], acknowledged, may_repeat={"e-1", "e-2"}) == 2
    assert check_topic(messages[1:], acknowledged, elsewhere={"e-1"}) == 0


def changed(message, **members):
    return {**message, "payload": json.dumps({**json.loads(message["payload"]), **members})}


@pytest.mark.parametrize("defect, message", [
    (lambda all: all[:7] + all[8:], "not in the topic"),
    (lambda all: [all[3]] + all[:3] + all[4:], "out of order"),
    (lambda all: all + all[:1], "more than once"),
    (lambda all: all + [changed(all[1], extra=1)], "other bytes"),
    (lambda all: [changed(all[0], sequence="7")] + all[1:], "was acknowledged with number"),
    (lambda all: [changed(all[0], data={"userId": "u-1", "changes": {"number": 9}})] + all[1:], "other content"),
    (lambda all: all + [changed(all[0], id="e-99")], "nobody published"),
    (lambda all: [{**all[0], "partition": 1}] + all[1:], "several partitions"),
])
def test_what_is_wrong_is_noticed(messages, acknowledged, defect, message):
    with pytest.raises(AssertionError, match=message):
        check_topic(defect(messages), acknowledged, may_repeat={"e-2"})
