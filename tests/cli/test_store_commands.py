"""``neuroscope store``, ``import`` and ``--rehash`` from end to end."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars
import pytest
from typer.testing import CliRunner

from neuroscope import workflows
from neuroscope.audio.segments import write_segment
from neuroscope.cli.main import build
from neuroscope.data import Data

TOY = ["--backbone", "toy", "--dataset", "toy"]
COUNT = 60


def run(*arguments, code=0):
    result = CliRunner().invoke(build(), [str(each) for each in arguments])
    assert result.exit_code == code, result.output
    return result


def printed(*arguments, code=0):
    return json.loads(run(*arguments, "--json", code=code).stdout)


def store():
    return Path(os.environ["NEUROSCOPE_CACHE"]) / "store"


def the_key():
    (about,) = printed("store", "list")["representations"]
    return about["key"]


@pytest.fixture
def manifest(tmp_path):
    """A manifest whose audio does not exist."""
    rows = [f"u{n},gone/{n}.wav,{'fm'[n % 2]},s{n // 6 * 2 + n % 2}" for n in range(COUNT)]
    (tmp_path / "m.csv").write_text("\n".join(["id,path,gender,speaker", *rows]))
    return tmp_path / "m.csv"


@pytest.fixture
def vectors(tmp_path):
    """Column 4 knows the gender."""
    values = np.random.default_rng(0).standard_normal((COUNT, 6)).astype("float32")
    values[:, 4] += 6 * (np.arange(COUNT) % 2)
    np.savez(tmp_path / "v.npz", ids=[f"u{n}" for n in range(COUNT)], values=values)
    return tmp_path / "v.npz"


def test_vectors_from_elsewhere_are_probed_like_any_other(manifest, vectors):
    told = run("import", vectors, "--manifest", manifest, "--name", "mine", "--layers", "CNN4:3,FC1:2,FC2:1").stdout
    assert "60 utterances, layers CNN4 (3), FC1 (2), FC2 (1): --backbone stored:mine" in told
    probe = ["probe", "--backbone", "stored:mine", "--task", "gc", "--root", manifest, "--runs", 1]
    shown = run(*probe).stdout
    assert "stored:mine: 60 utterances, 0 extracted now, 60 from the store" in shown
    assert "Best layer: FC1, 100.0 %" in shown
    found = printed(*probe, "--layers", "CNN4,FC2")
    assert {row["pooling"] for row in found["rows"]} == {"none"}
    (about,) = found["run"]["extractions"]
    assert about["origin"]["source"] == "computed elsewhere (v.npz)"
    extracted = printed("extract", "--backbone", "stored:mine", "--root", manifest)
    assert extracted["run"]["extractions"][0]["found"] == COUNT


def test_what_was_taken_of_a_table_is_named_and_so_is_what_was_not(manifest, tmp_path):
    columns = {f"f{n}": [float(n * row % 7) for row in range(COUNT)] for n in range(6)}
    told = {"id": [f"u{n}" for n in range(COUNT)], **columns, "speaker": [n // 12 for n in range(COUNT)]}
    polars.DataFrame(told).write_parquet(tmp_path / "v.parquet")
    asked = ["import", tmp_path / "v.parquet", "--manifest", manifest, "--name", "mine"]
    shown = run(*asked).stdout
    assert "Taken from v.parquet: f0, f1, f2, f3 ... f5 (6 in all)" in shown
    assert "Left out: speaker (the manifest says it)" in shown
    done = printed(*asked)
    assert (done["taken"], done["left_out"]) == ([f"f{n}" for n in range(6)], {"speaker": "the manifest says it"})


def test_a_manifest_of_ids_alone_serves_imported_vectors(vectors, tmp_path):
    rows = [f"u{n},{'fm'[n % 2]},s{n // 6 * 2 + n % 2}" for n in range(COUNT)]
    (tmp_path / "ids.csv").write_text("\n".join(["id,gender,speaker", *rows]))
    run("import", vectors, "--manifest", tmp_path / "ids.csv", "--name", "mine")
    probe = ["probe", "--backbone", "stored:mine", "--task", "gc", "--root", tmp_path / "ids.csv", "--runs", 1]
    assert "Best layer: features, 100.0 %" in run(*probe).stdout


def test_neither_importing_nor_probing_loads_torch(manifest, vectors):
    code = (
        "import sys; from neuroscope.cli.main import build\n"
        "try: build()(sys.argv[1:])\n"
        "except SystemExit as end: sys.exit('torch' in sys.modules or end.code)"
    )
    commands = [
        ["import", vectors, "--manifest", manifest, "--name", "mine"],
        ["probe", "--backbone", "stored:mine", "--task", "gc", "--root", manifest, "--runs", 1],
    ]
    for command in commands:
        done = subprocess.run([sys.executable, "-c", code, *map(str, command)], capture_output=True, check=False)
        assert done.returncode == 0, done.stderr


def test_utterances_without_a_vector_are_skipped_where_that_is_allowed(manifest, vectors, tmp_path):
    held = np.load(vectors)
    np.savez(tmp_path / "some.npz", ids=held["ids"][6:], values=held["values"][6:])
    done = printed("import", tmp_path / "some.npz", "--manifest", manifest, "--name", "some")
    assert (done["rows"], done["missing"], done["layers"]) == (54, 6, {"features": 6})
    probe = ["probe", "--backbone", "stored:some", "--task", "gc", "--root", manifest, "--runs", 1]
    assert "6 x no vector" in run(*probe, code=2).stderr
    assert "Skipped: 6 no vector" in run(*probe, "--max-errors", 0.1).stdout


def test_what_is_wrong_is_named_and_nothing_is_imported(manifest, tmp_path):
    np.savez(tmp_path / "v.npz", ids=["u0", "u1", "x"], values=[[1.0], [2.0], [3.0]])
    error = run("import", tmp_path / "v.npz", "--manifest", manifest, "--name", "mine", code=2).stderr
    assert "id x is not in the manifest" in error
    assert "ids of the manifest look like u0" in error
    unknown = run("probe", "--backbone", "stored:mine", "--task", "gc", "--root", manifest, code=2).stderr
    assert "unknown name of stored vectors 'mine'" in unknown
    assert printed("store", "list")["representations"] == []
    assert "say after the colon" in run("extract", "--backbone", "stored:", "--root", manifest, code=2).stderr


def test_a_notebook_may_have_its_store_elsewhere(manifest, vectors, tmp_path):
    extraction = workflows.ExtractionSettings(cache=tmp_path / "cache")
    done = workflows.import_vectors(vectors, Data(root=manifest), name="mine", extraction=extraction)
    found = workflows.extract("stored:mine", Data(root=manifest), extraction=extraction)
    assert found.run.extractions[0].representation == done.key
    assert workflows.export(done.key, tmp_path / "x.npz", extraction=extraction) == COUNT
    assert not store().exists()


def test_the_store_is_listed_shown_verified_and_emptied():
    assert "Nothing is stored yet" in run("store", "list").stdout
    run("extract", *TOY)
    key = the_key()
    listed = run("store", "list").stdout
    assert key[:12] in listed
    assert " 120 " in listed
    about = printed("store", "show", key[:5])
    assert (about["rows"], about["layers"], about["identity"]["backbone"]) == (120, {"energy": 4, "delta": 4}, "toy")
    assert set(about["invariance"]["differences"]) == {"energy", "delta"}
    assert "origin licence" in run("store", "show", key).stdout
    assert run("store", "verify").stdout == f"{key}  whole\n"
    assert "0 leftovers removed" in run("store", "prune").stdout
    assert f"{key} removed" in run("store", "remove", key[:5]).stdout
    assert printed("store", "list")["representations"] == []
    assert "120 extracted now" in run("extract", *TOY).stdout


def test_what_verify_finds_the_next_extraction_repairs():
    run("extract", *TOY)
    key = the_key()
    file = next((store() / "representations" / key).glob("shards/*/0.npy"))
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    (found,) = printed("store", "verify", key[:5], code=1)["representations"]
    assert found == {"key": key, "set_aside": [file.parent.name], "problem": ""}
    assert printed("store", "verify")["representations"][0]["set_aside"] == []
    assert "120 extracted now" in run("extract", *TOY).stdout
    assert "1 leftover removed" in run("store", "prune", "--older-than", 0).stdout
    about = store() / "representations" / key / "representation.json"
    about.write_text("{")
    assert "cannot be read" in run("store", "verify", code=1).stdout
    assert "cannot be read" in run("store", "list").stdout
    assert "cannot be read" in run("store", "show", key, code=2).stderr


def test_verify_sees_every_small_file_and_says_what_to_do(manifest, vectors):
    run("extract", *TOY)
    key = the_key()
    run("import", vectors, "--manifest", manifest, "--name", "mine")
    assert printed("store", "verify")["names"] == {"mine": ""}
    (store() / "imported" / "mine.json").write_text("[]")
    record = store() / "representations" / key / "invariance.json"
    record.write_bytes(b"\xff")
    (store() / "representations" / "stray").mkdir()
    told = run("store", "verify", code=1).stdout
    assert f"stored:mine  {store() / 'imported' / 'mine.json'} cannot be read" in told
    assert "import the vectors again" in told
    assert f"{key}  {record} cannot be read" in told
    assert "stray  " in told
    found = printed("store", "verify", code=1)
    assert [bool(each["problem"]) for each in found["representations"]].count(True) == 2
    assert found["names"]["mine"]
    assert "Error: " in run("extract", *TOY, code=2).stderr


def test_verify_sees_the_index_of_audio():
    run("extract", *TOY)
    assert printed("store", "verify")["audio"] == []
    (segment,) = (store() / "audio").glob("*.parquet")
    written = bytearray(segment.read_bytes())
    written[len(written) // 2] ^= 1
    segment.write_bytes(written)
    assert "1 damaged part of the index of audio removed" in run("store", "verify", code=1).stdout
    assert run("store", "verify").stdout.endswith("whole\n")
    assert "120 from the store" in run("extract", *TOY).stdout


def test_a_key_that_does_not_exist_is_told_with_those_that_do(tmp_path):
    run("extract", *TOY)
    for command in (["show", "x"], ["remove", "x"], ["verify", "x"], ["export", "x", tmp_path / "x.npz"]):
        assert the_key() in run("store", *command, code=2).stderr


def test_what_is_exported_is_known_by_utterance_where_data_is_named(tmp_path):
    run("extract", *TOY)
    key = the_key()
    assert "120 rows" in run("store", "export", key, tmp_path / "all.npz").stdout
    run("store", "export", key, tmp_path / "some.npz", "--dataset", "toy", "--where", "tone=low")
    ids, rows = (np.load(tmp_path / name)["ids"].tolist() for name in ("some.npz", "all.npz"))
    assert 0 < len(ids) < 120
    assert not set(ids) & set(rows)
    missing = run("store", "export", key, tmp_path / "no" / "x.npz", code=2).stderr
    assert "No such file or directory" in missing
    assert "expected a file that ends" in run("store", "export", key, tmp_path / "x.txt", code=2).stderr


@pytest.mark.parametrize("command", [["extract"], ["probe", "--task", "label:label", "--split", "utterance"]])
def test_rehash_distrusts_the_index(tmp_path, write_audio, command):
    rng = np.random.default_rng(0)
    for label in "ab":
        for number in range(5):
            write_audio(tmp_path / "audio" / label / f"{number}.wav", rng.uniform(-0.5, 0.5, 8000))
    command = [*command, "--backbone", "toy", "--root", tmp_path / "audio"]
    assert "10 extracted now" in run(*command).stdout
    (segment,) = (store() / "audio").glob("*.parquet")
    wrong = polars.read_parquet(segment).with_row_index()
    segment.unlink()
    digest = polars.when(index=0).then(polars.lit("0" * 32)).otherwise("digest")
    write_segment(store() / "audio", wrong.select(polars.exclude("index", "digest"), digest=digest))
    assert "1 extracted now, 9 from the store" in run(*command).stdout
    assert "0 extracted now, 10 from the store" in run(*command, "--rehash").stdout
    assert "0 extracted now, 10 from the store" in run(*command).stdout


@pytest.fixture
def write_audio():
    def write(path, samples):
        import soundfile

        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, samples, 16_000)

    return write
