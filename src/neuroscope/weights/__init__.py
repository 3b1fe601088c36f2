"""Files of weights: found on a hub, downloaded, digested, and read without running what they hold; and random ones."""

from neuroscope.runtime.randomness import check_seed, randomness_kept
from neuroscope.weights.checkpoint import plain, read_checkpoint
from neuroscope.weights.digests import remembered, remembered_as, sha256_of
from neuroscope.weights.downloading import download
from neuroscope.weights.failures import nothing_downloaded
from neuroscope.weights.hub import HubFile, hub_file, hub_files
from neuroscope.weights.inert import Foreign

__all__ = [
    "Foreign",
    "HubFile",
    "check_seed",
    "download",
    "hub_file",
    "hub_files",
    "nothing_downloaded",
    "plain",
    "randomness_kept",
    "read_checkpoint",
    "remembered",
    "remembered_as",
    "sha256_of",
]
