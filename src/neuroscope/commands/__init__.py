"""Parts for a plugin's own command: options about data and extraction, vectors of a backbone, files of its own.

Importing it loads nothing heavy. A command is a ``typer`` application that a plugin registers with
``register_commands``; errors that are a ``NeuroscopeError`` end in one line and exit code 2, as everywhere.
"""

from typing import TYPE_CHECKING

from neuroscope.commands.data_options import (
    Backbone,
    BackboneOptions,
    Dataset,
    Device,
    Dtype,
    Json,
    MaxDuration,
    MaxErrors,
    OnError,
    Pooling,
    Rehash,
    Root,
    Roots,
    Segment,
    Where,
    data_of,
    machine_of,
)
from neuroscope.commands.option_groups import with_options
from neuroscope.commands.study_options import Out, Split, study_of
from neuroscope.commands.vectors import Extracted, cache_key, extract, load, located, own_folder, waveforms
from neuroscope.data import Data
from neuroscope.extraction.session import ExtractionSettings as Machine
from neuroscope.runtime.files import whole_file
from neuroscope.runtime.progress_bar import progress_bar
from neuroscope.study.settings import StudySettings as Study

if TYPE_CHECKING:  # for annotations
    from neuroscope.audio.prefetch import ReadJob as ReadJob
    from neuroscope.extraction.skipped import SkippedUtterances as SkippedUtterances

__all__ = [
    "Backbone",
    "BackboneOptions",
    "Data",
    "Dataset",
    "Device",
    "Dtype",
    "Extracted",
    "Json",
    "Machine",
    "MaxDuration",
    "MaxErrors",
    "OnError",
    "Out",
    "Pooling",
    "Rehash",
    "Root",
    "Roots",
    "Segment",
    "Split",
    "Study",
    "Where",
    "cache_key",
    "data_of",
    "extract",
    "load",
    "located",
    "machine_of",
    "own_folder",
    "progress_bar",
    "study_of",
    "waveforms",
    "whole_file",
    "with_options",
]
