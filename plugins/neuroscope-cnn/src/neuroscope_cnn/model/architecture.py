"""The two networks as data: kernels, widths, which of them normalise, and the shape of every variable.

Source: the published graphs, swshon/arabic-dialect-identification@de15d4a and swshon/sidnet@4939742; the paper's
section 4.1.1 and table 5 agree in all but the filters of its appendix A.1, which drops one of the four.
"""

from __future__ import annotations

from dataclasses import dataclass

from neuroscope_cnn.frontend.framing import CEPSTRA

POOLED = 3000  # what FC1 reads: mean and deviation of conv4
EPSILON = 1e-3  # of batch normalisation
STRIDE = 2  # of conv2; all others move by one frame

# name -> (frames a filter sees, filters)
CONVOLUTIONS = {"conv1": (5, 1000), "conv2": (7, 1000), "conv3": (1, 1000), "conv4": (1, 1500)}
# name -> (inputs, outputs)
DENSE = {"fc1": (POOLED, 1500), "fc2": (1500, 600)}

# layer of the paper -> columns, 11,100 in all
LAYERS = {"CNN1": 2000, "CNN2": 2000, "CNN3": 2000, "CNN4": 3000, "FC1": 1500, "FC2": 600}

# the dense layers' outputs before normalisation and ReLU, and behind them
DENSE_OUTPUTS = {"pre": ("fc1", "fc2"), "post": ("ac1", "ac2")}
# where the running network can be read and changed
POINTS = (*CONVOLUTIONS, *DENSE_OUTPUTS["pre"], *DENSE_OUTPUTS["post"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """What one of the two networks is made of.

    Attributes:
        name: ``adi`` or ``sre``.
        outputs: classes that fc3 tells apart.
        normalised: batch normalisation behind conv1-4, fc1 and fc2, before the ReLU.
        fc1_relu: whether a ReLU follows fc1; the speaker network has none.
    """

    name: str
    outputs: int
    normalised: bool
    fc1_relu: bool

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every variable under its published name, without ``softmax/``.

        Convolutions are ``[frames, inputs, filters]``, dense layers ``[inputs, outputs]``, as TensorFlow keeps them.
        """
        shapes: dict[str, tuple[int, ...]] = {}
        inputs = CEPSTRA
        for name, (frames, filters) in CONVOLUTIONS.items():
            shapes |= {f"{name}W": (frames, inputs, filters), f"{name}b": (filters,)}
            inputs = filters
        for name, (inputs, outputs) in (DENSE | {"fc3": (DENSE["fc2"][1], self.outputs)}).items():
            shapes |= {f"{name}W": (inputs, outputs), f"{name}b": (outputs,)}
        if self.normalised:
            for number, width in enumerate(self.normalised_widths(), 1):
                shapes |= {f"bn{number}{part}": (width,) for part in ("beta", "pop_mean", "pop_var", "scale")}
        return shapes

    @staticmethod
    def normalised_widths() -> list[int]:
        """Widths of ``bn1`` to ``bn6``: conv1-4, fc1, fc2."""
        return [filters for _, filters in CONVOLUTIONS.values()] + [outputs for _, outputs in DENSE.values()]


ADI = Architecture(name="adi", outputs=17, normalised=False, fc1_relu=True)
SRE = Architecture(name="sre", outputs=1211, normalised=True, fc1_relu=False)
ARCHITECTURES = {each.name: each for each in (ADI, SRE)}
