"""Security event tokens, pushed over HTTP (RFC 8935), verified by jwcrypto and PyJWT, which know nothing of this project."""
import hashlib
import http.server
import json
import re
import subprocess
import threading

import jwt
import pytest
from jwcrypto import jwk
from jwcrypto import jwt as jwcrypto_jwt

from daemon import cli, wait_for
from pages import DOCS

ISSUER, AUDIENCE = "https://idp.example.com", "https://receiver.example.com"
CAEP, RISC = "https://schemas.openid.net/secevent/caep/event-type/", "https://schemas.openid.net/secevent/risc/event-type/"


class Receiver(http.server.ThreadingHTTPServer):
    """Takes tokens. `answers`: what it says before it takes, each (status, body)."""

    def __init__(self, jwks):
        self.jwks, self.tokens, self.requests, self.answers = jwks, [], [], []
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def judge(self, headers, token):
        """By the rules of RFC 8935, 2: (status, body)."""
        if headers["Authorization"] != "Bearer let-me-in":
            return 400, {"err": "authentication_failed", "description": "who are you?"}
        if headers["Content-Type"] != "application/secevent+jwt" or headers["Accept"] != "application/json" or headers["jws-signature"]:
            return 400, {"err": "invalid_request", "description": "the request is not one of RFC 8935"}
        verified = jwcrypto_jwt.JWT(jwt=token, key=jwk.JWKSet.from_json(json.dumps(self.jwks())), algs=["EdDSA"],
                                    check_claims={"iss": ISSUER, "aud": AUDIENCE, "jti": None, "iat": None})
        assert json.loads(verified.header)["typ"] == "secevent+jwt"
        self.tokens.append(json.loads(verified.claims))
        return 202, None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        token = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.requests.append(token)
        status, body = self.server.answers.pop(0) if self.server.answers else self.server.judge(self.headers, token)
        body = json.dumps(body).encode() if body else b""
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def config(tmp_path, port, more=""):
    if not (tmp_path / "key.pem").exists():
        subprocess.run(["bash", "-c", "umask 077; openssl genpkey -algorithm ed25519 -out key.pem; echo 'Bearer let-me-in' > authorization"], check=True, cwd=tmp_path)
    return (f'[[signing_key]]\nname = "2026-11"\nalgorithm = "EdDSA"\nfile = "{tmp_path}/key.pem"\n'
            f'[[destination]]\nname = "partner"\nkind = "webhook"\nurl = "http://127.0.0.1:{port}/events"\nallow_http = true\nallow_private_networks = true\n'
            f'headers.Authorization_file = "{tmp_path}/authorization"\nretry = {{initial = "50ms", max = "200ms"}}\nformat = "set"\nsign = "2026-11"\nset.issuer = "{ISSUER}"\nset.audience = "{AUDIENCE}"\n'
            f'set.disabled = ["suspended"]\nset.enabled = ["active"]\nset.purged = ["deleted"]\n{more}')


@pytest.fixture
def partner(new_daemon, tmp_path):
    """(daemon, receiver)"""
    daemon = new_daemon()
    receiver = Receiver(lambda: json.loads(daemon.request("GET", "/.well-known/jwks.json")[1]))
    daemon.set_config(config(tmp_path, receiver.server_address[1]))
    yield daemon.start(), receiver
    receiver.shutdown()
    receiver.server_close()


def token_id(daemon, event):
    """What the page says of `jti`."""
    source = json.loads(daemon.request("GET", f"/v1/events/{event}")[1])["source"]
    return f"{event}.{hashlib.sha256(source.encode()).hexdigest()[:16]}"


def status_of(daemon):
    return daemon.destination_status("partner")


def test_events_with_a_counterpart_are_pushed_as_tokens_and_the_others_are_passed_over(partner):
    daemon, receiver = partner
    user = {"userId": "u-1"}
    at = "2026-11-24T09:00:00.250Z"
    published = [
        ("user.created", {**user, "email": "ada@example.com", "status": "active"}, None),
        ("user.password.changed", user, CAEP + "credential-change"),
        ("user.mfa.enabled", {**user, "mfaType": "totp"}, CAEP + "credential-change"),
        ("user.mfa.disabled", {**user, "mfaType": "webauthn"}, CAEP + "credential-change"),
        ("user.loggedin", {**user, "ipAddress": "192.0.2.7", "userAgent": "Firefox"}, CAEP + "session-established"),
        ("user.login.failed", {"email": "ada@example.com", "ipAddress": "192.0.2.7", "reasonForFailure": "bad-password"}, None),
        ("user.password.reset.requested", {**user, "email": "ada@example.com"}, RISC + "recovery-activated"),
        ("user.account.status.changed", {**user, "newStatus": "suspended", "previousStatus": "active", "reason": "unpaid"}, RISC + "account-disabled"),
        ("user.account.status.changed", {**user, "newStatus": "active", "previousStatus": "suspended"}, RISC + "account-enabled"),
        ("user.account.status.changed", {**user, "newStatus": "deleted", "previousStatus": "active"}, RISC + "account-purged"),
        ("user.account.status.changed", {**user, "newStatus": "dormant", "previousStatus": "active"}, None)]
    for number, (event_type, data, _) in enumerate(published):
        daemon.publish(event_type, data, id=f"e-{number}", time=at)
    daemon.wait_delivered()
    expected = {token_id(daemon, f"e-{number}"): uri for number, (_, _, uri) in enumerate(published) if uri}
    assert {token["jti"]: next(iter(token["events"])) for token in receiver.tokens} == expected
    for token in receiver.tokens:
        assert set(token) == {"iss", "aud", "jti", "iat", "toe", "sub_id", "events"} and len(token["events"]) == 1
        assert token["sub_id"] == {"format": "iss_sub", "iss": ISSUER, "sub": "u-1"} and token["iat"] == token["toe"] == 1795510800
        for secret in ("ada@example.com", "192.0.2.7", "Firefox", "unpaid"):
            assert secret not in json.dumps(token)
    by_id = {token["jti"]: next(iter(token["events"].values())) for token in receiver.tokens}
    assert by_id[token_id(daemon, "e-1")] == {"credential_type": "password", "change_type": "update", "event_timestamp": 1795510800}
    assert by_id[token_id(daemon, "e-2")]["credential_type"] == "app" and by_id[token_id(daemon, "e-3")] == {"credential_type": "webauthn", "change_type": "delete", "event_timestamp": 1795510800}
    status = status_of(daemon)
    assert status["unmapped"] == 3 and status["delivered"] == len(expected) and status["deadLetters"] == 0
    assert 'user_events_destination_unmapped_total{destination="partner",kind="webhook"} 3' in daemon.request("GET", "/metrics")[1]
    key = jwt.PyJWKSet.from_dict(receiver.jwks())["2026-11"]
    for token in receiver.requests:
        claims = jwt.decode(token, key, algorithms=["EdDSA"], audience=AUDIENCE, issuer=ISSUER)
        assert claims["jti"] in expected
        with pytest.raises(jwt.InvalidTokenError):
            jwt.decode(token, key, algorithms=["EdDSA"], audience="https://other.example.com")


def test_a_token_that_is_sent_again_is_the_same(partner):
    daemon, receiver = partner
    receiver.answers = [(503, None), (500, None)]
    daemon.publish("user.loggedin", {"userId": "u-1", "ipAddress": "192.0.2.7", "userAgent": "x"})
    daemon.wait_delivered()
    assert len(receiver.requests) == 3 and len(set(receiver.requests)) == 1 and len(receiver.tokens) == 1


@pytest.mark.parametrize("error", ["invalid_key", "invalid_issuer", "invalid_audience", "authentication_failed", "access_denied"])
def test_an_error_that_no_token_can_help_waits(partner, error):
    daemon, receiver = partner
    receiver.answers = [(400, {"err": error, "description": "secret-of-the-receiver"})] * 3
    daemon.publish("user.password.changed", {"userId": "u-1"})
    wait_for(lambda: not receiver.answers, 20, "three attempts")
    daemon.wait_delivered()
    assert len(receiver.tokens) == 1 and status_of(daemon)["deadLetters"] == 0
    log = daemon.log_tail(1 << 20)
    assert f"answered with status 400, {error}" in log and "secret-of-the-receiver" not in log


@pytest.mark.parametrize("body", [{"err": "invalid_request", "description": "x"}, {"err": "made-up"}, {"err": 7}, ["x"], None])
def test_a_token_that_is_refused_is_a_dead_letter(partner, body):
    daemon, receiver = partner
    receiver.answers = [(400, body)]
    daemon.publish("user.password.changed", {"userId": "u-1"})
    daemon.publish("user.password.changed", {"userId": "u-2"})
    wait_for(lambda: len(receiver.tokens) == 1 and status_of(daemon)["deadLetters"] == 1, 20, "one dead letter, one token")
    letter = json.loads(daemon.cli("dead-letters", "list", "--json").stdout.splitlines()[0])
    assert "status 400" in letter["reason"] and "made-up" not in letter["reason"]
    assert daemon.cli("dead-letters", "replay", "--all").returncode == 0
    wait_for(lambda: len(receiver.tokens) == 2, 20, "the replayed token")
    assert receiver.tokens[-1]["jti"].endswith(".1")


def test_settings_that_make_no_token_are_refused(tmp_path):
    def check(text):
        (tmp_path / "user-events.toml").write_text(text)
        done = cli("config", "check", "--config", tmp_path / "user-events.toml")
        return done.returncode, done.stderr + done.stdout

    good = config(tmp_path, 1)
    assert check(good)[0] == 0, check(good)
    for before, after, why in (('sign = "2026-11"\n', "", "sign is missing"), ('format = "set"\n', "", 'set.'), (f'set.issuer = "{ISSUER}"\n', "", "set.issuer"),
                               (f'set.audience = "{AUDIENCE}"\n', "", "set.audience"), ('format = "set"\n', 'format = "set"\nencoding = "avro"\n', "another encoding"),
                               ('format = "set"\n', 'format = "set"\nprivacy = {user-id = "omit"}\n', "leaves no user"), ('format = "set"\n', 'format = "set"\nsignature = "dsse"\n', "a JWS"), ('set.purged = ["deleted"]', 'set.purged = ["active"]', "set.")):
        assert before in good
        status, text = check(good.replace(before, after))
        assert status == 2 and why in text, (after, text)


def test_the_configuration_of_the_page_is_good(tmp_path):
    text = re.search(r"^```toml\n(.*?)^```$", (DOCS / "security/security-event-tokens.md").read_text(), re.M | re.S)[1]
    config(tmp_path, 1)
    text = text.replace("/etc/user-events/signing-2026-11.pem", f"{tmp_path}/key.pem").replace("/etc/user-events/partner.authorization", f"{tmp_path}/authorization")
    (tmp_path / "user-events.toml").write_text(text)
    done = cli("config", "check", "--config", tmp_path / "user-events.toml")
    assert done.returncode == 0, done.stderr + done.stdout
