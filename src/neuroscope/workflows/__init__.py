"""What the commands do, without a terminal: one call each, for notebooks; the same rows as on the command line."""

from neuroscope.extraction.session import Machine
from neuroscope.study.result import Result
from neuroscope.workflows.neurons import neurons
from neuroscope.workflows.probing import probe
from neuroscope.workflows.vectors import export, extract, import_vectors

__all__ = ["Machine", "Result", "export", "extract", "import_vectors", "neurons", "probe"]
