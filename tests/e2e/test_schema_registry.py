"""The verdicts of `schema check` on the corpus beside those of a real registry, in every mode. Where they differ,
docs/schema-compatibility.md has a row that says who is right; a row without a difference is as wrong as a difference without a row."""
import json
import pathlib
import re

import pytest

from daemon import cli
from encoded_events import encoded

ROOT = pathlib.Path(__file__).parents[2]
CORPUS = ROOT / "tests/compatibility/corpus"
PAGE = ROOT / "docs/schema-compatibility.md"
KINDS = {"json": "JSON", "avro": "AVRO", "protobuf": "PROTOBUF"}
MODES = ["backward", "forward", "full", "backward-transitive", "forward-transitive", "full-transitive"]
ROW = re.compile(r"^\| `([\w-]+)` \| ([\w*, -]+) \| (.+) \|$", re.M)


def cases(kind):
    return json.loads((CORPUS / kind / "cases.json").read_text())


def files_of(kind, case):
    return sorted((CORPUS / kind / case["name"]).iterdir())


def our_verdict(mode, files):
    done = cli("schema", "check", "--json", "--mode", mode, *files)
    assert done.returncode in (0, 1), done.stderr
    answer = json.loads(done.stdout)
    assert answer["passed"] == (done.returncode == 0)
    return answer["passed"]


def explained(kind):
    """{(case, mode)} of the page's table for this kind; `full*` is full and full-transitive."""
    section = re.search(rf"^### {kind}\n(.*?)(?=^##|\Z)", PAGE.read_text(), re.M | re.S)
    assert section, f"{PAGE.name} has no section {kind}"
    listed = set()
    for name, modes, _ in ROW.findall(section[1]):
        for mode in modes.split(", "):
            listed |= {(name, mode.rstrip("*"))} | ({(name, mode.rstrip("*") + "-transitive")} if mode.endswith("*") else set())
    assert all(mode in MODES for _, mode in listed), listed
    return listed


@pytest.mark.parametrize("kind", KINDS)
def test_every_difference_from_the_registry_is_explained_and_every_explanation_is_one(registry, kind):
    differing, asked = set(), 0
    for case in cases(kind):
        files = files_of(kind, case)
        texts = [file.read_text() for file in files]
        subject = registry.new_subject(KINDS[kind], texts[:-1])
        for mode in MODES:
            registry.set_level(subject, mode.upper().replace("-", "_"))
            theirs = registry.is_compatible(subject, KINDS[kind], texts[-1], all_versions=mode.endswith("-transitive"))
            asked += 1
            if theirs != our_verdict(mode, files):
                differing.add((case["name"], mode))
    print(f"{kind}: {len(cases(kind))} cases, {asked - len(differing)} of {asked} verdicts agree with the registry")
    listed = explained(kind)
    assert not differing - listed, f"differences that {PAGE.name} does not explain: {sorted(differing - listed)}"
    assert not listed - differing, f"differences that {PAGE.name} explains and that are gone: {sorted(listed - differing)}"


def test_the_registry_speaks_of_the_last_version_where_it_is_asked_about_it(registry):
    """Why transitive modes are asked without `latest`."""
    [case] = [each for each in cases("avro") if each["name"] == "transitive-default-added-late"]
    texts = [file.read_text() for file in files_of("avro", case)]
    subject = registry.new_subject("AVRO", texts[:-1])
    registry.set_level(subject, "BACKWARD_TRANSITIVE")
    assert registry.is_compatible(subject, "AVRO", texts[-1])
    assert not registry.is_compatible(subject, "AVRO", texts[-1], all_versions=True)
    status, _ = registry.request("POST", f"/subjects/{subject}/versions", {"schema": texts[-1], "schemaType": "AVRO"})
    assert status == 409, "what it does with a registration is what `schema check` says"


@pytest.mark.parametrize("encoding", ["avro", "protobuf"])
def test_schemas_derived_from_the_catalogue_are_taken_and_so_is_a_next_version(registry, encoding):
    """Version 2 of user.sampled has a field less, too; in Protobuf this registry takes that for a renaming, whatever is reserved."""
    schemas, _ = encoded(0, 0)
    subjects = {key: registry.new_subject(encoding.upper(), [row[encoding]]) for key, row in schemas.items()}
    assert len(subjects) == 21
    first, subject = schemas["user.sampled", 1][encoding], subjects["user.sampled", 1]
    added = "  // New in version 2.\n  optional string added = 49;\n}\n"
    second = schemas["user.sampled", 2][encoding] if encoding == "avro" else first.removesuffix("}\n") + added
    assert encoding == "avro" or schemas["user.sampled", 2][encoding].endswith(added)
    registry.set_level(subject, "BACKWARD")
    assert registry.is_compatible(subject, encoding.upper(), second)
    other = first.replace('"long"', '"string"', 1).replace("optional int64", "optional string", 1)
    assert not registry.is_compatible(subject, encoding.upper(), other), "the registry does look at it"
