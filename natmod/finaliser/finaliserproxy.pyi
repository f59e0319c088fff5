# SPDX-License-Identifier: MIT
"""Finalisers for Python classes on stock MicroPython firmware."""

from typing import Any, Callable, Generic, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")

class FinaliserProxy:
    """Base class of objects with a finaliser.

    `callback` is called once, with no arguments, during the collection that frees the object,
    with the heap locked. Derive from the class and call `super().__init__(self.__del__)`.

    Raises TypeError if `callback` is not callable or if the object has been initialised before,
    MemoryError if the heap is full.
    """

    def __init__(self, callback: Callable[[], object], /) -> None: ...
    def __del__(self) -> None:
        """Does nothing."""

def detach(proxy: FinaliserProxy, /) -> Callable[[], object] | None:
    """Cancel the callback. Returns it, or None if it was called or detached before."""

def close(proxy: FinaliserProxy, /) -> None:
    """Calls the callback now unless already called or detached; exceptions propagate."""

def alive(proxy: FinaliserProxy, /) -> bool:
    """Whether the callback is still to be called."""

class finalize(Generic[P, R, T]):
    """Call `func(*args, **kwargs)` after `obj` has been freed, with the heap usable.

    `obj` must be an instance of a Python class (TypeError otherwise). The function runs when
    the scheduler next runs, or in `poll()`. An exception in it is printed. While the finalize
    handle is alive, the function and the arguments are kept, but not `obj`.
    """

    def __init__(
        self, obj: T, func: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs
    ) -> None: ...
    def __call__(self) -> R | None:
        """If alive, mark as dead, call the function and return its result; else None."""
    def detach(self) -> tuple[T, Callable[P, R], tuple[Any, ...], dict[str, Any]] | None:
        """If alive, mark as dead and return (obj, func, args, kwargs); else None."""
    def peek(self) -> tuple[T, Callable[P, R], tuple[Any, ...], dict[str, Any]] | None:
        """(obj, func, args, kwargs) if alive, else None."""
    @property
    def alive(self) -> bool:
        """Whether the function is still to be called."""
    atexit: bool
    """Whether the function is called at a soft reset if obj is alive then; initially True."""

def poll() -> int:
    """Run the callbacks of `finalize` that are due, and return their number."""

def source() -> str:
    """The class of `vfs` whose objects provide the blocks with a finaliser, by name."""
