"""CALLHOME Egyptian Arabic: telephone calls of two speakers, cut into segments of one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar

from neuroscope import BadAudio, BadManifest, BadOption, Manifest, Utterance
from neuroscope_speech_tasks.activity.transcripts import read_transcripts
from neuroscope_speech_tasks.reading.corpus import Corpus, check_parts, other_counts
from neuroscope_speech_tasks.reading.file_names import folder_among, stem
from neuroscope_speech_tasks.reading.labels import Labels
from neuroscope_speech_tasks.reading.listing import AUDIO, COPY, Listing, list_files, one_of_each
from neuroscope_speech_tasks.reading.metadata import Problems

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from neuroscope import Progress
    from neuroscope.waves import AudioFile

_FoundT = TypeVar("_FoundT")

Part = Literal["train", "dev", "test", "supplement"]
Sides = Mapping[str, "Sequence[tuple[float, float]]"]
"""Side of a call -> start and end of what is said there, in seconds."""

PUBLISHED = {"train": {"calls": 80}, "dev": {"calls": 20}, "test": {"calls": 20}}
LONGEST = 3600.0
"""Seconds; no call is longer."""
_PARTS = {"train": "train", "devtest": "dev", "evltest": "test", "evaltest": "test"}
_PART_FOLDER = re.compile("|".join(_PARTS), re.IGNORECASE)
_CALL = re.compile(r"ar_\d+")
_SIDES = "AB"
_ORIGINAL = ".sph"

CORPUS = Corpus(
    dataset="callhome",
    title="CALLHOME Egyptian Arabic Speech (LDC97S45)",
    source="https://catalog.ldc.upenn.edu/LDC97S45 (transcripts: LDC97T19; supplements: LDC2002S37 and LDC2002S22)",
    licence="of the LDC, bought",
    size="120 calls of up to 30 min, two tracks of 8 kHz, about 3 GB",
    folder="the folder above the discs",
    layouts=(
        "CALLHOME/ARABIC/TRAIN/AR_4012.SPH\nCALLHOME/ARABIC/DEVTEST/...\nCALLHOME/ARABIC/EVLTEST/...",
        "callhome/arabic/train/ar_4012.sph\n...\n"
        "callhome_arabic_trans_970711/transcrp/train/roman/ar_4012.txt\n.../devtest/... .../evaltest/...",
        "LDC97S45/... LDC97T19/... LDC2002S37/SPEECH/AR_4571.SPH\nLDC2002T38/ch_ara_transcr_suppl/transcr/ar_4571.txt",
    ),
    columns=(
        ("channel", "TF, for telephone"),
        ("language", "ar"),
        ("dialect", "EGY"),
        ("split", "train, dev (DEVTEST) or test (EVLTEST); calls of the supplements have none"),
        ("recording", "the call, of two speakers"),
        ("segments", "how the segment was found: vad or transcript"),
    ),
    notes=(
        "A segment is what one side of a call says without a pause: by default as a detector of speech finds it "
        "(silero-vad with its own thresholds, at 16 kHz), with segments=transcript as the transcripts have it, which "
        "are of 5 to 10 minutes of each call. Only segments of 2.5 s or more are read (shortest), as in the paper.",
        "The detector listens to each call once: what it finds is kept in the cache folder, by the file's content.",
        "The speaker is the side of a call, whoever else takes the phone there. No gender is told.",
        "Names of files and folders may be in capitals or not; calls that lie in no folder of a set are those of the "
        "supplements, parts=supplement.",
        "Side A is the first track, B the second. Of copies of a call, a wav is read before the .sph where it has both "
        "tracks; one that has not is left out and counted.",
    ),
)


class _Call(NamedTuple):
    part: str
    path: Path


@CORPUS.describes
def read_callhome(
    root: Path,
    *,
    progress: Progress,
    cache: Path,
    segments: Literal["vad", "transcript"] = "vad",
    shortest: float = 2.5,
    longest: float = 20.0,
    parts: tuple[Part, ...] = ("train", "dev", "test"),
) -> Manifest:
    """Read the segments of calls, each of one speaker.

    Args:
        root: the folder above the discs.
        progress: told of the files, and of the seconds that are listened to.
        cache: what files hold, and segments that were found, are kept below it.
        segments: ``vad`` = found by a detector of speech, ``transcript`` = as the transcripts have them.
        shortest: seconds; shorter segments are left out.
        longest: seconds; longer segments that the detector finds are cut where speech is least probable.
        parts: the sets that are read.

    Raises:
        MissingData: a set, or the transcripts, are not there.
        MissingDependency: ``vad``, and silero-vad is not installed.
        BadOption: no set is named, or the lengths contradict each other.
        BadManifest: calls lie in two sets, all have other than two tracks, transcripts cannot be read, or nothing is
            found.
    """
    check_parts(parts)
    if not (0 <= shortest < longest and 1 <= longest <= LONGEST):
        bounds = f"shortest={shortest:g} has to be less than longest={longest:g}, and that 1 to {LONGEST:g} s"
        raise BadOption(bounds)
    listing = list_files(CORPUS.folder_in(root), progress, {*AUDIO, ".txt", ".scr"})
    left_out: Counter[str] = Counter(listing.left_out)
    calls = _find_calls(listing, parts, left_out)
    CORPUS.check_all_there(
        listing, parts, {each.part for each in calls.values()}, "calls of {} (TRAIN/, DEVTEST/, EVLTEST/)"
    )
    found: Mapping[str, Sides]
    if segments == "vad":
        found, how = _listen(calls, root, progress, cache, longest, left_out)
    else:
        found, how = _look_up(calls, listing, progress, cache, left_out), "times of the transcripts"
    utterances = tuple(_utterances(calls, found, segments, shortest, left_out))
    if not utterances:
        raise BadManifest(str(root), [f"no segment of {shortest:g} s in {len(found)} calls ({how})"])
    warning = other_counts("calls", Counter((each.part, "calls") for each in calls.values()), PUBLISHED)
    return Manifest(utterances, source=f"{root} (segments: {how})", left_out=+left_out, warning=warning)


def _find_calls(listing: Listing, parts: Sequence[Part], left_out: Counter[str]) -> dict[str, _Call]:
    """Find the calls of some sets, by name; count audio that is no call, and copies."""
    problems = Problems(str(listing.root))
    files: dict[str, list[str]] = {}
    sets = Labels(problems)
    for path in listing.names:
        name = stem(path).lower()
        if _CALL.fullmatch(name) and path.lower().endswith(AUDIO):
            files.setdefault(name, []).append(path)
            sets.add(name, _PARTS.get(folder_among(path, _PART_FOLDER).lower(), ""), path)
        elif path.lower().endswith(AUDIO):
            left_out["audio that is no call by its name"] += 1
    calls = {}
    for name, paths in files.items():
        if (part := sets.of.get(name, "supplement")) in parts:
            calls[name] = _Call(part, listing.path(_with_both_sides(name, paths, listing, problems)))
            left_out[COPY] += len(paths) - 1
    problems.check()
    return calls


def _with_both_sides(name: str, paths: list[str], listing: Listing, problems: Problems) -> str:
    """Choose the file of a call, of several the first by format that has both sides: a copy may be of one alone.

    That an original, in SPHERE, has both is known; of copies, where there are any, the headers are read.
    """
    remaining = list(paths)
    while len(paths) > 1 and remaining:
        chosen = one_of_each((name, path) for path in remaining)[0][name]
        if chosen.lower().endswith(_ORIGINAL) or _tracks(listing.path(chosen)) == len(_SIDES):
            return chosen
        remaining.remove(chosen)
    if not remaining:
        text = f"{name} lies also at {', '.join(paths[1:])}, and no file has two tracks: keep one that has them"
        problems.add(listing.path(paths[0]), text)
    return paths[0]


def _tracks(path: Path) -> int:
    """Count the tracks of a file; one that cannot be read has none."""
    from neuroscope.waves import examine

    try:
        return examine(path).channels
    except BadAudio:
        return 0


def _listen(
    calls: Mapping[str, _Call], root: Path, progress: Progress, cache: Path, longest: float, left_out: Counter[str]
) -> tuple[dict[str, Sides], str]:
    """Find what is said on each side of each call by a detector of speech."""
    from neuroscope_speech_tasks.activity.kept import SpeechFinder
    from neuroscope_speech_tasks.activity.network import find_weights
    from neuroscope_speech_tasks.activity.stretches import Settings

    _, version = find_weights()
    files = _examine(calls, root, progress, cache, left_out)
    heard = _usable(SpeechFinder(cache / "segments", Settings(longest)).find(files, progress), root, left_out)
    found: dict[str, Sides] = {
        name: dict(zip(_SIDES, heard[call.path], strict=True)) for name, call in calls.items() if call.path in heard
    }
    return found, f"{version}, at most {longest:g} s"


def _look_up(
    calls: Mapping[str, _Call], listing: Listing, progress: Progress, cache: Path, left_out: Counter[str]
) -> dict[str, Sides]:
    """Look up in the transcripts what is said on each side of each call."""
    times = read_transcripts(CORPUS, listing, calls.keys(), left_out)
    files = _examine({name: calls[name] for name in times}, listing.root, progress, cache, left_out)
    return {name: sides for name, sides in times.items() if calls[name].path in files}


def _examine(
    calls: Mapping[str, _Call], root: Path, progress: Progress, cache: Path, left_out: Counter[str]
) -> dict[Path, AudioFile]:
    """Find what the files of calls hold; those that are no audio of two tracks are counted.

    Raises:
        BadManifest: all of them.
    """
    from neuroscope.waves import examined

    files = dict(examined(cache, [call.path for call in calls.values()], progress))
    for path, file in files.items():
        if not isinstance(file, BadAudio) and file.channels != len(_SIDES):
            files[path] = BadAudio("not two tracks", f"{path} has {file.channels}")
    return _usable(files, root, left_out)


def _usable(found: Mapping[Path, _FoundT | BadAudio], root: Path, left_out: Counter[str]) -> dict[Path, _FoundT]:
    """Return what was found of files, and count those that cannot be used; BadManifest where none can."""
    bad = [each for each in found.values() if isinstance(each, BadAudio)]
    left_out.update(f"call: {each.reason}" for each in bad)
    usable = {path: each for path, each in found.items() if not isinstance(each, BadAudio)}
    if not usable:
        raise BadManifest(str(root), [str(each) for each in bad])
    return usable


def _utterances(
    calls: Mapping[str, _Call], found: Mapping[str, Sides], segments: str, shortest: float, left_out: Counter[str]
) -> Iterator[Utterance]:
    """Yield the segments that are long enough, in the order of calls, sides and times; count the others."""
    for name, sides in sorted(found.items()):
        tags = {"channel": "TF", "language": "ar", "dialect": "EGY", "recording": name, "segments": segments}
        if calls[name].part != "supplement":
            tags["split"] = calls[name].part
        for side, times in sorted(sides.items()):
            for start, end in times:
                if (seconds := round(end - start, 6)) < shortest:
                    left_out[f"segment shorter than {shortest:g} s"] += 1
                    continue
                yield Utterance(
                    id=f"{name}-{side}-{start:09.2f}",
                    path=calls[name].path,
                    start=start,
                    duration=seconds,
                    audio_channel=_SIDES.index(side),
                    speaker=f"{name}-{side}",
                    tags=tags,
                )
