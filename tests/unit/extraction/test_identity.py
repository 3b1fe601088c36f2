"""From a chosen backbone to its place in the store: one place for equal numbers, another for any that differ."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from neuroscope.contracts.backbone import BackboneSpec, LayerSpec, Origin, Tap
from neuroscope.contracts.features import Unit
from neuroscope.errors import BadOption, MissingData, PluginBroken, UnknownName
from neuroscope.extraction.identity import prepare
from neuroscope.plugin.loading import Plugins
from neuroscope.plugin.registry import Entry, Registry
from neuroscope.store.representations import Store

LAYERS = (LayerSpec("conv", 3), LayerSpec("stat", 4, pooling="none", statistics=("mean", "std"), in_all=False))


def spec_of(layers, digest="digest"):
    def load(device):
        raise AssertionError("preparing runs no model")

    return BackboneSpec(
        sample_rate=16_000, layers=layers, origin=Origin(source="", licence="", digest=digest), load=load
    )


@pytest.fixture(scope="module")
def plugins():
    return Plugins.load()


@pytest.fixture
def prepared(plugins, tmp_path):
    """``prepared(options, factory)``: a backbone of the factory, prepared with the given options."""

    def run(options="", factory=lambda: spec_of(LAYERS), *, pooling="", dtype="float32"):
        registry = Registry("backbone")
        registry.add(Entry("backbone", "made", factory, "", "", plugins.backbones.entries["toy"].plugin))
        return prepare(registry.choose("made" + options), plugins, Store(tmp_path), pooling=pooling, dtype=dtype)

    return run


def key(prepared):
    return prepared.representation.key


def test_what_an_option_came_to_is_in_the_key_in_its_place(prepared):
    def open_or_said(*, mode: str = "auto"):
        return replace(spec_of(LAYERS), resolved={"mode": "exact" if mode == "auto" else mode})

    auto = prepared("", open_or_said)
    assert key(auto) == key(prepared(",mode=exact", open_or_said)) != key(prepared(",mode=valid", open_or_said))
    assert auto.text == "made"


def test_where_a_layer_is_taken_is_not_in_the_key(prepared):
    tapped = tuple(replace(layer, tap=Tap("module", axes="BDF")) for layer in LAYERS)
    assert key(prepared("", lambda: spec_of(tapped))) == key(prepared())


def test_a_path_that_the_origin_answers_for_need_not_exist(prepared):
    def of_a_prefix(*, checkpoint: Path = Path()):
        return replace(spec_of(LAYERS), resolved={"checkpoint": None})

    assert key(prepared(",checkpoint=/no/such/prefix", of_a_prefix)) == key(prepared("", of_a_prefix))


def test_what_is_resolved_must_be_an_option(prepared):
    with pytest.raises(PluginBroken, match="made resolves what is no option of it: mode"):
        prepared("", lambda: replace(spec_of(LAYERS), resolved={"mode": "exact"}))


def test_what_completes_a_familys_name_may_be_resolved(plugins, tmp_path):
    """A folder that moves keeps its vectors, where the family says so; another argument of it is another backbone."""

    def family(folder, *, mode: str = "a"):
        return replace(spec_of(LAYERS), resolved={"folder": "here"} if folder != "open" else {})

    registry = Registry("backbone")
    registry.add(Entry("backbone", "made:", family, "", "", plugins.backbones.entries["toy"].plugin))
    made = {
        name: prepare(registry.choose(f"made:{name}"), plugins, Store(tmp_path), pooling="", dtype="float32")
        for name in ("x", "y", "open")
    }
    assert key(made["x"]) == key(made["y"]) != key(made["open"])
    assert (made["x"].text, made["x"].representation.identity.backbone) == ("made:x", "made:here")
    assert made["open"].representation.identity.backbone == "made:open"


def test_each_layer_has_its_own_pooling_and_its_units_in_the_order_of_columns(prepared):
    found = prepared()
    assert dict(found.representation.layers) == {
        "conv": (Unit("conv", 0), Unit("conv", 1), Unit("conv", 2)),
        "stat": (Unit("stat", 0, "mean"), Unit("stat", 1, "mean"), Unit("stat", 0, "std"), Unit("stat", 1, "std")),
    }
    assert set(found.poolings) == {"conv"}
    assert found.pooling == "conv:mean stat:none"
    assert found.in_all == ["conv"]


def test_a_pooling_that_is_asked_for_is_for_the_layers_that_can_be_pooled(prepared):
    found = prepared(pooling="meanstd")
    assert [len(units) for units in found.representation.layers.values()] == [6, 4]
    assert found.pooling == "conv:meanstd stat:none"


def test_layers_pooled_alike_have_one_text(prepared):
    assert prepared(factory=lambda: spec_of((LayerSpec("a", 1), LayerSpec("b", 1)))).pooling == "mean"


def test_a_layer_pooled_by_the_network_without_statistics_has_values(prepared):
    found = prepared(factory=lambda: spec_of((LayerSpec("x", 2, pooling="none"),)))
    assert found.representation.layers["x"] == (Unit("x", 0, "value"), Unit("x", 1, "value"))


@pytest.mark.parametrize(
    "layers",
    [
        (),
        (LayerSpec("x", 2), LayerSpec("x", 3)),
        (LayerSpec("x", 0),),
        (LayerSpec("x", -1),),
        (LayerSpec("x", 3, pooling="none", statistics=("mean", "std")),),
    ],
)
def test_layers_that_cannot_be_are_the_plugins_fault(prepared, layers):
    with pytest.raises(PluginBroken, match="made"):
        prepared(factory=lambda: spec_of(layers))


@pytest.mark.parametrize("pooling", ["median", "none"])
def test_a_pooling_that_does_not_exist_is_told(prepared, pooling):
    with pytest.raises(UnknownName, match="meanstd"):
        prepared(pooling=pooling)


@pytest.mark.parametrize("dtype", ["float64", "int8", ""])
def test_a_type_that_vectors_are_not_stored_as_is_refused(prepared, dtype):
    with pytest.raises(BadOption, match="float16"):
        prepared(dtype=dtype)


def test_what_changes_a_number_changes_the_key_and_a_default_written_out_does_not(prepared):
    def make(*, width: int = 3, name: str = "a", scale: float = 1.0):
        del name, scale
        return spec_of((LayerSpec("x", width),))

    same = [prepared("", make), prepared(",width=3", make), prepared(",name=a,width=3", make)]
    assert len({key(each) for each in same}) == 1
    different = [
        prepared(",width=4", make),
        prepared(",name=b", make),
        prepared(",scale=2", make),
        prepared("", make, pooling="max"),
        prepared("", make, dtype="float16"),
        prepared("", lambda: spec_of((LayerSpec("x", 3),), digest="other weights")),
    ]
    assert len({key(each) for each in (*same, *different)}) == 1 + len(different)


def of_files(*, file: Path | None = None, files: tuple[Path, ...] = ()):
    del file, files
    return spec_of(LAYERS)


def test_a_file_named_by_an_option_counts_by_what_it_holds(prepared, tmp_path):
    first, moved, other = tmp_path / "first", tmp_path / "elsewhere", tmp_path / "other"
    first.write_bytes(b"weights")
    moved.write_bytes(b"weights")
    other.write_bytes(b"weights of another")
    for option in ("file", "files"):
        keys = [key(prepared(f",{option}={path}", of_files)) for path in (first, moved, other)]
        assert keys[0] == keys[1] != keys[2]
    both = {key(prepared(f",files={first}+{other}", of_files)), key(prepared(f",files={other}+{first}", of_files))}
    assert len(both) == 2


def test_a_folder_named_by_an_option_counts_by_names_and_contents(prepared, tmp_path):
    def folder(name, **contents):
        for file, content in contents.items():
            path = tmp_path / name / "deep" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return tmp_path / name

    first, moved = folder("a", config="x", weights="y"), folder("b", weights="y", config="x")
    changed, renamed = folder("c", config="x", weights="z"), folder("d", config="x", weightt="y")
    keys = [key(prepared(f",file={path}", of_files)) for path in (first, moved, changed, renamed)]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


def test_a_file_that_is_not_there_is_told_by_its_name(prepared, tmp_path):
    with pytest.raises(MissingData, match=r"nothing\.ckpt"):
        prepared(f",file={tmp_path / 'nothing.ckpt'}", of_files)


def test_preparing_loads_no_torch_and_writes_nothing(tmp_path):
    code = (
        "import pathlib, sys\n"
        "from neuroscope.plugin.loading import Plugins\n"
        "from neuroscope.extraction.identity import prepare\n"
        "from neuroscope.store.representations import Store\n"
        "plugins, store = Plugins.load(), Store(pathlib.Path(sys.argv[1]) / 'store')\n"
        "prepared = prepare(plugins.backbones.choose('toy'), plugins, store, pooling='', dtype='float32')\n"
        "assert not prepared.representation.rows()\n"
        "assert not store.folder.exists()\n"
        "assert not {'torch', 'sklearn', 'scipy', 'soundfile'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
