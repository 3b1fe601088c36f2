"""What an upstream gives, found once by running it: its layers, where they come from, and the shortest audio."""

from __future__ import annotations

import json
import random
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuroscope import BadOption, LayerSpec, Tap, commands, weights
from neuroscope_s3prl.mockingjay.modules import versions_of
from neuroscope_s3prl.upstreams import child, hubconfs
from neuroscope_s3prl.upstreams.checkpoint import LAYOUTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor
    from torch.nn import Module

    from neuroscope_s3prl.upstreams.hubconfs import Entry

SAMPLE_RATE = 16_000
_RECIPE = 2  # of descriptions; raise it with whatever changes them
_ROUNDING = 2e-6  # of a layer's largest value; the compliance kit allows 1e-5
_LONGEST_MINIMUM = 8 * SAMPLE_RATE
_NEAR = (1, 2, 3, 79, 80, 81, 159, 160, 161, 319, 320, 321)  # samples more, at which frames begin


@dataclass(frozen=True, slots=True)
class Description:
    """What an upstream gives, for the specification.

    Attributes:
        layers: its hidden states, in order.
        min_samples: the shortest waveform that gives a frame of each, and finite numbers.
        hop: samples from one frame to the next, as s3prl says; 0 = it does not.
        draws: whether it draws from the global random generators, also in evaluation mode.
        side_by_side: whether utterances of exactly one length change no more of each other than rounding does.
    """

    layers: tuple[LayerSpec, ...]
    min_samples: int
    hop: int
    draws: bool
    side_by_side: bool

    @property
    def text(self) -> str:
        """What each layer is, for people."""
        step = f", every {self.hop} samples" if self.hop else ""
        told = [f"{each.name}: hidden_states[{number}]{_where(each)}" for number, each in enumerate(self.layers)]
        return f"s3prl's hidden states, one utterance a call{step}; {'; '.join(told)}"


def _where(layer: LayerSpec) -> str:
    return f", the {layer.tap.side} of {layer.tap.module}" if layer.tap else ""


def describe(entry: Entry, path: Path | None, *, random: bool) -> Description:
    """Describe an upstream with its checkpoint: computed in a child process, then remembered with the file.

    Raises:
        BadOption: the file is no checkpoint of this upstream.
        MissingDependency: the upstream cannot be imported.
        NeuroscopeError: the process that ran it ended.
    """
    question = {"name": entry.name, "path": str(path) if path else None, "random": random}
    file = path or hubconfs.folder() / "upstream" / entry.upstream / "hubconf.py"
    what = f"s3prl:{entry.name} {'random' if random else 'pretrained'} {versions()} {_RECIPE}"
    size = path.stat().st_size if path else 0
    return weights.remembered_as(what, file, lambda _: json.dumps(_ask(question, size)), _read)


def _ask(question: dict[str, Any], size: int) -> Any:
    with commands.progress_bar(f"Looking at s3prl:{question['name']}", 1):
        return child.ask(f"{__name__}:run", question, checkpoint_bytes=size)


def _read(text: str) -> Description:
    found = json.loads(text)
    layers = tuple(
        LayerSpec(str(name), int(width), tap=Tap(**place) if place else None) for name, width, place in found["layers"]
    )
    return Description(
        layers, int(found["min_samples"]), int(found["hop"]), bool(found["draws"]), bool(found["side_by_side"])
    )


def versions() -> str:
    """Return the versions that decide what s3prl computes, and what of it can be imported."""
    python = f"python {sys.version_info[0]}.{sys.version_info[1]}"
    return f"{python}, {versions_of('s3prl', 'torch', 'torchaudio', 'transformers')}"


def run(question: dict[str, Any]) -> dict[str, Any]:
    """Build an upstream, run it, and describe it; in a child process, since it loads torch.

    Args:
        question: ``name``, ``path`` of the checkpoint or None, and whether the weights are ``random``.
    """
    entry = hubconfs.find(question["name"])
    import torch

    from neuroscope_s3prl.upstreams import building, places

    path = Path(question["path"]) if question["path"] else None
    expert = building.load(entry, path, 0 if question["random"] else None)
    with torch.inference_mode(), building.QUIET, weights.randomness_kept():
        shortest = _shortest(expert, entry)
        samples = max(SAMPLE_RATE, shortest)
        found = places.find(expert, lambda: _states(expert, samples))
        before = _drawn_from()
        states = _states(expert, samples)
        draws = _drawn_from() != before
        together = _are_equal_together(expert, samples)
    layers = []
    for name, place, state in zip(places.names(found), found, states, strict=True):
        tap = None
        if place and not LAYOUTS[entry.upstream].chunked:
            tap = asdict(place)
        layers.append([name, state.shape[2], tap])
    rates = getattr(expert, "get_downsample_rates", None)
    hop = int(rates("hidden_states")) if rates else 0
    return {"layers": layers, "min_samples": shortest, "hop": hop, "draws": draws, "side_by_side": together}


def _states(expert: Module, samples: int) -> list[Tensor]:
    from neuroscope_s3prl.upstreams.running import hidden_states

    return hidden_states(expert, [_noise(samples, samples)])


def _noise(samples: int, seed: int) -> Tensor:
    import torch

    return 0.1 * torch.randn(samples, generator=torch.Generator().manual_seed(seed))


def _drawn_from() -> tuple[Any, ...]:
    """Where the global random generators stand."""
    import numpy as np
    import torch

    numbers: Any = np.random.get_state()
    return random.getstate(), numbers[1].tolist(), numbers[2:], torch.get_rng_state().tolist()


def _are_equal_together(expert: Module, samples: int) -> bool:
    """Whether waveforms of one length give what each gives alone, but for rounding.

    Digital silence is one of them: a front end that normalises it makes thousands of a rounding error.
    """
    from neuroscope_s3prl.upstreams.running import hidden_states

    waves = [_noise(samples, 1), 0 * _noise(samples, 2), _noise(samples, 3)]
    both = hidden_states(expert, waves)
    for row, wave in enumerate(waves):
        for alone, together in zip(hidden_states(expert, [wave]), both, strict=True):
            if alone.shape[1:] != together.shape[1:]:
                return False
            apart = float((together[row] - alone[0]).abs().max())
            if not apart <= _ROUNDING * float(alone.abs().max()):  # which holds of no numbers that are not finite
                return False
    return True


def _shortest(expert: Module, entry: Entry) -> int:
    """Find the fewest samples from which on the upstream gives frames, and finite ones."""

    def works(samples: int) -> bool:
        return _problem(expert, samples) == ""

    above = SAMPLE_RATE
    while not works(above):
        above *= 2
        if above > _LONGEST_MINIMUM:
            raise BadOption(f"s3prl:{entry.name} does not run on 8 s of audio: {_problem(expert, _LONGEST_MINIMUM)}")
    least = _first(works, 0, above)
    while failing := [more for more in _NEAR if not works(least + more)]:
        least = _first(works, least + max(failing), above)
    return least


def _first(works: Callable[[int], bool], below: int, above: int) -> int:
    """Halve the way from what is too short to what is long enough; the fewest samples that work."""
    while above - below > 1:
        middle = (below + above) // 2
        below, above = (below, middle) if works(middle) else (middle, above)
    return above


def _problem(expert: Module, samples: int) -> str:
    from neuroscope_s3prl.upstreams.building import reason

    try:
        states = _states(expert, samples)
    except Exception as error:  # the convolutions, windows and padding of any upstream
        return reason(error)
    if not all(each.shape[1] and bool(each.isfinite().all()) for each in states):
        return "no frames, or numbers that are not finite"
    return ""
