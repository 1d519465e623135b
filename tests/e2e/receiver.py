"""The receiver of webhooks in tests/brokers/webhook."""
import json

from broker import Broker


class Receiver(Broker):
    KIND = "webhook"

    def make_place(self, name, answers=None):
        if answers:
            (self.folder / f"script-{name}").write_text(answers)
        (self.folder / f"place-{name}").touch()

    def know(self, *secrets):
        (self.folder / "secrets").write_text("\n".join(secrets))

    def received(self, name):
        file = self.folder / f"received-{name}"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
