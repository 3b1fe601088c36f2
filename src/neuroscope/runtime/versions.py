"""Read the versions of installed distributions, without importing them."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distributions, version


def versions(*names: str) -> dict[str, str]:
    """Return the version of each named distribution that is installed."""
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def all_versions() -> dict[str, str]:
    """Return the version of every installed distribution, sorted by name."""
    abouts = (each.metadata for each in distributions())  # each look at it reads and parses a file
    found = {str(about["Name"]): str(about["Version"]) for about in abouts if about["Name"]}
    return dict(sorted(found.items(), key=lambda pair: pair[0].lower()))
