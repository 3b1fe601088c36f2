"""The page on describing data is run, and draws its picture."""

from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "describe-your-data.md"


def test_every_block_does_what_it_shows(run_page, tmp_path):
    run_page(PAGE, tmp_path)
    assert "gc on espeak" in (tmp_path / "gc.svg").read_text()
