"""The family ``s3prl:NAME``: what an upstream says about itself before it runs."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from neuroscope import BackboneSpec, BadOption, Origin
from neuroscope.weights import check_seed
from neuroscope_s3prl.mockingjay.modules import versions_of
from neuroscope_s3prl.upstreams import hubconfs, members
from neuroscope_s3prl.upstreams.checkpoint import LAYOUTS
from neuroscope_s3prl.upstreams.describing import SAMPLE_RATE, Description, describe
from neuroscope_s3prl.upstreams.sources import Source, locate

if TYPE_CHECKING:
    from neuroscope_s3prl.upstreams.hubconfs import Entry
    from neuroscope_s3prl.upstreams.running import Upstream

_RECIPE = 1  # of the numbers; raise it with whatever changes them


def upstream(
    name: str,
    *,
    checkpoint: Path | None = None,
    weights: Literal["pretrained", "random"] = "pretrained",
    seed: int = 0,
) -> BackboneSpec:
    """An upstream of s3prl, by the name of a function in one of its ``hubconf.py`` files: ``s3prl:tera``.

    Its layers are the hidden states that s3prl gives, computed one utterance a call, in evaluation mode. A checkpoint
    is read without running anything that it holds.

    Args:
        name: the function; ``neuroscope list s3prl:`` shows all, and which cannot run here.
        checkpoint: a checkpoint of this upstream, in place of the release that the name stands for.
        weights: ``pretrained``, or ``random``: the network before its training, of the checkpoint's settings.
        seed: of the random weights; the pretrained ones know none.

    Raises:
        UnknownName: s3prl has no such upstream.
        BadOption: it is not offered, or the checkpoint is none of its own, or would run code.
        MissingData: it needs a checkpoint, or the release cannot be had.
        MissingDependency: s3prl is not installed, or the upstream's module cannot be imported.
        ValueError: a seed that torch's generator does not take.
    """
    check_seed(seed)
    entry = hubconfs.find(name)
    if entry.upstream not in LAYOUTS or name in members.NOT_OFFERED:
        raise BadOption(f"s3prl:{name} is not offered: {members.obstacle(entry)}")
    source = locate(entry, checkpoint, weights)
    drawn = weights == "random"
    description = describe(entry, source.path, random=drawn)
    return BackboneSpec(
        sample_rate=SAMPLE_RATE,
        layers=description.layers,
        origin=_origin(entry, source, description, seed if drawn else None),
        load=partial(_load, entry, source.path, description, seed if drawn else None),
        batchable=False,
        min_samples=description.min_samples,
        resolved={"checkpoint": "", "seed": seed if drawn else 0},
    )


def _origin(entry: Entry, source: Source, description: Description, seed: int | None) -> Origin:
    code = versions_of("s3prl", "torchaudio")
    files = (source.path.name,) if source.path else ()
    if seed is None:
        licence = "not told by s3prl" if source.path else "Apache-2.0"
        return Origin(
            source=f"{source.text}, run by {code}",
            licence=licence,
            digest=f"{source.digest}, {entry.upstream}, {code}, {_RECIPE}",
            files=files,
            layers=description.text,
        )
    shape = f"settings of {source.text}" if source.path else source.text
    return Origin(
        source=f"random weights of seed {seed}, as {code} begins {entry.upstream}; {shape}",
        licence="none",
        digest=f"random:{seed}:{source.digest}, {entry.upstream}, {code}, {_RECIPE}",
        files=files,
        layers=description.text,
    )


def _load(entry: Entry, path: Path | None, description: Description, seed: int | None, device: str) -> Upstream:
    from neuroscope_s3prl.upstreams.building import load
    from neuroscope_s3prl.upstreams.running import Upstream

    return Upstream(
        load(entry, path, seed),
        [layer.name for layer in description.layers],
        draws=description.draws,
        side_by_side=description.side_by_side,
        device=device,
    )
