"""docs/quick-start.md, run as it stands, and what it promises checked."""
import json
import os
import pathlib
import re
import socket
import subprocess

from daemon import BINARY

PAGE = pathlib.Path(__file__).parents[2] / "docs/quick-start.md"
BLOCK = re.compile(r"^```(\w+)(?: (\w+))?\n(.*?)^```$", re.M | re.S)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run_script(script, folder, kafka):
    """bash, which leaves no daemon behind when the script fails."""
    port = str(free_port())
    script = script.replace("127.0.0.1:8080", f"127.0.0.1:{port}").replace("127.0.0.1:9092", kafka.bootstrap)
    script = script.replace("user-events serve", f"user-events serve --listen 127.0.0.1:{port}")
    script = script.replace('export PATH="$PWD/../build/release:$PATH"', f'export PATH="{BINARY.parent}:$PATH"')
    script = "trap 'kill -9 $(jobs -p) 2>/dev/null || true' EXIT\nset -eu -o pipefail\n" + script
    process = subprocess.Popen(["bash", "-m"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder,
                               env={**os.environ, "USER_EVENTS_URL": f"http://127.0.0.1:{port}"}, start_new_session=True)
    try:
        out, _ = process.communicate(script, timeout=120)
    except subprocess.TimeoutExpired:
        process.terminate()  # its trap ends the daemon
        out, _ = process.communicate()
        raise AssertionError(f"the page's commands hang; so far:\n{out}")
    assert process.returncode == 0, f"the page's commands end with {process.returncode}:\n{out}"
    return out


def test_the_quick_start_runs_as_it_stands(kafka, tmp_path):
    topic = kafka.create_topic(name="user.events", partitions=3)
    script = []
    for language, kind, text in BLOCK.findall(PAGE.read_text()):
        if language == "sh" and kind != "setup":
            script.append(text)
        elif language == "toml":  # "add this and start again"
            script += ["kill %1 && wait %1\n", f"cat >> user-events.toml <<'TOML'\n\n{text}TOML\n", "user-events serve &\n",
                       "until user-events status >/dev/null 2>&1; do sleep 0.1; done\n",
                       "while user-events status --json | grep -q '\"lagEvents\":[1-9]'; do sleep 0.1; done\n"]
    out = run_script("".join(script), tmp_path, kafka)
    # Every line that the page shows as an answer was given.
    for language, _, text in BLOCK.findall(PAGE.read_text()):
        if language == "text":
            for line in text.splitlines():
                assert line in out, f"the page promises {line!r}, but it was:\n{out}"
    assert "exit status 1" in out and "1003 events.ndjson" in out
    messages = kafka.consume(topic)
    assert len(messages) == 1003
    assert {json.loads(message["payload"])["source"] for message in messages} == {"urn:user-events", "urn:example:user-service"}


def test_every_link_of_the_pages_leads_somewhere():
    for page in ("quick-start.md", "cli.md", "configuration.md", "http.md", "security/access.md"):
        text = (PAGE.parent / page).read_text()
        for target in re.findall(r"\]\(([^)#:]+)[^)]*\)", text):
            assert ((PAGE.parent / page).parent / target).exists(), f"{page} links to {target}"
