"""Lines and tables of metadata, and what is told of them."""

import gzip

import pytest

from neuroscope import BadManifest
from neuroscope_speech_tasks.reading.json_lines import read_objects
from neuroscope_speech_tasks.reading.metadata import LONGEST_LINE, Problems, read_lines, read_table, shown


@pytest.fixture
def lines(tmp_path):
    """``lines(content)``: the lines of a file with these bytes, and the problems with it."""

    def read(content, name="m.txt", **options):
        problems = Problems(str(tmp_path))
        (tmp_path / name).write_bytes(content)
        return list(read_lines(tmp_path / name, problems, **options)), problems.found

    return read


def test_the_same_problem_of_many_lines_is_told_once(tmp_path):
    problems = Problems(str(tmp_path))
    for line in range(1, 1002):
        problems.add(tmp_path / "a.tsv", "no path", line)
    problems.add(tmp_path / "b.tsv", "no path", 3)
    problems.add(tmp_path / "b.tsv", "it is empty")
    assert len(problems) == 3
    assert problems.found == [
        "a.tsv line 1: no path (and 1,000 more lines)",
        "b.tsv line 3: no path",
        "b.tsv: it is empty",
    ]


TWO = [(1, "é a"), (3, "b")]


@pytest.mark.parametrize(
    "content",
    [
        "é a\n\nb\n".encode(),
        "é a\r\n\r\nb".encode(),
        "é a\r\rb\r".encode(),
        "é a\n \nb".encode("utf-8-sig"),
        "é a\n\nb\n".encode("utf-16"),
        b"\xfe\xff" + "é a\n\nb\n".encode("utf-16-be"),
        "é a\r\rb\r".encode("utf-16"),
    ],
)
def test_lines_are_the_same_in_each_encoding_and_with_each_end(lines, content):
    assert lines(content) == (TWO, [])
    assert lines(gzip.compress(content), "m.txt.gz") == (TWO, [])


def test_a_named_encoding_is_that_of_files_without_a_mark(lines):
    assert lines("é a\n\nb".encode("latin-1"), encoding="latin-1") == (TWO, [])
    assert lines("é a\n\nb".encode("utf-8-sig"), encoding="latin-1") == (TWO, [])
    assert lines("é a\n\nb".encode("latin-1"))[1] == ["m.txt: it is no UTF-8 text"]


def test_signs_that_other_programs_end_lines_at_do_not_end_them(lines):
    assert lines("a\x0b\x0c\x85\u2028b\rc\nd".encode()) == ([(1, "a\x0b\x0c\x85\u2028b\rc"), (2, "d")], [])


def test_what_is_no_metadata_is_told(lines):
    longest = b"a" * LONGEST_LINE
    assert lines(b"x\n" + longest[:-1] + b"\n")[1] == []
    assert lines(b"x\n" + longest + b"a") == (
        [(1, "x")],
        ["m.txt line 2: it is longer than 1,048,576 characters: this is no metadata"],
    )
    assert lines(b"x\n\0\ny")[1] == ["m.txt line 2: it is binary"]
    assert lines(b"x", "m.gz")[1] == ["m.gz: it cannot be opened (Not a gzipped file (b'x'))"]
    assert lines(gzip.compress(b"x" * 1000)[:-9], "m.gz")[1] == ["m.gz: it is damaged"]


def test_links_that_lead_out_of_the_root_are_told_unless_they_are_the_users_own(tmp_path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "in").mkdir(parents=True)
    outside.mkdir()
    for folder in (root, outside):
        (folder / "true.txt").write_text("a")
    (root / "in" / "link.txt").symlink_to(root / "true.txt")
    (root / "out.txt").symlink_to(outside / "true.txt")
    (root / "folder").symlink_to(outside)
    (tmp_path / "above.txt").write_text("a")
    (tmp_path / "above").symlink_to(root)

    def read(path, source=root, **options):
        problems = Problems(str(source), **options)
        return len(list(read_lines(path, problems))), problems.found

    for path in (root / "in" / "link.txt", tmp_path / "above.txt"):
        assert read(path) == (1, [])
    assert read(tmp_path / "above" / "true.txt", tmp_path / "above") == (1, [])
    for name in ("out.txt", "folder/true.txt"):
        assert read(root / name) == (0, [f"{name}: it is a link out of the corpus's folder; put the file itself there"])
        assert read(root / name, anywhere=True) == (1, [])


def test_problems_name_files_below_the_root_and_show_little_of_them(tmp_path):
    problems = Problems(str(tmp_path))
    problems.add(tmp_path / "ar" / "train.tsv", "a\x1b[31m" + "b" * 1000 + "\u202eend", 3)
    problems.add(tmp_path.parent / "meta.csv", "x")
    with pytest.raises(BadManifest) as caught:
        problems.check()
    first, second = caught.value.problems
    assert first.startswith("ar/train.tsv line 3: a\\x1b[31mbbb")
    assert first.endswith("bbb\\u202eend")
    assert len(first) < 450
    assert second == "meta.csv: x"
    assert shown("é\té") == "é\\té"


def test_rows_and_columns_that_do_not_fit_are_told(tmp_path):
    file, problems = tmp_path / "m.tsv", Problems(str(tmp_path))
    file.write_text('a\tb\tc\n1\t"x\t3\n1\t2\n1\t2\t3\t\n1\t2\t3\t4\n')
    first, fourth = (2, {"a": "1", "b": '"x', "c": "3"}), (4, {"a": "1", "b": "2", "c": "3"})
    told = [f"m.tsv line {line}: {cells} cells, there are 3 columns" for line, cells in ((3, 2), (4, 4))]
    assert list(read_table(file, problems, ("a", "b"))) == [first]
    assert problems.found == [told[0], f"{told[1]} (and 1 more line)"]
    problems = Problems(str(tmp_path))
    assert list(read_table(file, problems, ("a", "b"), open_end=True)) == [first, fourth]
    assert problems.found == [told[0], told[1].replace("line 4", "line 5")]
    for text, said in (
        ("a\tb\n", "m.tsv line 1: there is no column d; it has a, b"),
        ("a\td\ta\n1\t2\t3\n", "m.tsv line 1: column 'a' comes twice"),
        ("", "m.tsv: it is empty"),
    ):
        problems = Problems(str(tmp_path))
        file.write_text(text)
        assert list(read_table(file, problems, ("d",))) == []
        assert problems.found == [said]


def test_lines_of_json_are_objects_or_problems(tmp_path):
    file, problems = tmp_path / "m.jsonl", Problems(str(tmp_path))
    file.write_text('{"a": NaN}\n[1]\n{"a": 1, " a": 2}\n{"a": "\\ud800"}\n' + "[" * 100_000 + '\n{"b": "\\u00e9"}\n')
    assert list(read_objects(file, problems)) == [(1, {"a": None}), (6, {"b": "é"})]
    assert [each.partition(": ")[0] for each in problems.found] == [f"m.jsonl line {number}" for number in (2, 3, 4, 5)]
