"""Hugging Face's audiofolder: audio, and a ``metadata.csv`` or ``metadata.jsonl`` that names it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from neuroscope import BadManifest, Manifest, MissingData, Utterance
from neuroscope_speech_tasks.formats.columns import BadCell, StretchColumns
from neuroscope_speech_tasks.formats.rows import Rows, read_rows
from neuroscope_speech_tasks.reading.collected import ABSENT, Collected
from neuroscope_speech_tasks.reading.listing import AUDIO, leads_out, links_told, list_files, within
from neuroscope_speech_tasks.reading.metadata import Problems, Row

if TYPE_CHECKING:
    from neuroscope import Progress
    from neuroscope_speech_tasks.reading.listing import Listing

_TABLES = ("metadata.csv", "metadata.jsonl")
_FILE = "file_name"
_SPEAKERS = ("speaker", "speaker_id")
_SPLITS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("dev", "val", "valid", "validation"), "dev"),
    **dict.fromkeys(("test", "testing", "eval", "evaluation"), "test"),
}


def read_audiofolder(root: Path, *, progress: Progress) -> Manifest:
    """Read the audio that ``metadata.csv`` or ``metadata.jsonl`` name, in the folder and in those below it.

    ``file_name`` is relative to its table and never leads out of the folder. ``speaker`` or ``speaker_id`` is the
    speaker; ``id``, ``start``, ``end``, ``duration`` and ``audio_channel`` are understood as in a manifest; every other
    column is a tag. Without a column ``split`` the audio's folder says the part, where it is named train, dev, test, or
    validation, eval and the like.

    Args:
        root: the folder.
        progress: told of the files that are found.

    Raises:
        MissingData: no such folder, no metadata in it, or none of the audio that they name.
        BadManifest: metadata that cannot be used; all problems are told at once.
    """
    if not root.is_dir():
        raise MissingData(f"there is no folder {root}; name one with --root")
    found = list_files(root, progress, (*AUDIO, ".csv", ".jsonl", ".parquet"))
    tables = [name for name in found.names if PurePosixPath(name).name in _TABLES]
    audio = {name for name in found.names if PurePosixPath(name).suffix.lower() in AUDIO}
    if not tables:
        raise _without_metadata(root, found, len(audio))
    reading = _Reading(root, audio, Collected(Problems(str(root))))
    for name in tables:
        reading.table(name)
    left_out = reading.collected.left_out
    left_out.update(found.left_out)
    left_out.update(f"{PurePosixPath(name).suffix} file" for name in {*found.names} - audio - {*tables})
    left_out["audio that no metadata name"] += len(audio - reading.named)
    manifest = reading.collected.manifest(warning="; ".join(reading.warnings))
    with_split = sum("split" in each.tags for each in manifest)
    if 0 < with_split < len(manifest):
        told = f"the split is known of {with_split:,} of {len(manifest):,} utterances: name the part of each"
        manifest = replace(manifest, warning="; ".join(filter(None, (manifest.warning, told))))
    if not reading.rows:
        raise BadManifest(str(root), [f"{', '.join(tables[:9])}: no rows"])
    if not manifest:
        named = f"{reading.rows} files that {', '.join(tables[:9])} name"
        raise MissingData(f"{root} holds none of the {named}{links_told(found.left_out)}")
    return manifest


def _without_metadata(root: Path, found: Listing, audio: int) -> MissingData:
    """Make the error for a folder without metadata, which the dataset ``folder`` may read."""
    if any(PurePosixPath(name).name == "metadata.parquet" for name in found.names):
        return MissingData(f"{root} holds a metadata.parquet, which is not read: write it as metadata.csv")
    way = f"; its {audio} audio files can be read by the names of their folders: --dataset folder" if audio else ""
    return MissingData(f"{root} holds no {' or '.join(_TABLES)} with a column {_FILE}{way}{links_told(found.left_out)}")


@dataclass
class _Reading:
    """What was read so far.

    Attributes:
        root: the folder.
        audio: the audio files in it, by their paths below it.
        collected: utterances and problems.
        named: the audio files that rows name.
        rows: how many rows the tables have.
        warnings: what was read otherwise than it may be meant, each once.
    """

    root: Path
    audio: set[str]
    collected: Collected
    named: set[str] = field(default_factory=set)
    rows: int = 0
    warnings: dict[str, None] = field(default_factory=dict)

    def table(self, name: str) -> None:
        """Read the rows of a table."""
        file, problems = self.root / name, self.collected.problems
        read = self._rows(file)
        columns = StretchColumns(row for _, row in read.rows)
        speakers = [each for each in _SPEAKERS if any(each in row for _, row in read.rows)]
        said = [*read.problems, *columns.problems]
        if len(speakers) > 1:
            said.append(f"columns {' and '.join(speakers)} may each be the speaker: keep one, and rename the other")
        for text in said:
            problems.add(file, text)
        self.rows += len(read.rows)
        self.warnings |= dict.fromkeys(filter(None, (columns.warning, read.warning)))
        if columns.problems:
            return
        for number, row in read.rows:
            try:
                made = self._utterance(row, name.rpartition("/")[0], columns, "".join(speakers[:1]))
            except BadCell as error:
                problems.add(file, str(error), number)
            else:
                if made is not None:
                    self.collected.add(made, file, number)

    def _rows(self, file: Path) -> Rows:
        """Read a table's rows as they are; a table that cannot be read is a problem, and has none."""
        other = [each for each in _TABLES if each != file.name and (file.parent / each).exists()]
        if leads_out(file, self.root):
            return Rows(problems=["it is a link out of the folder; put the file itself there"])
        if other and file.name == _TABLES[0]:
            return Rows(problems=[f"{other[0]} lies beside it: keep one of the two"])
        try:
            return read_rows(file, known_by=(_FILE,))
        except BadManifest as error:
            return Rows(problems=list(error.problems))
        except OSError as error:
            return Rows(problems=[f"it cannot be opened ({error.strerror})"])

    def _utterance(self, row: Row, folder: str, columns: StretchColumns, speaker: str) -> Utterance | None:
        """Make the utterance of a row; None where its file is not there.

        Args:
            row: its cells.
            folder: that its table lies in, below the root.
            columns: those of stretch and track.
            speaker: the speaker's column; empty = there is none.

        Raises:
            BadCell: it cannot be used.
        """
        if _FILE not in row:
            raise BadCell(f"no {_FILE}")
        path = within(Path(folder), row[_FILE])
        if path is None:
            raise BadCell(f"{_FILE} {row[_FILE]} is no name of a file in the folder")
        name = path.as_posix()
        made = columns.utterance(row, self.root / name, id_=name, speaker=speaker, others=(_FILE,))
        if name not in self.audio:
            self.collected.left_out[ABSENT] += 1
            return None
        self.named.add(name)
        part = next((_SPLITS[each] for each in map(str.lower, path.parts[:-1]) if each in _SPLITS), "")
        if "id" in row:
            made = replace(made, id=(Path(folder) / made.id).as_posix())
        return replace(made, tags={"split": part, **made.tags}) if part else made
