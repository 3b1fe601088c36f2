"""Load a model by transformers' own classes, from the files that were found and from nowhere else."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import neuroscope
from neuroscope import BadOption
from neuroscope_transformers.running.encoder import Encoder
from neuroscope_transformers.running.quiet import randomness_kept, transformers_quiet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch.nn import Module

    from neuroscope_transformers.families.anatomy import Anatomy
    from neuroscope_transformers.sources.model_files import ModelFiles

INSTALL = 'pip install "transformers>=4.48" "torch>=2.6" safetensors'
_UNUSED = ("masked_spec_embed", "adapter.")
"""Parameters that no forward pass of the encoder uses in evaluation mode: a file may lack them."""


def load_encoder(files: ModelFiles, anatomy: Anatomy, seed: int | None, device: str) -> Encoder:
    """Load the running model.

    Args:
        files: of the model.
        anatomy: of the model.
        seed: of random weights; None = those of the files.
        device: where it runs.

    Raises:
        MissingDependency: transformers or torch cannot be imported.
        BadOption: transformers cannot make the model of this configuration, or the weights do not fit it.
    """
    transformers = neuroscope.require("transformers", install=INSTALL)
    with randomness_kept(), transformers_quiet(transformers):
        model = _random(transformers, files, seed) if seed is not None else _pretrained(transformers, files)
    network: Module = model.get_submodule(anatomy.part) if anatomy.part else model
    network.eval().requires_grad_(False).to(device)
    for name in anatomy.lean:
        _attribute(name)(network, anatomy)
    front_end = _attribute(anatomy.front_end)(anatomy, files.preprocessor, device)
    return Encoder(network, front_end, anatomy.layers)


def _attribute(name: str) -> Any:
    module, _, attribute = name.partition(":")
    return getattr(import_module(module), attribute)


def _config(transformers: Any, files: ModelFiles) -> Any:
    kind = transformers.CONFIG_MAPPING[files.config.get("model_type")]
    with _told(f"{files.config.file}: transformers cannot make a model of it"):
        return kind.from_dict(dict(files.config.values), attn_implementation=_attention(transformers, kind))


def _model_class(transformers: Any, config: Any) -> Any:
    return transformers.MODEL_MAPPING[type(config)]


def _attention(transformers: Any, kind: Any) -> str:
    """Attention without the matrix of all frames by all frames, where the library has it for this model."""
    return "sdpa" if getattr(transformers.MODEL_MAPPING[kind], "_supports_sdpa", False) else "eager"


def _random(transformers: Any, files: ModelFiles, seed: int) -> Any:
    import torch

    config = _config(transformers, files)
    torch.manual_seed(seed)
    with _told(f"{files.config.file}: transformers cannot make a model of it"):
        return _model_class(transformers, config)(config).float()


def _pretrained(transformers: Any, files: ModelFiles) -> Any:
    import torch

    config = _config(transformers, files)
    name = files.weights[0]
    with _linked(files) as folder, _told(f"{files.paths[name]} cannot be loaded"):
        model, found = _model_class(transformers, config).from_pretrained(
            folder,
            config=config,
            local_files_only=True,
            use_safetensors=name.endswith(".safetensors"),
            output_loading_info=True,
            torch_dtype=torch.float32,
        )
    missing = sorted(each for each in found["missing_keys"] if not each.startswith(_UNUSED))
    if missing:
        raise BadOption(
            f"{files.paths[name]} lacks {len(missing)} of the encoder's parameters ({missing[0]}"
            f"{', ...' if len(missing) > 1 else ''}); they would be random. Are these the weights of another model?"
        )
    return model


@contextmanager
def _linked(files: ModelFiles) -> Iterator[str]:
    """Yield a folder with links to the files that were found, so that no other file of theirs is looked at."""
    with tempfile.TemporaryDirectory(prefix="neuroscope-hf-") as folder:
        for name, path in files.paths.items():
            (Path(folder) / name).symlink_to(path.resolve())
        yield folder


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Turn whatever transformers raises into one line."""
    try:
        yield
    except BadOption:
        raise
    except Exception as error:  # a file or configuration may be wrong in any way
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise BadOption(f"{what}: {type(error).__name__}: {(lines or ['no message'])[0][:300]}") from error
