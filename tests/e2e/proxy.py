"""tests/brokers/tcp_proxy: a TCP proxy that loses, cuts and slows down as it is told."""
import pathlib
import random
import socket
import subprocess

SCRIPT = pathlib.Path(__file__).parents[1] / "brokers/tcp_proxy"


def free_port():
    """Below the range the kernel gives to outgoing connections: what is stopped and started again gets it back."""
    low = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for _ in range(200):
        port = random.SystemRandom().randrange(10000, low)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass
    raise AssertionError("no free port")


class Proxy:
    def __init__(self, target, port=0):
        self.process = subprocess.Popen([SCRIPT, str(target), str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.port = int(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(10)

    def tell(self, command):
        self.process.stdin.write(command + "\n")
        answer = self.process.stdout.readline().strip()
        assert answer == "ok", f"{command}: {answer}"

    def swallowed(self):
        """Bytes of answers that were lost by now."""
        self.process.stdin.write("stat\n")
        return int(self.process.stdout.readline())
