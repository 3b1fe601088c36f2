"""ADI-17, Arabic dialects of 17 countries from YouTube, as MGB-5 handed it out or as it was crawled."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from neuroscope import Manifest, Utterance
from neuroscope_speech_tasks.reading.corpus import Corpus, check_parts
from neuroscope_speech_tasks.reading.file_names import folder_among, folder_of_class, stem
from neuroscope_speech_tasks.reading.labels import Labels
from neuroscope_speech_tasks.reading.listing import AUDIO, COPY, Listing, list_files, one_of_each
from neuroscope_speech_tasks.reading.metadata import Problems, read_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from neuroscope import Progress

Part = Literal["train", "dev", "test"]
DIALECTS = (
    *("ALG", "EGY", "IRA", "JOR", "KSA", "KUW", "LEB", "LIB", "MAU", "MOR", "OMA", "PAL", "QAT", "SUD", "SYR", "UAE"),
    "YEM",
)
_SEGMENT = re.compile(r"(?P<video>.+)_(?P<start>\d{6,})-(?P<end>\d{6,})")
_PART_FOLDER = re.compile("(train|dev|test)(?:_segments)?", re.IGNORECASE)
_ROUNDED = 0.0151
"""Seconds by which the times in a segment's name may differ from those of the list: both are rounded to 0.01."""

CORPUS = Corpus(
    dataset="adi17",
    title="ADI-17 (MGB-5): Arabic dialects of 17 countries from YouTube",
    source="https://arabicspeech.org, which asks for a registration; lists: "
    "https://github.com/swshon/arabic-dialect-identification",
    licence="for research",
    size="20,045 videos, more than 3,000 h of 16 kHz",
    folder="the folder above the sets and their lists",
    layouts=(
        "train_segments/ALG/<video>_055962-056391.wav\ndev_segments/<video>_000027-000747.wav\n"
        "test_segments/...\ndata/dev_segments/utt2lang\ndata/test_segments/utt2lang",
        "wav/ALG/<video>.wav\ndata/train/segments\ndata/train/utt2lang\ndata/dev/... data/test/...",
    ),
    columns=(
        ("dialect", f"the country: {' '.join(DIALECTS)}"),
        ("split", "train, dev or test"),
        ("recording", "the video"),
        ("seconds", "how long the segment is by its list, else by its name"),
    ),
    notes=(
        "Segments that lie as files are read as they lie, the others from the videos that lists name; a video need not "
        "lie in a folder of its dialect.",
        "A folder of a dialect, in capitals, is the one that a file lies in, or the one above where that is named wav "
        "or the like.",
        "Names of segments hold their times in hundredths of a second, the lists in seconds; where the two contradict "
        "each other, or two places tell two dialects, nothing is read.",
        "Published are 8,955 segments of dev and 12,615 of test; those of test are 760 of each country, but ALG 745, "
        "JOR 721, MAU 509.",
        "The labels of train are those of the channels, and some are wrong; dev and test were labelled by people.",
        "Nobody knows who speaks: split by group:recording where the official sets are not used.",
    ),
)


@CORPUS.describes
def read_adi17(root: Path, *, progress: Progress, parts: tuple[Part, ...] = ("train", "dev", "test")) -> Manifest:
    """Read ADI-17: segments as files, or cut from the videos by the lists of their times.

    Args:
        root: the folder above the sets and their lists.
        progress: told of the files that are found.
        parts: the sets that are read.

    Raises:
        MissingData: a set is not there, or nothing tells its dialects.
        BadOption: no set is named.
        BadManifest: lists, folders and names contradict each other, or a list has unknown dialects or times.
    """
    check_parts(parts)
    listing = list_files(CORPUS.folder_in(root), progress, {*AUDIO, ""})
    problems, left_out = Problems(str(root)), Counter(listing.left_out)
    lists = _Lists.read(listing, problems, left_out)
    named = [(stem(path), path) for path in listing.names if path.lower().endswith(AUDIO)]
    for name, path in named:
        lists.dialects.add(name, folder_of_class(path, DIALECTS, _PART_FOLDER), path)
        if _SEGMENT.fullmatch(name):
            lists.parts.add(name, folder_among(path, _PART_FOLDER).lower(), path)
    audio, copies = one_of_each(named)
    segments = {name: each for name, each in _segments(audio, lists, problems).items() if each.part in {*parts, ""}}
    problems.check()
    left_out[COPY] = copies
    utterances = tuple(_utterances(segments, audio, lists, listing, left_out))
    there = {each.tags["split"] for each in utterances}
    CORPUS.check_all_there(
        listing, parts, there, "segments of {} with their dialects (in folders, or in utt2lang; times in segments)"
    )
    return Manifest(utterances, source=str(root), left_out=+left_out)


class _Segment(NamedTuple):
    """A segment of a video: its set (empty = not known), and its times in seconds."""

    video: str
    part: str
    start: float
    end: float


@dataclass
class _Lists:
    """What the lists tell: times of segments, dialects of segments and videos, and the set of each."""

    dialects: Labels
    parts: Labels
    segments: dict[str, _Segment] = field(default_factory=dict)

    @classmethod
    def read(cls, listing: Listing, problems: Problems, left_out: Counter[str]) -> _Lists:
        """Read every ``segments`` and ``utt2lang`` in a folder named after a set; other files are counted."""
        lists = cls(Labels(problems), Labels(problems))
        for path in listing.names:
            folder, _, name = path.rpartition("/")
            part = _PART_FOLDER.fullmatch(folder.rpartition("/")[2])
            if part and name == "utt2lang":
                lists._read_dialects(listing, path, part[1].lower(), problems)
            elif part and name == "segments":
                lists._read_segments(listing, path, part[1].lower(), problems)
            elif not path.lower().endswith(AUDIO):
                left_out["no ending file"] += 1
        return lists

    def _read_dialects(self, listing: Listing, path: str, part: str, problems: Problems) -> None:
        for number, line in read_lines(listing.path(path), problems):
            name, *others = line.split()
            if len(others) != 1 or others[0] not in DIALECTS:
                text = f"'{' '.join(others)[:30]}' is no dialect; they are {' '.join(DIALECTS)}"
                problems.add(listing.path(path), text, number)
                continue
            self.dialects.add(name, others[0], path, number)
            self.parts.add(name, part, path, number)

    def _read_segments(self, listing: Listing, path: str, part: str, problems: Problems) -> None:
        file = listing.path(path)
        for number, line in read_lines(file, problems):
            try:
                name, video, *times = line.split()
                start, end = map(float, times)
            except ValueError:
                start = end = 0.0
            if not 0 <= start < end < float("inf"):
                problems.add(file, f"'{line[:80]}' is not: segment, video, start, end (seconds)", number)
                continue
            self.parts.add(name, part, path, number)
            segment = _Segment(video, part, start, end)
            if self.segments.setdefault(name, segment)[2:] != segment[2:]:
                problems.add(file, f"{name} comes twice, with other times", number)


def _segments(audio: Mapping[str, str], lists: _Lists, problems: Problems) -> dict[str, _Segment]:
    """Join the segments that lie as files with those of the lists; times and dialects have to agree."""
    joined = dict(lists.segments)
    for name in {*audio, *lists.parts.of} - joined.keys():
        if match := _SEGMENT.fullmatch(name):
            part, start, end = lists.parts.of.get(name, ""), int(match["start"]), int(match["end"])
            joined[name] = _Segment(match["video"], part, start / 100, end / 100)
    for name, segment in sorted(joined.items()):
        match = _SEGMENT.fullmatch(name)
        if match and not _agree(match, segment):
            text = f"{name} is {segment.start:g} s to {segment.end:g} s of {segment.video} in a list of segments"
            problems.add(Path(name), f"{text}, which its name contradicts")
        own, of_video = lists.dialects.of.get(name), lists.dialects.of.get(segment.video)
        if own and of_video and own != of_video:
            problems.add(Path(name), f"it is {own}, and its video {segment.video} is {of_video}")
    return joined


def _agree(match: re.Match[str], segment: _Segment) -> bool:
    """Tell whether the times in a segment's name are those of the segment."""
    start, end = int(match["start"]) / 100, int(match["end"]) / 100
    near = abs(start - segment.start) < _ROUNDED and abs(end - segment.end) < _ROUNDED
    return near and match["video"] == segment.video


def _utterances(
    segments: Mapping[str, _Segment],
    audio: Mapping[str, str],
    lists: _Lists,
    listing: Listing,
    left_out: Counter[str],
) -> Iterator[Utterance]:
    """Yield the segments that have audio, a set and a dialect, and count what is left out."""
    for name, segment in sorted(segments.items()):
        path = audio.get(name) or audio.get(segment.video)
        dialect = lists.dialects.of.get(name) or lists.dialects.of.get(segment.video)
        if path is None:
            left_out["segment of a list whose file or video is not there"] += 1
        elif not segment.part:
            left_out["segment that is of no set by its folder or a list"] += 1
        elif dialect is None:
            left_out["segment without a dialect in its folder or a list"] += 1
        else:
            yield _utterance(name, segment, listing.path(path), dialect, is_cut=name in audio)
    videos = {each.video for each in lists.segments.values()}
    alone = [name for name in audio if not _SEGMENT.fullmatch(name) and name not in videos]
    left_out["video without a segment in a list"] += len(alone)


def _utterance(name: str, segment: _Segment, path: Path, dialect: str, *, is_cut: bool) -> Utterance:
    seconds = round(segment.end - segment.start, 6)
    tags = {"dialect": dialect, "split": segment.part, "recording": segment.video, "seconds": f"{seconds:.2f}"}
    if is_cut:
        return Utterance(id=name, path=path, tags=tags)
    return Utterance(id=name, path=path, start=segment.start, duration=seconds, tags=tags)
