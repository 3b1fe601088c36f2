"""Decode SPHERE files whose samples are compressed by shorten, through desphere, where that is installed.

It takes a minute for half an hour of a telephone call, and a call may have hundreds of utterances. So a file is decoded
once, when it is examined, into a copy in the cache folder, which libsndfile seeks in.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from neuroscope.audio.decoders import shorten_process, sndfile
from neuroscope.audio.decoders.sphere import SphereHeader, header_of
from neuroscope.audio.files import CHANGED, AudioFile, digest_of, opened
from neuroscope.errors import BadAudio, MissingDependency, NeuroscopeError
from neuroscope.runtime.files import cache_folder, whole_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO

INSTALL = 'pip install "neuroscope-speech[sphere]", or: pip install desphere'
FOLDER = "decoded"
"""Folder of the copies in the cache folder; it may be removed at any time."""

_MOST = 2**28
"""Samples of all channels together that are decoded: more than four hours of a call."""
_EACH_BYTE = 512
"""Samples of all channels together for each byte that are believed; silence takes a byte for 410."""
_WAV_HEADER, _SAMPLE = 44, 2
_MEMORY, _MEMORY_EACH = 2**29, 160
"""Bytes that the process may take, and those for each sample."""
_SECONDS, _A_SECOND = 60.0, 50_000
"""Seconds that the process may take, and samples that it decodes at least in another one."""


def is_shorten(stream: FileIO, path: Path) -> bool:
    """Tell whether an open file is SPHERE with compressed samples.

    Raises:
        BadAudio: it is SPHERE, and its header is damaged.
    """
    header = header_of(stream, path)
    return header is not None and header.is_compressed


def examine(stream: FileIO, path: Path) -> tuple[int, int, int]:
    """Find how many samples of one channel a file has, its rate in Hz, and how many channels; the file is decoded.

    Raises:
        BadAudio: it cannot be decoded, or has fewer samples than its header says.
        MissingDependency: desphere is not installed.
    """
    header = _header(stream, path)
    _decoded(stream, path, digest_of(stream), header)
    return header.frames, header.rate, header.channels


@contextmanager
def opened_decoder(stream: FileIO, path: Path, file: AudioFile) -> Iterator[sndfile.SoundDecoder]:
    """Open the decoder of a file that was examined.

    Raises:
        BadAudio: it cannot be decoded, or is another than ``file``.
        MissingDependency: desphere is not installed.
    """
    copy = _decoded(stream, path, file.digest, _header(stream, path))
    with opened(copy) as decoded, sndfile.opened_decoder(decoded, path, file) as decoder:
        yield decoder


def _header(stream: FileIO, path: Path) -> SphereHeader:
    """Read the header, of which only what can be true is believed."""
    header, size = header_of(stream, path), os.fstat(stream.fileno()).st_size
    if header is None:
        raise BadAudio(CHANGED, f"{path}: it was SPHERE when it was looked at")
    claimed = header.frames * header.channels
    if claimed > _EACH_BYTE * size:
        raise BadAudio("not audio, or damaged", f"{path}: {size} bytes cannot hold {claimed} samples")
    if claimed > _MOST:
        raise BadAudio("too long to decode", f"{path}: {claimed} samples of all channels, {_MOST} are decoded")
    return header


def _decoded(stream: FileIO, path: Path, digest: str, header: SphereHeader) -> Path:
    """Find the decoded copy of a file, or make it."""
    folder = cache_folder() / FOLDER / f"desphere-{_version(path)}"
    copy = folder / f"{digest}.wav"
    size = _WAV_HEADER + _SAMPLE * header.frames * header.channels
    if copy.is_file() and copy.stat().st_size == size:
        return copy
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(copy) as wav:
            _decode(stream, path, header, wav)
            if wav.stat().st_size != size:
                raise BadAudio("not audio, or damaged", f"{path}: desphere does not write 16 bits a sample")
    except OSError as error:
        raise NeuroscopeError(f"{path} is decoded into {folder}, which cannot be written: {error.strerror}") from error
    return copy


def _decode(stream: FileIO, path: Path, header: SphereHeader, wav: Path) -> None:
    samples = header.frames * header.channels
    command = [sys.executable, "-P", shorten_process.__file__, str(_MEMORY + _MEMORY_EACH * samples), str(wav)]
    stream.seek(0)
    try:
        done = subprocess.run(
            command,
            stdin=stream,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS + samples / _A_SECOND,
            check=False,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
    except subprocess.TimeoutExpired:
        raise BadAudio("not audio, or damaged", f"{path}: shorten: it decodes without an end") from None
    why = (done.stderr.strip().splitlines() or [f"the process ended with code {done.returncode}"])[-1]
    if done.returncode > 0 and done.returncode != shorten_process.REFUSED:
        raise NeuroscopeError(f"{path} cannot be decoded by desphere: {why}")
    if done.returncode:
        raise BadAudio("truncated file" if "truncated" in why else "not audio, or damaged", f"{path}: {why}")


@cache
def _installed() -> str:
    return metadata.version("desphere")


def _version(path: Path) -> str:
    try:
        return _installed()
    except metadata.PackageNotFoundError:
        reason = f"it is not installed; it reads SPHERE that is compressed by shorten, and {path} is such a file"
        raise MissingDependency("desphere", reason, INSTALL) from None
