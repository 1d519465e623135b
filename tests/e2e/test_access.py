"""Who may use a real daemon: tokens, certificates, JSON Web Tokens, and what happens to everybody else."""
import base64
import hashlib
import http.server
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import time

import jwt as pyjwt
import pytest
from jwcrypto import jwk, jwt

from certificates import Authority
from daemon import BINARY, cli, wait_for
from https_front import TlsServer

EVENT = {"type": "user.mfa.enabled", "data": {"userId": "u-1"}}


def ask(daemon, method, path, token=None, body=None, headers=(), tls=None, host="localhost"):
    """(status, headers, document). `tls`: an SSL context."""
    import http.client
    kind = http.client.HTTPSConnection if tls else http.client.HTTPConnection
    connection = kind(host, daemon.port, timeout=20, **({"context": tls} if tls else {}))
    fields = dict(headers)
    if token is not None:
        fields["Authorization"] = f"Bearer {token}"
    if body is not None:
        fields.setdefault("Content-Type", "application/json")
        body = body if isinstance(body, (str, bytes)) else json.dumps(body)
    try:
        connection.request(method, path, body, fields)
        response = connection.getresponse()
        text = response.read().decode()
        return response.status, response.headers, json.loads(text) if text.startswith("{") else text
    finally:
        connection.close()


def status_of(*arguments, **more):
    return ask(*arguments, **more)[0]


def make_token(name):
    done = cli("access", "token", name, "--json")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    return made["token"], made["tokenSha256"]


def client(name, hashed, grants, more=""):
    return f'[[client]]\nname = "{name}"\ntoken_sha256 = ["{hashed}"]\ngrants = {{{grants}}}\n{more}\n'


# ---- tokens ----

def test_a_made_token_works_and_is_kept_as_a_hash_only(new_daemon, tmp_path):
    shown = cli("access", "token", "user-service")
    token = next(line for line in shown.stdout.splitlines() if line.startswith("ue_"))
    lines = shown.stdout[shown.stdout.index("[[client]]"):]
    assert token not in lines and hashlib.sha256(token.encode()).hexdigest() in lines
    daemon = new_daemon(lines.replace("grants = {}", 'grants = {publish = ["user.*"], read = ["user.*"], admin = true}')).start()
    assert status_of(daemon, "POST", "/v1/events", body=EVENT) == 401
    assert status_of(daemon, "POST", "/v1/events", token, EVENT) == 202
    for file in daemon.data_dir.rglob("*"):
        assert not file.is_file() or token.encode() not in file.read_bytes()
    assert token not in daemon.log_tail(100_000)
    # The command line: from the environment, and from a file.
    assert "unauthenticated" in daemon.cli("tail").stderr or daemon.cli("tail").returncode == 1
    assert "user.mfa.enabled" in daemon.cli("tail", USER_EVENTS_TOKEN=token).stdout
    (tmp_path / "token").write_text(token + "\n")
    assert daemon.cli("status", "--token-file", tmp_path / "token").returncode == 0
    assert daemon.cli("publish", "user.mfa.enabled", "--data", '{"userId":"u-1"}', "--token-file", tmp_path / "token").returncode == 0


def test_a_token_can_go_into_a_file_of_its_owner(tmp_path):
    done = cli("access", "token", "a", "--out", tmp_path / "token")
    assert done.returncode == 0 and "ue_" not in done.stdout
    assert (tmp_path / "token").read_text().startswith("ue_")
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600
    assert cli("access", "token", "a", "--out", tmp_path / "token").returncode == 1  # never over another


def test_clients_are_read_again_at_sighup(new_daemon):
    old, old_hash = make_token("a")
    new, new_hash = make_token("a")
    daemon = new_daemon(client("a", old_hash, 'publish = ["user.*"]')).start()
    assert status_of(daemon, "POST", "/v1/events", old, EVENT) == 202
    daemon.set_config(client("a", new_hash, 'publish = ["user.*"]'))
    daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: status_of(daemon, "POST", "/v1/events", new, EVENT) == 202, 20, "the new token is known")
    assert status_of(daemon, "POST", "/v1/events", old, EVENT) == 401
    daemon.set_config(client("a", "nonsense", 'publish = ["user.*"]'))
    daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "clients and certificates stay as they were" in daemon.log_tail(), 20, "the refusal is logged")
    assert status_of(daemon, "POST", "/v1/events", new, EVENT) == 202


def test_a_token_that_is_replayed_against_another_action_is_refused_and_logged(new_daemon):
    token, hashed = make_token("a")
    daemon = new_daemon(client("a", hashed, 'publish = ["user.*"]')).start()
    assert status_of(daemon, "POST", "/v1/destinations/kafka/pause", token) == 403
    assert "denied: action-not-granted client=a action=admin peer=127.0.0.1" in daemon.log_tail()


def test_neither_method_nor_header_changes_what_is_asked_for(new_daemon):
    token, hashed = make_token("a")
    daemon = new_daemon(client("a", hashed, 'read = ["user.*"]')).start()
    for field in ("X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method", "X-Original-URL", "X-Rewrite-URL", "X-Forwarded-User", "X-Forwarded-For"):
        assert status_of(daemon, "GET", "/v1/events", token, headers={field: "POST"}) == 200
        assert status_of(daemon, "GET", "/v1/status", token, headers={field: "/v1/events"}) == 403
    assert status_of(daemon, "GET", f"/v1/events?access_token={token}") == 401  # RFC 6750, 2.3 is not offered
    assert status_of(daemon, "POST", "/v1/events?_method=GET", token, EVENT) == 403


def test_the_examples_of_the_page_run(tmp_path, new_daemon):
    page = (pathlib.Path(__file__).parents[2] / "docs/security/access.md").read_text()
    shell = "".join(re.findall(r"```sh\n(.*?)```", page, re.DOTALL))
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", shell], cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "PATH": f"{BINARY.parent}:{os.environ['PATH']}"})
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "tls.crt").exists() and (tmp_path / "user-service.token").exists()
    file = tmp_path / "page.toml"
    file.write_text("".join(re.findall(r"```toml\n(.*?)```", page, re.DOTALL)))
    checked = cli("config", "check", "--config", file)
    assert checked.returncode == 0, checked.stderr
    # What the command printed is a configuration, and the token in the file is its client's.
    daemon = new_daemon((tmp_path / "client.toml").read_text().replace("grants = {}", 'grants = {publish = ["user.*"]}')).start()
    assert status_of(daemon, "POST", "/v1/events", (tmp_path / "user-service.token").read_text().strip(), EVENT) == 202


# ---- TLS ----

@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path / "ca")


def tls_config(certificate, key, more=""):
    return f'[http.tls]\ncertificate_file = "{certificate}"\nkey_file = "{key}"\n{more}\n'


def trusting(authority, certificate=None, key=None):
    context = ssl.create_default_context(cafile=authority.certificate)
    if certificate:
        context.load_cert_chain(certificate, key)
    return context


SAN = "DNS:localhost,IP:127.0.0.1"


def test_tls_carries_publishing_streams_and_the_command_line(new_daemon, authority):
    token, hashed = make_token("a")
    daemon = new_daemon(tls_config(*authority.sign("server", "/CN=localhost", SAN)) + client("a", hashed, 'publish = ["user.*"], read = ["user.*"]')).start()
    tls = trusting(authority)
    big = [dict(EVENT, data={"userId": f"u-{i}"}) for i in range(5_000)]  # several records of TLS in both directions
    status, _, receipts = ask(daemon, "POST", "/v1/events", token, big, tls=tls)
    assert status == 202 and len(json.loads(receipts)) == 5_000
    status, _, page = ask(daemon, "GET", "/v1/events?limit=1000", token, tls=tls)
    assert status == 200 and len(page["events"]) == 1_000
    done = daemon.cli("tail", "-n", "3", "--json", USER_EVENTS_URL=f"https://localhost:{daemon.port}", USER_EVENTS_TOKEN=token, USER_EVENTS_CA_FILE=str(authority.certificate))
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 3, done.stderr
    done = daemon.cli("publish", "--ndjson", "-", input="".join(json.dumps(EVENT) + "\n" for _ in range(20_000)), USER_EVENTS_URL=f"https://localhost:{daemon.port}",
                      USER_EVENTS_TOKEN=token, USER_EVENTS_CA_FILE=str(authority.certificate))
    assert done.returncode == 0, done.stderr
    assert "https://127.0.0.1" in daemon.log_tail()
    # Not in clear, and not without trust.
    assert daemon.cli("tail", USER_EVENTS_TOKEN=token).returncode == 1
    assert daemon.cli("tail", USER_EVENTS_URL=f"https://localhost:{daemon.port}", USER_EVENTS_TOKEN=token).returncode == 1


def handshake(daemon, context):
    with socket.create_connection(("127.0.0.1", daemon.port), timeout=10) as raw, context.wrap_socket(raw, server_hostname="localhost") as wrapped:
        return wrapped.version(), wrapped.cipher()[0], wrapped.selected_alpn_protocol()


def test_only_modern_tls_is_spoken(new_daemon, authority):
    daemon = new_daemon(tls_config(*authority.sign("server", "/CN=localhost", SAN))).start()
    assert handshake(daemon, trusting(authority))[0] == "TLSv1.3"
    old = trusting(authority)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    version, cipher, _ = handshake(daemon, old)
    assert version == "TLSv1.2" and cipher.startswith("ECDHE-") and ("GCM" in cipher or "CHACHA20" in cipher)
    for set_up in (lambda c: setattr(c, "maximum_version", ssl.TLSVersion.TLSv1_1), lambda c: c.set_alpn_protocols(["h2"]),
                   lambda c: (setattr(c, "maximum_version", ssl.TLSVersion.TLSv1_2), c.set_ciphers("AES256-SHA:ECDHE-ECDSA-AES256-SHA:@SECLEVEL=0"))):
        context = trusting(authority)
        set_up(context)
        with pytest.raises((ssl.SSLError, ConnectionError)):
            handshake(daemon, context)
    assert daemon.process.poll() is None


def test_a_changed_certificate_is_used_without_a_restart(new_daemon, authority):
    certificate, key = authority.sign("server", "/CN=localhost", SAN)
    daemon = new_daemon(tls_config(certificate, key)).start()
    tls = trusting(authority)

    def serial():
        with socket.create_connection(("127.0.0.1", daemon.port), timeout=10) as raw, tls.wrap_socket(raw, server_hostname="localhost") as wrapped:
            return wrapped.getpeercert()["serialNumber"]

    first = serial()
    good = certificate.read_bytes(), key.read_bytes()
    certificate.write_text("broken")
    daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "clients and certificates stay as they were" in daemon.log_tail(), 20, "the refusal is logged")
    assert serial() == first
    new_certificate, new_key = authority.sign("next", "/CN=localhost", SAN)
    certificate.write_bytes(new_certificate.read_bytes())
    key.write_bytes(new_key.read_bytes())
    daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: serial() != first, 20, "the new certificate is used after SIGHUP")
    second = serial()
    certificate.write_bytes(good[0])
    key.write_bytes(good[1])
    wait_for(lambda: serial() != second, 40, "the changed files are noticed")


def test_a_certificate_can_be_the_credential(new_daemon, authority):
    token, hashed = make_token("by-token")
    clients = ('[[client]]\nname = "by-subject"\ncert_subject = "CN=service-a,O=Example"\ngrants = {publish = ["user.*"]}\n'
               '[[client]]\nname = "by-name"\ncert_san = ["URI:spiffe://example/b"]\ngrants = {read = ["user.*"]}\n' + client("by-token", hashed, "admin = true"))
    server = authority.sign("server", "/CN=localhost", SAN)
    config = tls_config(*server, f'client_ca_file = "{authority.certificate}"\nclient_certificates = "optional"')
    daemon = new_daemon(config + clients).start()
    a = trusting(authority, *authority.sign("a", "/O=Example/CN=service-a"))
    b = trusting(authority, *authority.sign("b", "/CN=b", "URI:spiffe://example/b"))
    other = trusting(authority, *authority.sign("c", "/CN=service-a"))
    stranger = Authority(authority.folder / "stranger", "stranger")
    forged = trusting(authority, *stranger.sign("a", "/O=Example/CN=service-a"))
    assert status_of(daemon, "POST", "/v1/events", body=EVENT, tls=a) == 202
    assert status_of(daemon, "GET", "/v1/events", tls=a) == 403
    assert status_of(daemon, "GET", "/v1/events", tls=b) == 200
    assert status_of(daemon, "GET", "/v1/events", tls=other) == 401
    assert status_of(daemon, "GET", "/v1/events", tls=trusting(authority)) == 401
    assert status_of(daemon, "GET", "/v1/status", token, tls=trusting(authority)) == 200
    assert status_of(daemon, "GET", "/v1/status", token, tls=a) == 200  # a token decides
    with pytest.raises((ssl.SSLError, ConnectionError)):
        ask(daemon, "GET", "/v1/events", tls=forged)

    required = new_daemon(config.replace("optional", "required") + clients, name="required").start()
    assert status_of(required, "POST", "/v1/events", body=EVENT, tls=a) == 202
    with pytest.raises((ssl.SSLError, ConnectionError)):
        ask(required, "GET", "/v1/status", token, tls=trusting(authority))


def test_clients_that_never_finish_their_handshake_or_header_are_let_go(new_daemon, authority):
    daemon = new_daemon(tls_config(*authority.sign("server", "/CN=localhost", SAN)) + '[http]\nread_timeout = "500ms"\n').start()
    slow = [socket.create_connection(("127.0.0.1", daemon.port), timeout=20) for _ in range(20)]
    for each in slow[:10]:
        each.sendall(b"\x16\x03\x01")  # the beginning of a ClientHello
    late = trusting(authority).wrap_socket(socket.create_connection(("127.0.0.1", daemon.port), timeout=20), server_hostname="localhost")
    late.sendall(b"GET /healthz HTTP/1.1\r\nHost: loc")
    assert late.recv(100).startswith(b"HTTP/1.1 408 ")
    for each in slow:
        assert each.recv(1) == b""
    assert status_of(daemon, "GET", "/healthz", tls=trusting(authority)) == 200


def test_beyond_loopback_there_must_be_tls_and_clients_or_a_word(new_daemon, authority, tmp_path):
    certificate = authority.sign("server", "/CN=localhost", SAN)
    _, hashed = make_token("a")

    def check(config):
        file = tmp_path / "check.toml"
        file.write_text('[http]\nlisten = "0.0.0.0:0"\n' + config)
        return cli("config", "check", "--config", file)

    assert "there is no TLS" in check("").stderr
    assert "no clients are configured" in check(tls_config(*certificate)).stderr
    assert check(tls_config(*certificate) + client("a", hashed, 'read = ["*"]')).returncode == 0
    assert check("insecure = true\n").returncode == 0


def test_the_configuration_is_shown_without_secrets(tmp_path):
    token, hashed = make_token("a")
    (tmp_path / "token").write_text(token)
    file = tmp_path / "user-events.toml"
    file.write_text(f'[[client]]\nname = "a"\ntoken_file = "{tmp_path}/token"\ngrants = {{read = ["user.*"]}}\n' + client("b", hashed[::-1], "admin = true"))
    for more in ([], ["--json"]):
        shown = cli("config", "show", "--config", file, *more).stdout
        assert token not in shown and "token_file" in shown and str(tmp_path / "token") in shown
    file.write_text(f'[[client]]\nname = "a"\ntoken = "{token}"\n')
    refused = cli("config", "check", "--config", file)
    assert refused.returncode == 2 and "does not belong here" in refused.stderr and token not in refused.stderr


# ---- JSON Web Tokens ----

AUDIENCE, ISSUER = "user-events", "https://idp.example"


def issuer_config(keys, algorithms='["RS256", "ES256", "EdDSA"]'):
    return (f'[[issuer]]\nname = "idp"\nissuer = "{ISSUER}"\naudience = "{AUDIENCE}"\nalgorithms = {algorithms}\n{keys}\n'
            '[[client]]\nname = "service-a"\njwt = {issuer = "idp", sub = "service-a"}\ngrants = {publish = ["user.*"]}\n'
            '[[client]]\nname = "readers"\njwt = {issuer = "idp", scope = "events.read"}\ngrants = {read = ["user.*"]}\n')


KEYS = {
    "RS256": jwk.JWK.generate(kty="RSA", size=2048, kid="rsa-1", use="sig", alg="RS256"),
    "ES256": jwk.JWK.generate(kty="EC", crv="P-256", kid="ec-1"),
    "EdDSA": jwk.JWK.generate(kty="OKP", crv="Ed25519", kid="ed-1"),
}


def key_set(*keys):
    return json.dumps({"keys": [json.loads(each.export_public()) for each in keys]})


def claims(**more):
    now = int(time.time())
    made = {"iss": ISSUER, "aud": AUDIENCE, "sub": "service-a", "iat": now, "exp": now + 300, **more}
    return {name: value for name, value in made.items() if value is not None}


def signed(key, algorithm, header=None, **more):
    token = jwt.JWT(header={"alg": algorithm, "kid": key.key_id, "typ": "JWT", **(header or {})}, claims=claims(**more))
    token.make_signed_token(key)
    return token.serialize()


@pytest.fixture
def trusting_daemon(new_daemon, tmp_path):
    (tmp_path / "keys.json").write_text(key_set(*KEYS.values()))
    daemon = new_daemon(issuer_config(f'jwks_file = "{tmp_path}/keys.json"')).start()
    wait_for(lambda: status_of(daemon, "POST", "/v1/events", signed(KEYS["ES256"], "ES256"), EVENT) == 202, 20, "the keys are read")
    return daemon


@pytest.mark.parametrize("algorithm", KEYS)
def test_tokens_of_two_libraries_are_taken(trusting_daemon, algorithm):
    key = KEYS[algorithm]
    assert status_of(trusting_daemon, "POST", "/v1/events", signed(key, algorithm), EVENT) == 202
    by_pyjwt = pyjwt.encode(claims(aud=["other", AUDIENCE]), pyjwt.PyJWK(json.loads(key.export())).key, algorithm, headers={"kid": key.key_id})
    assert status_of(trusting_daemon, "POST", "/v1/events", by_pyjwt, EVENT) == 202
    assert status_of(trusting_daemon, "GET", "/v1/events", by_pyjwt) == 403
    assert status_of(trusting_daemon, "GET", "/v1/events", signed(key, algorithm, sub="x", scope="a events.read")) == 200
    status, headers, problem = ask(trusting_daemon, "GET", "/v1/events", signed(key, algorithm, sub="x"))
    assert (status, problem["type"].rpartition(":")[2]) == (403, "no-such-client")


def part(document):
    return base64.urlsafe_b64encode(document if isinstance(document, bytes) else json.dumps(document).encode()).rstrip(b"=").decode()


def forged(header, payload=None, signature=b"", key=None, algorithm="ES256"):
    """Any bytes as header and payload, signed with a real key if one is given."""
    text = f"{part(header)}.{part(payload if payload is not None else claims())}"
    if key is not None:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, utils
        r, s = utils.decode_dss_signature(key.get_op_key("sign").sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return f"{text}.{part(signature)}"


def hostile_tokens():
    ec, rsa = KEYS["ES256"], KEYS["RS256"]
    good = {"alg": "ES256", "kid": "ec-1"}
    stranger = jwk.JWK.generate(kty="EC", crv="P-256", kid="ec-1")
    public_pem = rsa.export_to_pem()
    import hmac
    hs_text = f"{part({'alg': 'HS256', 'kid': 'rsa-1'})}.{part(claims())}"
    now = int(time.time())
    yield "alg none", forged({"alg": "none"})
    yield "alg None", forged({"alg": "None", "kid": "ec-1"})
    yield "no alg", forged({"kid": "ec-1"}, key=ec)
    yield "HS256 with the public key as secret", f"{hs_text}.{part(hmac.new(public_pem, hs_text.encode(), hashlib.sha256).digest())}"
    yield "algorithm of another key", forged({"alg": "RS256", "kid": "ec-1"}, key=ec)
    yield "ES384", forged({"alg": "ES384", "kid": "ec-1"}, key=ec)
    for kid in ("../../../../../../dev/null", "/dev/null", "ec-1' OR '1'='1", "ec-1; DROP TABLE keys", "ec-1\x00", "https://evil.example/keys", "", "EC-1", "x" * 257):
        yield f"kid {kid[:30]!r}", forged({"alg": "ES256", "kid": kid}, key=ec)
    yield "kid a number", forged({"alg": "ES256", "kid": 1}, key=ec)
    yield "kid a list", forged({"alg": "ES256", "kid": ["ec-1"]}, key=ec)
    yield "wrong key", forged(good, key=stranger)
    yield "embedded jwk", forged({**good, "jwk": json.loads(stranger.export_public())}, key=stranger)
    yield "embedded jwk, right key", forged({**good, "jwk": json.loads(ec.export_public())}, key=ec)
    yield "jku", forged({**good, "jku": "https://evil.example/keys"}, key=stranger)
    yield "x5u", forged({**good, "x5u": "https://evil.example/chain"}, key=ec)
    yield "x5c", forged({**good, "x5c": ["AAAA"]}, key=ec)
    yield "crit", forged({**good, "crit": ["exp"]}, key=ec)
    yield "crit empty", forged({**good, "crit": []}, key=ec)
    yield "b64 false", forged({**good, "b64": False}, key=ec)
    yield "compressed", forged({**good, "zip": "DEF"}, key=ec)
    yield "another type of token", forged({**good, "typ": "logout+jwt"}, key=ec)
    yield "no signature", forged(good)
    yield "zero signature", forged(good, signature=bytes(64))
    yield "long signature", forged(good, signature=bytes(65))
    yield "expired", signed(ec, "ES256", exp=now - 60)
    yield "no end", signed(ec, "ES256", exp=None)
    yield "end as text", signed(ec, "ES256", exp=str(now + 300))
    yield "end beyond numbers", forged(good, json.dumps(claims(exp="#")).replace('"#"', "1e999").encode(), key=ec)
    yield "not yet", signed(ec, "ES256", nbf=now + 3600)
    yield "made in the future", signed(ec, "ES256", iat=now + 3600)
    yield "wrong audience", signed(ec, "ES256", aud="another")
    yield "audiences without ours", signed(ec, "ES256", aud=["a", "b"])
    yield "no audience", signed(ec, "ES256", aud=None)
    yield "wrong issuer", signed(ec, "ES256", iss="https://evil.example")
    yield "issuer with a slash", signed(ec, "ES256", iss=ISSUER + "/")
    yield "no issuer", signed(ec, "ES256", iss=None)
    yield "claim twice", forged(good, (json.dumps(claims(sub="x"))[:-1] + ',"sub":"service-a"}').encode(), key=ec)
    yield "header name twice", forged(b'{"alg":"ES256","alg":"none","kid":"ec-1"}', key=ec)
    yield "payload no object", forged(good, b"[]", key=ec)
    yield "payload no JSON", forged(good, b"{", key=ec)
    yield "payload not UTF-8", forged(good, b'{"iss":"\xff"}', key=ec)
    yield "deep", forged(good, (json.dumps(claims())[:-1] + ',"a":' + "[" * 3000 + "]" * 3000 + "}").encode()[:6000], key=ec)
    yield "huge", signed(ec, "ES256", filler="x" * 9_000)
    yield "padding", signed(ec, "ES256") + "="
    yield "four parts", signed(ec, "ES256") + ".AAAA"
    yield "encrypted (five parts)", "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAA.AAAA.AAAA"
    yield "two parts", signed(ec, "ES256").rpartition(".")[0]


def test_every_hostile_token_is_refused(trusting_daemon):
    taken = []
    for name, token in hostile_tokens():
        status, headers, problem = ask(trusting_daemon, "POST", "/v1/events", token, EVENT)
        if status not in (400, 401, 431) or status != 431 and "WWW-Authenticate" not in headers:
            taken.append((name, status))
        assert token[:40] not in json.dumps(problem)
    assert taken == []
    assert status_of(trusting_daemon, "POST", "/v1/events", signed(KEYS["ES256"], "ES256"), EVENT) == 202
    assert "evil.example" not in trusting_daemon.log_tail(100_000)


def test_a_token_that_runs_out_ends_on_a_warm_connection_and_a_stream(new_daemon, tmp_path):
    (tmp_path / "keys.json").write_text(key_set(*KEYS.values()))
    config = issuer_config(f'jwks_file = "{tmp_path}/keys.json"').replace("[[client]]", 'leeway = "0s"\n[[client]]', 1)
    daemon = new_daemon(config).start()
    wait_for(lambda: status_of(daemon, "POST", "/v1/events", signed(KEYS["ES256"], "ES256"), EVENT) == 202, 20, "the keys are read")
    token = signed(KEYS["ES256"], "ES256", sub="x", scope="events.read", exp=int(time.time()) + 3)
    warm = socket.create_connection(("127.0.0.1", daemon.port), timeout=20)
    request = f"GET /v1/events?after=100 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    stream = socket.create_connection(("127.0.0.1", daemon.port), timeout=20)
    stream.sendall(request.replace(b"/v1/events?after=100", b"/v1/events/stream"))
    warm.sendall(request)
    assert warm.recv(10_000).startswith(b"HTTP/1.1 200 ")
    while stream.recv(10_000):
        pass  # until the daemon ends it
    warm.sendall(request)
    assert warm.recv(10_000).startswith(b"HTTP/1.1 401 ")


class KeyServer:
    """An https server with a key set; counts what is asked."""

    def __init__(self, authority):
        server = self
        self.asked, self.answer, self.status, self.location = 0, "", 200, None

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                server.asked += 1
                self.send_response(server.status)
                if server.location:
                    self.send_header("Location", server.location)
                self.end_headers()
                try:
                    self.wfile.write(server.answer.encode())
                except OSError:
                    pass  # the daemon takes no more than it wants

            def log_message(self, *_):
                pass

        self.url = f"https://localhost:{TlsServer(Handler, *authority.sign('keys', '/CN=localhost', SAN)).server_address[1]}/keys"


def test_keys_come_over_https_and_an_unknown_key_does_not_flood_the_issuer(new_daemon, authority):
    server = KeyServer(authority)
    server.answer = key_set(KEYS["ES256"])
    daemon = new_daemon(issuer_config(f'jwks_url = "{server.url}"\nca_file = "{authority.certificate}"')).start()
    wait_for(lambda: status_of(daemon, "POST", "/v1/events", signed(KEYS["ES256"], "ES256"), EVENT) == 202, 20, "the keys are read")
    assert server.asked == 1
    server.answer = key_set(KEYS["ES256"], KEYS["EdDSA"])
    for _ in range(50):
        assert status_of(daemon, "POST", "/v1/events", signed(KEYS["EdDSA"], "EdDSA"), EVENT) == 401
    assert server.asked == 1
    wait_for(lambda: status_of(daemon, "POST", "/v1/events", signed(KEYS["EdDSA"], "EdDSA"), EVENT) == 202, 60, "the new key is read")
    assert server.asked == 2


@pytest.mark.parametrize("fault", ["redirect", "too large", "no keys", "error", "not trusted"])
def test_keys_that_cannot_be_read_stop_nobody_but_their_tokens(new_daemon, authority, fault):
    server = KeyServer(authority)
    server.answer = key_set(KEYS["ES256"])
    if fault == "redirect":
        other = KeyServer(authority)
        other.answer = server.answer
        server.status, server.location = 302, other.url
    elif fault == "too large":
        server.answer = server.answer[:-1] + ',"filler":"' + "x" * 300_000 + '"}'
    elif fault == "no keys":
        server.answer = '{"keys":[]}'
    elif fault == "error":
        server.status = 500
    token, hashed = make_token("a")
    trust = "" if fault == "not trusted" else f'ca_file = "{authority.certificate}"'
    daemon = new_daemon(issuer_config(f'jwks_url = "{server.url}"\n{trust}') + client("a", hashed, 'publish = ["*"]')).start()
    wait_for(lambda: "access: " in daemon.log_tail(), 20, "the failure is logged")
    status, headers, problem = ask(daemon, "POST", "/v1/events", signed(KEYS["ES256"], "ES256"), EVENT)
    assert (status, problem["type"].rpartition(":")[2]) == (503, "keys-not-loaded") and "Retry-After" in headers
    assert status_of(daemon, "POST", "/v1/events", token, EVENT) == 202
    if fault == "redirect":
        assert other.asked == 0
