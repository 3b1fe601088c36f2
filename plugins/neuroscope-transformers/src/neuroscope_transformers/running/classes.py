"""transformers' classes of a model, imported whatever state torchaudio is in.

transformers imports torchaudio where it sees it, for models of waveforms too, which need none of it. Beside a torch of
another build torchaudio fails to be imported (``OSError``), and every model with it. Such a one is hidden while
transformers looks for it, which it does once.
"""

from __future__ import annotations

import importlib
import sys
from contextlib import contextmanager
from importlib import metadata
from typing import TYPE_CHECKING, Any

import neuroscope
from neuroscope import BadOption, MissingDependency
from neuroscope_transformers.wording import first_line, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

INSTALL = 'pip install "transformers>=4.48" "torch>=2.6" safetensors'
_TORCHAUDIO = "torchaudio"


class UnknownModel(BadOption):
    """The installed version of transformers has no such model, or none without a head."""


def installed_version(distribution: str) -> str:
    """Return the version of a package, which is not imported.

    Raises:
        MissingDependency: it is not installed.
    """
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        raise MissingDependency(distribution, "it is not installed", INSTALL) from None


def classes_of(model_type: str) -> tuple[Any, Any]:
    """Import the class of a model's configuration and that of the model without a head.

    Raises:
        MissingDependency: transformers cannot be imported.
        UnknownModel: its version knows no such model.
    """
    with _broken_torchaudio_hidden():
        transformers: Any = neuroscope.require("transformers", install=INSTALL)
        try:
            configuration = transformers.CONFIG_MAPPING[model_type]
            return configuration, transformers.MODEL_MAPPING[configuration]
        except KeyError:
            known = f"transformers {transformers.__version__} knows no model_type '{shown(model_type)}'"
            raise UnknownModel(f"{known}; a later version may: pip install --upgrade transformers") from None
        except Exception as error:  # whatever the modules that it imports raise
            advice = f"{INSTALL}; a torchaudio of another build than torch's can go: pip uninstall torchaudio"
            raise MissingDependency("transformers", first_line(error), advice) from error


@contextmanager
def _broken_torchaudio_hidden() -> Iterator[None]:
    if _TORCHAUDIO in sys.modules or not _is_broken():
        yield
        return
    hidden: dict[str, Any] = {_TORCHAUDIO: None}
    sys.modules.update(hidden)
    try:
        yield
    finally:
        sys.modules.pop(_TORCHAUDIO, None)


def _is_broken() -> bool:
    try:
        importlib.import_module(_TORCHAUDIO)
    except ModuleNotFoundError as error:
        return error.name != _TORCHAUDIO
    except Exception:  # a shared library, a symbol that went: whatever it is, transformers would meet it, too
        return True
    return False
