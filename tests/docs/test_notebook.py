"""The page on notebooks is run as one, in a kernel of this interpreter, and shows tables and charts."""

from pathlib import Path

import nbclient
import nbformat
import pytest

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "in-a-notebook.md"


@pytest.fixture
def executed(blocks_of, tmp_path, monkeypatch):
    """``(last line, outputs)`` of the cells of the page, executed in order in an empty folder."""
    for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    texts = [block.text.rstrip() for block in blocks_of(PAGE.read_text()) if block.kind == "python"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in texts])
    where = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(notebook, timeout=100, kernel_name="python3", resources=where).execute()
    return [(cell.source.splitlines()[-1], cell.outputs) for cell in notebook.cells]


def test_the_page_is_a_notebook_that_shows_tables_and_charts(executed, tmp_path):
    shown = [
        (line, each.data) for line, outputs in executed for each in outputs if each.output_type == "execute_result"
    ]
    told = [each for _, outputs in executed for each in outputs if each.output_type != "execute_result"]
    pages = {line: data["text/html"] for line, data in shown if line in {"result", "found", "result.table()"}}
    assert "Best layer: energy, 100.0 %" in pages["result"]
    assert "Ranking: weight-mass" in pages["found"]
    assert all("<table" in page for page in pages.values())
    first, second = [data for line, data in shown if line == "result.chart()"]
    assert "vegaEmbed" in first["text/html"]
    assert "<svg" in second["image/svg+xml"]
    assert "majority" in second["image/svg+xml"]
    assert [(each.output_type, each.get("name")) for each in told] == [("stream", "stdout")]  # no error, no chatter
    assert told[0].text.startswith("unknown layer of toy 'enrgy'. Did you mean 'energy'?")
    assert (tmp_path / "neurons.csv").exists()
