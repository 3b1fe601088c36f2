"""A repository of the Hugging Face hub that holds a model: in the hub's own cache, or downloaded file by file."""

from __future__ import annotations

import re
from dataclasses import dataclass

from neuroscope import BadOption, MissingData, commands, weights
from neuroscope_transformers.sources.model_files import CONFIG, FoundFile

_ID = re.compile(r"(?:[A-Za-z0-9_][\w.-]{0,95}/)?[A-Za-z0-9_][\w.-]{0,95}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository at one commit.

    Attributes:
        repo: ``owner/name``, or the name alone.
        commit: 40 hexadecimal digits.
    """

    repo: str
    commit: str

    @property
    def source(self) -> str:
        """Where it is, for people."""
        return f"{self.repo} on the Hugging Face hub, commit {self.commit}"

    def find(self, name: str) -> FoundFile | None:
        """Find a file in the hub's cache, or download it; None where the repository has none of that name.

        Raises:
            MissingData: it cannot be had.
        """
        found = weights.hub_file(self.repo, name, revision=self.commit, optional=True, progress=commands.progress_bar)
        return FoundFile(found.path, found.digest) if found else None

    def lacks(self, what: str) -> MissingData:
        """Make the error for something that is not there."""
        return MissingData(f"{self.repo} has no {what}")


def repository(repo: str, revision: str | None) -> Repository:
    """Find the commit that a revision of a repository is at, by its config.json.

    Args:
        repo: ``owner/name``, or the name alone.
        revision: branch, tag or commit; None = the main branch.

    Raises:
        BadOption: this is no ID.
        MissingData: there is no such repository or revision, it may not be read, or it has no config.json.
    """
    if not _ID.fullmatch(repo) or ".." in repo or "--" in repo:
        shown = ascii(repo)[1:-1]
        raise BadOption(
            f"hf:{shown[:100]}: there is no such folder, and this is no ID of a model repository (owner/name)"
        )
    config = weights.hub_file(repo, CONFIG, revision=revision, progress=commands.progress_bar)
    return Repository(repo, config.commit)
