"""What a model of the Hugging Face library says about itself before it runs."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, Literal

from neuroscope import BackboneSpec, Origin
from neuroscope.weights import check_seed
from neuroscope_transformers.families.table import family_of, has_family
from neuroscope_transformers.looking.family import FoundFamily
from neuroscope_transformers.running.classes import installed_version
from neuroscope_transformers.sources.finding import place_of
from neuroscope_transformers.sources.model_files import configuration_in, with_weights

if TYPE_CHECKING:
    from neuroscope_transformers.families.anatomy import Anatomy, Family
    from neuroscope_transformers.running.encoder import Encoder
    from neuroscope_transformers.sources.model_files import ModelFiles

RECIPE = 1
"""Of the random weights; raise it with whatever changes their values."""


def hf(
    model: str,
    *,
    revision: str | None = None,
    weights: Literal["pretrained", "random"] = "pretrained",
    seed: int = 0,
    precision: Literal["float32", "bfloat16"] = "float32",
    site: Literal["hidden", "ffn"] = "hidden",
) -> BackboneSpec:
    """A speech encoder of the Hugging Face library: ``hf:ID`` of a model repository, or ``hf:FOLDER``.

    Args:
        model: ID in the hub (``facebook/hubert-base-ls960``), or a folder as ``save_pretrained`` makes it.
        revision: branch, tag or commit of the repository; none = its main branch.
        weights: ``pretrained`` reads the model's; ``random`` is the network before its training, of the same
            configuration, and reads no weights.
        seed: of the random weights; the pretrained ones know none.
        precision: that the network computes with; ``bfloat16`` takes a bit more than half the time on processors with
            instructions for it, and moves vectors by some 1e-2 of a layer's largest value.
        site: ``hidden`` = each block's output; ``ffn`` = the neurons inside each block's feed-forward layers.

    Raises:
        MissingData: there is no such folder, repository, revision or file.
        BadOption: the configuration cannot be used, or is that of no speech encoder.
        ValueError: a seed that torch's generator does not take.
    """
    check_seed(seed)
    files = configuration_in(place_of(model, revision))
    family = family_of(files.config) if has_family(files.config) else FoundFamily(files)
    anatomy = family.anatomy(files.config, files.preprocessor, site)
    if weights == "pretrained":
        files, random_seed = with_weights(files), None
    else:
        random_seed = seed
    load = partial(_load, files, anatomy, random_seed)
    return BackboneSpec(
        sample_rate=anatomy.sample_rate,
        layers=anatomy.layers,
        origin=_origin(files, family, anatomy, random_seed),
        load=partial(load, precision),
        batchable=anatomy.batchable,
        batch_seconds=anatomy.batch_seconds,
        min_samples=anatomy.min_samples,
        streams=anatomy.streams,
        precision=precision,
        reference=partial(load, "float32") if precision != "float32" else None,
        resolved={
            "model": files.place.repo or f"{family.model_type} in a folder",
            "revision": None,
            "seed": 0 if random_seed is None else seed,
        },
    )


def _origin(files: ModelFiles, family: Family, anatomy: Anatomy, seed: int | None) -> Origin:
    digest = files.digest
    if anatomy.seen:  # by another version of transformers other blocks may be found in the same files
        digest = hashlib.sha256(f"{digest} {anatomy.seen}".encode()).hexdigest()
    if seed is None:
        return Origin(
            source=files.place.source,
            licence=f"as its publisher says; {family.title}: {family.licence}",
            digest=digest,
            files=tuple(files.paths),
            layers=anatomy.what,
        )
    return Origin(
        source=f"random weights of seed {seed}, in the configuration of {files.place.source}",
        licence="none",
        # what is drawn for which parameter, and how far it is scaled, is the library's own business
        digest=f"random:{seed}:{RECIPE}:transformers {installed_version('transformers')}:{digest}",
        files=tuple(files.paths),
        layers=anatomy.what,
    )


def _load(files: ModelFiles, anatomy: Anatomy, seed: int | None, precision: str, device: str) -> Encoder:
    from neuroscope_transformers.running.loading import load_encoder

    return load_encoder(files, anatomy, seed, precision, device)
