"""From DATA as the user said it to one manifest."""

from pathlib import Path

import pytest

from neuroscope.contracts.audio import Manifest, Trial, Utterance
from neuroscope.contracts.progress import silent
from neuroscope.data.places import Data
from neuroscope.data.sources import load
from neuroscope.errors import BadManifest, BadOption, MissingData, UnknownName
from neuroscope.plugin.loading import Plugins
from neuroscope.plugin.registry import Entry


def utterances(*genders, prefix="u", speaker=None):
    tags = [{"gender": gender} if gender else {} for gender in genders]
    return tuple(Utterance(id=f"{prefix}{n}", path=None, speaker=speaker, tags=each) for n, each in enumerate(tags))


@pytest.fixture
def seen():
    """Roots that the readers were given."""
    return []


@pytest.fixture
def plugins(seen):
    """Three small readers, and those that the endings of files and folders name."""
    made = Plugins()

    def add(name, build):
        made.datasets.add(Entry("dataset", name, build, "", "", "dist:plug"))

    def one(root: Path, *, speaker: str = "s"):
        seen.append(root)
        return Manifest(utterances("m", "f", "f", None, speaker=speaker), "one", {"bad": 2}, "made up")

    def two(root: Path):
        seen.append(root)
        return Manifest(utterances("m", "x"), "two", {"bad": 1, "other": 1}, "made up")

    add("one", one)
    add("two", two)
    add("csv", one)
    add("folder", two)
    add("empty", lambda root: Manifest((), "nothing"))
    add("doubled", lambda root: Manifest((*utterances("m"), *utterances("f")), "doubled"))
    return made


def test_a_named_dataset_is_read_from_its_default_place(plugins, seen, own_folders):
    loaded = load(Data(dataset="one,speaker=z"), plugins)
    assert loaded.text == "one,speaker=z"
    assert loaded.manifest.utterances[0].speaker == "z"
    assert seen == [own_folders / "data" / "one"]


def test_root_alone_chooses_the_reader(plugins, seen, tmp_path):
    (tmp_path / "M.CSV").write_text("")
    assert load(Data(root=tmp_path / "M.CSV"), plugins).text == "csv"
    assert load(Data(root=tmp_path), plugins).text == "folder"
    assert seen == [tmp_path / "M.CSV", tmp_path]


def test_root_goes_to_the_dataset_that_is_named(plugins, seen, tmp_path):
    assert load(Data(dataset="two", root=tmp_path / "none yet"), plugins).text == "two"
    assert seen == [tmp_path / "none yet"]


def test_a_root_that_does_not_exist_or_has_no_reader_is_an_error(plugins, tmp_path):
    with pytest.raises(MissingData, match=r"gone.csv.*does not exist"):
        load(Data(root=tmp_path / "gone.csv"), plugins)
    (tmp_path / "a.wav").write_text("")
    with pytest.raises(BadOption, match=r"a.wav.*\.csv"):
        load(Data(root=tmp_path / "a.wav"), plugins)


def test_what_tasks_name_serves_where_the_user_names_nothing(plugins):
    assert load(Data(), plugins, ["two"]).text == "two"
    assert load(Data(dataset="one"), plugins, ["two"]).text == "one"
    with pytest.raises(BadOption, match="--root"):
        load(Data(), plugins)


def test_several_datasets_are_joined_with_their_names(plugins, seen):
    loaded = load(Data(roots=("one=/a=b", "two=~")), plugins)
    assert seen == [Path("/a=b"), Path.home()]
    assert loaded.text == "one+two"
    assert [each.id for each in loaded.manifest][::4] == ["one/u0", "two/u0"]
    assert {each.column("dataset") for each in loaded.manifest} == {"one", "two"}
    assert loaded.manifest.utterances[1].column("gender") == "f"
    assert loaded.manifest.left_out == {"bad": 3, "other": 1}
    assert loaded.manifest.warning == "made up"


@pytest.mark.parametrize(
    ("data", "fact"),
    [
        (Data(dataset="one", roots=("two=/x",)), "two"),
        (Data(roots=("one=/a", "two=/b"), root=Path("/c")), "--root"),
        (Data(roots=("one=/a",), root=Path("/c")), "--root"),
        (Data(roots=("one=/a", "one=/b")), "twice"),
        (Data(roots=("one",)), "--data"),
        (Data(roots=("one=",)), "path"),
        (Data(roots=("one=~nobody-has-this-name",)), "path"),
        (Data(dataset=" "), "no name"),
        (Data(dataset="one", where=("gender",)), "--where gender"),
        (Data(dataset="one", where=("=m",)), "--where"),
        (Data(dataset="one", where=("gender=",)), "--where"),
    ],
)
def test_nonsense_is_refused_before_anything_is_read(plugins, seen, data, fact):
    with pytest.raises(BadOption, match=fact):
        load(data, plugins)
    assert seen == []


def test_unknown_datasets_are_told_with_those_that_exist(plugins):
    for data in (Data(dataset="onee"), Data(roots=("onee=/x",))):
        with pytest.raises(UnknownName, match="Did you mean 'one'"):
            load(data, plugins)


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        (("gender=m",), ["u0"]),
        (("gender=m,f",), ["u0", "u1", "u2"]),
        (("gender=f", "id=u2"), ["u2"]),
        (("speaker=s",), ["u0", "u1", "u2", "u3"]),
        (("gender=f", "gender=f,m"), ["u1", "u2"]),
    ],
)
def test_where_keeps_rows_that_meet_every_condition(plugins, where, ids):
    assert [each.id for each in load(Data(dataset="one", where=where), plugins).manifest] == ids


def test_where_can_hold_a_value_with_a_comma(plugins):
    tags = [{"place": "a,b"}, {"place": "a"}]
    rows = tuple(Utterance(id=str(n), path=None, tags=each) for n, each in enumerate(tags))
    plugins.datasets.add(Entry("dataset", "places", lambda root: Manifest(rows), "", "", "dist:plug"))
    assert [each.id for each in load(Data(dataset="places", where=("place=a,,b",)), plugins).manifest] == ["0"]


def test_where_names_the_columns_and_values_that_exist(plugins):
    with pytest.raises(UnknownName, match=r"column 'gendr'.*Did you mean 'gender'.*speaker"):
        load(Data(dataset="one", where=("gendr=m",)), plugins)
    with pytest.raises(UnknownName, match=r"'male'.*Known: f, m"):
        load(Data(dataset="one", where=("gender=male",)), plugins)
    with pytest.raises(UnknownName, match="'dataset'"):
        load(Data(dataset="one", where=("dataset=one",)), plugins)


def test_conditions_that_nothing_meets_together_are_an_error(plugins):
    with pytest.raises(BadManifest, match="--where"):
        load(Data(dataset="one", where=("gender=m", "id=u1")), plugins)


def test_a_dataset_without_utterances_or_with_equal_ids_is_an_error(plugins):
    with pytest.raises(BadManifest, match="nothing"):
        load(Data(dataset="empty"), plugins)
    with pytest.raises(BadManifest, match=r"doubled.*\n.*u0"):
        load(Data(dataset="doubled"), plugins)


def test_the_default_place_is_the_first_that_exists(plugins, seen, monkeypatch, tmp_path):
    monkeypatch.setattr("platformdirs.user_data_dir", lambda name: str(tmp_path / name))
    (tmp_path / "neuroscope" / "two").mkdir(parents=True)
    load(Data(dataset="two"), plugins)
    assert seen == [tmp_path / "neuroscope" / "two"]


def missing(name):
    def read(root: Path):
        raise MissingData(f"{name} is not at {root}")

    return Entry("dataset", name, read, "", "", "dist:plug")


def test_all_datasets_that_are_missing_are_told_at_once(plugins):
    for name in ("gone", "lost"):
        plugins.datasets.add(missing(name))
    with pytest.raises(MissingData, match=r"2 things are missing:\n- gone is not at .*\n- lost is not at "):
        load(Data(), plugins, ["gone", "one", "lost"])
    with pytest.raises(MissingData, match=r"^gone is not at /x$"):
        load(Data(roots=["gone=/x", "one=/y"]), plugins)


def test_a_reader_that_asks_for_progress_and_a_cache_folder_is_handed_both(plugins, tmp_path, monkeypatch):
    given = {}

    def reader(root: Path, *, progress, cache, size: int = 1):
        given.update(progress=progress, cache=cache, size=size)
        return Manifest(utterances("m"))

    plugins.datasets.add(Entry("dataset", "long", reader, "", "", "dist:plug"))
    monkeypatch.setenv("NEUROSCOPE_CACHE", str(tmp_path / "named"))
    load(Data(dataset="long,size=3"), plugins)
    assert given == {"progress": silent, "cache": tmp_path / "named", "size": 3}
    load(Data(dataset="long"), plugins, progress=print, cache=tmp_path)
    assert (given["progress"], given["cache"]) == (print, tmp_path)


def test_trials_of_a_corpus_stay_with_its_utterances(plugins):
    def reader(root: Path):
        trials = (Trial("u0", "u1", True), Trial("u0", "u2", False))
        return Manifest(utterances("m", "f", "f"), trials=trials)

    plugins.datasets.add(Entry("dataset", "listed", reader, "", "", "dist:plug"))
    assert load(Data(dataset="listed", where="id=u0,u2"), plugins).manifest.trials == (Trial("u0", "u2", False),)
    joined = load(Data(roots=["one=/x", "listed=/y"]), plugins).manifest.trials
    assert joined == (Trial("listed/u0", "listed/u1", True), Trial("listed/u0", "listed/u2", False))
