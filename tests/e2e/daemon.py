"""A daemon of the binary under test, in a folder of its own."""
import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import time
import typing

BINARY = pathlib.Path(os.environ.get("UE_BINARY") or pathlib.Path(__file__).parents[2] / "build/release/user-events").resolve()
START_SECONDS = 30


class Resources(typing.NamedTuple):
    resident_mib: float
    descriptors: int
    threads: int


class StartFailed(AssertionError):
    pass


class Daemon:
    """`config` is the text of the file, without http.listen and data_dir. start() and stop() may be called again and again."""

    def __init__(self, folder, config=""):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config = self.folder / "user-events.toml"
        self.data_dir = self.folder / "data"
        self.log = self.folder / "daemon.log"
        self.port_file = self.folder / "port"
        self.set_config(config)
        self.process = None
        self.port = None

    def set_config(self, config):
        self.config.write_text(f'data_dir = "{self.data_dir}"\n{config}')

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def launch(self, *arguments, port=0, before=None, **environment):
        """Starts the process without waiting for it. `before` runs in the process before it becomes the daemon."""
        self.port_file.unlink(missing_ok=True)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [BINARY, "serve", "--config", self.config, "--listen", f"127.0.0.1:{port}", "--port-file", self.port_file, *arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, start_new_session=True,
                preexec_fn=before, env={**os.environ, **environment})
        return self

    def start(self, *arguments, port=0):
        self.launch(*arguments, port=port)
        if not self.wait_ready():
            raise StartFailed(f"the daemon ended with {self.process.poll()}; its log ends with:\n{self.log_tail()}")
        return self

    def wait_ready(self, seconds=START_SECONDS):
        """False: it ended, or was killed, before it answered."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                return False
            if self.port_file.exists():
                self.port = int(self.port_file.read_text())
                return True
            time.sleep(0.01)
        raise AssertionError(f"the daemon is not ready after {seconds} s:\n{self.log_tail()}")

    def log_tail(self, size=4000):
        return self.log.read_text(errors="replace")[-size:] if self.log.exists() else ""

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self, seconds=30):
        """SIGTERM; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the daemon did not stop within {seconds} s of SIGTERM:\n{self.log_tail()}")

    def close(self):
        if self.process and self.process.poll() is None:
            self.kill()

    def request(self, method, path, body=None, content_type="application/json", timeout=30):
        """(status, body as text)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, {"Content-Type": content_type} if body is not None else {})
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def publish(self, event_type, data, **more):
        status, body = self.request("POST", "/v1/events", json.dumps({"type": event_type, "data": data, **more}))
        assert status == 202, body
        return json.loads(body)

    def status(self):
        return json.loads(self.request("GET", "/v1/status")[1])

    def destination_status(self, name):
        return next(each for each in self.status()["destinations"] if each["name"] == name)

    def resources(self):
        """What the process holds now."""
        proc = pathlib.Path(f"/proc/{self.process.pid}")
        resident_kib = int(re.search(r"^VmRSS:\s+(\d+)", (proc / "status").read_text(), re.MULTILINE)[1])
        return Resources(resident_kib / 1024, self.open_files(proc / "fd"), len(os.listdir(proc / "task")))

    @staticmethod
    def open_files(folder):
        """Without the indexes of sealed segments: each stays open as long as it is kept."""
        count = 0
        for each in os.listdir(folder):
            try:
                count += not os.readlink(folder / each).endswith(".ids")
            except FileNotFoundError:
                pass        # closed meanwhile
        return count

    def events(self):
        """All events of the journal, as CloudEvents."""
        events, after = [], 0
        while True:
            page = json.loads(self.request("GET", f"/v1/events?after={after}&limit=1000")[1])
            events += page["events"]
            if page["next"] <= after:
                return events
            after = page["next"]

    def wait_delivered(self, seconds=60):
        """Until no destination has anything waiting."""
        deadline = time.monotonic() + seconds
        while True:
            status = self.status()
            if all(each["lagEvents"] == 0 for each in status["destinations"]):
                return status
            if time.monotonic() > deadline:
                raise AssertionError(f"not delivered after {seconds} s: {json.dumps(status, indent=1)}\n{self.log_tail()}")
            time.sleep(0.05)

    def wait_letters(self, destination, **wanted):
        """Until status, which counts them once a second, has exactly these letters: state=count."""
        counts = lambda: {state: count for state, count in self.destination_status(destination)["letters"].items() if state != "oldest" and count}
        wait_for(lambda: counts() == wanted, 30, f"status has {wanted} letters")

    def cli(self, *arguments, input=None, timeout=60, **environment):
        """Runs a client command against this daemon."""
        return cli(*arguments, input=input, timeout=timeout, cwd=self.folder, **{"USER_EVENTS_URL": self.url, **environment})


def wait_for(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.05)


def cli(*arguments, input=None, timeout=60, cwd=None, **environment):
    if isinstance(input, str):
        input = input.encode()
    done = subprocess.run([BINARY, *map(str, arguments)], input=input, stdin=subprocess.DEVNULL if input is None else None, capture_output=True, timeout=timeout,
                          cwd=cwd, env={**os.environ, **environment})
    done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
    return done
