"""A TLS endpoint in front of a service that speaks plain HTTP: certificates of both sides, and credentials, are its affair. Keeps what was asked."""
import http.client
import http.server
import ssl
import threading


class TlsServer(http.server.ThreadingHTTPServer):
    """Serves at once, on a free port of the loopback interface. `client_ca` demands certificates of clients that it signed."""
    daemon_threads = True

    def __init__(self, handler, certificate, key, client_ca=None):
        super().__init__(("127.0.0.1", 0), handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        if client_ca:
            context.maximum_version = ssl.TLSVersion.TLSv1_2    # in 1.3 the client learns only later that it is refused, if at all
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(client_ca)
        # The handshake happens where the connection is served, so that one that hangs holds up nobody.
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, address):
        pass        # a handshake that fails is what tests want


class HttpsFront:
    """`certificate` and `key` are its own; `client_ca` demands certificates of clients that it signed; `authorization` is what the header must be."""

    def __init__(self, target_port, certificate, key, client_ca=None, authorization=None):
        self.requests = []      # (method, path)
        front = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self):
                front.requests.append((self.command, self.path))
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if authorization and self.headers.get("Authorization") != authorization:
                    return self.answer(401, b'{"error_code":401,"message":"no"}')
                connection = http.client.HTTPConnection("127.0.0.1", target_port, timeout=30)
                connection.request(self.command, self.path, body or None, {"Content-Type": self.headers.get("Content-Type") or "application/json"})
                response = connection.getresponse()
                self.answer(response.status, response.read())
                connection.close()

            def answer(self, status, body):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = pass_on

            def log_message(self, *arguments):
                pass

        self.server = TlsServer(Handler, certificate, key, client_ca)
        self.port = self.server.server_address[1]

    def close(self):
        self.server.shutdown()
        self.server.server_close()
