"""Models of a type that is not in the table: their blocks are found by looking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuroscope import BadOption, LayerSpec, Tap
from neuroscope_transformers.families.anatomy import Anatomy
from neuroscope_transformers.families.settings import MOST
from neuroscope_transformers.families.table import no_family
from neuroscope_transformers.looking.asking import look
from neuroscope_transformers.wording import shown

if TYPE_CHECKING:
    from neuroscope_transformers.families.settings import Settings
    from neuroscope_transformers.looking.description import Description
    from neuroscope_transformers.sources.model_files import ModelFiles


@dataclass(frozen=True, slots=True)
class FoundFamily:
    """A model that transformers can make and no family of ours is for.

    Attributes:
        files: of the model.
    """

    files: ModelFiles

    @property
    def model_type(self) -> str:
        """As config.json says."""
        return shown(self.files.config.get("model_type"))

    @property
    def title(self) -> str:
        """The family's name, for people."""
        return f"{self.model_type}, found by looking"

    @property
    def licence(self) -> str:
        """What is known of its published weights."""
        return "not known here"

    @property
    def example(self) -> str:
        """No model is known."""
        return ""

    def anatomy(self, config: Settings, preprocessor: Settings, site: str) -> Anatomy:
        """Tell a model's anatomy; see ``Family``."""
        del preprocessor
        if site != "hidden":
            raise BadOption(f"{config.file}: {no_family(config)}; site={site} is for those that it knows")
        seen = look(self.files, no_family(config))
        if seen.width * seen.count > MOST:
            raise BadOption(f"{config.file}: {seen.count} blocks of {seen.width} columns are more than a store takes")
        return Anatomy(
            layers=tuple(
                LayerSpec(f"L{number + 1}", seen.width, tap=Tap(f"{seen.blocks}.{number}", seen.pick, axes=seen.axes))
                for number in range(seen.count)
            ),
            what=_what(seen),
            batchable=False,
            sample_rate=seen.sample_rate,
            min_samples=seen.least,
            frames=_as_they_come,
            front_end="neuroscope_transformers.features.any_features:AnyFrontEnd",
            part=seen.part,
            options={"inputs": seen.inputs, "extractor": seen.extractor},
            seen=seen.text(),
        )


def _as_they_come(samples: int) -> dict[str, int]:
    """How many frames there are is known when the model has run."""
    del samples
    return {}


def _what(seen: Description) -> str:
    where = f" of its {seen.part}" if seen.part else ""
    return (
        f"found by looking, not by knowing: L1-L{seen.count}: output of {seen.blocks}.0-{seen.count - 1}{where} "
        f"({seen.kind}), which ran one behind the other, before or after a norm as they are made; features by "
        f"{seen.extractor}; one length at a time, as it is not known what padding does"
    )
