"""docs/security/attacks.md names a test in each row: each of them exists."""
import pathlib
import re

ROOT = pathlib.Path(__file__).parents[2]
ROW = re.compile(r"^\| (\d+) \|.*\| `([^`]+)` \|$", re.MULTILINE)


def cpp_tests():
    found = set()
    for folder in ("server", "access", "signing"):
        for file in (ROOT / "tests" / folder).glob("*.cc"):
            found |= {f"{suite}.{name}" for suite, name in re.findall(r"^TEST(?:_F|_P)?\((\w+), (\w+)\)", file.read_text(), re.MULTILINE)}
    return found


def test_every_row_names_a_test_that_exists():
    page = (ROOT / "docs/security/attacks.md").read_text()
    rows = ROW.findall(page)
    assert len(rows) == len(re.findall(r"^\| \d", page, re.MULTILINE)) > 40
    assert len({number for number, _ in rows}) == len(rows)
    python = {f"{file.name}::{name}" for file in pathlib.Path(__file__).parent.glob("test_*.py") for name in re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE)}
    assert [row for row in rows if row[1] not in cpp_tests() | python] == []
