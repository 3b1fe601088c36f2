"""A cell is computed from plain data, in this process or another; what cells share is made once."""

import pickle
import subprocess
import sys
from dataclasses import replace

import pytest

from neuroscope.audio import index
from neuroscope.data.splitting import splits
from neuroscope.errors import UnknownName
from neuroscope.extraction.session import ExtractionSettings, Workspace
from neuroscope.study.cell_runner import CellRunner, run_cell
from neuroscope.study.settings import StudySettings

WORKER = """
import pickle, sys
from neuroscope.extraction.session import Workspace
from neuroscope.plugin.loading import Plugins
from neuroscope.study.cell_runner import run_cell
with open(sys.argv[1], "rb") as file:
    spec, settings = pickle.load(file)
cell, result = run_cell(spec, Plugins.load(), Workspace(settings))
with open(sys.argv[2], "wb") as file:
    pickle.dump((cell, result.rows, settings), file)
"""


@pytest.mark.parametrize("kind", ["layers", "neurons"])
def test_a_worker_process_makes_the_same_rows_of_a_pickled_cell(spec, plugins, workspace, tmp_path, kind):
    if kind == "neurons":
        spec = replace(spec, ranking="probeless", controls=("permuted", "untrained"), study=StudySettings(runs=1))
    sent, came = tmp_path / "sent", tmp_path / "came"
    sent.write_bytes(pickle.dumps((spec, ExtractionSettings(cache=tmp_path / "elsewhere"))))
    subprocess.run([sys.executable, "-c", WORKER, sent, came], check=True, timeout=100)
    cell, rows, _ = pickle.loads(came.read_bytes())
    own_cell, own = run_cell(spec, plugins, workspace)
    assert (cell, rows) == (own_cell, own.rows)


def test_audio_is_looked_at_and_splits_are_drawn_once_for_all_cells(spec, plugins, workspace, monkeypatch):
    looked, drawn = [], []
    examine_all = index.examine_all

    def looking(folder, paths, *more, **known):
        looked.append(list(paths))
        return examine_all(folder, looked[-1], *more, **known)

    class Drawing(splits.Splitter):
        def draw(self, seed):
            drawn.append(seed)
            return super().draw(seed)

        def draw_unlike(self, former, seed):
            drawn.append(seed)
            return super().draw_unlike(former, seed)

    monkeypatch.setattr(index, "examine_all", looking)
    monkeypatch.setattr(splits, "Splitter", Drawing)
    segmenting = Workspace(replace(workspace.settings, segment=0.25))
    loaded = segmenting.segment(spec.loaded)
    assert len(loaded.manifest) > len(spec.loaded.manifest)
    runner = CellRunner(plugins, segmenting)
    specs = [replace(spec, backbone=each, loaded=loaded) for each in ("toy", "toy,width=2")]
    for each in specs:
        runner.check(each)
    for each in specs:
        runner.extract([each])
        runner.run(runner.inputs(each))
    assert len(looked) == 1
    assert drawn == [0, 1]


def test_a_layer_that_there_is_not_is_told_before_any_data_is_read(plugins, workspace):
    runner = CellRunner(plugins, workspace)
    with pytest.raises(UnknownName, match="layer of toy 'nothing'"):
        runner.check_backbone("toy", StudySettings(layers=("nothing",)))
