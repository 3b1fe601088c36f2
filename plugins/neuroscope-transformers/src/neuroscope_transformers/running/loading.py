"""Load a model by transformers' own classes, from the files that were found and from nowhere else."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from neuroscope import BadOption
from neuroscope.weights import randomness_kept
from neuroscope_transformers.running.classes import classes_of
from neuroscope_transformers.running.encoder import Encoder
from neuroscope_transformers.running.precision import check_bfloat16_gains, compute_in_bfloat16
from neuroscope_transformers.running.quiet import transformers_quiet
from neuroscope_transformers.wording import first_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from torch.nn import Module

    from neuroscope import LayerSpec
    from neuroscope_transformers.families.anatomy import Anatomy
    from neuroscope_transformers.sources.model_files import ModelFiles

_ONE_AT_A_TIME = Lock()  # what loading sets aside meanwhile is the process's own: log lines
_UNUSED = ("masked_spec_embed", "adapter.")
"""Parameters that no forward pass of the encoder uses in evaluation mode: a file may lack them."""

_PLAIN = {"output_hidden_states": False, "output_attentions": False, "return_dict": True}
"""Settings that a user's model may have otherwise: what nobody reads takes memory, and leaves hooks behind."""


def load_encoder(files: ModelFiles, anatomy: Anatomy, seed: int | None, precision: str, device: str) -> Encoder:
    """Load the running model.

    Args:
        files: of the model.
        anatomy: of the model.
        seed: of random weights; None = those of the files.
        precision: ``float32`` or ``bfloat16``.
        device: where it runs.

    Raises:
        MissingDependency: transformers or torch cannot be imported.
        BadOption: transformers cannot make the model of this configuration, the weights do not fit it, or the
            processor does not gain by the precision.
    """
    if precision == "bfloat16":
        check_bfloat16_gains(device)
    files = replace(files, config=files.config.changed({**_PLAIN, **anatomy.overrides}))
    with _ONE_AT_A_TIME:
        configuration, kind = classes_of(str(files.config.get("model_type")))
        with randomness_kept(seed), transformers_quiet():
            config = _config(files, configuration, kind)
            model = _random(files, config, kind) if seed is not None else _pretrained(files, config, kind, anatomy.part)
    network: Module = model.get_submodule(anatomy.part) if anatomy.part else model
    network.eval().requires_grad_(False).to(device)
    for name in anatomy.lean:
        _attribute(name)(network, anatomy)
    if precision == "bfloat16":
        compute_in_bfloat16(network, device)
    front_end = _attribute(anatomy.front_end)(anatomy, files.preprocessor, device)
    return Encoder(network, front_end, [_of_any_version(layer) for layer in anatomy.layers])


def _of_any_version(layer: LayerSpec) -> LayerSpec:
    """Take a layer's tensor also where this version of transformers puts a block's output into a tuple, or does not."""
    if layer.tap is None or layer.tap.side == "input" or layer.tap.pick not in {None, 0}:
        return layer

    def tensor(output: Any) -> Any:
        return output[0] if isinstance(output, tuple) else output

    return replace(layer, tap=replace(layer.tap, pick=tensor))


def _attribute(name: str) -> Any:
    module, _, attribute = name.partition(":")
    return getattr(import_module(module), attribute)


def _config(files: ModelFiles, configuration: Any, kind: Any) -> Any:
    # Attention without the matrix of all frames by all frames, where the library has it for this model.
    attention = "sdpa" if getattr(kind, "_supports_sdpa", False) else "eager"
    with _told(f"{files.config.file}: transformers cannot make a model of it"):
        return configuration.from_dict(dict(files.config.values), attn_implementation=attention)


def _random(files: ModelFiles, config: Any, kind: Any) -> Any:
    with _told(f"{files.config.file}: transformers cannot make a model of it"):
        return kind(config).float()


def _pretrained(files: ModelFiles, config: Any, kind: Any, part: str) -> Any:
    import torch

    name = files.weights[0]
    with _linked(files) as folder, _told(f"{files.paths[name]} cannot be loaded"):
        model, found = kind.from_pretrained(
            folder,
            config=config,
            local_files_only=True,
            use_safetensors=name.endswith(".safetensors"),
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # they are told here, by name
            torch_dtype=torch.float32,
        )
    _check_complete(found, files.paths[name], f"{part}." if part else "")
    return model


def _check_complete(found: Mapping[str, Any], path: Path, part: str) -> None:
    """Raise BadOption where a parameter of the part was not loaded: transformers makes a random one, and goes on."""
    wrong = [each for each in found["mismatched_keys"] if _is_needed(each[0], part)]
    if wrong:
        _, here, wanted = wrong[0]
        raise BadOption(
            f"{path} has {_first([each[0] for each in wrong])} of shape {tuple(here)}, and config.json makes it "
            f"{tuple(wanted)}. Are these the weights of another model?"
        )
    missing = sorted(each for each in found["missing_keys"] if _is_needed(each, part))
    if missing:
        raise BadOption(
            f"{path} lacks {len(missing)} of the encoder's parameters ({_first(missing)}), which would be random. Are "
            "these the weights of another model?"
        )


def _is_needed(name: str, part: str) -> bool:
    return name.startswith(part) and not name.startswith(_UNUSED)


def _first(names: Sequence[str]) -> str:
    return f"{names[0]} and {len(names) - 1} more" if len(names) > 1 else names[0]


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
        raise BadOption(f"{what}: {first_line(error)}") from error
