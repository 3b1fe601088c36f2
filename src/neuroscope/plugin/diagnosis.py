"""Checks of a plugin that is loaded, and explanations of a failure that its user or its author can act on."""

from __future__ import annotations

import importlib.util
import inspect
import re
import sys
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from typing import TYPE_CHECKING, Any

from neuroscope.errors import NeuroscopeError, PluginBroken, UnknownName
from neuroscope.plugin import hookspecs
from neuroscope.plugin.failures import error_text, message_of

if TYPE_CHECKING:
    from importlib.metadata import Distribution, EntryPoint

    import pluggy

    from neuroscope.plugin.discovery import PluginPoint

CORE = "neuroscope-speech"
_REQUIREMENT = re.compile(r"\s*([\w.-]+)[^;]*(?:;.*\bextra\s*==\s*[\"']([\w.-]+)[\"'])?")


def check_version(point: EntryPoint) -> None:
    """Raise PluginBroken if the plugin's module states another version of the API."""
    stated = getattr(sys.modules[point.module], "neuroscope_api", 1)
    if type(stated) is not int:
        raise PluginBroken(f"neuroscope_api = {stated!r} in {point.module} is no whole number")
    own = hookspecs.API_VERSION
    if stated == own:
        return
    plugin = point.dist.name if point.dist else point.name
    older, newer = (CORE, plugin) if stated > own else (plugin, CORE)
    raise PluginBroken(
        f"it is written for API {stated} of neuroscope, and neuroscope {_version(CORE)} has API {own}: "
        f"upgrade {older}, or use an older version of {newer}"
    )


def check_hooks(plugin: Any, manager: pluggy.PluginManager) -> None:
    """Raise PluginBroken if a hook is misspelt or takes anything but ``register``, or if there is none."""
    known = [name for name in vars(hookspecs) if name.startswith("register_")]
    marked = {name: opts for name in dir(plugin) if (opts := manager.parse_hookimpl_opts(plugin, name)) is not None}
    for name, opts in marked.items():
        hook = opts.get("specname") or name
        if hook not in known:
            raise PluginBroken(str(UnknownName("hook", hook, known)))
        parameters = inspect.signature(getattr(plugin, name)).parameters.values()
        needed = [each.name for each in parameters if each.default is each.empty and each.kind is not each.VAR_KEYWORD]
        if needed != ["register"]:
            written = ", ".join(str(each.replace(annotation=each.empty)) for each in parameters)
            raise PluginBroken(f"{name}({written}) has to be {name}(register)")
    if not marked:
        raise PluginBroken("it has no hook: is @neuroscope.hookimpl missing above register_...?")


def reason(error: BaseException, found: PluginPoint) -> str:
    """Explain in one line or a few why a plugin could not be loaded."""
    if isinstance(error, NeuroscopeError):
        return str(error)
    missing = error.name if isinstance(error, ImportError) and isinstance(error.name, str) else ""
    if missing.partition(".")[0] == "neuroscope":
        return f"{message_of(error)}: it needs another neuroscope than {_version(CORE)} (API {hookspecs.API_VERSION})"
    if isinstance(error, ModuleNotFoundError) and missing and found.point:
        return _explain_missing_module(missing, found.point)
    return error_text(error)


def _explain_missing_module(module: str, point: EntryPoint) -> str:
    told = f"there is no module {module}"
    if f"{point.module}.".startswith(f"{module}."):
        return f"its entry point names the module {point.module}, and {told}: install it again, or mend its entry point"
    top = module.partition(".")[0]
    if top != module and (top in sys.modules or importlib.util.find_spec(top)):
        return f"{told}, though {_distributions_of(top)} is installed: the plugin needs another version of it"
    return f"{told}. {_install_advice(top, point.dist)}" if point.dist else f"{told}. Install what brings it."


def _distributions_of(top: str) -> str:
    """Name the distributions of an installed package, with their versions."""
    names = packages_distributions().get(top, [])
    return " and ".join(f"{name} {_version(name)}" for name in sorted(set(names))) or top


def _install_advice(module: str, dist: Distribution) -> str:
    """Say what to install, as far as the distribution's requirements tell; a module may be called otherwise there."""
    declared = [match.groups() for text in dist.requires or () if (match := _REQUIREMENT.match(text))]
    extras = [extra for name, extra in declared if normalised(name) == normalised(module)]
    if None in extras:
        return f"{dist.name} requires it; to install it: pip install {dist.name}"
    if extras:
        return f'It belongs to an extra of {dist.name}; to install it: pip install "{dist.name}[{extras[0]}]"'
    required = ", ".join(sorted({name for name, extra in declared if extra is None})) or "nothing"
    known = sorted({f"[{extra}]: {name}" for name, extra in declared if extra is not None})
    optional = f" (with {'; '.join(known)})" if known else ""
    return (
        f"`pip install {dist.name}` installs what {dist.name} requires: {required}{optional}; if none of these brings "
        f"{module}, install what does (pip install {module}, unless it is called otherwise there)."
    )


def normalised(name: str) -> str:
    """Normalise the name of a distribution as pip does."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # it runs from its source folder alone
        return "?"
