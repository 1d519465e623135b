"""schema check, lint and new: the commands that need no daemon, and the pages that describe them."""
import json
import os
import pathlib
import re
import subprocess
import xml.etree.ElementTree

import pytest

from daemon import cli
from pages import run_page

ROOT = pathlib.Path(__file__).parents[2]
OPEN = {"type": "object", "properties": {"a": {"type": "string"}}}
NARROW = {"type": "object", "properties": {"a": {"type": "string", "maxLength": 3}}}


def files(folder, *schemas, ending="json"):
    paths = [folder / f"v{n}.{ending}" for n in range(1, len(schemas) + 1)]
    for path, schema in zip(paths, schemas):
        path.write_text(schema if isinstance(schema, str) else json.dumps(schema))
    return paths


def new(folder, name="user.rated"):
    done = cli("schema", "new", name, "--dir", "catalogue", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / done.stdout.strip()


# ---- check

def test_check_answers_with_its_exit_status(tmp_path):
    wide, narrow = files(tmp_path, OPEN, NARROW)
    good = cli("schema", "check", narrow, wide)
    assert (good.returncode, good.stderr) == (0, "") and good.stdout == f"{wide}: no errors, 0 warnings\n"
    bad = cli("schema", "check", wide, narrow)
    assert bad.returncode == 1 and "range-narrowed" in bad.stdout and "instead: " in bad.stdout and "new consumers of old events" in bad.stdout
    assert "not backward compatible" in bad.stderr
    assert cli("schema", "check", "--mode", "FORWARD", wide, narrow).returncode == 0
    assert cli("schema", "check", "--mode", "full", wide, narrow).returncode == 1


def test_transitive_modes_look_at_every_version(tmp_path):
    versions = files(tmp_path, OPEN, NARROW, NARROW)
    assert cli("schema", "check", *versions).returncode == 0
    assert cli("schema", "check", "--mode", "backward-transitive", *versions).returncode == 1


@pytest.mark.parametrize("arguments, word", [
    (["one.json"], "two versions"), (["one.json", "none.json"], "none.json"), (["one.json", "two.avsc"], "two.avsc"), (["one.txt", "one.txt"], "one.txt"),
    (["one.json", "."], "."), (["one.json", "one.json", "--mode", "sideways"], "--mode"), (["one.json", "one.json", "--format", "pdf"], "--format"),
    (["one.json", "one.json", "--against", "x"], "--against"), (["nowhere", "--against", "nowhere"], "nowhere"), (["bad.json", "one.json"], "bad.json"),
    (["one.json", "one.json", "--schema-type", "avro"], "type"), (["one.json", "one.json", "--json", "--format", "json"], "--json")])
def test_wrong_usage_and_what_is_no_schema_is_exit_status_2(tmp_path, arguments, word):
    (tmp_path / "one.json").write_text("{}")
    (tmp_path / "one.txt").write_text("{}")
    (tmp_path / "two.avsc").write_text('"int"')
    (tmp_path / "bad.json").write_text('{"type":"text"}')
    done = cli("schema", "check", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "") and word in done.stderr, done.stderr


def test_a_machine_gets_json_sarif_and_junit(tmp_path):
    (tmp_path / "a b & <c>").mkdir()
    wide, narrow = files(tmp_path / "a b & <c>", OPEN, NARROW)
    answer = json.loads(cli("schema", "check", "--json", wide, narrow).stdout)
    assert (answer["passed"], answer["errors"], answer["warnings"]) == (False, 1, 0)
    assert {key: answer["findings"][0][key] for key in ("severity", "code", "breaks", "file", "pointer")} == {
        "severity": "error", "code": "range-narrowed", "breaks": "new consumers of old events", "file": str(narrow), "pointer": "/properties/a/maxLength"}
    sarif = json.loads(cli("schema", "check", "--format", "sarif", wide, narrow).stdout)
    [run] = sarif["runs"]
    [result] = run["results"]
    assert sarif["version"] == "2.1.0" and result["level"] == "error" and [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [result["ruleId"]]
    [place] = result["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"].endswith("a%20b%20%26%20%3Cc%3E/v2.json")
    assert place["logicalLocations"] == [{"fullyQualifiedName": "/properties/a/maxLength"}]
    suite = xml.etree.ElementTree.fromstring(cli("schema", "check", "--format", "junit", wide, narrow).stdout)
    assert (suite.tag, suite.get("tests"), suite.get("failures")) == ("testsuite", "1", "1") and suite.find("testcase/failure").get("type") == "range-narrowed"
    suite = xml.etree.ElementTree.fromstring(cli("schema", "check", "--format", "junit", wide, wide).stdout)
    assert (suite.get("tests"), suite.get("failures")) == ("1", "0") and suite.find("testcase/failure") is None


def test_text_of_a_schema_does_not_command_the_terminal(tmp_path):
    one, two = files(tmp_path, {"additionalProperties": False, "properties": {"\x1b[2J\x9b": {}}}, {"additionalProperties": False})
    done = cli("schema", "check", one, two)
    assert done.returncode == 1 and not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", done.stdout)


def test_a_folder_is_compared_with_an_older_state(tmp_path):
    first = new(tmp_path)
    subprocess.run(["cp", "-r", tmp_path / "catalogue", tmp_path / "old"], check=True)
    check = lambda *more: cli("schema", "check", "catalogue", "--against", "old", *more, cwd=tmp_path)
    assert check().returncode == 0
    second = new(tmp_path)
    schema = json.loads(second.read_text())
    schema["properties"]["stars"] = {"description": "How many.", "type": "integer", "x-field-number": 3}
    second.write_text(json.dumps(schema))
    assert check().returncode == 0
    forward = check("--mode", "forward")
    assert forward.returncode == 1 and "property-not-allowed" in forward.stdout and str(second.relative_to(tmp_path)) in forward.stdout
    first.write_text(first.read_text().replace("255", "100"))
    assert "published-changed" in check().stdout
    first.unlink()
    assert "schema-removed" in check().stdout


# ---- lint and new

def test_the_catalogue_of_the_project_passes():
    assert cli("schema", "lint", ROOT / "catalogue").returncode == 0
    assert cli("schema", "check", ROOT / "catalogue", "--against", ROOT / "catalogue", "--mode", "full-transitive").returncode == 0


def test_what_new_writes_loads_passes_and_is_never_overwritten(tmp_path):
    first = new(tmp_path)
    before = first.read_text()
    assert first == tmp_path / "catalogue/user.rated/1.json" and json.loads(before)["$id"] == "urn:user-events:schema:user.rated:1"
    first.write_text(before.replace('"x-field-number": 2', '"x-field-number": 9'))
    second = new(tmp_path)
    assert second.name == "2.json" and second.read_text() == first.read_text().replace("user.rated:1", "user.rated:2")
    assert new(tmp_path, "user.created") == tmp_path / "catalogue/user.created/2.json"
    assert cli("schema", "lint", "catalogue", cwd=tmp_path).returncode == 0
    (tmp_path / "catalogue/user.rated/3.json").write_text("mine")
    again = cli("schema", "new", "user.rated", "--dir", "catalogue", cwd=tmp_path)
    assert again.returncode == 2 and (tmp_path / "catalogue/user.rated/3.json").read_text() == "mine"
    (tmp_path / "catalogue/user.rated/3.json").unlink()
    gap = cli("schema", "new", "user.rated", "--version", "7", "--dir", "catalogue", cwd=tmp_path)
    assert gap.returncode == 2 and "3" in gap.stderr
    assert cli("schema", "new", "user.rated", "--version", "3", "--dir", "catalogue", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize("name", ["../escaped.made", "a/b.made", "/tmp/x.made", "user..made", "user.made/../../x", "User.Made", "made", "user.made\n", "user.create", ".made"])
def test_new_refuses_a_name_that_is_none_and_writes_nothing(tmp_path, name):
    (tmp_path / "work").mkdir()
    done = cli("schema", "new", name, cwd=tmp_path / "work")
    assert (done.returncode, done.stdout) == (2, "") and list(tmp_path.rglob("*")) == [tmp_path / "work"]


def test_new_says_why_it_cannot_write(tmp_path):
    (tmp_path / "catalogue").write_text("a file")
    done = cli("schema", "new", "user.rated", cwd=tmp_path)
    assert done.returncode != 0 and done.stdout == "" and "catalogue" in done.stderr


def test_lint_says_what_and_where(tmp_path):
    file = new(tmp_path)
    file.write_text(file.read_text().replace("occurredAt", "when"))
    done = cli("schema", "lint", "catalogue", cwd=tmp_path)
    assert done.returncode == 1 and "catalogue/user.rated/1.json#/properties/when: error:" in done.stdout and "[lint-time-name]" in done.stdout
    assert json.loads(cli("schema", "lint", "catalogue", "--json", cwd=tmp_path).stdout)["findings"][0]["code"] == "lint-time-name"
    assert json.loads(cli("schema", "lint", "catalogue", "--format", "sarif", cwd=tmp_path).stdout)["runs"][0]["results"][0]["ruleId"] == "lint-time-name"
    file.write_text(file.read_text().replace('"x-personal": "user-id",', ""))
    unclassified = cli("schema", "lint", "catalogue", cwd=tmp_path)
    assert unclassified.returncode == 1 and "[lint-load]" in unclassified.stdout and "x-personal" in unclassified.stdout
    assert unclassified.stdout.startswith("catalogue/user.rated/1.json#/properties/userId: error: ")
    at_load = json.loads(cli("schema", "lint", "catalogue", "--json", cwd=tmp_path).stdout)["findings"][0]
    assert at_load["file"] == "catalogue/user.rated/1.json" and at_load["pointer"] == "/properties/userId"
    file.write_text("{")
    assert cli("schema", "lint", "catalogue", cwd=tmp_path).stdout.startswith("catalogue/user.rated/1.json: error: ")
    assert cli("schema", "lint", "nowhere", cwd=tmp_path).returncode == 2
    (tmp_path / "empty").mkdir()
    assert "[lint-empty]" in cli("schema", "lint", "empty", cwd=tmp_path).stdout


# ---- the pages

def codes():
    return set(re.findall(r'^    \{"([a-z-]+)",', (ROOT / "src/compatibility/rules.cc").read_text(), re.M))


def test_every_code_stands_in_the_pages_and_no_other():
    table = lambda page: set(re.findall(r"^\| `([a-z-]+)` \| [^|`]+ \| [^|]+ \|$", (ROOT / "docs" / page).read_text(), re.M))
    lint = {code for code in codes() if code.startswith("lint-")}
    listed = {code for code in table("schema-compatibility.md") if code in codes()}
    assert listed == codes() - lint
    assert {code for code in table("catalogue.md") if code.startswith("lint-")} == lint


@pytest.mark.parametrize("page, begin", [("schema-compatibility.md", "# "), ("catalogue.md", "## Changing an event type")])
def test_the_commands_of_the_page_run_as_they_stand(tmp_path, page, begin):
    run_page(page, tmp_path, begin)


@pytest.mark.parametrize("command", ["check", "lint", "new"])
def test_help_has_examples(command):
    done = cli("schema", command, "--help")
    assert done.returncode == 0 and "Example" in done.stdout and done.stderr == ""
