"""Hooks: one a kind, each with one argument, so that a plugin is a function that calls ``register``."""

import inspect

from neuroscope.plugin import hookspecs
from neuroscope.plugin.loading import COMMAND, KINDS, Plugins


def test_there_is_one_hook_a_kind_and_a_registry_for_it():
    hooks = {name for name in vars(hookspecs) if name.startswith("register_")}
    assert hooks == {f"register_{kind}s" for kind in (*KINDS, COMMAND)}
    assert {registry.kind for registry in Plugins().registries.values()} == set(KINDS)
    assert Plugins().commands.kind == COMMAND


def test_every_hook_takes_the_registrar_alone_and_says_what_a_factory_is():
    for kind in (*KINDS, COMMAND):
        hook = getattr(hookspecs, f"register_{kind}s")
        assert list(inspect.signature(hook).parameters) == ["register"]
        assert "factory" in hook.__doc__
