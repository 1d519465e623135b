"""The commands of a page of docs/."""
import os
import pathlib
import re
import subprocess

from daemon import BINARY

DOCS = pathlib.Path(__file__).parents[2] / "docs"


def run_page(page, folder, begin="# "):
    """Runs the ```sh blocks from `begin` on in one shell, as they stand; every line of a ```text block must be in what they print."""
    text = (DOCS / page).read_text()
    blocks = re.findall(r"^```(sh|text)\n(.*?)^```$", text[text.index(begin):], re.M | re.S)
    script = "set -eu -o pipefail\n" + "".join(block for kind, block in blocks if kind == "sh")
    done = subprocess.run(["bash"], input=script, capture_output=True, text=True, cwd=folder, timeout=60,
                          env={**os.environ, "PATH": f"{BINARY.parent}:{os.environ['PATH']}"})
    assert done.returncode == 0, done.stdout + done.stderr
    for kind, block in blocks:
        for line in block.splitlines() if kind == "text" else []:
            assert line in done.stdout, f"{page} promises {line!r}, but it was:\n{done.stdout}"
