"""Kaldi data folders: ``wav.scp`` with files, ``segments``, ``utt2spk`` and whatever else is told of utterances."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from neuroscope import Manifest, MissingData, Utterance
from neuroscope_speech_tasks.reading.metadata import Problems, read_lines
from neuroscope_speech_tasks.reading.named_files import NamedFiles

if TYPE_CHECKING:
    from neuroscope import Progress

_COLUMNS = {"lang": "language", "dur": "seconds"}
"""utt2X -> the name that the column has here, where it is another."""
_TAKEN = {"id", "speaker"}
_LIST = re.compile(r"utt2[\w-]+")
"""Names of lists; editors and people put dots and tildes behind those of their backups."""
_SPHERE = re.compile(r"\S*sph2pipe\s(?:.*\s)?-c\s*(?P<channel>[12])\s(?:.*\s)?(?P<path>\S+)\s*\|")
_OFFSET = re.compile(r".*:\d+(\[.*\])?")
_CHANNELS = {"1": 0, "2": 1, "A": 0, "B": 1}
_NOT_LISTED = "segment whose recording is not in wav.scp"
_NO_CHANNEL, _TO_THE_END = "-1", -1.0


class _Segment(NamedTuple):
    """A stretch of a recording: seconds, None = to its end; its track from 0, None = not told."""

    recording: str
    start: float = 0.0
    duration: float | None = None
    channel: int | None = None


def read_kaldi(root: Path, *, progress: Progress) -> Manifest:
    """Read a Kaldi data folder.

    Relative paths in ``wav.scp`` are relative to the folder, else, as Kaldi has them, to the working folder; commands
    and archives are refused, since nothing is run here. ``segments`` (an end of -1 is that of the recording) cuts the
    recordings. ``utt2spk`` names speakers, unless each utterance is its own, which says that they are not known;
    ``spk2gender`` is the column ``gender``, any ``utt2X`` the column X (``utt2lang``: ``language``, ``utt2dur``:
    ``seconds``), but not those with other signs in their names, which are backups. A gender of an utterance has to be
    that of its speaker. ``reco2file_and_channel`` chooses tracks, unless the sides of a call lie in files of their own.

    Args:
        root: the folder that holds ``wav.scp``.
        progress: told of the audio files that are looked for.

    Raises:
        MissingData: there is no ``wav.scp``, or none of its files.
        BadManifest: lines cannot be read; all of them are told at once.
    """
    if not (root / "wav.scp").is_file():
        raise MissingData(f"{root} holds no wav.scp; name a Kaldi data folder with --root")
    problems = Problems(str(root), anywhere=True)
    files = _read_files(root / "wav.scp", problems)
    channels = _read_channels(root / "reco2file_and_channel", files, problems)
    is_cut = _lies_at(root / "segments")
    segments = _read_segments(root / "segments", problems) if is_cut else {name: _Segment(name) for name in files}
    if is_cut and not segments and not problems:
        problems.add(root / "segments", "it is empty")
    told = _Told.read(root, problems)
    problems.check()
    paths, note = _find(root, files, progress)
    left_out = told.left_out(segments.keys())
    utterances = []
    for name, segment in segments.items():
        if segment.recording in paths:
            track = channels.get(segment.recording) if segment.channel is None else segment.channel
            utterances.append(told.utterance(name, segment, paths[segment.recording], track, is_cut=is_cut))
        else:
            left_out["utterance whose file is not there" if segment.recording in files else _NOT_LISTED] += 1
    if not utterances:
        first = next(iter(files.values()), "nothing")
        raise MissingData(f"no file that {root / 'wav.scp'} names is there (first: {first}): mend its paths")
    recordings = {each.recording for each in segments.values()}
    left_out["recording of wav.scp without a segment"] = len(files.keys() - recordings)
    return Manifest(tuple(utterances), source=f"{root}{note}", left_out=+left_out)


def _read_pairs(file: Path, problems: Problems) -> dict[str, tuple[int, str]]:
    """Read a name and a text from each line, with the line's number; none where there is no such file."""
    pairs: dict[str, tuple[int, str]] = {}
    for number, line in read_lines(file, problems) if _lies_at(file) else ():
        name, *text = line.split(maxsplit=1)
        if not text:
            problems.add(file, f"'{name[:80]}' stands alone", number)
        elif pairs.setdefault(name, (number, text[0].strip()))[0] != number:
            problems.add(file, f"{name} comes twice", number)
    return pairs


def _lies_at(file: Path) -> bool:
    """Tell whether something lies there, be it no file: then that is a problem."""
    return file.exists() or file.is_symlink()


def _read_files(file: Path, problems: Problems) -> dict[str, str]:
    """Read the file of each recording, as it is written."""
    pairs = _read_pairs(file, problems)
    for number, text in pairs.values():
        if problem := _problem_with(text):
            problems.add(file, problem, number)
    return {name: text for name, (_, text) in pairs.items()}


def _problem_with(text: str) -> str:
    """Say why what ``wav.scp`` names is no file; empty = it may be one."""
    if sphere := _SPHERE.fullmatch(text):
        side = "AB"[int(sphere["channel"]) - 1]
        return (
            f"a command is not run: write {sphere['path']} in its place, and a line 'RECORDING FILE {side}' in "
            "reco2file_and_channel"
        )
    if text.endswith("|") or text.startswith("|"):
        return f"a command is not run: run it once, and name the file that it makes ({text[:80]})"
    if text == "-" or _OFFSET.fullmatch(text):
        return f"a place in an archive, or the standard input, is no audio file: write it to one ({text[:80]})"
    return ""


def _read_channels(file: Path, files: Mapping[str, str], problems: Problems) -> dict[str, int]:
    """Read the track of each recording; not where the recordings of one call lie in files of their own."""
    calls: dict[str, set[str]] = {}
    tracks = {}
    for name, (number, text) in _read_pairs(file, problems).items():
        call, *channel = text.split()
        if len(channel) != 1 or channel[0] not in _CHANNELS:
            problems.add(file, f"'{text[:80]}' is not a file and A or B (1 or 2)", number)
        elif name in files:
            calls.setdefault(call, set()).add(files[name])
            tracks[name] = (call, _CHANNELS[channel[0]])
    return {name: channel for name, (call, channel) in tracks.items() if len(calls[call]) == 1}


def _read_segments(file: Path, problems: Problems) -> dict[str, _Segment]:
    segments = {}
    for name, (number, text) in _read_pairs(file, problems).items():
        try:
            segments[name] = _segment(text)
        except ValueError:
            asked = "recording, start, end (seconds, -1 = to its end) and, where need be, track (0 or 1)"
            problems.add(file, f"'{text[:80]}' is not: {asked}", number)
    return segments


def _segment(text: str) -> _Segment:
    """Read the cells of a segment; ValueError where they are none."""
    recording, first, last, *channel = text.split()
    start, end = float(first), float(last)
    if end == _TO_THE_END:
        end = float("inf")
    if not 0 <= start < end or start == float("inf") or channel not in ([], [_NO_CHANNEL], ["0"], ["1"]):
        raise ValueError(text)
    track = int(channel[0]) if channel and channel[0] != _NO_CHANNEL else None
    return _Segment(recording, start, None if end == float("inf") else round(end - start, 6), track)


def _read_column(file: Path, problems: Problems, *, is_one_word: bool) -> dict[str, str]:
    """Read a text for each name; speakers and genders are one word."""
    pairs = _read_pairs(file, problems)
    for number, text in pairs.values():
        if is_one_word and len(text.split()) > 1:
            problems.add(file, f"'{text[:80]}' is more than one word", number)
    return {name: text for name, (_, text) in pairs.items()}


@dataclass(frozen=True, slots=True)
class _Told:
    """What is told of utterances.

    Attributes:
        speakers: utterance -> speaker.
        are_known: whether the speakers are more than the utterances' own names.
        genders: speaker -> gender.
        columns: column -> utterance -> value.
        lists: name of each list of utterances -> utterances.
        backups: names of files that are like lists, and are none.
    """

    speakers: Mapping[str, str]
    are_known: bool
    genders: Mapping[str, str]
    columns: Mapping[str, Mapping[str, str]]
    lists: Mapping[str, Set[str]]
    backups: Sequence[str]

    @classmethod
    def read(cls, root: Path, problems: Problems) -> _Told:
        columns, lists, backups = {}, {}, []
        for file in sorted(root.glob("utt2?*")):
            if not _LIST.fullmatch(file.name):
                backups.append(file.name)
                continue
            name = _COLUMNS.get(file.name.removeprefix("utt2"), file.name.removeprefix("utt2"))
            if name in _TAKEN:
                problems.add(file, f"no column can be named '{name}': rename the file")
            columns[name] = _read_column(file, problems, is_one_word=name == "spk")
            lists[file.name] = columns[name].keys()
        genders = _read_column(root / "spk2gender", problems, is_one_word=True)
        speakers = columns.pop("spk", {})
        for name, own in columns.get("gender", {}).items():
            of_speaker = genders.get(speaker := speakers.get(name, ""), "")
            if of_speaker and not _agree(own, of_speaker):
                text = f"{name} is {own} here, and its speaker {speaker} is {of_speaker} in spk2gender"
                problems.add(root / "utt2gender", text)
        are_known = any(key != name for key, name in speakers.items())
        return cls(speakers, are_known, genders, columns, lists, backups)

    def left_out(self, utterances: Set[str]) -> Counter[str]:
        """Count what is told of others than some utterances and their speakers."""
        left_out = Counter({f"line of {name} without audio": len(of - utterances) for name, of in self.lists.items()})
        speakers = {self.speakers[name] for name in utterances & self.speakers.keys()}
        left_out["line of spk2gender whose speaker has no utterance"] = len(self.genders.keys() - speakers)
        left_out.update(f"file that is no list by its name, {name}" for name in self.backups)
        return left_out

    def utterance(self, name: str, segment: _Segment, path: Path, track: int | None, *, is_cut: bool) -> Utterance:
        """Make an utterance."""
        speaker = self.speakers.get(name)
        tags = {column: values[name] for column, values in self.columns.items() if name in values}
        if speaker is not None and speaker in self.genders:
            tags["gender"] = self.genders[speaker]  # in one word for all, where utt2gender says it in another
        if is_cut:
            tags.setdefault("recording", segment.recording)
        return Utterance(
            id=name,
            path=path,
            start=segment.start,
            duration=segment.duration,
            audio_channel=track,
            speaker=speaker if self.are_known else None,
            tags=tags,
        )


def _agree(one: str, other: str) -> bool:
    """Tell whether two words for a gender are one, which may be cut short: f and Female."""
    one, other = one.casefold(), other.casefold()
    return one.startswith(other) or other.startswith(one)


def _find(root: Path, files: Mapping[str, str], progress: Progress) -> tuple[dict[str, Path], str]:
    """Find the files that are there, by recording, and say what paths are relative to, where not to the folder."""
    named, paths = NamedFiles(), {}
    with progress("Looking for audio", len(files)) as advance:
        for name, text in files.items():
            if (path := named.find(text, root)) is not None:
                paths[name] = path
            advance(1)
    return paths, named.note
