"""Trial lists as files."""

from pathlib import Path

import pytest

from neuroscope import BadManifest, Manifest, MissingData, Trial, Utterance
from neuroscope.trials import read_trials, write_trials


def manifest(*ids, root="/corpus/wav"):
    return Manifest(tuple(Utterance(id=each, path=Path(root, f"{each}.wav")) for each in ids))


VOXCELEB = manifest("id1/x/00001", "id1/y/00002", "id2/z/00001")
SAME, OTHER = Trial("id1/x/00001", "id1/y/00002", True), Trial("id1/x/00001", "id2/z/00001", False)


def written(folder, text):
    file = folder / "trials.txt"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


@pytest.mark.parametrize(
    "text",
    [
        "1 id1/x/00001.wav id1/y/00002.wav\n0 id1/x/00001.wav id2/z/00001.wav\n",
        "1\tid1/x/00001.m4a\tid1/y/00002.m4a\r\n0\tid1/x/00001.m4a\tid2/z/00001.m4a\r\n",
        "id1/x/00001 id1/y/00002 target\n\nid1/x/00001 id2/z/00001 nontarget\n",
        "trial,enrolment,test\ntarget,id1/x/00001,id1/y/00002\nnontarget,id1/x/00001,id2/z/00001\n",
        "\ufeffenrollment\ttest\tlabel\nwav/id1/x/00001.wav\twav/id1/y/00002.wav\t1\nx/00001\tz/00001\t0\n",
    ],
)
def test_every_form_of_list_is_read(tmp_path, text):
    found = read_trials(written(tmp_path, text), VOXCELEB)
    assert (found.trials, found.absent) == ((SAME, OTHER), 0)


def test_trials_of_other_utterances_are_counted_and_repeated_ones_come_once(tmp_path):
    line = "1 id1/x/00001.wav id1/y/00002.wav\n"
    found = read_trials(written(tmp_path, f"{line}{line}0 id1/x/00001.wav id9/z/00001.wav\n"), VOXCELEB)
    assert (found.trials, found.absent) == ((SAME,), 1)


@pytest.mark.parametrize(
    "text",
    [
        "1 ./id1/x/00001.wav ./id1/y/00002.wav\n0 /other/place/id1/x/00001.wav /other/place/id2/z/00001.wav\n",
        '"trial","enrolment","test"\n"1","id1/x/00001","id1/y/00002"\n"0","id1/x/00001","id2/z/00001"\n',
    ],
)
def test_paths_of_another_place_and_quoted_cells_are_read(tmp_path, text):
    assert read_trials(written(tmp_path, text), VOXCELEB) == ((SAME, OTHER), 0, 0)


def test_a_long_list_of_many_utterances_of_like_names_is_looked_up(tmp_path):
    many = manifest(*(f"id{n}/video{n % 7}/{take:05}" for n in range(8000) for take in (1, 2)))
    lines = [f"1 id{n}/video{n % 7}/00001.wav id{n}/video{n % 7}/00002.wav\n" for n in range(8000)]
    assert len(read_trials(written(tmp_path, "".join(lines)), many).trials) == 8000


def test_a_part_of_a_path_that_several_utterances_end_in_is_told(tmp_path):
    with pytest.raises(BadManifest, match=r"line 1: 00001.wav may be id1/x/00001 or id2/z/00001"):
        read_trials(written(tmp_path, "1 00001.wav y/00002.wav\n"), VOXCELEB)


def test_utterances_of_one_file_are_known_by_their_ids_alone(tmp_path):
    file = Path("/c/call.wav")
    spans = Manifest(tuple(Utterance(id=f"call-{n}", path=file, start=n, duration=1.0) for n in range(2)))
    assert read_trials(written(tmp_path, "0 call-0 call-1\n"), spans).trials == (Trial("call-0", "call-1", False),)
    with pytest.raises(BadManifest, match="none of its 1 trials is of these data"):
        read_trials(written(tmp_path, "1 call.wav call.wav\n"), spans)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1 id1/x/00001\n", "line 1: 2 fields"),
        ("1 a b c\n", "line 1: 4 fields"),
        ("yes id1/x/00001 id1/y/00002\n", "no label"),
        ("1 id1/x/00001 id1/x/00001.wav\n", "compared with itself"),
        ("1 id1/x/00001 id2/z/00001\n0 id1/x/00001 id2/z/00001\n", "line 2: .* as the same speaker and as others"),
        ("0 a b\n1 c d\n", "none of its 2 trials is of these data, whose utterances are called e.g. id1/x/00001"),
        ("", "none of its 0 trials"),
        (b"1 a\0 b\n", "no text of a trial"),
        ("1 a " + "b" * 20_000, "line 1 is no text of a trial"),
        (b"1 a \xff\n", "no UTF-8"),
    ],
)
def test_what_is_no_trial_is_told_with_its_line(tmp_path, text, told):
    with pytest.raises(BadManifest, match=told):
        read_trials(written(tmp_path, text), VOXCELEB)


SPEAKERS = {"a": "s1", "b": "s1", "c": "s2", "d": None}
KNOWN = Manifest(tuple(Utterance(id=name, path=None, speaker=speaker) for name, speaker in SPEAKERS.items()))


@pytest.mark.parametrize(
    ("line", "told"),
    [("0 a b", "as two speakers, and in the data they are one"), ("1 a c", "as one speaker, and .* two")],
)
def test_a_trial_that_contradicts_the_speakers_is_told(tmp_path, line, told):
    with pytest.raises(BadManifest, match=f"line 1: .*{told}"):
        read_trials(written(tmp_path, f"{line}\n1 a b\n"), KNOWN)
    assert len(read_trials(written(tmp_path, "1 a b\n0 a c\n1 a d\n0 b d\n"), KNOWN).trials) == 4


def test_a_list_of_other_data_is_no_error_where_it_is_not_needed(tmp_path):
    assert read_trials(written(tmp_path, "1 x y\n"), KNOWN, needed=False) == ((), 1, 0)


def test_only_endings_of_audio_are_no_part_of_a_name(tmp_path):
    sides = manifest("s0/0.mic1", "s0/1.mic1", "sw2.left")
    with pytest.raises(BadManifest, match="none of its 2 trials is of these data"):
        read_trials(written(tmp_path, "1 s0/0.mic2 s0/1.mic2\n0 sw2.right s0/0.mic2\n"), sides)
    found = read_trials(written(tmp_path, "1 s0/0.mic1.flac s0/1.mic1\n"), sides)
    assert found.trials == (Trial("s0/0.mic1", "s0/1.mic1", True),)


@pytest.mark.parametrize(("same", "other"), [("target", "nontarget"), ("1", "0")])
def test_where_the_label_stands_is_found_out_of_the_whole_list(tmp_path, same, other):
    numbers = Manifest(tuple(Utterance(id=str(n), path=None, speaker=f"s{n % 3}") for n in range(12)))
    pairs = [(a, b) for a in range(12) for b in range(a + 1, 12)]
    lines = [f"{a} {b} {same if a % 3 == b % 3 else other}\n" for a, b in pairs]
    found = read_trials(written(tmp_path, "".join(lines)), numbers)
    assert (len(found.trials), found.absent) == (66, 0)
    assert [(int(t.enrolment), int(t.test)) for t in found.trials] == pairs


def test_lines_that_come_again_are_counted(tmp_path):
    assert read_trials(written(tmp_path, "1 a b\n0 a c\n1 a b\n1 a b\n"), KNOWN).repeated == 2


def test_all_problems_are_told_at_once(tmp_path):
    with pytest.raises(BadManifest) as caught:
        read_trials(written(tmp_path, "1 x\n2 a b\n1 id1/x/00001 id1/y/00002\n"), VOXCELEB)
    assert len(caught.value.problems) == 2


def test_a_list_that_is_not_there_is_missing_data(tmp_path):
    with pytest.raises(MissingData, match=r"no trial list .*gone"):
        read_trials(tmp_path / "gone", VOXCELEB)


def test_what_is_written_is_read_back(tmp_path):
    blanks = manifest("a b", "c d", "e,f")
    trials = (Trial("a b", "c d", True), Trial("a b", "e,f", False))
    write_trials(tmp_path / "list.txt", trials)
    assert read_trials(tmp_path / "list.txt", blanks).trials == trials
