"""A real RabbitMQ through tests/brokers/rabbitmq, and pika as the consumer that knows nothing of this project."""
import json
import uuid

import pika

from broker import Broker
from proxy import Proxy, free_port


class RabbitMq(Broker):
    KIND = "rabbitmq"
    REPEATS = True      # what was in doubt is sent again
    IMPATIENT = 'heartbeat = "1s"\nconnect_timeout = "2s"\n'

    def __init__(self, folder):
        super().__init__(folder)
        self.proxy_port = free_port()
        self.taken = {}     # place → what was consumed

    def proxy(self):
        return Proxy(self.port, self.proxy_port)

    def connect(self):
        return pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", self.port, socket_timeout=30))

    def create_place(self):
        """A topic exchange, and a quorum queue of the same name that gets everything."""
        place = f"events-{uuid.uuid4().hex[:12]}"
        with self.connect() as connection:
            channel = connection.channel()
            channel.exchange_declare(place, "topic", durable=True)
            channel.queue_declare(place, durable=True, arguments={"x-queue-type": "quorum"})
            channel.queue_bind(place, place, "#")
        return place

    def destination(self, place, name="rabbitmq", more="", by_proxy=False):
        return (f'[[destination]]\nname = "{name}"\nkind = "rabbitmq"\ntopic = "{place}"\nreconnect_max = "500ms"\n'
                f'retry = {{initial = "50ms", max = "500ms"}}\nhosts = "127.0.0.1:{self.proxy_port if by_proxy else self.port}"\n{more}\n')

    def consume(self, place):
        """Every message, in the order of the queue, what earlier calls returned included; in the shape of Kafka.consume."""
        taken = self.taken.setdefault(place, [])
        with self.connect() as connection:
            channel = connection.channel()
            for method, _, body in channel.consume(place, inactivity_timeout=2):
                if method is None:
                    break
                payload = body.decode()
                taken.append({"key": json.loads(payload)["partitionkey"], "partition": 0, "payload": payload})
                channel.basic_ack(method.delivery_tag)
        return taken
