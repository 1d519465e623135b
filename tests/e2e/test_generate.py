"""generate: the types are read by the languages' own checkers, and read events of a real daemon."""
import importlib
import json
import shutil
import subprocess
import sys

import pytest

from daemon import cli
from node_tools import FOLDER, run_node
from pages import run_page
from sample_events import SAMPLES

TSC = FOLDER / "node_modules/typescript/bin/tsc"
TSC_FLAGS = ["--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--noPropertyAccessFromIndexSignature", "--noUnusedLocals", "--noImplicitOverride",
             "--target", "es2022", "--module", "es2022", "--moduleResolution", "bundler"]
CPP_FLAGS = ["-std=c++20", "-Wall", "-Wextra", "-Werror"]
LANGUAGES = {"typescript": ["events.ts"], "python": ["__init__.py", "events.py", "py.typed"], "cpp": ["events.h"]}


def key(number):
    return {"type": "string", "minLength": 1, "x-personal": "user-id", "x-key": "user", "x-field-number": number}


def text(**more):
    return {"type": "string", "x-personal": "none", **more}


def named(name, properties):
    return {"type": "object", "x-name": name, "additionalProperties": False, "properties": properties}


# Names that are keywords or no identifiers, nested objects, arrays, enumerations, maps, null, members without a name, two versions.
HARD = {
    "user.hard": {
        1: {"userId": key(1), "old": text()},
        2: {"userId": key(1), "class": text(), "from": text(), "user_id": text(), "x-odd name": text(), "2fa": {"type": "boolean"},
            "stars": {"type": "integer", "minimum": 1, "maximum": 5}, "ratio": {"type": ["number", "null"]},
            "level": text(enum=["low", "very \"high\"", "a\\b"]), "tags": {"type": "array", "items": text()}, "day": text(format="date"),
            "grid": {"type": "array", "items": {"type": "array", "items": {"type": ["integer", "null"]}}},
            "scores": {"type": "object", "additionalProperties": {"type": "number"}},
            "places": {"type": "array", "items": {"type": "object", "x-name": "Place", "additionalProperties": False, "required": ["city", "at"],
                                                  "properties": {"city": text(description="Ends a comment: */ and a string: \"\"\" \\"), "note": text(type=["string", "null"]),
                                                                 "at": text(format="date-time")}}},
            "byName": {"type": "object", "additionalProperties": {"type": "object", "x-name": "Place", "additionalProperties": False, "properties": {"other": text()}}},
            "open": {"type": "object", "x-personal": "free-text", "x-name": "Data", "properties": {"known": text()}, "required": ["known"]},
            "anything": {"x-personal": "free-text"}},
    },
    "user.other": {1: {"userId": key(1), "place": {"type": "object", "x-name": "Place", "additionalProperties": False, "required": ["city", "at"],
                                                   "properties": {"city": text(), "note": text(type=["string", "null"]), "at": text(format="date-time")}}}},
    # Names that the generated files use themselves, macros, what would swallow the line behind it, zeros, and two that are told apart by quotes alone.
    "user.hostile": {1: {"userId": key(1), "shape": named("Event", {"a": text()}), "end": named("EOF", {"a": text()}), "either": named("UserEitherFields", {"a": text()}),
                         "splice": text(description="Ends in a backslash and a blank: \\ "), "after": text(), "linux": text(), "std": text(), "typeof": text(), "nul": text(),
                         "nul\0name": text(), "level": text(enum=["a\0b", "a"]), "kind": named("Kind", {"e": text(enum=["a|b"])})}},
    "user.sort": {1: {"userId": key(1), "kind": named("Kind", {"e": text(enum=["a", "b"])})}},
    "user.either": {1: {"userId": key(1), "a": text(), "b": text()}},
    "user.open": {1: {"userId": key(1), "occurredAt": text(format="date-time", **{"x-default": "acceptance-time"}), "must": text()}},
}
MORE = {"user.either": {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
        "user.open": {"required": ["userId", "occurredAt", "must"], "additionalProperties": True, "x-personal": "free-text"}}
HOSTILE_DATA = [("user.hostile", {"userId": "u-1", "shape": {"a": "x"}, "end": {"a": "y"}, "either": {"a": "z"}, "splice": "s", "after": "t", "linux": "l", "std": "d", "typeof": "o",
                                  "nul": "n", "nul\0name": "m", "level": "a\0b", "kind": {"e": "a|b"}}),
                ("user.sort", {"userId": "u-1", "kind": {"e": "a"}}), ("user.either", {"userId": "u-1", "b": "b"}), ("user.open", {"userId": "u-1", "must": "m", "more": 1})]
HARD_DATA = {
    "userId": "u-1", "class": "c", "from": "f", "user_id": "x", "x-odd name": "odd", "2fa": True, "stars": 3.0, "ratio": None, "level": "very \"high\"", "tags": ["a", "b"],
    "day": "2026-11-24", "grid": [[1, None], []], "scores": {"a b": 1.5}, "places": [{"city": "Oslo", "note": None, "at": "2026-11-24T10:00:00+01:00"}],
    "byName": {"home": {"other": "o"}}, "open": {"known": "k", "more": [1, {"x": None}]}, "anything": {"deep": [None, 1]}}
REQUIRED = ["userId", "class", "level", "ratio", "places", "open"]


def hard_catalogue(folder):
    for name, versions in HARD.items():
        (folder / name).mkdir(parents=True)
        for version, properties in versions.items():
            (folder / name / f"{version}.json").write_text(json.dumps({
                "$id": f"urn:user-events:schema:{name}:{version}", "title": "Hard", "type": "object", "additionalProperties": False, "properties": properties,
                "required": REQUIRED if version == 2 else ["userId"], **({"x-cast": "none"} if version == 2 else {}), **MORE.get(name, {})}))
    return folder


def generate(folder, language, *arguments):
    done = cli("generate", language, "--out", "out", *arguments, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"out/{name}" for name in LANGUAGES[language]]
    return folder / "out"


@pytest.fixture(scope="module")
def events(tmp_path_factory):
    """An event of every type, as a daemon delivered it to a file."""
    from daemon import Daemon
    folder = tmp_path_factory.mktemp("events")
    delivered = folder / "delivered.ndjson"
    daemon = Daemon(folder, f'catalogue_dir = "{hard_catalogue(folder / "catalogue")}"\n[[destination]]\nname = "file"\nkind = "file"\npath = "{delivered}"\n').start()
    try:
        for name, data in SAMPLES.items():
            daemon.publish(name, data)
        daemon.publish("user.hard", HARD_DATA)
        daemon.publish("user.hard", {"userId": "u-1", "old": "o"}, version=1)
        daemon.publish("user.other", {"userId": "u-1", "place": {"city": "Rome", "at": "2026-11-24T09:00:00Z"}})
        for name, data in HOSTILE_DATA:
            daemon.publish(name, data)
        daemon.wait_delivered()
    finally:
        daemon.close()
    lines = delivered.read_text().splitlines()
    assert len(lines) == len(SAMPLES) + 3 + len(HOSTILE_DATA) == 25
    return folder, lines


def refused(lines):
    """Events that break the data's rules, and where: a symbol that is none, and neither of two members of which one is needed."""
    def changed(name, of, member, value):
        event = next(each for each in map(json.loads, lines) if each["type"] == name and of in each["data"])
        event["data"] = {**event["data"], member: value} if value else {each: kept for each, kept in event["data"].items() if each != member}
        return event
    return [(changed("user.hard", "level", "level", "high"), "/data/level"), (changed("user.either", "b", "b", None), "/data")]


def without_null(line):
    """The event where an optional member that is null is absent: Python and C++ have one word for both."""
    event = json.loads(line)
    for place in event["data"].get("places", []):
        del place["note"]
    return event


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_catalogue_gives_the_same_files_again_and_again(tmp_path, language):
    out = generate(tmp_path, language)
    before = {name: (out / name).read_bytes() for name in LANGUAGES[language]}
    generate(tmp_path, language)
    assert before == {name: (out / name).read_bytes() for name in LANGUAGES[language]}
    for name, content in before.items():
        assert content == b"" or b"Generated by user-events" in content.splitlines()[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_that_is_somebodys_own_stays(tmp_path, language):
    (tmp_path / "out").mkdir()
    mine = tmp_path / "out" / LANGUAGES[language][0]
    mine.write_text("mine")
    done = cli("generate", language, "--out", "out", cwd=tmp_path)
    assert done.returncode == 1 and "--force" in done.stderr and mine.read_text() == "mine" and list((tmp_path / "out").iterdir()) == [mine]
    generate(tmp_path, language, "--force")
    assert mine.read_text() != "mine"


@pytest.mark.parametrize("arguments, word", [([], "LANGUAGE"), (["cobol", "--out", "x"], "LANGUAGE"), (["python"], "--out"), (["cpp", "--out", "x", "--type", "user.nothing"], "--type")])
def test_wrong_usage_is_exit_status_2(tmp_path, arguments, word):
    done = cli("generate", *arguments, cwd=tmp_path)
    assert done.returncode == 2 and word in done.stderr and list(tmp_path.iterdir()) == []


def test_the_commands_of_the_page_run_as_they_stand(tmp_path):
    run_page("generated-types.md", tmp_path)


# ---- TypeScript

def tsc(folder, *files, emit=False):
    return run_node(TSC, *TSC_FLAGS, *([] if emit else ["--noEmit"]), *files, timeout=300, cwd=folder)


TS_READER = """
import { parseEvent, isUserEvent, EventParseError, type UserEvent, type NewEvent, type EventOf, type UserCreated, type UserLoginFailed } from "./events.js";

function userOf(event: UserEvent): string {
  switch (event.type) {
    case "user.created": { const email: string = event.data.email; const name: string | undefined = event.data.username; return email + (name ?? ""); }
    case "user.address.added": return event.data.address.city;
    case "user.login.failed": return event.data.email ?? event.data.username ?? "nobody";
    default: return event.partitionkey;
  }
}
const created: EventOf<"user.created"> | undefined = undefined;
const fresh: NewEvent = { type: "user.created", data: { userId: "u", email: "a@example.com", status: "active" } };
const failed: UserLoginFailed = { username: "ada", attemptTimestamp: "", ipAddress: "", reasonForFailure: "" };
void created; void fresh; void failed;
export type { UserCreated };

export function read(lines: readonly string[]): string[] {
  return lines.map((line) => { const event = parseEvent(line); userOf(event); if (!isUserEvent(JSON.parse(line))) throw new Error("guard"); return JSON.stringify(event); });
}
export function problem(value: unknown): string {
  try { parseEvent(value); return ""; } catch (error) { return error instanceof EventParseError ? error.path + "|" + error.message : "other"; }
}
"""
TS_WRONG = {
    "a member that is not there": ("event.type === 'user.created' && event.data.surname", "surname"),
    "a member of another type's data": ("event.type === 'user.mfa.enabled' && event.data.email", "email"),
    "an optional member taken for a text": ("event.type === 'user.created' && event.data.username.length", "undefined"),
    "a type that is none": ("event.type === 'user.creatd'", "no overlap"),
    "writing": ("event.type === 'user.created' && (event.data.email = 'x')", "read-only"),
    "undefined for an optional member": ("({ userId: 'u', mfaType: undefined, timestamp: '' }) satisfies import('./events.js').MfaEnabled", "'undefined' is not assignable"),
    "neither of two of which one is needed": ("({ attemptTimestamp: '', ipAddress: '', reasonForFailure: '' }) satisfies import('./events.js').UserLoginFailed", "username"),
    "a new event without what is needed": ("({ type: 'user.created', data: { userId: 'u' } }) satisfies import('./events.js').NewEvent", "email"),
    "a new event of any members without what is needed": ("({ type: 'user.open', data: { userId: 'u' } }) satisfies import('./events.js').NewEvent", "must"),
    "a number that may be null": ("event.type === 'user.hard' && event.dataschema === 'urn:user-events:schema:user.hard:2' && event.data.ratio.toFixed()", "null"),
    "an unknown symbol": ("event.type === 'user.hard' && event.dataschema === 'urn:user-events:schema:user.hard:2' && event.data.level === 'high'", "no overlap"),
    "a member of another version": ("event.type === 'user.hard' && event.dataschema === 'urn:user-events:schema:user.hard:1' && event.data.level", "level"),
}


def test_typescript_is_strict_and_reads_the_events_of_a_daemon(events):
    folder, lines = events
    out = generate(folder, "typescript", "--catalogue", "catalogue", "--force")
    (out / "reader.ts").write_text(TS_READER)
    done = tsc(out, "reader.ts", emit=True)
    assert done.returncode == 0, done.stdout
    (out / "package.json").write_text('{"type": "module"}')
    (out / "lines.json").write_text(json.dumps(lines))
    (out / "refused.json").write_text(json.dumps([event for event, _ in refused(lines)]))
    (out / "run.mjs").write_text("""
import {readFileSync} from "node:fs";
import {read, problem} from "./reader.js";
const lines = JSON.parse(readFileSync("lines.json", "utf8"));
const refused = JSON.parse(readFileSync("refused.json", "utf8"));
const change = (path, value) => { const event = JSON.parse(lines[0]); const last = path.pop(); let at = event; for (const name of path) at = at[name];
                                  if (value === undefined) delete at[last]; else at[last] = value; return problem(event); };
console.log(JSON.stringify({read: read(lines), problems: [problem("{"), change(["data", "email"]), change(["data", "email"], 7), change(["type"], "user.updated"),
                                                            change(["dataschema"], "urn:x"), change(["specversion"], "0.3"), change(["data", "newer"], 1)], refused: refused.map(problem)}));
""")
    ran = run_node("run.mjs", cwd=out)
    assert ran.returncode == 0, ran.stderr
    answer = json.loads(ran.stdout)
    assert [json.loads(written) for written in answer["read"]] == [json.loads(line) for line in lines]
    assert [problem.split("|")[0] for problem in answer["problems"]] == ["", "/data/email", "/data/email", "/type", "/dataschema", "/specversion", ""]
    assert [problem.split("|")[0] for problem in answer["refused"]] == [where for _, where in refused(lines)]
    assert answer["problems"][0] == "|the event is no JSON" and answer["problems"][-1] == "" and "missing" in answer["problems"][1]


def test_tsc_reports_wrong_use(events):
    folder, _ = events
    out = generate(folder, "typescript", "--catalogue", "catalogue", "--force")
    for number, (expression, _) in enumerate(TS_WRONG.values()):
        (out / f"wrong{number}.ts").write_text(f'import type {{ UserEvent }} from "./events.js";\ndeclare const event: UserEvent;\nexport const wrong = {expression};\n')
    done = tsc(out, *[f"wrong{number}.ts" for number in range(len(TS_WRONG))])
    assert done.returncode != 0
    for number, (what, (_, word)) in enumerate(TS_WRONG.items()):
        begin = done.stdout.find(f"wrong{number}.ts(")
        assert begin >= 0 and word in done.stdout[begin:].split(f"wrong{number + 1}.ts(")[0], f"{what} passed:\n{done.stdout}"


# ---- Python

def mypy(folder, *files):
    return subprocess.run([sys.executable, "-m", "mypy", "--strict", "--python-version", "3.10", "--cache-dir", folder / ".mypy_cache", *files], cwd=folder,
                          capture_output=True, text=True, timeout=300)


PY_READER = """
from out import UserEvent, UserCreated, UserCreatedEvent, UserLoginFailedEvent, new_event, parse_event

def user_of(event: UserEvent) -> str:
    if event.type == "user.created":
        email: str = event.data.email
        return email + (event.data.username or "")
    if isinstance(event, UserLoginFailedEvent):
        return event.data.email or event.data.username or "nobody"
    match event:
        case UserCreatedEvent(data=UserCreated(user_id=user)):
            return user
    return event.partitionkey

def read(line: str) -> dict[str, object]:
    event = parse_event(line)
    user_of(event)
    new_event(event.data, id="again", time=event.time)
    return event.to_json()
"""
PY_WRONG = {
    "event.type == 'user.created' and event.data.surname": "surname",
    "event.type == 'user.mfa.enabled' and event.data.email": "email",
    "event.type == 'user.created' and len(event.data.username)": "None",
    "event.type == 'user.creatd'": "overlap",
    "MfaEnabled(user_id='u')": "timestamp",
    "MfaEnabled(user_id=7, timestamp=event.time)": "user_id",
    "setattr_ if isinstance(event, MfaEnabled) else event.nothing": "nothing",
}


def test_python_is_strict_and_reads_the_events_of_a_daemon(events, monkeypatch):
    folder, lines = events
    shutil.rmtree(folder / "out", ignore_errors=True)
    generate(folder, "python", "--catalogue", "catalogue")
    (folder / "reader.py").write_text(PY_READER)
    done = mypy(folder, "out", "reader.py")
    assert done.returncode == 0, done.stdout + done.stderr
    monkeypatch.syspath_prepend(str(folder))
    for name in ("out", "out.events", "reader"):
        sys.modules.pop(name, None)
    reader, types = importlib.import_module("reader"), importlib.import_module("out")
    for line in lines:
        assert reader.read(line) == without_null(line)
    first = json.loads(lines[0])
    for path, value, where in ((("data", "email"), None, "/data/email"), (("data", "email"), 7, "/data/email"), (("type",), "user.updated", "/type"),
                               (("dataschema",), "urn:x", "/dataschema"), (("specversion",), "0.3", "/specversion"), (("time",), "noon", "/time"),
                               (("time",), "2026-11-24T09:00:00.000", "/time")):
        broken = json.loads(lines[0])
        inner = broken["data"] if len(path) == 2 else broken
        if value is None:
            del inner[path[-1]]
        else:
            inner[path[-1]] = value
        with pytest.raises(types.EventParseError) as caught:
            types.parse_event(broken)
        assert caught.value.path == where
    for event, where in refused(lines):
        with pytest.raises(types.EventParseError) as caught:
            types.parse_event(event)
        assert caught.value.path == where
    for text in ("{", "[" * 200_000):
        with pytest.raises(types.EventParseError):
            types.parse_event(text)
    first["data"]["newer"] = 1
    assert types.parse_event(first).data.email == "ada@example.com"


def test_mypy_reports_wrong_use(events):
    folder, _ = events
    shutil.rmtree(folder / "out", ignore_errors=True)
    generate(folder, "python", "--catalogue", "catalogue")
    (folder / "wrong.py").write_text("from out import MfaEnabled, UserEvent\n\ndef use(event: UserEvent) -> None:\n" +
                                     "".join(f"    print({expression})\n" for expression in PY_WRONG))
    done = mypy(folder, "wrong.py")
    assert done.returncode == 1, done.stdout + done.stderr
    for line, (expression, word) in enumerate(PY_WRONG.items(), start=4):
        assert any(f"wrong.py:{line}: error" in each and word in each for each in done.stdout.splitlines()), f"{expression} passed:\n{done.stdout}"


# ---- C++

CPP_READER = r"""
#include <fstream>
#include <iostream>
#include "out/events.h"
using namespace user_events_types;
template <class... F> struct overloaded : F... { using F::operator()...; };
int main(int, char** argv) {
  std::ifstream file(argv[1]);
  for (std::string line; std::getline(file, line);) {
    try {
      const Event event = parse_event(line);
      const std::string user = std::visit(overloaded{[](const UserCreated& data) { return data.email + data.username.value_or(""); },
                                                     [](const UserAddressAdded& data) { return data.address.city; },
                                                     [&](const auto&) { return event.partitionkey; }}, event.data);
      if (user.empty() || event.type().empty() || parse_event(to_json(event)) != event || new_event(event.data)["data"] != to_json(event)["data"]) return 1;
      std::cout << to_json(event).dump() << '\n';
    } catch (const EventParseError& error) {
      std::cout << error.path() << '|' << error.what() << '\n';
    }
  }
}
"""


def gxx(folder, *arguments):
    return subprocess.run(["g++", *CPP_FLAGS, "-I.", *arguments], cwd=folder, capture_output=True, text=True, timeout=600)


def test_cpp_compiles_without_warnings_and_reads_the_events_of_a_daemon(events):
    folder, lines = events
    shutil.rmtree(folder / "out", ignore_errors=True)
    generate(folder, "cpp", "--catalogue", "catalogue")
    (folder / "reader.cc").write_text(CPP_READER)
    (folder / "again.cc").write_text('#include "out/events.h"\n')  # a second unit: what is in the header is inline
    built = gxx(folder, "reader.cc", "again.cc", "-o", "reader")
    assert built.returncode == 0, built.stderr[:4000]
    gnu = gxx(folder, "-std=gnu++20", "-fsyntax-only", "again.cc")  # which has macros and keywords of its own
    assert gnu.returncode == 0, gnu.stderr[:4000]
    bad = ["{"]
    for name, value in (("email", None), ("email", 7), ("registrationTimestamp", "2026-13-24T09:00:00.000Z")):
        event = json.loads(lines[0])
        event["data"] = {**event["data"], name: value} if value is not None else {key: each for key, each in event["data"].items() if key != name}
        bad.append(json.dumps(event))
    bad += [json.dumps(event) for event, _ in refused(lines)]
    (folder / "lines").write_text("\n".join([*lines, *bad]))
    ran = subprocess.run(["./reader", "lines"], cwd=folder, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    answers = ran.stdout.splitlines()
    assert [json.loads(written) for written in answers[:len(lines)]] == [without_null(line) for line in lines]
    assert [answer.split("|")[0] for answer in answers[len(lines):]] == ["", "/data/email", "/data/email", "/data/registrationTimestamp", "/data/level", "/data"]


def test_the_compiler_reports_wrong_use(events):
    folder, _ = events
    shutil.rmtree(folder / "out", ignore_errors=True)
    generate(folder, "cpp", "--catalogue", "catalogue")
    (folder / "wrong.cc").write_text('#include "out/events.h"\nint main() {\n  user_events_types::UserCreated data;\n  data.surname = "x";\n  std::string name = data.username;\n'
                                     "  return std::visit([](const user_events_types::UserCreated&) { return 0; }, user_events_types::Data(data));\n}\n")
    built = gxx(folder, "-fsyntax-only", "wrong.cc")
    assert built.returncode != 0 and "surname" in built.stderr and "wrong.cc:5" in built.stderr and ("wrong.cc:6" in built.stderr or "visit" in built.stderr)
