"""Names of the family: read from s3prl without running it, listed with what cannot be used, and found on a hub."""

import dataclasses
import json
import runpy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from neuroscope import BadOption, MissingData, MissingDependency, NeuroscopeError, UnknownName, waves
from neuroscope.testing.hub import LocalHub
from neuroscope_s3prl.upstreams import child, describing, hubconfs, members
from neuroscope_s3prl.upstreams.checkpoint import LAYOUTS
from neuroscope_s3prl.upstreams.spec import upstream

files = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("upstream_files.py"))))
README = Path(__file__).parents[1] / "README.md"


@pytest.fixture
def in_this_process(monkeypatch):
    """What a child process is asked is answered here, by the same function."""
    monkeypatch.setattr(child, "ask", lambda _, question, **__: json.loads(json.dumps(describing.run(question))))


@pytest.fixture(scope="module")
def problems(tmp_path_factory):
    """Which upstreams do not import, found once by a child process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEUROSCOPE_CACHE", str(tmp_path_factory.mktemp("cache")))  # this comes before each test's own
        return members.import_problems()


def test_names_are_read_and_not_run():
    found = hubconfs.entries()
    assert found["apc_local"].takes_file
    assert not found["apc"].takes_file
    assert found["apc"].urls == found["apc_360hr"].urls != found["apc_960hr"].urls
    assert found["apc"].urls[0].endswith("leo19941227/apc_series/resolve/main/apc_360hr.ckpt")
    assert found["hubert"].urls == ("https://huggingface.co/s3prl/converted_ckpts/resolve/main/hubert_base_ls960.pt",)
    assert found["mockingjay_960hr"].urls[0].startswith("https://www.dropbox.com/")
    assert found["vq_apc_url"].upstream == "vq_apc"
    assert found["wav2vec2_local"].upstream == "wav2vec2"  # vq_wav2vec calls one of its own so, too
    assert not any(name.startswith("_") or name in {"Path", "FileLock"} for name in found)
    assert {entry.upstream for entry in found.values()} == set(LAYOUTS) | set(members.OBSTACLES)


def test_every_name_without_a_release_takes_a_file():
    weightless = {"baseline", "example", "passt", "vggish"}
    for entry in hubconfs.entries().values():
        assert bool(entry.urls) != entry.takes_file or entry.upstream in weightless, entry.name


def test_a_light_process_stays_light(tmp_path):
    path = files.write("npc_local", tmp_path / "npc.pt")
    script = (
        "import sys; from pathlib import Path; from neuroscope_s3prl.upstreams.spec import upstream; "
        f"spec = upstream('npc_local', checkpoint=Path({str(path)!r})); "
        "print([layer.width for layer in spec.layers], spec.min_samples); "
        "print(sorted({'torch', 's3prl', 'numpy', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[16, 16, 16, 16, 16] 560", "[]"]


def test_unknown_and_unoffered_names():
    with pytest.raises(UnknownName, match="Did you mean 'apc_local'"):
        upstream("apc_lokal")
    with pytest.raises(BadOption, match="timm"):
        upstream("ssast_frame_base")
    with pytest.raises(BadOption, match="use fbank"):
        upstream("baseline_local")
    with pytest.raises(MissingData, match="checkpoint=FILE"):
        upstream("hubert_local")
    with pytest.raises(BadOption, match="its shape is in its checkpoint alone"):
        upstream("tera", weights="random")
    with pytest.raises(BadOption, match="has no weights"):
        upstream("fbank", checkpoint=README)
    with pytest.raises(ValueError, match="seed"):
        upstream("fbank", seed=-1)


def test_without_s3prl(monkeypatch):
    monkeypatch.setattr(hubconfs.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependency, match=r"s3prl cannot be imported \(it is not installed\).*pip install"):
        upstream("apc")


@pytest.mark.usefixtures("in_this_process")
def test_an_upstream_that_does_not_import(monkeypatch, tmp_path):
    path = files.write("npc_local", tmp_path / "npc.pt")
    for name in list(sys.modules):
        if name.startswith("s3prl.upstream.npc"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torchaudio.compliance", None)
    with pytest.raises(
        MissingDependency, match=r"npc.hubconf cannot be imported .*'s3prl>=0.4.18,<0.5' .*torchaudio>=2.6"
    ) as caught:
        upstream("npc_local", checkpoint=path)
    assert "\n" not in str(caught.value)


def test_every_name_is_listed(problems, monkeypatch):
    monkeypatch.setattr(members, "import_problems", lambda: problems)
    listed = {member.name: member for member in members.members()}
    assert list(listed) == list(hubconfs.entries())
    assert all(member.summary and "\n" not in member.summary + member.problem for member in listed.values())
    assert not listed["tera"].problem
    assert not listed["hubert_local"].problem
    assert "takes checkpoint=FILE" in listed["hubert_local"].summary
    assert "huggingface.co" in listed["hubert"].summary
    assert "hf:" in listed["hf_hubert_custom"].problem
    for name, why in problems.items():
        told = [member.problem for member in listed.values() if hubconfs.entries()[member.name].upstream == name]
        assert told
        assert all(why in each for each in told)


def test_what_imports_is_tried_once_and_what_does_not_each_time(monkeypatch):
    asked, problems = [], {"npc": "ImportError: no"}
    monkeypatch.setattr(child, "ask", lambda _, names: asked.append(names) or dict(problems))
    assert members.import_problems() == members.import_problems() == {"npc": "ImportError: no"}
    assert [len(names) for names in asked] == [len(LAYOUTS) + len(members.OBSTACLES), 1]
    problems.clear()  # what was missing was installed, whatever it was
    assert members.import_problems() == {}
    assert asked[2] == ["npc"]
    monkeypatch.setattr(members, "versions", lambda: "other versions")
    assert members.import_problems() == members.import_problems() == {}
    assert len(asked) == 4


def test_names_without_a_file_have_digests_of_their_own(monkeypatch):
    found = describing.Description((), 400, 0, draws=False, side_by_side=True)
    monkeypatch.setattr("neuroscope_s3prl.upstreams.spec.describe", lambda *_, **__: found)
    origins = [upstream(name).origin for name in ("fbank", "mel", "linear")]
    origins += [upstream(name, weights="random").origin for name in ("decoar", "decoar2", "decoar_layers")]
    assert len({each.digest for each in origins}) == len({each.source for each in origins}) == 6


def test_a_damaged_description_is_computed_again(monkeypatch, tmp_path):
    asked = []
    answer = {"layers": [["a", 4, None]], "min_samples": 400, "hop": 160, "draws": False, "side_by_side": True}
    monkeypatch.setattr(child, "ask", lambda *_, **__: asked.append(1) or (answer if len(asked) > 1 else {"a": 1}))
    path = files.write("npc_local", tmp_path / "npc.pt")
    with pytest.raises(KeyError):
        upstream("npc_local", checkpoint=path)
    assert [upstream("npc_local", checkpoint=path).layers[0].width for _ in range(2)] == [4, 4]
    assert len(asked) == 2


def test_an_import_that_ends_its_process_is_found(monkeypatch):
    def ask(_, names):
        if "npc" in names:
            raise NeuroscopeError("the process ended")
        return {"vggish": "ImportError: no"} if "vggish" in names else {}

    monkeypatch.setattr(child, "ask", ask)
    assert members.import_problems() == {"npc": "the process ended", "vggish": "ImportError: no"}


def table(problems):
    """The lines of the README's table, from the code and from what imports here."""
    names = {}
    for entry in hubconfs.entries().values():
        names.setdefault(entry.upstream, []).append(entry.name)
    for name, entries in names.items():
        if name in LAYOUTS:
            layout = LAYOUTS[name]
            sections = f" ({', '.join(layout.sections)})" if layout.sections else ""
            settings = [f"`{each.replace('|', '` or `')}`{sections}" for each in layout.settings]
            parts = [*settings, *(f"`{each}`" for each in layout.also), f"`{layout.weights}`"]
            what = f"checkpoint: {', '.join(parts)}" if layout.weights else "no checkpoint: features of sound"
        else:
            what = f"not offered: {members.OBSTACLES[name]}"
        yield f"| `{name}` | {'no' if name in problems else 'yes'} | {len(entries)} | {what} |"


def test_the_readmes_table_is_true(problems):
    _, _, behind = README.read_text("utf-8").partition("| upstream | imports | names | |\n|---|---|---|---|\n")
    lines = behind.rstrip().splitlines()
    assert lines == sorted(table(problems))


@pytest.mark.usefixtures("in_this_process")
def test_a_release_comes_from_the_hub(tmp_path):
    repository = tmp_path / "hub" / "leo19941227" / "apc_series"
    repository.mkdir(parents=True)
    path = files.write("npc_local", repository / "npc_360hr.ckpt")
    with LocalHub(tmp_path / "hub") as hub, hub.used(tmp_path / "home"):
        spec = upstream("npc")
        assert "commit" in spec.origin.source
        again = upstream("npc_360hr")
        assert again.origin.digest == spec.origin.digest
        with pytest.raises(MissingData, match=r"s3prl:npc_960hr: .*checkpoint=FILE") as caught:
            upstream("npc_960hr")
        assert "\n" not in str(caught.value)
    wave = np.zeros(16_000, np.float32) + np.linspace(-0.1, 0.1, 16_000, dtype=np.float32)
    local = upstream("npc_local", checkpoint=path).load("cpu")
    (own,), (expected,) = (list(model.extract(waves.batch([wave]))) for model in (spec.load("cpu"), local))
    assert all((own[layer].values == each.values).all() for layer, each in expected.items())


@pytest.mark.usefixtures("in_this_process")
def test_a_release_comes_from_its_address(tmp_path, monkeypatch):
    repository = tmp_path / "hub" / "some" / "where"
    repository.mkdir(parents=True)
    files.write("npc_local", repository / "states-1000000.ckpt")
    with LocalHub(tmp_path / "hub") as hub, hub.used(tmp_path / "home"):
        url = f"{hub.endpoint}/some/where/resolve/main/states-1000000.ckpt"
        entry = dataclasses.replace(hubconfs.find("npc"), urls=(url,))
        monkeypatch.setattr(hubconfs, "find", lambda name: entry)
        spec = upstream("npc")
        asked = len(hub.requests)
        assert upstream("npc").origin.digest == spec.origin.digest
        assert len(hub.requests) == asked
    assert url in spec.origin.source
    assert spec.load("cpu")


def test_a_child_is_bounded_and_tells_its_errors():
    assert child.ask("math:sqrt", 16) == 4
    with pytest.raises(NeuroscopeError, match=r"ended with code 1: .*MemoryError"):
        child.ask("numpy:empty", 10**10)
    with pytest.raises(NeuroscopeError, match="unknown upstream of s3prl 'nobody'"):
        child.ask("neuroscope_s3prl.upstreams.describing:run", {"name": "nobody", "path": None, "random": False})
    with pytest.raises(MissingDependency, match=r"no_such_module cannot be imported \(ModuleNotFoundError"):
        child.ask("neuroscope:require", "no_such_module")
