"""A real broker that a script of tests/brokers starts, stops and kills."""
import os
import pathlib
import signal
import subprocess


class Broker:
    KIND = None         # the script's name

    def __init__(self, folder):
        self.script = pathlib.Path(__file__).parents[1] / "brokers" / self.KIND
        self.folder = pathlib.Path(folder)
        self.port = None

    def start(self):
        self.port = int(subprocess.run([self.script, "start", self.folder], check=True, capture_output=True, text=True, timeout=120).stdout)
        return self

    def stop(self, kill=False):
        subprocess.run([self.script, "stop", self.folder, *(["--kill"] if kill else [])], check=True, timeout=60)

    def pause(self):
        self.signal(signal.SIGSTOP)

    def resume(self):
        self.signal(signal.SIGCONT)

    def signal(self, number):
        os.kill(int((self.folder / "pid").read_text()), number)
