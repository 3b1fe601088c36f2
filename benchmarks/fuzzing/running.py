"""The application with the plugins of this environment and the one that answers as it is told."""

import functools
from importlib.metadata import EntryPoint, entry_points

from neuroscope.cli.main import build
from neuroscope.plugin.loading import Plugins


@functools.cache
def _points():
    return (*entry_points(group="neuroscope"), EntryPoint("fuzz", "fuzzing.plugin", "neuroscope"))


def plugins():
    return Plugins.load(_points())


def application():
    return build(plugins)
