"""examples/library against an installed prefix, as a user's own project builds it."""
import json
import os
import pathlib
import subprocess

import pytest

from daemon import BINARY, cli

SOURCE = pathlib.Path(__file__).parents[2]
BUILD = pathlib.Path(os.environ.get("UE_BUILD") or BINARY.parent)


def run(*command, **options):
    done = subprocess.run([str(each) for each in command], capture_output=True, text=True, timeout=300, **options)
    assert done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    prefix = tmp_path_factory.mktemp("prefix")
    run("cmake", "--install", BUILD, "--prefix", prefix)
    return prefix


@pytest.fixture(scope="module")
def example(installed, tmp_path_factory):
    build = tmp_path_factory.mktemp("example")
    # A compiler flag of the user's own must not meet ours, and nothing of the source tree may be needed.
    run("cmake", "-S", SOURCE / "examples/library", "-B", build, f"-DCMAKE_PREFIX_PATH={installed}", "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror")
    run("cmake", "--build", build)
    return build / "example"


def test_the_example_builds_against_an_installed_prefix_and_runs(example, tmp_path):
    events = [json.loads(line) for line in run(example, cwd=tmp_path).splitlines()]
    assert [(event["type"], event["subject"], event["sequence"]) for event in events] == [
        ("user.created", "u-1", "00000000000000000001"), ("user.mfa.enabled", "u-1", "00000000000000000002")]
    assert events == [json.loads(line) for line in cli("tail", "--json", "--data-dir", tmp_path / "data").stdout.splitlines()]
    assert len(run(example, cwd=tmp_path).splitlines()) == 2, "again, after what is there"


def test_the_example_delivers_where_its_configuration_says(example, tmp_path):
    (tmp_path / "c.toml").write_text('[[destination]]\nname = "lines"\nkind = "file"\npath = "out.ndjson"\nformat = "plain"\n')
    run(example, "c.toml", cwd=tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "out.ndjson").read_text().splitlines()]
    assert [line["type"] for line in lines] == ["user.created", "user.mfa.enabled"]
    (tmp_path / "bad.toml").write_text("x = 1\n")
    assert subprocess.run([example, "bad.toml"], cwd=tmp_path, capture_output=True).returncode == 2


def test_the_installed_headers_do_not_lead_back_to_the_source_tree(installed):
    for path in list(installed.rglob("*.h")) + list(installed.rglob("*.inc")) + list(installed.rglob("*.cmake")):
        assert str(SOURCE) not in path.read_text(), path
    assert run(installed / "bin/user-events", "--version")
