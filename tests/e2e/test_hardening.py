"""What stands around the daemon: how the binary was made, the systemd unit, no memory on a disk, the list of what is linked."""
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import tempfile

import pytest

from daemon import BINARY, Daemon
from sandbox import Filter, allowed_calls

ROOT = pathlib.Path(__file__).parents[2]
UNIT = ROOT / "packaging/user-events.service"
NOBODY = 65534


def readelf(*what):
    return subprocess.run(["readelf", "--wide", *what, BINARY], capture_output=True, text=True, check=True).stdout


def test_the_binary_lies_anywhere_and_its_tables_stay_as_they_were_at_the_start():
    assert re.search(r"Type:\s+DYN ", readelf("--file-header"))
    dynamic = readelf("--dynamic")
    assert re.search(r"\(FLAGS\)\s+BIND_NOW", dynamic) and re.search(r"\(FLAGS_1\)\s+Flags:.*\bNOW\b.*\bPIE\b", dynamic), dynamic
    segments = re.findall(r"^\s+(\w+)\s+0x\w+ 0x\w+ 0x\w+ 0x\w+ 0x\w+ ([R ][W ][E ])", readelf("--program-headers"), re.M)
    assert [flags for name, flags in segments if name == "GNU_STACK"] == ["RW "]
    assert [flags for name, flags in segments if name == "GNU_RELRO"] == ["R  "]
    loaded = [flags for name, flags in segments if name == "LOAD"]
    assert "R E" in loaded and "RWE" not in loaded and " WE" not in loaded


def test_the_compiler_put_checks_in():
    symbols = readelf("--dyn-syms")
    assert "__stack_chk_fail" in symbols, "-fstack-protector-strong"
    assert re.search(r"\b__\w+_chk\b", symbols), "-D_FORTIFY_SOURCE"
    assert "__glibcxx_assert_fail" in symbols, "-D_GLIBCXX_ASSERTIONS"


def test_every_object_was_compiled_with_the_switches_of_the_page():
    page = (ROOT / "docs/security/hardening.md").read_text().partition("## The binary")[2].partition("## Memory")[0]
    switches = re.findall(r"`(-[fD][^`]+)`", page)
    assert len(switches) == 5
    commands = json.loads((pathlib.Path(os.environ["UE_BUILD"]) / "compile_commands.json").read_text())
    ours = [each for each in commands if each["file"].startswith(str(ROOT / "src"))]
    assert len(ours) > 100
    for switch in switches:
        assert not [each["file"] for each in ours if switch not in each["command"].split()], switch


def test_the_unit_leaves_little_to_attack():
    judged = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=20", UNIT], capture_output=True, text=True)
    exposure = float(re.search(r"exposure level for \S+: ([0-9.]+)", judged.stdout)[1])
    assert judged.returncode == 0 and exposure <= 2.0, judged.stdout


def test_the_unit_is_understood():
    checked = subprocess.run(["systemd-analyze", "verify", "--man=no", UNIT], capture_output=True, text=True)
    ours = [line for line in checked.stderr.splitlines() if UNIT.name in line and "not executable" not in line]
    assert not ours, ours


@pytest.fixture
def folder_of_nobody():
    """A folder that belongs to somebody without rights, as the unit's user is. Not below pytest's, which only its owner enters."""
    with tempfile.TemporaryDirectory(prefix="user-events-") as name:
        if os.geteuid() == 0:
            os.chown(name, NOBODY, NOBODY)
        yield pathlib.Path(name)


def test_the_daemon_does_its_work_under_the_units_filter(folder_of_nobody):
    assert {"openat", "fdatasync", "mlock2"} <= allowed_calls(UNIT) and not {"ptrace", "chown", "mount"} & allowed_calls(UNIT)
    folder, filter = folder_of_nobody, Filter(UNIT)
    key = folder / "master.key"
    key.write_text("a" * 64 + "\n")
    key.chmod(0o600)
    (folder / "catalogue").mkdir()
    daemon = Daemon(folder, f'''
catalogue_dir = "{folder}/catalogue"
[privacy]
master_key.file = "{key}"
[[destination]]
name = "lines"
kind = "file"
path = "{folder}/out.ndjson"
[[destination]]
name = "away"
kind = "webhook"
url = "http://localhost:9/hook"
secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
allow_http = true
allow_private_networks = true
[[destination]]
name = "kafka"
kind = "kafka"
topic = "t"
kafka."bootstrap.servers" = "localhost:9"
''')

    def become_the_service():
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        filter.install()

    if os.geteuid() == 0:
        os.chown(key, NOBODY, NOBODY)
    try:
        daemon.launch(before=become_the_service)
        assert daemon.wait_ready(), f"ended with {daemon.process.poll()} (-31: a system call that the unit refuses)\n{daemon.log_tail()}"
        for n in range(50):
            daemon.publish("user.mfa.enabled", {"userId": f"u-{n}"})
        daemon.process.send_signal(signal.SIGHUP)
        assert daemon.request("GET", "/metrics")[0] == 200
        assert len(daemon.events()) == 50
        assert daemon.cli("keys", "forget", "u-1", "--reason", "test", "--now").returncode == 0
        assert daemon.stop() == 0, daemon.log_tail()
        lines = [json.loads(line) for line in (folder / "out.ndjson").read_text().splitlines()]
        assert [line["type"] for line in lines] == ["user.mfa.enabled"] * 50 + ["user.erased"]
    finally:
        daemon.close()


def test_the_filter_of_the_tests_refuses():
    ended = subprocess.run(["python3", "-c", "import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)"], preexec_fn=Filter(UNIT).install, stderr=subprocess.DEVNULL)
    assert ended.returncode == -signal.SIGSYS


def died(process):
    """Whether it left a core file behind, according to the kernel."""
    process.send_signal(signal.SIGSEGV)
    return os.WCOREDUMP(os.waitpid(process.pid, 0)[1])


def test_memory_reaches_no_disk_when_the_daemon_dies(tmp_path):
    daemon = Daemon(tmp_path / "daemon")
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    daemon.launch(before=lambda: resource.setrlimit(resource.RLIMIT_CORE, (most, most)))
    assert daemon.wait_ready()
    limits = pathlib.Path(f"/proc/{daemon.process.pid}/limits").read_text()
    assert re.search(r"^Max core file size\s+0\s+0\s", limits, re.MULTILINE)
    assert not died(daemon.process)


def test_the_bill_of_materials_names_what_the_running_daemon_has_loaded(daemon, tmp_path):
    made = subprocess.run([ROOT / "packaging/sbom", BINARY], capture_output=True, text=True, check=True).stdout
    bill = json.loads(made)
    assert bill["bomFormat"] == "CycloneDX" and bill["specVersion"] == "1.5"
    listed = {each["name"] for each in bill["components"]}
    loaded = set(re.findall(r"\s(/\S+\.so\S*)$", pathlib.Path(f"/proc/{daemon.process.pid}/maps").read_text(), re.MULTILINE))
    assert len(loaded) > 20
    for path in loaded:
        owner = next(found for name in (path, path.removeprefix("/usr"), os.path.realpath(path))
                     if (found := subprocess.run(["dpkg-query", "-S", name], capture_output=True, text=True).stdout))
        assert owner.split(":")[0] in listed, path
    # What is compiled in leaves no trace in the loader.
    assert {"libcli11-dev", "libboost1.81-dev", "libtomlplusplus-dev"} <= listed
    for each in bill["components"]:
        assert each["purl"].startswith("pkg:deb/debian/") and each["version"] and each["licenses"], each
