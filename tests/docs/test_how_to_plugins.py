"""The complete modules of the how-to pages are plugins that load, and that the compliance kit finds sound."""

import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest

from neuroscope import testing
from neuroscope.contracts.features import Features, Unit
from neuroscope.contracts.probing import Labels
from neuroscope.data import Data
from neuroscope.errors import MissingData
from neuroscope.plugin.loading import KINDS, Plugins

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"
READER = EntryPoint("speech-tasks", "neuroscope_speech_tasks", "neuroscope")


@pytest.fixture
def load(blocks_of, tmp_path, monkeypatch):
    """``load(kind)``: a registry of the page's module alone (and the reader of manifests), and the names it brings."""
    monkeypatch.syspath_prepend(tmp_path)

    def one(kind):
        blocks = blocks_of((HOW_TO / f"write-a-{kind}.md").read_text())
        (module,) = [block.text for block in blocks if block.kind == "python"]
        (lines,) = [block.text for block in blocks if block.kind == "toml"]
        ((name, target),) = tomllib.loads(lines)["project"]["entry-points"]["neuroscope"].items()
        (tmp_path / f"{target}.py").write_text(module)
        monkeypatch.delitem(sys.modules, target, raising=False)
        plugins = Plugins.load([EntryPoint(name, target, "neuroscope"), READER], strict=True)
        return plugins, [each.name for each in plugins.registries[kind] if each.plugin == f"?:{name}"]

    return one


def silence(path, seconds=1.0):
    import soundfile

    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.zeros(int(16_000 * seconds)), 16_000)


def readings(folder):
    rows = ["recording,reader,room,mood"]
    for number in range(12):
        silence(folder / "wav" / f"r{number}.wav")
        rows.append(f"r{number},reader{number % 4},{('studio', 'kitchen')[number % 2]},{'calm' if number % 3 else ''}")
    (folder / "readings.csv").write_text("\n".join([*rows, "gone,reader1,studio,calm"]) + "\n")
    return Data(root=folder)


def ages(folder):
    rows = ["path,speaker,age"]
    for number in range(24):
        silence(folder / f"{number}.wav")
        rows.append(f"{number}.wav,s{number // 2},{'' if number == 5 else 18 + 4 * (number // 2)}")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n")
    return Data(root=folder / "manifest.csv")


DATA = {"dataset": readings, "task": ages}


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_shows_a_plugin_that_the_kit_finds_sound(load, kind, tmp_path):
    plugins, names = load(kind)
    assert names
    page = (HOW_TO / f"write-a-{kind}.md").read_text()
    assert any(f"`neuroscope check {kind} {name}" in page for name in names)
    for name in names:
        data = DATA[kind](tmp_path / "data") if kind in DATA else None
        outcomes = testing.run(kind, name, data, plugins=plugins)
        assert outcomes
        assert not [f"{name}: {each.check}: {each.reason}" for each in outcomes if not each.ok]


def test_the_dataset_says_what_to_get_where_there_is_nothing_and_counts_what_is_left_out(load, tmp_path):
    plugins, _ = load("dataset")
    with pytest.raises(MissingData, match=r"readings.zip.*--root"):
        plugins.datasets.choose("readings").build(tmp_path / "nowhere")
    root = readings(tmp_path / "data").root
    manifest = plugins.datasets.choose("readings,room=studio").build(root)
    assert len(manifest) == 6
    assert manifest.left_out == {"file that is not there": 1}


def test_the_ranking_is_the_sum_over_all_pairs_of_classes(load):
    rng = np.random.default_rng(0)
    values = rng.standard_normal((60, 7)).astype(np.float32)
    units = tuple(Unit("layer", number) for number in range(7))
    labels = Labels(np.arange(60) % 5, tuple("abcde"), np.arange(60))
    features = Features(ids=tuple(map(str, range(60))), units=units, values=values)
    plugins, _ = load("ranking")
    ranking = plugins.rankings.choose("class-means").build().rank(features, labels, None, seed=0)
    means = [values[labels.values == each].mean(axis=0, dtype=np.float64) for each in range(5)]
    pairs = sum(abs(means[one] - means[other]) for one in range(5) for other in range(one))
    assert np.allclose(ranking.scores, np.sort(pairs)[::-1])
    assert [unit.neuron for unit in ranking.units] == np.argsort(-pairs).tolist()


def test_the_examples_are_as_short_as_is_said(blocks_of):
    """A task in twenty lines, a ranker in ten, a classifier of scikit-learn in one."""
    texts = {}
    for kind in ("task", "ranking", "probe"):
        blocks = blocks_of((HOW_TO / f"write-a-{kind}.md").read_text())
        (texts[kind],) = [block.text for block in blocks if block.kind == "python"]
    task = texts["task"][texts["task"].index("@neuroscope.hookimpl") :]
    assert len([line for line in task.splitlines() if line.strip()]) <= 20
    ranker = texts["ranking"][texts["ranking"].index("class ClassMeans") :]
    assert len([line for line in ranker.splitlines() if line.strip()]) <= 10
    (lda,) = [line for line in texts["probe"].splitlines() if "LinearDiscriminantAnalysis" in line]
    assert lda.startswith("    register(") and lda.endswith(")")
