"""Manifests as text, as people and programs write them."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroscope import BadManifest, MissingData
from neuroscope_speech_tasks.formats.table import read_table


@pytest.fixture
def table(tmp_path):
    """``table(content, name)``: the manifest of a file with this text or these bytes."""

    def read(content, name="m.csv"):
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_table(file)

    return read


def problems(table, content, name="m.csv"):
    with pytest.raises(BadManifest) as caught:
        table(content, name)
    assert name in str(caught.value)
    return caught.value.problems


def test_columns_are_understood_and_the_others_are_tags(table, tmp_path):
    manifest = table("id,path,start,duration,audio_channel,speaker,gender\nu,a/b.wav,0.5,2,1,s,f\nv,c.wav,,,,,\n")
    first, second = manifest
    assert (first.id, first.path, first.start, first.duration) == ("u", tmp_path / "a" / "b.wav", 0.5, 2.0)
    assert (first.audio_channel, first.speaker, dict(first.tags)) == (1, "s", {"gender": "f"})
    assert (second.start, second.duration, second.audio_channel, second.speaker) == (0.0, None, None, None)
    assert dict(second.tags) == {}
    assert manifest.source == str(tmp_path / "m.csv")


def test_an_absolute_path_stays_and_another_is_relative_to_the_manifest(table, tmp_path):
    assert [each.path for each in table("path\n/x/a.wav\n../b.wav\n")] == [Path("/x/a.wav"), tmp_path / "../b.wav"]


def test_without_an_id_the_path_and_the_stretch_are_one(table):
    ids = [each.id for each in table("path,start,audio_channel\na.wav,,\na.wav,1.5,\na.wav,1.5,0\n")]
    assert ids[0] == "a.wav"
    assert len(set(ids)) == 3


@pytest.mark.parametrize("spoil", ["\ufeff{}", "{}\r\n", "\n{}"], ids=["BOM", "CRLF at the end", "blank line first"])
def test_marks_of_other_systems_do_no_harm(table, spoil):
    text = '{"path": "é.wav", "gender": "f"}'
    assert [each.id for each in table(spoil.replace("{}", text), "m.jsonl")] == ["é.wav"]


def test_a_csv_with_bom_crlf_and_no_last_line_end_is_read(table):
    (only,) = table("\ufeffpath,gender\r\na.wav,f".encode())
    assert (only.id, only.tags) == ("a.wav", {"gender": "f"})


def test_quoted_cells_keep_commas_quotes_and_line_ends(table):
    (only,) = table('path,said,next\n"a, b.wav","he said ""no""\nand left",x\n')
    assert only.id == "a, b.wav"
    assert only.tags == {"said": 'he said "no"\nand left', "next": "x"}


@pytest.mark.parametrize("name", ["m.csv", "m.tsv", "m.jsonl"])
def test_utf_16_with_a_mark_is_read(table, name):
    content = '{"path": "дом.wav"}\r\n' if name == "m.jsonl" else "path\r\nдом.wav\r\n"
    assert [each.id for each in table(content.encode("utf-16"), name)] == ["дом.wav"]


@pytest.mark.parametrize("sign", ["\u2028", "\x85", "\x0b", "\x0c", "\x1e"])
def test_other_signs_that_python_calls_line_ends_are_text(table, sign):
    assert table(f"path,said\na.wav,one{sign}two\n").utterances[0].tags["said"] == f"one{sign}two"
    if sign in "\u2028\x85":  # the others may not stand in JSON unescaped
        (only,) = table(f'{{"path": "a.wav", "said": "one{sign}two"}}\n', "m.jsonl")
        assert only.tags["said"] == f"one{sign}two"


def test_a_tsv_is_parted_by_tabs_alone(table):
    assert table("path\tsaid\na.wav\tone, two\n", "m.TSV").utterances[0].tags == {"said": "one, two"}


def test_what_spreadsheets_leave_behind_is_ignored(table):
    manifest = table(" path , gender,,\n a.wav , f ,,\n,,,\n\n  \nb.wav,m,,\n")
    assert [(each.id, each.tags) for each in manifest] == [("a.wav", {"gender": "f"}), ("b.wav", {"gender": "m"})]
    (indexed,) = table(",path\n0,a.wav\n")
    assert indexed.tags == {}


def test_jsonl_values_become_text_and_null_is_not_known(table):
    row = {"path": "a.wav", "start": 1, "duration": 0.25, "audio_channel": 1, "speaker": 7, "age": 3, "ok": True}
    (only,) = table(json.dumps({**row, "gender": None, "accent": "", "more": {"ä": [1]}}), "m.jsonl")
    assert (only.start, only.duration, only.audio_channel, only.speaker) == (1.0, 0.25, 1, "7")
    assert only.tags == {"age": "3", "ok": "true", "more": '{"ä": [1]}'}


@pytest.mark.parametrize(
    ("cells", "key"),
    [
        ('"label": "x", "label": "y"', "label"),
        ('"label": "x", " label": "y"', "label"),
        ('"label": "x", "label": null', "label"),
        ('"more": {"a": 1, "b": 2, "a": 3}', "a"),
    ],
)
def test_a_key_that_comes_twice_in_a_jsonl_is_told_with_its_line(table, cells, key):
    (problem,) = problems(table, f'{{"path": "a.wav"}}\n{{"path": "b.wav", {cells}}}\n', "m.jsonl")
    assert "line 2" in problem
    assert f"'{key}' comes twice" in problem


def test_keys_of_a_jsonl_that_differ_are_kept(table):
    (only,) = table('{"path": "a.wav", " label ": "x", "Label": "y", "more": {"label": 1}}', "m.jsonl")
    assert only.tags == {"label": "x", "Label": "y", "more": '{"label": 1}'}


@pytest.mark.parametrize("sentence", ['"And then he said', 'so it ends"', '"Come here," she said.', 'a "b" c', '"'])
def test_a_quotation_mark_in_a_tsv_is_a_character(table, sentence):
    rows = [f"s{n}\t{n}.wav\t{sentence if n in (1, 3) else 'plain'}" for n in range(5)]
    manifest = table("\n".join(["who\tpath\tsaid", *rows]), "m.tsv")
    assert [each.tags["said"] for each in manifest] == ["plain", sentence, "plain", sentence, "plain"]
    assert manifest.warning == ""


def test_a_tsv_with_a_quoted_header_says_what_its_quotation_marks_are(table):
    assert "a quotation mark is a character" in problems(table, '"path"\t"said"\n"a.wav"\t"x"\n', "m.tsv")[0]


def test_rows_that_quotation_marks_of_a_csv_swallow_are_told(table):
    rows = [f"s{n},{n}.wav,{dict([(1, chr(34) + 'He said'), (3, 'so' + chr(34))]).get(n, 'plain')},f" for n in range(5)]
    manifest = table("\n".join(["who,path,said,gender", *rows]))
    assert len(manifest) == 3
    assert "cells that look like several rows: 1 (the first ends on line 5)" in manifest.warning
    assert table('path,said,next\n"a.wav","one,\ntwo","x"\n').warning == ""


def test_a_space_before_a_quotation_mark_is_no_part_of_the_cell(table):
    (only,) = table('path,speaker,said\n"a.wav", "s", "one, ""two"" "\n')
    assert (only.id, only.speaker, only.tags) == ("a.wav", "s", {"said": 'one, "two"'})


def test_nan_of_a_jsonl_is_not_known_as_null_is(table):
    row = {"path": "a.wav", "duration": float("nan"), "speaker": float("nan"), "accent": float("nan"), "loud": -1e999}
    (only,) = table(json.dumps(row), "m.jsonl")
    assert (only.duration, only.speaker, only.tags) == (None, None, {"loud": "-Infinity"})


def stretch(manifest):
    (only,) = manifest
    return only.start, only.duration, only.audio_channel


@pytest.mark.parametrize(
    ("columns", "cells", "found"),
    [
        ("start,end", "0.5,0.75", (0.5, 0.25, None)),
        ("end", "0.75", (0.0, 0.75, None)),
        ("start,end,duration", "0.5,0.75,0.25", (0.5, 0.25, None)),
        ("start,end,duration", "0.5,0.75,", (0.5, 0.25, None)),
        ("start,end", "0.5,", (0.5, None, None)),
        ("offset,duration", "0.5,2", (0.5, 2.0, None)),
        ("start_time,end_time", "0.5,0.75", (0.5, 0.25, None)),
        ("Start,dur", "0.5,2", (0.5, 2.0, None)),
        ("segment_start,segmentEnd", "0.5,0.75", (0.5, 0.25, None)),
        ("start_offset,end_offset", "0.5,0.75", (0.5, 0.25, None)),
        ("begin,end [s]", "0.5,0.75", (0.5, 0.25, None)),
        ("start,stop", "0.5,0.75", (0.5, 0.25, None)),
        ("channel_id", "0", (0.0, None, 0)),
        ("audio_channel", "1.0", (0.0, None, 1)),
    ],
)
def test_columns_that_mean_a_stretch_or_a_track_are_read_as_such(table, columns, cells, found):
    manifest = table(f"path,{columns}\na.wav,{cells}\n")
    assert stretch(manifest) == found
    assert manifest.utterances[0].tags == {}
    ours = {"start", "end", "duration", "audio_channel"}
    for name in columns.split(","):
        assert (f"'{name}' as " in manifest.warning) == (name not in ours)
    as_json = {"path": "a.wav", **dict(zip(columns.split(","), cells.split(","), strict=True))}
    assert stretch(table(json.dumps(as_json), "m.jsonl")) == found


def test_stretches_with_an_end_are_utterances_of_their_own(table):
    ids = [each.id for each in table("path,start,end\na.wav,0,1\na.wav,0,2\na.wav,1,2\na.wav,,\n")]
    assert len(set(ids)) == 4
    assert ids[-1] == "a.wav"


@pytest.mark.parametrize(
    ("columns", "cells", "said"),
    [
        ("start,offset", "1,2", ["'start', 'offset' may each be 'start'"]),
        ("dur,duration", "1,1", ["'dur', 'duration' may each be 'duration'"]),
        ("audio_channel,channel_id", "0,0", ["'audio_channel', 'channel_id' may each be 'audio_channel'"]),
        ("channel_id", "UC4xy", ["'channel_id' holds UC4xy", "name it 'audio_channel'"]),
        ("channel_id", "1", ["'channel_id' holds 1", "from 0"]),
        ("start_ms,end_ms", "1,2", ["'start_ms'", "'end_ms'", "in seconds"]),
        ("duration[ms]", "100", ["'duration[ms]'", "in seconds"]),
        ("frame_offset", "100", ["'frame_offset'", "in seconds"]),
        ("start,length", "1,100", ["'length'", "in seconds"]),
        ("begin,len_samples", "1,100", ["'len_samples'", "in seconds"]),
        ("start,end", "2,1", ["line 2: end 1 is not behind the start, 2"]),
        ("end", "0", ["line 2: end 0 is not behind the start, 0"]),
        ("start,end,duration", "1,2,3", ["line 2: end 2 is not the start, 1, with 3 s of duration"]),
        ("end_time", "12:30", ["line 2: end_time 12:30 is no number of seconds: it is read as 'end'"]),
        ("offset", "start", ["line 2: offset start is no number of seconds: it is read as 'start'"]),
        ("audio_channel", "9" * 5000, ["no whole number from 0"]),
    ],
)
def test_a_stretch_or_track_that_is_not_clear_is_an_error_that_names_our_columns(table, columns, cells, said):
    told = " | ".join(problems(table, f"path,{columns}\na.wav,{cells}\n"))
    for each in said:
        assert each in told


@pytest.mark.parametrize(
    "name", ["end_of_word", "weekend", "channel", "num_frames", "start_date", "text_offset_type", "length"]
)
def test_other_columns_stay_tags(table, name):
    assert table(f"path,{name}\na.wav,x\n").utterances[0].tags == {name: "x"}


def test_path_is_not_needed_where_there_are_ids(table):
    for text, name in (("id,gender\nu,f\nv,m\n", "m.csv"), ('{"id": "u"}\n{"id": "v"}', "m.jsonl")):
        assert [(each.id, each.path) for each in table(text, name)] == [("u", None), ("v", None)]
    assert "line 3: no path" in problems(table, "id,path\nu,a.wav\nv,\n")[0]
    assert "line 2: no path and no id" in problems(table, '{"id": "u"}\n{"gender": "f"}', "m.jsonl")[0]


def test_a_pipe_is_no_manifest(tmp_path):
    os.mkfifo(tmp_path / "m.csv")
    with pytest.raises(BadManifest, match="pipe or a device"):
        read_table(tmp_path / "m.csv")


SHARED = (
    Path(os.environ.get("NEUROSCOPE_SHARED", Path(__file__).parents[3].parent / "shared")) / "data/failing/manifests"
)


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"{SHARED} is absent")
@pytest.mark.parametrize("name", ["swallows.tsv", "refused.tsv", "end.csv", "nan.jsonl", "quote_space.csv"])
def test_files_that_were_misread_are_read_whole(name):
    manifest = read_table(SHARED / name)
    assert (len(manifest), manifest.warning) == (48, "")
    assert {"nan", "NaN"}.isdisjoint(value for each in manifest for value in each.tags.values())
    if name == "end.csv":
        assert {(each.start, round(each.duration, 9)) for each in manifest} == {(0.1, 0.1)}


CELLS = st.text(st.characters(exclude_characters="\0\r", exclude_categories=("Cs",)))


@given(st.lists(CELLS, min_size=1, max_size=5))
def test_any_text_comes_back_as_it_was_but_for_space_around_it(tmp_path_factory, cells):
    import csv

    folder = tmp_path_factory.mktemp("table")
    with (folder / "m.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["path", "said"])
        writer.writerows([f"{n}.wav", cell] for n, cell in enumerate(cells))
    (folder / "m.jsonl").write_text(
        "".join(json.dumps({"path": f"{n}.wav", "said": cell}) + "\n" for n, cell in enumerate(cells))
    )
    for name in ("m.csv", "m.jsonl"):
        assert [each.tags.get("said", "") for each in read_table(folder / name)] == [cell.strip() for cell in cells]


def test_a_folder_holds_its_manifest(tmp_path):
    with pytest.raises(MissingData, match=r"manifest\.csv"):
        read_table(tmp_path)
    (tmp_path / "manifest.tsv").write_text("path\na.wav\n")
    assert [each.id for each in read_table(tmp_path)] == ["a.wav"]


def test_a_file_that_is_not_there_or_of_another_kind_is_told(tmp_path):
    with pytest.raises(MissingData, match=r"gone\.csv"):
        read_table(tmp_path / "gone.csv")
    (tmp_path / "m.xlsx").write_text("path")
    with pytest.raises(BadManifest, match=r"\.jsonl"):
        read_table(tmp_path / "m.xlsx")


@pytest.mark.parametrize(
    ("content", "name", "fact"),
    [
        (b"path\nca\xe9.wav\n", "latin.csv", "UTF-8"),
        ("path\na.wav\n".encode("utf-16-le"), "m.csv", "binary"),
        (b"\xff\xfep", "m.csv", "UTF-8"),
        (b"RIFF\0\0WAVE", "m.csv", "binary"),
        (b"{\0}", "m.jsonl", "binary"),
        ("", "m.csv", "no columns"),
        ("file;gender\na;f\n", "m.csv", "file;gender"),
        ("path\n", "m.csv", "no rows"),
        ("\n\n", "m.jsonl", "no rows"),
        ("path,gender,gender\na,f,f\n", "m.csv", "'gender' comes twice"),
        ('path\n"a.wav\n', "m.csv", "line"),
        ("[1]\n", "m.jsonl", "line 1 is no JSON object"),
        ("[" * 100_000, "m.jsonl", "line 1"),
        ('{"path": ' + "1" * 5000 + "}", "m.jsonl", "line 1"),
        (r'{"path": "\ud800"}', "m.jsonl", "line 1"),
    ],
    ids=range(15),
)
def test_what_is_no_manifest_is_told_with_a_reason(table, content, name, fact):
    assert fact in problems(table, content, name)[0]


@pytest.mark.parametrize(
    "cells",
    ["start=x", "start=-1", "duration=nan", "duration=inf", "duration=0", "audio_channel=-1", "audio_channel=1.5"],
)
def test_a_number_that_cannot_be_is_told_with_its_line_and_column(table, cells):
    column, value = cells.split("=")
    (problem,) = problems(table, f"path,{column}\na.wav,\nb.wav,{value}\n")
    assert "line 3" in problem
    assert f"{column} {value}" in problem


def test_all_problems_are_told_at_once_with_the_lines_they_are_on(table):
    rows = ['path,start,said\n"a","x","two\nlines"', ",1,", "b,,,", "c,,", "c,,", "d,-1,"]
    told = " | ".join(problems(table, "\n".join(rows)))
    for fact in ("line 3: start x", "line 4: no path", "line 5: 4 cells", "line 8: start -1", "id c comes 2 times"):
        assert fact in told
    told = " | ".join(problems(table, '{"path": "a"}\n{"path"}\nnull\n{"path": "a"}', "m.jsonl"))
    for fact in ("line 2", "line 3", "id a comes 2 times"):
        assert fact in told
