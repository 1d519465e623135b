"""A receiver of Standard Webhooks: checks the signature, keeps what came, answers as it is told.

    webhook_receiver.py DIR PORT

Each path is a place, /NAME. Files of DIR:
  place-NAME      the place exists; without it the answer is 404
  secrets         whsec_… lines; a request that none of them signed is answered with 401
  script-NAME     one line an answer, the last one for ever; without it 204. A line is a status and words:
                  header:NAME=VALUE, date-in=SECONDS (a Retry-After as date), delay=SECONDS, body=BYTES, close=before, close=middle
  received-NAME   written: a JSON line {"headers", "body", "status", "connection"} for each request to the place, before it is answered
  server.pem, server.key   speaks TLS; with client_ca.pem only to clients with a certificate of that authority
"""
import base64
import email.utils
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import ssl
import sys
import threading
import time

FOLDER = pathlib.Path(sys.argv[1])
LARGEST_BODY = 20_000
lock = threading.Lock()
requests_of = {}  # place → how many


def is_signed(headers, body):
    signed = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body])
    given = headers["webhook-signature"].split(" ")
    for secret in (FOLDER / "secrets").read_text().split():
        mac = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
        if any(hmac.compare_digest("v1," + base64.b64encode(mac).decode(), one) for one in given):
            return abs(time.time() - int(headers["webhook-timestamp"])) < 300
    return False


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer_for(self, place, headers, body):
        """The line of the script, or what is wrong with the request."""
        if not (FOLDER / f"place-{place}").exists():
            return "404"
        if not is_signed(headers, body):
            return "401"
        if len(body) > LARGEST_BODY:
            return "413"
        if b'"type":"audit.unknown"' in body:
            return "422"
        with lock:
            number = requests_of[place] = requests_of.get(place, 0) + 1
        script = FOLDER / f"script-{place}"
        lines = script.read_text().splitlines() if script.exists() else ["204"]
        return lines[min(number, len(lines)) - 1]

    def do_POST(self):
        place = self.path.split("?")[0].lstrip("/")
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        status, *words = self.answer_for(place, headers, body).split()
        line = json.dumps({"headers": headers, "body": body.decode(), "status": int(status), "connection": self.client_address[1]})
        with lock, open(FOLDER / f"received-{place}", "ab", buffering=0) as file:
            file.write(line.encode() + b"\n")
        options = dict(word.split("=", 1) for word in words)
        time.sleep(float(options.get("delay", 0)))
        if options.get("close") == "before":
            self.close_connection = True
            return
        self.send_response_only(int(status))
        size = int(options.get("body", 0))
        if status != "204":
            self.send_header("Content-Length", str(size + (options.get("close") == "middle")))
        if "date-in" in options:
            self.send_header("Retry-After", email.utils.formatdate(time.time() + float(options["date-in"]), usegmt=True))
        for name, value in options.items():
            if name.startswith("header:"):
                self.send_header(name.removeprefix("header:"), value)
        self.end_headers()
        self.close_connection = self.close_connection or "close" in options
        try:
            self.wfile.write(b"secret-of-the-answer"[:size] + b"x" * max(size - 20, 0))
        except OSError:  # the client has read enough
            self.close_connection = True


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = True

    def handle_error(self, request, client_address):
        print(f"{client_address}: {sys.exc_info()[1]!r}", flush=True)


server = Server(("127.0.0.1", int(sys.argv[2])), Handler)
if (FOLDER / "server.pem").exists():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FOLDER / "server.pem", FOLDER / "server.key")
    if (FOLDER / "client_ca.pem").exists():
        context.load_verify_locations(FOLDER / "client_ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
os.chdir("/")
print("ready", flush=True)
server.serve_forever()
