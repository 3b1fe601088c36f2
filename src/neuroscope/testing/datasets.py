"""Checks of datasets: a manifest that can be trusted, wherever its corpus lies."""

from __future__ import annotations

import math
import shutil
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from neuroscope.audio import waveforms
from neuroscope.audio.files import AudioFile
from neuroscope.contracts.progress import silent
from neuroscope.errors import BadAudio, BadManifest, BadOption, MissingData, NeuroscopeError, PluginBroken
from neuroscope.plugin.failures import error_text
from neuroscope.runtime.files import cache_folder, data_folders
from neuroscope.testing.cases import NotApplicable
from neuroscope.testing.inputs.places import WATCHED_FILES, files_below, is_small, linked
from neuroscope.testing.randomness import global_randomness_stays

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from neuroscope.contracts.audio import Manifest, Utterance
    from neuroscope.data.places import Data
    from neuroscope.plugin.loading import Plugins
    from neuroscope.plugin.registry import Choice

_OPENED = 50
_WHOLE_FILE_WITHIN = 0.010
"""Seconds by which a span may end behind its file: manifests round durations."""

_SHOWN = 5


@dataclass(frozen=True)
class Subject:
    """A dataset that is checked.

    Attributes:
        choice: the dataset with its options.
        root: where its corpus lies.
        manifest: what was read there first.
    """

    choice: Choice[Manifest]
    root: Path
    manifest: Manifest

    def read(self, root: Path | None = None) -> Manifest:
        """Read the manifest once more, at its own root or another."""
        return _read(self.choice, root or self.root)

    @cached_property
    def some(self) -> list[Utterance]:
        """The first utterance, the last, and others evenly between."""
        count = len(self.manifest)
        last, steps = count - 1, min(_OPENED, count) - 1
        return [self.manifest.utterances[last * step // max(steps, 1)] for step in range(steps + 1)]

    @cached_property
    def opened(self) -> dict[Path, AudioFile | BadAudio]:
        """The files of ``some`` that exist, each with what it holds, or why it cannot be opened."""
        paths = dict.fromkeys(Path(each.path) for each in self.some if each.path is not None)
        return {path: _examined(path) for path in paths if path.is_file()}


def subject(text: str, data: Data | None, plugins: Plugins) -> Subject:
    """Read a dataset at ``data.root``, else at its default place.

    Raises:
        UnknownName: no such dataset or option.
        BadOption: ``data`` says more than a root.
        PluginBroken: what the factory returns is no manifest, or it fails with an error that says nothing to a user.
        NeuroscopeError: as the dataset raises it.
    """
    choice = plugins.datasets.choose(text)
    if data is not None and (data.dataset or data.roots or data.where):
        raise BadOption(f"dataset {choice.text} is checked alone and whole: give its --root, and nothing else")
    folders = data_folders(choice.name)
    default = next((folder for folder in folders if folder.exists()), folders[0])
    root = default if data is None or data.root is None else data.root
    return Subject(choice, root, _read(choice, root))


def _read(choice: Choice[Manifest], root: Path) -> Manifest:
    try:
        return choice.build(root, progress=silent, cache=cache_folder())
    except OSError as error:
        raise PluginBroken(f"dataset {choice.text} fails at {root} with {error_text(error)}") from error


def has_utterances(subject: Subject) -> None:
    """The manifest has at least one utterance."""
    if not len(subject.manifest):
        raise AssertionError(f"{subject.root} gives no utterance; raise MissingData where nothing is found")


def ids_are_unique(subject: Subject) -> None:
    """Every utterance has an id of its own: a text that is not empty."""
    empty = [f"{each.id!r} of {each.path}" for each in subject.manifest if not _is_text(each.id)]
    _assert_none(empty, "ids that are no text, or empty")
    ids = Counter(each.id for each in subject.manifest)
    twice = [f"{name} ({count} times)" for name, count in ids.items() if count > 1]
    _assert_none(twice, "ids that come more than once")


def files_exist(subject: Subject) -> None:
    """Every utterance's path is an existing file."""
    paths = dict.fromkeys(each.path for each in subject.manifest if each.path is not None)
    _assert_none([path for path in paths if not isinstance(path, Path)], "paths that are no pathlib.Path")
    missing = [path for path in paths if not path.is_file()]
    _assert_none(missing, "files that do not exist", "leave such rows out, and count them in Manifest.left_out")


def files_hold_audio(subject: Subject) -> None:
    """Its files open as audio (fifty of them, evenly spaced)."""
    bad = [str(found) for found in subject.opened.values() if isinstance(found, BadAudio)]
    _assert_none(bad, f"of {len(subject.opened)} files that were opened, files that are no audio")


def durations_are_positive(subject: Subject) -> None:
    """Every start is zero or more seconds, every duration more than zero or None."""
    starts = [f"{each.id} starts at {each.start} s" for each in subject.manifest if not _is_seconds(each.start)]
    _assert_none(starts, "starts that are no finite int or float of zero or more seconds")
    lasting = ((each.id, each.duration) for each in subject.manifest if each.duration is not None)
    durations = [f"{name} lasts {seconds} s" for name, seconds in lasting if not _is_seconds(seconds) or not seconds]
    what = "durations that are no finite int or float of more than zero seconds"
    _assert_none(durations, what, "None = to the file's end")


def utterances_lie_within_their_files(subject: Subject) -> None:
    """Start, end and audio channel lie within the file (of fifty utterances, evenly spaced)."""
    outside = []
    for each in subject.some:
        file = subject.opened.get(Path(each.path or ""))
        if not isinstance(file, AudioFile) or not _is_seconds(each.start):
            continue  # told by the checks before
        length = file.frames / file.rate
        end = each.start + (each.duration or 0)
        if each.start >= length or end > length + _WHOLE_FILE_WITHIN:
            outside.append(f"{each.id} is {each.start:g} s to {end:g} s of {length:.3f} s")
        if each.audio_channel is not None and not 0 <= each.audio_channel < file.channels:
            outside.append(f"{each.id} reads audio channel {each.audio_channel} of {file.channels} (counted from 0)")
    what = f"of {len(subject.some)} utterances, those that lie outside their files"
    _assert_none(outside, what, "start and duration are in seconds")


def columns_are_text(subject: Subject) -> None:
    """Speakers and tags are texts that are not empty, and no tag is named id or speaker."""
    bad = []
    for each in subject.manifest:
        if each.speaker is not None and not _is_text(each.speaker):
            bad.append(f"{each.id}: speaker={each.speaker!r}")
        for name, value in each.tags.items():
            if not (_is_text(name) and _is_text(value)) or name in {"id", "speaker"}:
                bad.append(f"{each.id}: {name!r}={value!r}")
    hint = "write str(value), leave out what is not known, and give id and speaker as Utterance's own"
    _assert_none(bad, "speakers and tags that are no columns", hint)


def same_place_same_manifest(subject: Subject) -> None:
    """Reading the same place twice gives the same utterances in the same order."""
    _assert_same(subject.manifest, subject.read(), "read again, the same place", "sort what a folder lists")


def another_place_same_manifest(subject: Subject) -> None:
    """The same corpus gives the same manifest in another place (through a link; small folders also copied)."""
    if not subject.root.exists():
        raise NotApplicable(f"nothing lies at {subject.root}: the dataset makes no use of its root")
    if subject.read().fingerprint != subject.manifest.fingerprint:
        raise NotApplicable("the same place read twice differs already")
    hint = "no id or tag may hold where the corpus lies: use paths relative to the root"
    with TemporaryDirectory() as folder, linked(subject.root, Path(folder)) as link:
        _assert_same(subject.manifest, subject.read(link), f"read through a link ({link})", hint)
        if subject.root.is_dir() and is_small(subject.root):
            copy = Path(shutil.copytree(subject.root, Path(folder) / "copy", ignore_dangling_symlinks=True))
            _assert_same(subject.manifest, subject.read(copy), f"copied to {copy}", hint)


def reading_writes_nothing(subject: Subject) -> None:
    """Reading a corpus that has been read before changes no file below its root."""
    before = files_below(subject.root)
    if len(before) > WATCHED_FILES:
        raise NotApplicable(f"more than {WATCHED_FILES:,} files lie below {subject.root}")
    subject.read()
    after = files_below(subject.root)
    changed = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
    _assert_none(changed, "files that were written or removed", "a corpus belongs to the user, and may be read-only")


def an_empty_root_is_told(subject: Subject) -> None:
    """Where nothing lies, it raises MissingData or BadManifest that names the place (or makes its corpus there)."""
    with TemporaryDirectory() as folder:
        empty, absent = Path(folder) / "empty", Path(folder) / "absent"
        empty.mkdir()
        for root in (empty, absent):
            if len(_read_where_nothing_lies(subject, root)):
                raise NotApplicable("it makes its own corpus where there is none")


def _read_where_nothing_lies(subject: Subject, root: Path) -> Sequence[Utterance]:
    """Read at a root where nothing lies, and return the utterances; none = the right error was raised."""
    advice = "raise MissingData that says what to get and where to put it"
    try:
        manifest = _read(subject.choice, root)
    except (MissingData, BadManifest) as error:
        if root.parent.name not in str(error):
            raise AssertionError(f"the message names no place, here {root}: {error}") from error
        return ()
    except NeuroscopeError as error:
        raise AssertionError(f"at {root}, where nothing lies: {type(error).__name__}: {error}; {advice}") from error
    if not len(manifest):
        raise AssertionError(f"at {root}, where nothing lies, it returns a manifest without utterances; {advice}")
    return manifest.utterances


def global_randomness_is_left_alone(subject: Subject) -> None:
    """Reading moves no global random state."""
    with global_randomness_stays("reading the dataset"):
        subject.read()


def _assert_none(bad: Sequence[object], what: str, hint: str = "") -> None:
    shown = "; ".join(map(str, bad[:_SHOWN])) + (f"; and {len(bad) - _SHOWN} more" if len(bad) > _SHOWN else "")
    if bad:
        raise AssertionError(f"{what}: {shown}{f' ({hint})' if hint else ''}")


def _examined(path: Path) -> AudioFile | BadAudio:
    try:
        return waveforms.examine(path)
    except BadAudio as error:
        return error


def _is_seconds(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and value >= 0


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _assert_same(first: Manifest, other: Manifest, how: str, hint: str) -> None:
    if first.fingerprint == other.fingerprint:
        return
    if len(first) != len(other):
        raise AssertionError(f"{how} has {len(other)} utterances instead of {len(first)}; {hint}")
    differing = ((one, two) for one, two in zip(first, other, strict=True) if _row(one) != _row(two))
    one, two = next(differing)
    raise AssertionError(f"{how} gives {_row(two)} instead of {_row(one)}; {hint}")


def _row(utterance: Utterance) -> tuple[object, ...]:
    """Collect what the fingerprint is made of."""
    u = utterance
    return u.id, u.start, u.duration, u.audio_channel, u.speaker, dict(u.tags)


CHECKS: tuple[Callable[[Subject], None], ...] = (
    has_utterances,
    ids_are_unique,
    files_exist,
    files_hold_audio,
    durations_are_positive,
    utterances_lie_within_their_files,
    columns_are_text,
    same_place_same_manifest,
    another_place_same_manifest,
    reading_writes_nothing,
    an_empty_root_is_told,
    global_randomness_is_left_alone,
)
