"""VoxCeleb1 in the layouts that exist: the same utterances, tags and trials in each."""

import pytest

from neuroscope import BadManifest, MissingData, Trial
from neuroscope.contracts.progress import silent
from neuroscope_speech_tasks.corpora.voxceleb1 import read_voxceleb1

DATASET = "voxceleb1"

ABSENT_TRIAL = "trial of an utterance that is not there"
TRIALS = (
    Trial("id10270/x6uYqmx31kE/00001", "id10270/8jEAjG6SegY/00008", True),
    Trial("id10270/x6uYqmx31kE/00001", "id10271/-10271SegY_/00008", False),
)


def read(root, **options):
    return read_voxceleb1(root, progress=silent, **options)


def told(problem):
    """The lines of an error behind its first."""
    return str(problem.value).splitlines()[1:]


def test_the_tree_as_published(names):
    root = names()
    manifest = read(root)
    assert len(manifest) == 32
    assert [each.id for each in manifest.utterances[:4]] == [
        "id10270/8jEAjG6SegY/00001",
        "id10270/8jEAjG6SegY/00008",
        "id10270/x6uYqmx31kE/00001",
        "id10270/x6uYqmx31kE/00002",
    ]
    first = manifest.utterances[0]
    assert first.path == root / "wav/id10270/8jEAjG6SegY/00001.wav"
    assert (first.speaker, first.start, first.duration, first.audio_channel) == ("id10270", 0.0, None, None)
    assert first.tags == {"gender": "f", "nationality": "USA", "language": "en", "recording": "8jEAjG6SegY"}
    genders = {each.speaker: each.tags["gender"] for each in manifest}
    assert sorted(genders.values()) == ["f"] * 4 + ["m"] * 4
    assert manifest.trials == TRIALS
    assert manifest.left_out == {ABSENT_TRIAL: 1}
    assert (manifest.source, manifest.warning, manifest.way) == (str(root), "", "")


@pytest.mark.parametrize("ending", [".wav", ".flac"])
@pytest.mark.parametrize("layout", ["official", "parts", "zips"])
def test_each_layout_and_format_has_the_same_utterances(layout, ending, names, expected):
    manifest = read(names(layout=layout, ending=ending))
    assert manifest.utterances[0].path.suffix == ending
    assert manifest.fingerprint == expected.fingerprint
    assert (manifest.trials, manifest.left_out) == (expected.trials, expected.left_out)


@pytest.mark.parametrize(
    ("layout", "place"),
    [("official", ".."), ("official", "wav"), ("parts", ".."), ("parts", "test"), ("parts", "test/wav")],
)
def test_the_root_may_be_above_or_below_the_corpus_folder(layout, place, names, expected):
    manifest = read((names(layout=layout) / place).resolve())
    assert manifest.fingerprint == expected.fingerprint
    assert (manifest.trials, manifest.left_out) == (expected.trials, expected.left_out)


def test_a_folder_above_may_have_the_corpus_in_other_letters_and_another_beside_it(names, expected, tmp_path):
    names().rename(tmp_path / "VoxCeleb1")
    other = tmp_path / "voxceleb2/aac/id00017/abc/00001.m4a"
    other.parent.mkdir(parents=True)
    other.touch()
    assert read(tmp_path).fingerprint == expected.fingerprint
    assert read(tmp_path).left_out == expected.left_out


@pytest.mark.parametrize("form", ["comma", "blanks", "quoted", "quoted cells"])
def test_the_table_in_its_copies_forms_says_the_same(form, names, expected):
    assert read(names(form=form)).fingerprint == expected.fingerprint


def test_the_table_may_begin_with_a_mark_and_lie_in_a_folder_meta(names, expected):
    root = names()
    table = root / "vox1_meta.csv"
    table.write_bytes(b"\xef\xbb\xbf" + table.read_bytes())
    (root / "meta").mkdir()
    table.rename(root / "meta/vox1_meta.csv")
    assert read(root).fingerprint == expected.fingerprint


def test_the_layout_of_2017_has_names_for_speakers_and_numbers_of_its_own(names, expected):
    root = names(layout="old")
    manifest = read(root)
    same = {(each.speaker, *sorted(each.tags.items())) for each in expected}
    assert {(each.speaker, *sorted(each.tags.items())) for each in manifest} == same
    assert len(manifest) == 32
    assert manifest.utterances[0].id == "id10270/8jEAjG6SegY/0000001"
    assert manifest.utterances[0].path == root / "voxceleb1_wav/Eartha_Kitt/8jEAjG6SegY_0000001.wav"


def test_trials_with_todays_numbers_do_not_fit_the_layout_of_2017(names):
    manifest = read(names(layout="old"))
    assert (manifest.trials, manifest.left_out) == ((), {ABSENT_TRIAL: 3})


OLD_LIST = "Eartha_Kitt/x6uYqmx31kE_0000001{0} Eartha_Kitt/8jEAjG6SegY_0000008{0}\n"


@pytest.mark.parametrize(
    "text", ["1 " + OLD_LIST.format(".wav"), "trial,enrolment,test\n1," + OLD_LIST.format("").replace(" ", ",")]
)
def test_trial_lists_of_the_layout_of_2017(text, names):
    """As Kaldi's first recipe and sidnet have them: with names, the latter as .csv and without endings."""
    root = names(layout="old")
    (root / "veri_test.txt").unlink()
    (root / "voxceleb1_test.txt").write_text(text)
    trial = Trial("id10270/x6uYqmx31kE/0000001", "id10270/8jEAjG6SegY/0000008", True)
    assert (read(root).trials, read(root).left_out) == ((trial,), {})


@pytest.mark.parametrize(("trials", "file"), [("original", "voxceleb1_test.txt"), ("cleaned", "voxceleb1_test_v2.txt")])
def test_trial_lists_have_other_names_at_openslr(trials, file, names):
    root = names()
    for each in root.glob("veri_*.txt"):
        each.unlink()
    lacking = {f"trial list that is not there ({'veri_test.txt' if trials == 'original' else 'veri_test2.txt'})": 1}
    assert (read(root, trials=trials).trials, read(root, trials=trials).left_out) == ((), lacking)
    (root.parent / file).write_text("0 id10271/-10271SegY_/00008.wav id10270/x6uYqmx31kE/00001.wav\n")
    assert read(root, trials=trials).trials == (Trial(TRIALS[1].test, TRIALS[1].enrolment, False),)


def test_the_cleaned_list_or_none(names):
    root = names()
    assert (read(root, trials="cleaned").trials, read(root, trials="cleaned").left_out) == (TRIALS, {})
    assert (read(root, trials="none").trials, read(root, trials="none").left_out) == ((), {})


def test_lines_of_a_list_that_are_no_trials_are_told_at_once(names):
    root = names()
    (root / "veri_test.txt").write_text("1 a/b/00001.wav\n\n2 id10270/a/00001.wav id10270/b/00001.wav\n1 a b c\n")
    with pytest.raises(BadManifest) as problem:
        read(root)
    assert problem.value.problems == (
        "line 1: 2 fields; expected a label and two utterances",
        "line 3: '2' is no label: 1, target, 0 or nontarget",
        "line 4: 4 fields; expected a label and two utterances",
    )


def test_a_trial_never_leads_out_of_the_root(names):
    root = names()
    (root / "veri_test.txt").write_text("1 ../../etc/passwd /etc/id10270/abc/00001.wav\n")
    assert (read(root).trials, read(root).left_out) == ((), {ABSENT_TRIAL: 1})


def test_other_parts(names):
    root = names(layout="parts")
    dev = read(root, part="dev")
    assert [each.id for each in dev] == [
        "id10001/10001_x31kE/00001",
        "id10001/10001_x31kE/00002",
        "id10002/10002_x31kE/00001",
        "id10002/10002_x31kE/00002",
    ]
    assert (dev.trials, dev.left_out) == ((), {})
    assert len(read(root, part="all")) == 36
    assert read(root, part="all").trials == TRIALS


def test_folders_tell_the_part_where_there_is_no_table(names, expected):
    root = names(layout="parts", form="")
    manifest = read(root)
    assert [each.id for each in manifest] == [each.id for each in expected]
    assert manifest.columns == ("id", "language", "recording", "speaker")
    assert manifest.trials == TRIALS
    address = "https://www.openslr.org/resources/49/vox1_meta.csv"
    assert manifest.way == f"vox1_meta.csv knows more: get {address} and put it into {root}"


def test_without_the_table_and_such_folders_it_is_asked_for(names):
    root = names(form="")
    assert len(read(root, part="all")) == 36
    with pytest.raises(MissingData) as problem:
        read(root)
    table = "vox1_meta.csv (https://www.openslr.org/resources/49/vox1_meta.csv)"
    assert f"{root} has no {table}, which tells who is of part test." in str(problem.value)
    assert "--root or --data voxceleb1=PATH" in str(problem.value)


def test_the_layout_of_2017_needs_the_table(names):
    with pytest.raises(MissingData, match=r"has no vox1_meta\.csv .*, which tells the ids of the speakers"):
        read(names(layout="old", form=""), part="all")


def test_a_table_that_contradicts_the_folders_is_a_problem(names):
    root = names(layout="parts")
    (root / "test/wav/id10270").rename(root / "dev/wav/id10270")
    (root / "dev/wav/id10001").rename(root / "test/wav/id10001")
    with pytest.raises(BadManifest) as problem:
        read(root)
    assert [line.strip(" -") for line in told(problem)] == [
        "vox1_meta.csv: id10270 is of part test, and lies in dev/wav",
        "vox1_meta.csv: id10001 is of part dev, and lies in test/wav",
    ]


HEADER = "VoxCeleb1 ID\tVGGFace1 ID\tGender\tNationality\tSet\n"


@pytest.mark.parametrize(
    ("table", "problems"),
    [
        ("", ["vox1_meta.csv: it is empty"]),
        ("\0", ["vox1_meta.csv line 1: it is binary"]),
        (HEADER, ["vox1_meta.csv: it has no speakers"]),
        (
            "VoxCeleb1 ID\tGender\n",
            ["vox1_meta.csv line 1: there is no column Set, VGGFace1 ID; it has VoxCeleb1 ID, Gender"],
        ),
        (
            HEADER + "id10270\tEartha_Kitt\tw\tUSA\ttest\nid10271\tEd_Westwick\tm\tUK\ttrain\n\tX\tm\tUK\ttest\n",
            [
                "vox1_meta.csv line 2: Gender is 'w', expected f or m",
                "vox1_meta.csv line 3: Set is 'train', expected dev or test",
                "vox1_meta.csv line 4: no VoxCeleb1 ID",
            ],
        ),
        (
            HEADER + "id10270\tA\tf\tUSA\ttest\nid10270\tA\tm\tUSA\ttest\nid10271\tA\tf\tUSA\ttest\n",
            [
                "vox1_meta.csv line 3: id10270 comes twice, and not alike",
                "vox1_meta.csv line 4: A is id10270 and id10271",
            ],
        ),
        (HEADER + "id10270\tA\tf\n", ["vox1_meta.csv line 2: 3 cells, there are 5 columns"]),
    ],
)
def test_what_is_not_understood_of_the_table_is_told_at_once(table, problems, names):
    root = names()
    (root / "vox1_meta.csv").write_text(table)
    with pytest.raises(BadManifest) as problem:
        read(root)
    assert [line.strip(" -") for line in told(problem)] == problems


def test_what_the_table_does_not_know_is_no_tag_and_twice_the_same_is_once(names):
    root = names()
    row = "id10270\tEartha_Kitt\t\t\ttest\n"
    (root / "vox1_meta.csv").write_text(HEADER + row + row)
    manifest = read(root)
    assert manifest.utterances[0].tags == {"language": "en", "recording": "8jEAjG6SegY"}
    unknown = "utterance of a speaker that vox1_meta.csv does not have"
    assert (len(manifest), manifest.left_out) == (4, {ABSENT_TRIAL: 2, unknown: 32})


def test_what_is_left_out_is_counted(names):
    root = names()
    for name in ("speech.wav", "wav/id10270/x6uYqmx31kE/1.avi", "wav/id00017/abc/00001.wav"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    (root / "wav/id10270/x6uYqmx31kE/00001.m4a").touch()
    (root / "txt").mkdir()
    (root / "txt/00001.txt").touch()
    manifest = read(root)
    assert manifest.left_out == {
        ".avi file": 1,
        "audio file that is named otherwise than those of VoxCeleb1": 2,
        "copy of an utterance": 1,
        ABSENT_TRIAL: 1,
    }
    chosen = {each.id: each.path.suffix for each in manifest}
    assert chosen["id10270/x6uYqmx31kE/00001"] == ".wav"


def test_videos_in_both_layouts_are_a_warning(names):
    assert read(names()).warning == ""
    old = names() / "voxceleb1_wav/Eartha_Kitt/x6uYqmx31kE_0000001.wav"
    old.parent.mkdir(parents=True)
    old.touch()
    assert read(names()).warning == "videos in two layouts, whose utterances are read twice: 1; keep one of the two"


def test_the_roots_own_name_may_tell_the_part(names, tmp_path):
    expected = [each.id for each in read(names())]
    names().rename(tmp_path / "as published")
    root = names(layout="zips", form="") / "vox1_test_wav"
    assert [each.id for each in read(root)] == expected


def test_where_nothing_can_be_used_what_lies_there_is_told(names):
    root = names()
    (root / "vox1_meta.csv").write_text(HEADER + "id11000\tA\tf\tUSA\ttest\n")
    (root / "more").symlink_to(root.parent, target_is_directory=True)
    counts = r"link to a folder, not followed: 1, utterance of a speaker that vox1_meta\.csv does not have: 36"
    with pytest.raises(MissingData, match=rf"has no utterance \({counts}\)"):
        read(root)


def test_what_is_not_there_is_asked_for(names, tmp_path):
    with pytest.raises(MissingData, match=r"are not there: .*nowhere does not exist") as problem:
        read(tmp_path / "nowhere")
    for word in ("robots.ox.ac.uk", "CC BY 4.0", "4,874 utterances", "--root", "$NEUROSCOPE_DATA/voxceleb1"):
        assert word in str(problem.value)
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingData, match="empty holds none of it"):
        read(tmp_path / "empty")
    with pytest.raises(MissingData, match="has no utterance of part test among its 4"):
        read(names(layout="parts") / "dev")


@pytest.mark.parametrize("name", ["my-test", "test2", "vox1_dev_and_test", "test-of-something"])
def test_a_root_that_somebody_named_tells_no_part(names, tmp_path, name):
    root = names(layout="zips", form="") / "vox1_test_wav"
    with pytest.raises(MissingData, match="who is of part test"):
        read(root.rename(tmp_path / name))
