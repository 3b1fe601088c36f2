"""The blocks of the tutorials are run, in order, in one folder a page (how: ``conftest.py``)."""

from pathlib import Path

import pytest

TUTORIALS = Path(__file__).parents[2] / "docs" / "tutorials"
ELSEWHERE = {"a-backbone-of-your-own.md"}  # needs an environment to install into: test_tutorial_backbone.py
PAGES = sorted(page for page in TUTORIALS.glob("*.md") if page.name not in ELSEWHERE)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_block_does_what_it_shows(page, run_page, tmp_path):
    run_page(page, tmp_path)


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        ("a  b\n", "a b", True),
        ("a\n", "b", False),
        ("a …\n", "a 17", True),
        ("…\nz", "a\nb\nz", True),
        ("a\n…\nz", "a\nz", True),
        ("a\n…", "b\nz", False),
        ("a\n…", "a", True),
    ],
)
def test_how_output_is_compared(matches, expected, printed, same):
    assert matches(expected, printed) is same


def test_how_blocks_are_read(blocks_of):
    page = 'a\n```python title="a/b.py"\n1\n```\n```console\n$ ls\n```\n```text\nno\n```\n'
    found = [(block.kind, block.title, block.text) for block in blocks_of(page)]
    assert found == [("python", "a/b.py", "1\n"), ("console", "", "$ ls\n"), ("text", "", "no\n")]
