"""Data of every built-in type, as a service would submit it."""

ADDRESS = {"line1": "1 Analytical Way", "city": "London", "country": "GB", "label": "home"}

# All but the product's own user.erased.
SAMPLES = {
    "user.created": {"userId": "u-1", "email": "ada@example.com", "username": "ada", "status": "active"},
    "user.registered": {"userId": "u-1", "email": "ada@example.com", "status": "pending"},
    "user.updated": {"userId": "u-1", "changes": {"displayName": "Ada \"L\" \u2603", "visits": 7, "ratio": 0.5, "tags": ["a", None], "old": None}},
    "user.profile.updated": {"userId": "u-1", "profileId": "p-1", "changes": {"bio": {"text": "x", "deep": [True]}}, "updatedFields": ["bio"]},
    "user.address.added": {"userId": "u-1", "addressId": "a-1", "address": ADDRESS},
    "user.address.updated": {"userId": "u-1", "addressId": "a-1", "address": {**ADDRESS, "line2": "", "postalCode": "SW1"}},
    "user.address.deleted": {"userId": "u-1", "addressId": "a-1"},
    "user.password.changed": {"userId": "u-1", "passwordChangeTimestamp": "2026-11-24T10:00:00+01:00"},
    "user.password.reset.requested": {"userId": "u-1", "email": "ada@example.com"},
    "user.loggedin": {"userId": "u-1", "ipAddress": "2001:db8::1", "userAgent": "curl/8"},
    "user.login.failed": {"username": "ada", "ipAddress": "192.0.2.1", "reasonForFailure": "bad-password"},
    "user.email.verification.requested": {"userId": "u-1", "email": "ada@example.com"},
    "user.email.verified": {"userId": "u-1", "email": "ada@example.com"},
    "user.account.status.changed": {"userId": "u-1", "newStatus": "suspended", "previousStatus": "active", "reason": "unpaid"},
    "user.role.assigned": {"userId": "u-1", "roleId": "r-1"},
    "user.role.removed": {"userId": "u-1", "roleName": "editor"},
    "user.mfa.enabled": {"userId": "u-1", "mfaType": "totp"},
    "user.mfa.disabled": {"userId": "u-1"},
}

ALL_TYPES = sorted([*SAMPLES, "user.erased"])
