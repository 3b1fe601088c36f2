"""What the commands do, without a terminal: one call each, of settings that are checked already.

``neuroscope.probe``, ``neurons``, ``extract`` and ``describe`` (in ``face``) are the same calls for people, with
plain keywords.
"""

from neuroscope.extraction.session import ExtractionSettings
from neuroscope.study.result import ExtractionResult, NeuronsResult, ProbeResult, Result
from neuroscope.study.settings import StudySettings
from neuroscope.workflows.describing import describe
from neuroscope.workflows.neurons import neurons
from neuroscope.workflows.probing import probe
from neuroscope.workflows.vectors import export, extract, import_vectors

__all__ = [
    "ExtractionResult",
    "ExtractionSettings",
    "NeuronsResult",
    "ProbeResult",
    "Result",
    "StudySettings",
    "describe",
    "export",
    "extract",
    "import_vectors",
    "neurons",
    "probe",
]
