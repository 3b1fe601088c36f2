"""How a network is trained, as data; imports nothing heavy."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

from neuroscope import BadOption
from neuroscope_cnn.frontend.framing import N_FFT, WINDOWS, WINDOWS_SHOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSettings:
    """All that the numbers of a training depend on beside its data; the defaults are those of the paper's scripts.

    Attributes:
        network: ``adi`` or ``sre``.
        label: column whose values are the classes.
        batch: crops of a step.
        crop: frames of a crop, 10 ms each.
        learning_rate: of the first step.
        decay: factor of the learning rate, every ``decay_steps`` steps at once.
        decay_steps: see there.
        momentum: of the descent; 0 = none.
        dev: which utterances are held out.
        every: steps between two looks at them.
        n_fft: samples of a window of the front end.
        vad: threshold of the voice activity detection; None = all frames.
        seed: of weights, order, crops, and of what is held out.
    """

    network: str
    label: str
    batch: int = 4
    crop: int = 200
    learning_rate: float = 0.001
    decay: float = 0.98
    decay_steps: int = 50_000
    momentum: float = 0.0
    dev: str = "0.1"
    every: int = 1000
    n_fft: int = N_FFT
    vad: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        least = 2 if self.network == "sre" else 1
        rules = {
            "batch": (self.batch >= least, f"a whole number from {least} on"),
            "crop": (self.crop >= 1, "a whole number of frames"),
            "learning-rate": (0 < self.learning_rate < math.inf, "a number above 0"),
            "decay": (0 < self.decay <= 1, "a number above 0, at most 1"),
            "decay-steps": (self.decay_steps >= 1, "a whole number of steps"),
            "momentum": (0 <= self.momentum < 1, "a number from 0 to below 1"),
            "every": (self.every >= 1, "a whole number of steps"),
            "n-fft": (self.n_fft in WINDOWS, WINDOWS_SHOWN),
            "vad": (self.vad is None or 0 < self.vad < math.inf, "a number above 0"),
            "seed": (0 <= self.seed < 2**63, "a whole number from 0 to 2**63 - 1"),
        }
        for name, (right, expected) in rules.items():
            if not right:
                raise BadOption(f"--{name} {getattr(self, name.replace('-', '_'))}: expected {expected}")

    def rate_at(self, step: int) -> float:
        """The learning rate of a step; steps begin with 0."""
        return float(self.learning_rate * self.decay ** (step // self.decay_steps))

    def record(self) -> dict[str, object]:
        """The settings as a record for JSON."""
        return dataclasses.asdict(self)
