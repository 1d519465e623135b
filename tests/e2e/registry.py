"""A real schema registry with Confluent's API."""
import json
import urllib.error
import urllib.request
import uuid

from broker import Broker


class Registry(Broker):
    KIND = "registry"

    def request(self, method, path, body=None):
        """(status, answer)"""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/apis/ccompat/v7{path}", method=method,
                                         data=None if body is None else json.dumps(body).encode(),
                                         headers={"Content-Type": "application/vnd.schemaregistry.v1+json"})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def expect(self, method, path, body):
        status, answer = self.request(method, path, body)
        assert status == 200, f"{method} {path}: {status} {answer}"
        return answer

    def new_subject(self, kind, versions):
        """A subject with these versions, taken as they are: the registry's own level is NONE, and a new subject has no other."""
        subject = f"s-{uuid.uuid4().hex}"
        for text in versions:
            self.expect("POST", f"/subjects/{subject}/versions", {"schema": text, "schemaType": kind})
        return subject

    def set_level(self, subject, level):
        self.expect("PUT", f"/config/{subject}", {"compatibility": level})

    def is_compatible(self, subject, kind, text, all_versions=False):
        versions = "versions" if all_versions else "versions/latest"
        return self.expect("POST", f"/compatibility/subjects/{subject}/{versions}?verbose=true", {"schema": text, "schemaType": kind})["is_compatible"]
