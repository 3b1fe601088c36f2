"""Manifests of Lhotse: cuts, or recordings with supervisions, as ``.jsonl`` or ``.jsonl.gz``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from neuroscope import BadManifest, BadOption, Manifest, MissingData, Utterance
from neuroscope_speech_tasks.formats import lhotse_entries as entries
from neuroscope_speech_tasks.formats.lhotse_entries import BadEntry, Entry, LeftOut, Recording
from neuroscope_speech_tasks.reading.collected import Collected
from neuroscope_speech_tasks.reading.json_lines import read_objects
from neuroscope_speech_tasks.reading.listing import closed_folders_are_told
from neuroscope_speech_tasks.reading.metadata import Problems
from neuroscope_speech_tasks.reading.named_files import NamedFiles

_NAME = re.compile(r"(?P<before>.*?)(?P<kind>cuts|recordings|supervisions)(?P<after>.*)\.jsonl(\.gz)?")
_ENDINGS = (".jsonl", ".jsonl.gz")
_SPLITS = {"train", "dev", "test"}
_GONE = "file that is not there"
_CUTS = {"MonoCut": "", "MultiCut": "", "Cut": "", "MixedCut": "mixed cut", "PaddingCut": "padding"}
"""Types of cuts -> why one is left out; empty = it is read."""
_Parts = tuple[Recording, Sequence[Entry]]


def read_lhotse(root: Path, *, parts: tuple[str, ...] = ()) -> Manifest:
    """Read the cuts of a manifest, or the supervisions of one with their recordings; Lhotse itself is not needed.

    An utterance is a cut of one channel of one recording, or a supervision. Speaker, gender and language are those of
    its supervisions, ``recording`` is the recording's id, and texts and numbers of ``custom`` are tags; transcripts are
    left out. Audio is read from files alone: relative paths are relative to the manifest's folder, or, where nothing
    lies there, to the working folder, as for Lhotse; the manifest's source says so then. Mixed and padded cuts,
    several channels at once, several speakers in a cut, and augmented recordings are left out and counted.

    Args:
        root: a file of cuts, recordings or supervisions, or a folder that holds them.
        parts: which are read, where a folder holds several: ``train`` for ``cuts_train.jsonl.gz``. A name with one of
            train, dev and test in it says the ``split``.

    Raises:
        MissingData: no such manifest, no supervisions for its recordings, or none of its audio.
        BadOption: a folder holds several manifests, and ``parts`` does not say which.
        BadManifest: lines that cannot be used, or audio of commands and addresses; all problems are told at once.
    """
    with closed_folders_are_told(root):
        chosen = _choose(root, parts)
    reading = _Reading(Collected(Problems(str(root), anywhere=True)))
    for name, files in chosen.items():
        reading.part(name, files)
    manifest = reading.collected.manifest(note=reading.files.note)
    if manifest:
        return manifest
    told = ", ".join(f"{reason}: {count}" for reason, count in manifest.left_out.items())
    names = ", ".join(file.name for files in chosen.values() for file in files.values())
    if _GONE in manifest.left_out:
        raise MissingData(f"none of the audio that {names} in {root} names is there ({told})")
    raise BadManifest(str(root), [f"{names}: nothing that can be read ({told or 'no lines'})"])


def _choose(root: Path, parts: Sequence[str]) -> dict[str, dict[str, Path]]:
    """Choose the manifests that are read: part -> kind (cuts, or recordings and supervisions) -> file."""
    if not root.exists():
        raise MissingData(f"there is no {root}; name a folder or a file of Lhotse manifests with --root")
    if not root.is_dir():
        return _file(root)
    found = _parts(root)
    whole = {part: _used(files) for part, files in found.items() if _used(files)}
    if not whole:
        raise _lacking(root, found)
    if lacking := [part for part in parts if part not in whole]:
        raise BadOption(f"{root} has no part {', '.join(lacking)}; it has {', '.join(sorted(whole))}")
    if len(whole) > 1 and not parts:
        names = ", ".join(part or "one without a name" for part in sorted(whole))
        raise BadOption(f"{root} holds several manifests: {names}. Choose with parts=A+B, or name a file with --root")
    return {part: whole[part] for part in dict.fromkeys(parts or whole)}


def _file(file: Path) -> dict[str, dict[str, Path]]:
    """Find the manifest that a file is, or is one half of."""
    if not file.name.endswith(_ENDINGS):
        raise BadManifest(str(file), [f"{file.name}: expected a file that ends in {' or '.join(_ENDINGS)}"])
    match = _NAME.fullmatch(file.name)
    if match is None or match["kind"] == "cuts":
        return {_part(match) if match else "": {"cuts": file}}
    part = _part(match)
    others = {kind: other for kind, other in _parts(file.parent)[part].items() if kind != "cuts"}
    if not _used(others):
        raise _lacking(file.parent, {part: others})
    return {part: others}


def _parts(folder: Path) -> dict[str, dict[str, Path]]:
    """List the manifests in a folder by their parts: ``train`` for ``recordings_train.jsonl.gz``."""
    found: dict[str, dict[str, Path]] = {}
    for file in sorted(folder.iterdir()):
        if match := _NAME.fullmatch(file.name):
            found.setdefault(_part(match), {}).setdefault(match["kind"], file)
    return found


def _part(match: re.Match[str]) -> str:
    return "_".join(filter(None, (match[side].strip("_-.") for side in ("before", "after"))))


def _used(files: Mapping[str, Path]) -> dict[str, Path]:
    """Choose the files of a part that are read: cuts, else recordings and supervisions; none where one is lacking."""
    if "cuts" in files:
        return {"cuts": files["cuts"]}
    return dict(files) if len(files) == 2 else {}


def _lacking(folder: Path, found: Mapping[str, Mapping[str, Path]]) -> MissingData:
    halves = ", ".join(sorted(file.name for files in found.values() for file in files.values()))
    needs = "cuts*.jsonl[.gz], or recordings*.jsonl[.gz] and supervisions*.jsonl[.gz]"
    return MissingData(f"{folder} holds {f'only {halves}' if halves else 'no Lhotse manifest'}: it needs {needs}")


@dataclass
class _Said:
    """Recordings, or why one is left out, by their ids; and the names of those that supervisions are of."""

    recordings: Mapping[str, Recording | str]
    names: set[str] = field(default_factory=set)

    def parts_of(self, entry: Entry) -> _Parts:
        """Find the recording of a supervision."""
        name = entries.text_in(entry, "recording_id")
        self.names.add(name)
        recording = self.recordings.get(name)
        if isinstance(recording, Recording):
            return recording, [entry]
        raise LeftOut(recording or "supervision without its recording")


@dataclass
class _Reading:
    """A reading of several manifests."""

    collected: Collected
    files: NamedFiles = field(default_factory=NamedFiles)

    def part(self, name: str, files: Mapping[str, Path]) -> None:
        """Read the cuts of a part, or its supervisions with their recordings."""
        splits = _SPLITS & set(re.split(r"[^a-z]+", name.lower()))
        tags = {"split": min(splits)} if len(splits) == 1 else {}
        if "cuts" in files:
            self._utterances(files["cuts"], _parts_of_cut, tags)
            return
        said = _Said(self._recordings(files["recordings"]))
        self._utterances(files["supervisions"], said.parts_of, tags)
        self.collected.left_out["recording without a supervision"] += len(said.recordings.keys() - said.names)

    def _recordings(self, file: Path) -> dict[str, Recording | str]:
        """Read recordings by their ids; for those that are left out, why."""
        found: dict[str, Recording | str] = {}
        problems = self.collected.problems
        for line, entry in read_objects(file, problems):
            try:
                recording: Recording | str = entries.recording_of(entry)
            except BadEntry as error:
                problems.add(file, str(error), line)
                continue
            except LeftOut as reason:
                recording = str(reason)
            name = entries.text_in(entry, "id")
            if found.setdefault(name, recording) != recording:
                problems.add(file, f"recording {name} comes twice, with other content", line)
        return found

    def _utterances(self, file: Path, parts_of: Callable[[Entry], _Parts], tags: Mapping[str, str]) -> None:
        """Add the utterances of a file of cuts or supervisions."""
        for line, entry in read_objects(file, self.collected.problems):
            try:
                made = self._utterance(entry, *parts_of(entry), file.parent, tags)
            except BadEntry as error:
                self.collected.problems.add(file, str(error), line)
            except LeftOut as reason:
                self.collected.left_out[str(reason)] += 1
            else:
                self.collected.add(made, file, line)

    def _utterance(
        self, entry: Entry, recording: Recording, supervisions: Sequence[Entry], beside: Path, tags: Mapping[str, str]
    ) -> Utterance:
        """Make an utterance of a cut or a supervision.

        Raises:
            BadEntry: it cannot be used.
            LeftOut: it is no utterance here.
        """
        name = entries.text_in(entry, "id")
        if not name:
            raise BadEntry("no id")
        start, duration, channel = entries.stretch_of(entry)
        said = entries.said_of(supervisions)
        name_of_file, track = recording.track(channel)
        if (path := self.files.find(name_of_file, beside)) is None:
            raise LeftOut(_GONE)
        speaker = said.pop("speaker", None)
        custom = {key: value for each in (*supervisions, entry) for key, value in entries.custom_of(each).items()}
        return Utterance(
            id=name,
            path=path,
            start=start,
            duration=duration,
            audio_channel=track,
            speaker=speaker,
            tags={**tags, "recording": recording.id, **custom, **said},
        )


def _parts_of_cut(cut: Entry) -> _Parts:
    """Take the recording and the supervisions out of a cut of one recording.

    Raises:
        BadEntry: it has a type that Lhotse does not know.
        LeftOut: it is mixed, padding, or of features alone.
    """
    kind = entries.text_in(cut, "type") or "MonoCut"
    if kind not in _CUTS:
        raise BadEntry(f"type {kind} is none of {', '.join(_CUTS)}")
    if "tracks" in cut or _CUTS[kind]:
        raise LeftOut(_CUTS[kind] or "mixed cut")
    if cut.get("recording") is None:
        raise LeftOut("cut without a recording")
    supervisions = cut.get("supervisions") or []
    return entries.recording_of(cut["recording"]), supervisions
