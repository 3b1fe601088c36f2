"""Pictures are drawn in a process of their own: whatever ends it, a reason comes back and no half file is left."""

import json
import subprocess
import sys
from pathlib import Path

import altair
import pytest

from neuroscope.errors import BadOption
from neuroscope.report import pictures

pytestmark = pytest.mark.usefixtures("drawn_pictures")

LIMITED = """
import resource, sys
from pathlib import Path
import altair
from neuroscope.report.pictures import save

resource.setrlimit(resource.RLIMIT_AS, (8 * 2**30, 8 * 2**30))
chart = altair.concat(altair.Chart(altair.InlineData(values=[{"x": 1}])).mark_point().encode(x="x:Q"))
print(save(lambda: chart, Path(sys.argv[1]), "layers"))
"""


def chart(title="a title"):
    data = altair.InlineData(values=[{"layer": title, "value": 0.5}])
    return altair.concat(altair.Chart(data).mark_point().encode(x="layer:N", y="value:Q").properties(title=title))


def test_a_picture_is_an_svg_and_a_png_the_same_each_time(tmp_path):
    for name in ("one", "other"):
        assert pictures.save(chart, tmp_path, name) == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.png", "one.svg", "other.png", "other.svg"]
    assert "a title" in (tmp_path / "one.svg").read_text()
    assert (tmp_path / "one.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "other.png").read_bytes()


def test_a_chart_is_written_in_the_form_that_each_file_names(tmp_path):
    files = [tmp_path / f"one{ending}" for ending in pictures.ENDINGS]
    assert pictures.save_as(chart, *files) == ""
    page, spec, png, svg = (file.read_bytes() for file in files)
    assert b"<html" in page
    assert b'src="http' not in page  # it is looked at without the internet
    assert b"a title" in page
    assert json.loads(spec)["concat"][0]["title"] == "a title"
    assert png.startswith(b"\x89PNG")
    assert b"a title" in svg


def test_a_file_of_another_form_is_refused():
    pictures.check_ending("--plot", Path("a.PNG"))
    with pytest.raises(BadOption, match=r"--plot a.pdf: expected a file that ends in .html, .json, .png, .svg"):
        pictures.check_ending("--plot", Path("a.pdf"))


def test_labels_with_characters_that_end_the_drawing_are_drawn_escaped(tmp_path):
    assert pictures.save(lambda: chart("a\x00\x1b\ufffe\udcffb"), tmp_path, "layers") == ""
    assert r"a\x00\x1b\ufffe\xffb" in (tmp_path / "layers.svg").read_text()


def test_a_memory_limit_that_ends_the_drawing_costs_the_picture_alone(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)], capture_output=True, text=True, timeout=60, check=True
    )
    assert "the process that draws was ended by SIG" in done.stdout
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("import os; os.abort()", "ended by SIGABRT"),
        ("raise SystemExit('no fonts')", "no fonts"),
        ("raise SystemExit(3)", "exit code 3"),
        ("import time; time.sleep(60)", "not done after 0.2 s"),
    ],
)
def test_why_there_is_no_picture_is_said(tmp_path, monkeypatch, script, said):
    monkeypatch.setattr(pictures, "_DRAW", script)
    if "sleep" in script:
        monkeypatch.setattr(pictures, "_LONGEST", 0.2)
    assert said in pictures.save(chart, tmp_path, "layers")
    assert list(tmp_path.iterdir()) == []


def test_a_chart_that_cannot_be_made_or_written_is_a_reason_too(tmp_path):
    def broken():
        raise MemoryError

    assert pictures.save(broken, tmp_path, "layers") == "MemoryError"
    assert "No such file" in pictures.save(chart, tmp_path / "nowhere", "layers")
