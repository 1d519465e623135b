"""A real Kafka through tests/brokers/kafka, and kcat as the consumer that knows nothing of this project."""
import json
import pathlib
import subprocess
import uuid

SCRIPT = pathlib.Path(__file__).parents[1] / "brokers/kafka"


class Kafka:
    def __init__(self, folder):
        self.folder = folder
        self.port = None

    def start(self):
        self.port = int(subprocess.run([SCRIPT, "start", self.folder], check=True, capture_output=True, text=True, timeout=120).stdout)
        return self

    def stop(self, kill=False):
        subprocess.run([SCRIPT, "stop", self.folder, *(["--kill"] if kill else [])], check=True, timeout=60)

    @property
    def bootstrap(self):
        return f"127.0.0.1:{self.port}"

    def create_topic(self, partitions=4, name=None):
        name = name or f"events-{uuid.uuid4().hex[:12]}"
        subprocess.run([SCRIPT, "topic", self.folder, "create", name, str(partitions)], check=True, timeout=60)
        return name

    def destination(self, topic, name="kafka", more=""):
        """A [[destination]] table."""
        return (f'[[destination]]\nname = "{name}"\nkind = "kafka"\ntopic = "{topic}"\n'
                f'retry = {{initial = "50ms", max = "500ms"}}\nkafka."bootstrap.servers" = "{self.bootstrap}"\n{more}\n')

    def consume(self, topic):
        """Every message, as kcat tells it (topic, partition, offset, key, headers, payload), in the order of each partition."""
        done = subprocess.run(["kcat", "-b", self.bootstrap, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-J"],
                              check=True, capture_output=True, timeout=300)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def events(self, topic):
        """The payloads of structured-mode CloudEvents, in the order of each partition."""
        return [json.loads(message["payload"]) for message in self.consume(topic)]
