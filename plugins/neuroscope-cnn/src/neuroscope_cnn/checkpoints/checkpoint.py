"""Checkpoints of the networks: found by a path, described without reading the weights twice, read when they are needed.

Imports neither numpy nor torch; ``Checkpoint.read`` does.
"""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from neuroscope import BadOption, MissingData
from neuroscope.weights import remembered
from neuroscope_cnn.checkpoints import placed
from neuroscope_cnn.checkpoints.bundle import Bundle, beside, read_bundle
from neuroscope_cnn.checkpoints.errors import BadCheckpoint
from neuroscope_cnn.checkpoints.published import DATA, INDEX, PUBLISHED, SUFFIXES, blob_id, missing
from neuroscope_cnn.checkpoints.safe import SUFFIX, Mode, read_header
from neuroscope_cnn.frontend.framing import N_FFT
from neuroscope_cnn.model.architecture import ADI, ARCHITECTURES, SRE, Architecture

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from neuroscope_cnn.checkpoints.placed import VariablePlace

_SHOWN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A file of weights: what it is, and how the network is to be run with it.

    Attributes:
        path: prefix of the bundle, or the safetensors file.
        kind: which of the two it is.
        architecture: with the outputs of this file.
        labels: of the classes in the order of the outputs; empty = unknown.
        mode: ``exact`` for a bundle and what was converted from one, else what the file says.
        n_fft: samples of a window of the front end.
        digest: sha256 over names, shapes and bytes of the weights; a bundle and what was converted from it share it.
        source: where the weights come from, and whether they are the paper's.
        licence: of the weights.
        files: names of those that are read.
        others: variables of a bundle that are not the network's.
        more: further metadata of a safetensors file.
    """

    path: Path
    kind: Literal["bundle", "safetensors"]
    architecture: Architecture
    labels: tuple[str, ...]
    mode: Mode
    n_fft: int
    digest: str
    source: str
    licence: str
    files: tuple[str, ...]
    others: int = 0
    more: dict[str, str] = dataclasses.field(default_factory=dict)
    data: Path
    variables: dict[str, VariablePlace] = dataclasses.field(repr=False)

    def read(self) -> dict[str, NDArray[np.float32]]:
        """The weights, float32, in the names, shapes and order of ``architecture.shapes()``.

        Raises:
            BadCheckpoint: they are damaged, not finite, or others than when the checkpoint was found.
        """
        try:
            weights = placed.read(self.data, {name: self.variables[name] for name in self.architecture.shapes()})
        except OSError as error:
            raise BadCheckpoint(self.data, error.strerror or str(error)) from None
        if placed.digest_of(weights) != self.digest:
            raise BadCheckpoint(self.data, "it changed since it was looked at", "Run the command again.")
        return weights


def find(path: Path, architecture: str = "", *, weights: bool = True) -> Checkpoint:
    """Find and describe a checkpoint.

    Args:
        path: a bundle's prefix, any of its three files, a ``.safetensors`` file, or a folder that holds one checkpoint.
        architecture: ``adi`` or ``sre``; empty = whichever it is.
        weights: False = they are of no interest and not read: no ``digest``, and a bundle is not compared with the
            paper's.

    Raises:
        MissingData: there is nothing.
        BadOption: a folder holds several.
        BadCheckpoint: it is damaged, or of another network.
    """
    found = located(path, architecture)
    try:
        return (_of_safe if found.suffix == SUFFIX else _of_bundle)(found, architecture, weights)
    except OSError as error:
        raise BadCheckpoint(Path(error.filename or found), error.strerror or str(error)) from None


def located(path: Path, architecture: str = "") -> Path:
    """Prefix of the bundle, or the safetensors file, that a path written by the user means.

    Raises:
        MissingData: there is nothing.
        BadOption: a folder holds several, or ``~name`` is nobody's.
    """
    path = expanded(path)
    try:
        if path.is_dir():
            return _in_folder(path, architecture)
        if path.suffix == SUFFIX and path.is_file():
            return path
        prefix = prefix_of(path)
        there = [beside(prefix, suffix).is_file() for suffix in (INDEX, DATA)] if prefix.name else [False]
    except (OSError, ValueError):  # ValueError: a name that no file can have
        there, prefix = [False], path
    if all(there):
        return prefix
    if any(there):
        gone = beside(prefix, DATA if there[0] else INDEX)
        raise MissingData(f"a checkpoint at {prefix} lacks {gone.name}: it needs both {INDEX} and {DATA}.")
    raise _nothing(path, architecture)


def expanded(path: Path) -> Path:
    """A path as the user wrote it, with ``~`` and ``~name`` replaced by the folders that they mean.

    Raises:
        BadOption: there is no such user.
    """
    try:
        return path.expanduser()
    except RuntimeError:
        raise BadOption(f"{path}: there is no user of this name; ./{path} means a file") from None


def prefix_of(path: Path) -> Path:
    """Prefix of the bundle that a file belongs to; what is a prefix already stays as it is."""
    for suffix in SUFFIXES:
        if path.name.endswith(suffix) and path.name != suffix:
            return path.with_name(path.name.removesuffix(suffix))
    return path


def _in_folder(folder: Path, architecture: str) -> Path:
    bundles = [
        prefix_of(index) for index in sorted(folder.glob(f"*{INDEX}")) if beside(prefix_of(index), DATA).is_file()
    ]
    found = [*bundles, *(file for file in sorted(folder.glob(f"*{SUFFIX}")) if file.is_file())]
    if not found:
        raise _nothing(folder, architecture)
    if len(found) > 1:
        names = ", ".join(each.name for each in found[:_SHOWN]) + (" ..." if len(found) > _SHOWN else "")
        raise BadOption(f"{folder} holds {len(found)} checkpoints: {names}. Name one of them.")
    return found[0]


def _nothing(path: Path, architecture: str) -> MissingData:
    if architecture:
        return missing(architecture, path)
    return MissingData(
        f"there is no checkpoint at {path}: expected the prefix of a TensorFlow bundle, one of its files, a folder "
        f"that holds one, or a {SUFFIX} file."
    )


def _of_safe(path: Path, architecture: str, weights: bool) -> Checkpoint:
    safe = read_header(path)
    _check_network(path, safe.architecture.name, architecture)
    return Checkpoint(
        path=path,
        kind="safetensors",
        architecture=safe.architecture,
        labels=safe.labels,
        mode=safe.mode,
        n_fft=safe.n_fft,
        digest=_digest(path, safe.header, safe.variables) if weights else "",
        source=safe.source,
        licence=safe.licence,
        files=(path.name,),
        more=safe.more,
        data=path,
        variables=safe.variables,
    )


def _of_bundle(prefix: Path, architecture: str, weights: bool) -> Checkpoint:
    bundle = read_bundle(prefix, SRE.shapes() | ADI.shapes())
    network = _network(bundle, architecture)
    paper = weights and is_papers(bundle, network.name)
    model = PUBLISHED[network.name]
    others = f"{prefix.name}, a TensorFlow bundle that is not the paper's ({model.prefix} of {model.repository})"
    labels = PUBLISHED["adi"].labels
    return Checkpoint(
        path=prefix,
        kind="bundle",
        architecture=network,
        labels=labels if network.name == "adi" and network.outputs == len(labels) else (),
        mode="exact",
        n_fft=N_FFT,  # a bundle does not say
        digest=_digest(bundle.data, bundle.content, bundle.variables) if weights else "",
        source=f"{model.where}: the paper's file, byte by byte" if paper else others,
        licence=model.licence if paper else "unknown",
        files=(beside(prefix, INDEX).name, bundle.data.name),
        others=bundle.others,
        data=bundle.data,
        variables=bundle.variables,
    )


def _digest(data: Path, layout: bytes, variables: dict[str, VariablePlace]) -> str:
    """Digest of the weights; ``layout`` is all that says where in ``data`` they lie."""
    what = f"weights {hashlib.sha256(layout).hexdigest()}"
    return remembered(what, data, lambda file: placed.digest_in(file, variables))


def is_papers(bundle: Bundle, architecture: str) -> bool:
    """Whether index and data are the published ones, byte by byte; the blob ids are remembered."""
    files = {file.suffix: file for file in PUBLISHED[architecture].files}
    for suffix in (INDEX, DATA):
        path = beside(bundle.prefix, suffix)
        size = path.stat().st_size
        if size != files[suffix].size or not files[suffix].is_file_of(size, remembered("blob", path, blob_id)):
            return False
    return True


def _network(bundle: Bundle, asked: str) -> Architecture:
    """Which network the bundle is of; all that is missing or of another shape is named at once."""
    found = bundle.variables
    normalised = set(SRE.shapes()) - set(ADI.shapes())
    name = "sre" if normalised & found.keys() else "adi"
    index = beside(bundle.prefix, INDEX)
    if asked and name != asked and "conv1W" in found:
        _check_network(index, name, asked)
    network = ARCHITECTURES[asked or name]
    bias = found.get("fc3b")
    if bias and len(bias.shape) == 1 and bias.shape[0] > 0:
        network = dataclasses.replace(network, outputs=bias.shape[0])
    wrong = []
    for variable, shape in network.shapes().items():
        if variable not in found:
            wrong.append(f"softmax/{variable} is not there")
        elif found[variable].shape != shape:
            wrong.append(f"softmax/{variable} is {list(found[variable].shape)}, not {list(shape)}")
    if wrong:
        more = f"; and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise BadCheckpoint(index, f"it is no checkpoint of {network.name}-cnn: {'; '.join(wrong[:_SHOWN])}{more}")
    return network


def _check_network(path: Path, found: str, asked: str) -> None:
    if asked and found != asked:
        raise BadCheckpoint(path, f"it is a checkpoint of {found}-cnn, not of {asked}-cnn", f"Use {found}-cnn.")
