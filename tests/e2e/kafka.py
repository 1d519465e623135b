"""A real Kafka through tests/brokers/kafka, and kcat and Confluent's client as the consumers that know nothing of this project."""
import json
import subprocess
import uuid

from confluent_kafka import Consumer

from broker import Broker
from proxy import Proxy, free_port


def pairs(settings):
    return [f"{name.replace('_', '.')}={value}" for name, value in settings.items()]


class Kafka(Broker):
    KIND = "kafka"
    REPEATS = False     # after a restart it is found out what the topic has
    IMPATIENT = 'kafka."socket.timeout.ms" = "3000"\nkafka."request.timeout.ms" = "2000"\n'

    def __init__(self, folder):
        super().__init__(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        # A second listener that tells its clients the proxy's address.
        self.proxied_port, self.proxy_port = free_port(), free_port()
        (self.folder / "extra.properties").write_text(
            f"listeners=PLAINTEXT://127.0.0.1:@PORT@,PROXIED://127.0.0.1:{self.proxied_port},CONTROLLER://127.0.0.1:@CONTROLLER_PORT@\n"
            f"advertised.listeners=PLAINTEXT://127.0.0.1:@PORT@,PROXIED://127.0.0.1:{self.proxy_port}\n"
            "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT\n")

    def proxy(self):
        """A proxy before this broker, for destinations with `by_proxy`. One at a time."""
        return Proxy(self.proxied_port, self.proxy_port)

    @property
    def bootstrap(self):
        return f"127.0.0.1:{self.port}"

    def create_topic(self, partitions=4, name=None, **settings):
        """`settings` with _ for . in their names."""
        name = name or f"events-{uuid.uuid4().hex[:12]}"
        subprocess.run([self.script, "topic", self.folder, "create", name, str(partitions), *pairs(settings)], check=True, timeout=60)
        return name

    def alter_topic(self, name, **settings):
        subprocess.run([self.script, "alter", self.folder, name, *pairs(settings)], check=True, timeout=60)

    create_place = create_topic

    def destination(self, topic, name="kafka", more="", by_proxy=False):
        """A [[destination]] table."""
        address = f"127.0.0.1:{self.proxy_port}" if by_proxy else self.bootstrap
        return (f'[[destination]]\nname = "{name}"\nkind = "kafka"\ntopic = "{topic}"\n'
                f'retry = {{initial = "50ms", max = "500ms"}}\nkafka."bootstrap.servers" = "{address}"\n{more}\n')

    def consume(self, topic):
        """Every message, as kcat tells it (topic, partition, offset, key, headers, payload), in the order of each partition."""
        done = subprocess.run(["kcat", "-b", self.bootstrap, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-J"],
                              check=True, capture_output=True, timeout=300)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def messages(self, topic, count):
        """The first `count` messages, as Confluent's client gives them: with bodies that are no text."""
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": uuid.uuid4().hex, "auto.offset.reset": "earliest"})
        consumer.subscribe([topic])
        messages = []
        try:
            while len(messages) < count:
                message = consumer.poll(30)
                assert message is not None, f"{len(messages)} of {count} messages"
                assert not message.error(), message.error()
                messages.append(message)
        finally:
            consumer.close()
        return messages

    def events(self, topic):
        """The payloads of structured-mode CloudEvents, in the order of each partition."""
        return [json.loads(message["payload"]) for message in self.consume(topic)]
