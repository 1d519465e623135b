"""Node.js and the npm packages that `./dev setup tests` fetches."""
import json
import pathlib
import shutil
import subprocess

FOLDER = pathlib.Path(__file__).parents[2] / "build/node"
SCRIPTS = pathlib.Path(__file__).parent / "node"


def run_node(script, *arguments, timeout=120, cwd=None):
    """The finished process."""
    assert (FOLDER / "node_modules").is_dir(), f"{FOLDER}/node_modules is missing: ./dev setup tests fetches it"
    assert shutil.which("node"), "Node.js is not installed: ./dev setup tests installs it"
    return subprocess.run(["node", str(script), *map(str, arguments)], capture_output=True, text=True, timeout=timeout, cwd=cwd)


def read_asyncapi(file):
    """What AsyncAPI's own parser says of a document: {"valid", "diagnostics", "channels"}."""
    done = run_node(SCRIPTS / "check_asyncapi.mjs", FOLDER.resolve(), file)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
