"""What a plugin's own command may use."""

import inspect
import subprocess
import sys
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from neuroscope import BadAudio, Manifest, Plugins, UnknownName, Utterance, commands, workflows
from neuroscope.commands import Data, Machine, cache_key, data_of, machine_of, own_folder, with_options
from neuroscope.extraction.session import Workspace

TOY = Data(dataset="toy,speakers=4,utterances=2")


def test_data_and_machine_become_their_options():
    @with_options
    def command(first: str, data: Data, machine: Machine, last: int = 3) -> None:
        """What it does."""
        seen.append((first, data, machine, last))

    seen = []
    names = ["dataset", "root", "roots", "where", "device", "threads", "dtype", "rehash", "on_error", "max_errors"]
    parameters = inspect.signature(command).parameters
    assert list(parameters) == ["first", *names, "segment", "max_duration", "last"]
    assert command.__doc__ == "What it does."
    given = {name: each.default for name, each in parameters.items() if each.default is not each.empty}
    command(first="a", **given | {"where": ["x=1"], "dtype": "float16"})
    assert seen == [("a", Data(where=("x=1",)), Machine(dtype="float16"), 3)]


def test_a_command_without_them_is_as_it_was():
    @with_options
    def command(first: str = "a") -> None:
        seen.append(first)

    seen = []
    assert list(inspect.signature(command).parameters) == ["first"]
    command(first="b")
    assert seen == ["b"]


def test_the_options_have_the_defaults_of_what_they_make():
    assert data_of() == Data()
    assert machine_of() == Machine()


def test_the_machine_is_the_settings_of_extraction():
    assert workflows.ExtractionSettings is Machine


def test_vectors_come_from_the_store_layer_by_layer():
    manifest = commands.load(TOY)
    found = commands.extract("toy,width=2", manifest)
    assert (found.backbone, found.skipped) == ("toy,width=2", {})
    assert found.ids == tuple(each.id for each in manifest)
    assert [layer.name for layer in found.layers] == ["energy", "delta"]
    both, delta = found.features(), found.features(["delta"])
    assert both.values.shape == (8, 4)
    assert [unit.layer for unit in delta.units] == ["delta", "delta"]
    assert np.array_equal(both.values[:, 2:], delta.values)
    again = commands.extract("toy", manifest, options=["width=2"])
    assert (again.key, again.ids) == (found.key, found.ids)
    with pytest.raises(UnknownName, match="Known: delta, energy"):
        found.features(["nothing"])


def test_vectors_of_audio_that_cannot_be_read_are_left_out(tmp_path):
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"no audio")
    good = commands.load(TOY).utterances
    manifest = Manifest((good[1], Utterance(id="x", path=broken), good[0]))
    found = commands.extract("toy", manifest, machine=Machine(max_errors=0.5))
    assert found.ids == (good[1].id, good[0].id)
    assert list(found.skipped) == ["x"]
    assert found.skipped["x"]
    assert found.features().ids == found.ids


def test_segments_are_the_machines_business():
    assert len(commands.load(TOY, machine=Machine(segment=0.25))) == 16


def test_a_cache_key_depends_on_its_parts_alone():
    manifest = commands.load(TOY)
    other = commands.load(Data(dataset="toy,speakers=4,utterances=1"))
    keys = [
        cache_key(),
        cache_key("a"),
        cache_key("a", "b"),
        cache_key("ab"),
        cache_key(["a", "b"]),
        cache_key(1),
        cache_key(1.0),
        cache_key(True),
        cache_key(None),
        cache_key({"a": 1}),
        cache_key(manifest),
        cache_key(other),
        cache_key(commands.extract("toy", manifest)),
        cache_key(commands.extract("toy", other)),
        cache_key(commands.extract("toy,width=2", other)),
    ]
    assert len(set(keys)) == len(keys)
    assert all(len(key) == 32 for key in keys)
    assert cache_key({"a": 1, "b": 2}) == cache_key(MappingProxyType({"b": 2, "a": 1}))
    assert cache_key(manifest) == cache_key(commands.load(TOY))


@pytest.mark.parametrize("part", [{1, 2}, b"x", object(), pytest])
def test_a_part_that_no_key_can_be_made_of_is_refused(part):
    with pytest.raises(TypeError, match="cache key"):
        cache_key("a", part)


def test_a_plugins_own_folder_is_in_the_cache_folder(tmp_path):
    folder = own_folder("neuroscope-mine", Machine(cache=tmp_path / "cache"))
    assert folder == tmp_path / "cache" / "plugins" / "neuroscope-mine"
    assert folder.is_dir()
    assert own_folder("neuroscope-mine", Machine(cache=tmp_path / "cache")) == folder
    assert own_folder("a") == Workspace().folder / "plugins" / "a"


def test_importing_it_loads_nothing_heavy():
    script = "import neuroscope.commands, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert not {"torch", "numpy", "sklearn"} & set(done.stdout.split())


def test_every_public_name_is_there():
    assert sorted(commands.__all__) == list(commands.__all__)
    assert all(hasattr(commands, name) for name in commands.__all__)


def test_utterances_are_located_and_their_waveforms_read_in_order(tmp_path):
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"no audio")
    good = commands.load(TOY).utterances[:3]
    manifest = Manifest((good[2], Utterance(id="x", path=broken), *good[:2]))
    machine = Machine(max_errors=0.5)
    failures = machine.failures(len(manifest))
    spec = Plugins.load().backbones.choose("toy").build()
    found = commands.located(manifest, spec, failures, machine=machine)
    assert [each.utterance.id for each in found] == [good[2].id, good[0].id, good[1].id]
    assert [each.utterance for each in failures.skipped] == ["x"]
    waveforms = list(commands.waveforms(found, spec.sample_rate))
    assert [len(each) for each in waveforms] == [each.samples for each in found]


def test_a_file_that_goes_after_it_was_located_is_told_in_its_place():
    manifest = commands.load(TOY)
    spec = Plugins.load().backbones.choose("toy").build()
    first, second = commands.located(manifest, spec, Machine().failures(len(manifest)))[:2]
    gone = replace(first, path=first.path.with_name("gone.wav"))
    wrong, good = commands.waveforms([gone, second], spec.sample_rate)
    assert isinstance(wrong, BadAudio)
    assert len(good) == second.samples
