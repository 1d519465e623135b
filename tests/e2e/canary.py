"""A canary for each kind of personal data, and an event of every type with all of them: where one is found, personal data can be found."""
import pathlib

CANARY = {"user": "canary-user-7f3a", "email": "canary.mail.7f3a@example.com", "name": "canary-name-7f3a", "ip": "203.0.113.217",
          "agent": "CanaryAgent/7f3a", "text": "canary free text 7f3a", "street": "Canary Street 7f3a", "id": "canary-address-id-7f3a"}
ADDRESS = {"line1": CANARY["street"], "city": "Canaria-7f3a", "country": "ES"}


def every_event(user=CANARY["user"]):
    account = {"userId": user, "email": CANARY["email"], "username": CANARY["name"], "status": "active"}
    plain = {"userId": user}
    return [
        ("user.created", account), ("user.registered", account),
        ("user.updated", {**plain, "changes": {"note": CANARY["text"], "email": CANARY["email"], "deep": {"street": CANARY["street"]}}}),
        ("user.profile.updated", {**plain, "profileId": CANARY["id"], "changes": {"bio": CANARY["text"], "ipAddress": CANARY["ip"]}}),
        ("user.address.added", {**plain, "addressId": CANARY["id"], "address": ADDRESS}),
        ("user.address.updated", {**plain, "addressId": CANARY["id"], "address": ADDRESS}),
        ("user.address.deleted", {**plain, "addressId": CANARY["id"], "address": ADDRESS}),
        ("user.password.changed", plain),
        ("user.password.reset.requested", {**plain, "email": CANARY["email"]}),
        ("user.loggedin", {**plain, "ipAddress": CANARY["ip"], "userAgent": CANARY["agent"]}),
        ("user.email.verification.requested", {**plain, "email": CANARY["email"]}),
        ("user.email.verified", {**plain, "email": CANARY["email"]}),
        ("user.account.status.changed", {**plain, "newStatus": "a", "previousStatus": "b", "reason": CANARY["text"]}),
        ("user.role.assigned", {**plain, "roleId": "r-1"}), ("user.role.removed", {**plain, "roleId": "r-1"}),
        ("user.mfa.enabled", plain), ("user.mfa.disabled", plain),
        ("user.login.failed", {"email": CANARY["email"], "username": CANARY["name"], "ipAddress": CANARY["ip"], "reasonForFailure": "bad-password"}),
    ]


def canaries(content):
    """Which canaries are in some text or bytes."""
    content = content.encode() if isinstance(content, str) else content
    return {kind for kind, text in CANARY.items() if text.encode() in content}


def canaries_in(folder):
    """Which canaries lie in which files of a folder."""
    return [(str(path.relative_to(folder)), kind) for path in pathlib.Path(folder).rglob("*") if path.is_file() for kind in sorted(canaries(path.read_bytes()))]
