"""What the commands do, without a terminal: one call each, for notebooks; the same rows as on the command line."""

from neuroscope.extraction.session import ExtractionSettings
from neuroscope.study.result import Result
from neuroscope.study.settings import StudySettings
from neuroscope.workflows.neurons import neurons
from neuroscope.workflows.probing import probe
from neuroscope.workflows.vectors import export, extract, import_vectors

__all__ = [
    "ExtractionSettings",
    "Result",
    "StudySettings",
    "export",
    "extract",
    "import_vectors",
    "neurons",
    "probe",
]
