"""Every default names something that is installed."""

import pytest

from neuroscope import defaults
from neuroscope.plugin import options
from neuroscope.plugin.loading import Plugins


@pytest.fixture(scope="module")
def plugins():
    return Plugins.load()


def test_the_default_probe_and_readers_exist(plugins):
    assert plugins.probes.choose(defaults.PROBE).build().fit
    for name in {defaults.FOLDER_READER, *defaults.READERS.values()}:
        plugins.datasets.choose(name)


def test_endings_are_compared_in_lower_case_so_they_are_written_so():
    assert all(ending.startswith(".") and ending == ending.lower() for ending in defaults.READERS)


@pytest.mark.parametrize("preset", defaults.PRESETS.values(), ids=defaults.PRESETS)
def test_a_preset_has_a_source_and_is_read_to_the_last_option(plugins, preset):
    _, given = options.parse(preset.probe)
    assert set(given) <= set(plugins.probes.choose(preset.probe).resolved)
    assert preset.source
