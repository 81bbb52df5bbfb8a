"""Makes the parts of an application, each when it is first used.

A part names its class; what the class asks for in its constructor is found by name: the
application's attribute of that name, else the setting. What is asked for as `Callable[[], X]`
is found at each call, so that a function that never sends mail never makes a mail client.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib import import_module
from typing import Any, Generic, Self, TypeVar, cast, overload

T = TypeVar("T")

LATE = "Callable[[],"
NAMES = {"settings": "documents", "lists": "case_lists"}
"""Where what a constructor calls its argument is another word for one of the application's."""


class Part(Generic[T]):
    """An attribute of the application that is made at its first use, and kept.

    `where` is the class, as seen from chalicelib ("flows.intake.Intake"); `uses` says which
    attribute stands for an argument whose name is not the attribute's.
    """

    def __init__(self, where: str, **uses: str) -> None:
        self._module, _, self._class = where.rpartition(".")
        self._uses = uses
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, app: None, owner: type) -> Self: ...
    @overload
    def __get__(self, app: object, owner: type) -> T: ...
    def __get__(self, app: object | None, owner: type) -> Self | T:
        if app is None:
            return self
        made = self._make(app)
        app.__dict__[self._name] = made
        return made

    def _make(self, app: object) -> T:
        maker = getattr(import_module(f"chalicelib.{self._module}"), self._class)
        given = {}
        for name, parameter in inspect.signature(maker).parameters.items():
            source = self._uses.get(name) or NAMES.get(name, name)
            if not _has(app, source) and parameter.default is not parameter.empty:
                continue
            late = str(parameter.annotation).startswith(LATE)
            given[name] = _later(app, source) if late else _find(app, source)
        return cast("T", maker(**given))


def _has(app: object, name: str) -> bool:
    return hasattr(type(app), name) or name in app.__dict__ or hasattr(_settings(app), name)


def _find(app: object, name: str) -> Any:
    """The application's own, else its setting; raises AttributeError where there is neither."""
    own = hasattr(type(app), name) or name in app.__dict__
    return getattr(app if own else _settings(app), name)


def _later(app: object, name: str) -> Callable[[], Any]:
    return lambda: _find(app, name)


def _settings(app: object) -> object:
    return app.__dict__["settings"]
