"""Default names and presets, as data: the only place in the core that knows a plugin by its name.

A preset sets defaults; what the user writes wins.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

PROBE = "elasticnet"

RANKING = "weight-mass"
"""Its own default is a fit made for ranking; the presets rank by the weights of the probe itself."""

UNLIKE_RANKING = "t"
"""What a ranking is compared with: each neuron alone, since most rankings look at all of them together."""

UNLIKE_RANKINGS: Mapping[str, str] = MappingProxyType({"t": RANKING, "probeless": RANKING})
"""The same for rankings that look at each neuron alone themselves."""

READERS: Mapping[str, str] = MappingProxyType({".csv": "csv", ".tsv": "csv", ".jsonl": "csv"})
"""Which dataset reads ``--root`` when it is a file, by its ending."""

FOLDER_READER = "folder"
"""Which dataset reads ``--root`` when it is a folder."""

OWN_DISTRIBUTIONS = frozenset(
    {
        *("neuroscope-speech", "neuroscope-cnn", "neuroscope-elasticnet", "neuroscope-espeak", "neuroscope-ge2e"),
        *("neuroscope-s3prl", "neuroscope-speech-tasks", "neuroscope-toy", "neuroscope-transformers"),
    }
)
"""Distributions of this repository: a name that one of them registers is theirs, whoever else registers it."""

SPLIT_COLUMN = "split"
"""A manifest with this column brings its own split."""

TRAIN, TEST = "train", "test"
"""Names of the parts in that column."""

LEFT_OUT_PARTS = ("dev", "valid", "validation")
"""Names of parts in that column that neither train nor test."""

UNSEEN_SPLIT = "speaker"
"""The split where neither task nor manifest has one."""

RUNS = 5

CONTROLS = ("random", "permuted")
"""Of a study of neurons: what the probe reaches on random features, and on a control task."""

LEVEL = 0.05
"""Of tests: how often nothing is called something."""

TOLERATED = 0.05
"""Accuracy that the most important neurons may have beyond as many random ones, where information is redundant."""

DTYPE: Final = "float32"
MAX_ERRORS = 0.05
MAX_DURATION = 300.0
"""Seconds; a model that does not stream needs memory in proportion, or worse (about the padded seconds of a batch)."""

EXCESS_LOSS = "excess_loss"
"""Metric of a fit: (objective - a lower bound of its minimum) / the cross-entropy of who knows the classes' frequencies
alone; how much of what can be learned it may have left."""

FIT_METRICS: Mapping[str, str] = MappingProxyType(
    {"l1": "l1_", "l2": "l2_", "steps": "n_iter_", "gap": "gap_", EXCESS_LOSS: "excess_loss_"}
)
"""Metric in the rows -> fitted attribute of the probe that it is read from, where the probe has it."""

FAR_FROM_OPTIMUM = 0.3
"""A fit whose row ``excess_loss`` is above this is far from its optimum: its accuracy says little of what the columns
know. Measured in decision 0015; the relative ``gap`` does not tell (it is .99 where a penalty is weak)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """What a preset changes.

    Attributes:
        probe: in the component grammar.
        ranking: the same.
        one_split: the first run's split serves all runs, and a run is another seed of the probe.
        source: where the settings come from.
    """

    probe: str
    ranking: str
    one_split: bool
    source: str


PresetName: TypeAlias = Literal["paper", "neurox", "neurox-paper"]

PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "paper": Preset(
            probe="elasticnet,solver=adam,l1=1e-5,l2=1e-5,scale=none",
            ranking="weight-mass,weights=probe",
            one_split=True,
            source="arXiv 2107.00439, section 4.3",
        ),
        "neurox": Preset(
            probe="elasticnet,solver=adam,l1=0,l2=0,scale=none,norm=plain,shuffle=false,epochs=10,batch=32",
            ranking="weight-mass,weights=probe",
            one_split=True,
            source="NeuroX 1.0.9, neurox/interpretation/linear_probe.py, with its own defaults: 10 epochs, batches of "
            "32, no penalty",
        ),
        "neurox-paper": Preset(
            probe="elasticnet,solver=adam,l1=1e-5,l2=1e-5,scale=none,norm=plain,shuffle=false",
            ranking="weight-mass,weights=probe",
            one_split=True,
            source="NeuroX 1.0.9, with the paper's values (arXiv 2107.00439, section 4.3): 20 epochs, batches of 128, "
            "l1 = l2 = 1e-5",
        ),
    }
)
