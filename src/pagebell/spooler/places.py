"""Room for so many things, some of which are still on their way: a place is taken when it is promised."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class Places(Generic[T]):
    """Counts what is there and what is coming, each once.

    To ask for room and to take it is one step; whoever has taken a place gives it back (`leave`) when what it was for
    is there, or will not come.
    """

    def __init__(self, most: Callable[[], int], there: Callable[[], int]) -> None:
        self._most = most
        self._there = there
        self._coming: set[T] = set()

    @property
    def free(self) -> int:
        """How many more there is room for."""
        return max(0, self._most() - self._there() - len(self._coming))

    def take(self, things: Collection[T]) -> bool:
        """A place for each of them that has none yet, if there is room for all: tells whether there was."""
        new = set(things) - self._coming
        if len(new) > self.free:
            return False
        self._coming |= new
        return True

    def leave(self, things: Iterable[T]) -> None:
        """These are there now, or will not come."""
        self._coming.difference_update(things)
