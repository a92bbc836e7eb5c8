"""Streams of a model's answer, with somebody looking at each piece: `Call.stream` gives them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

Look = Callable[[Any], None]
Over = Callable[["BaseException | None"], None]


class _Watched:
    """What both sorts of streams have: an end that is told once, whichever way it comes."""

    def __init__(self, source: Any, look: Look, over: Over) -> None:
        self._source = source
        self._look = look
        self._over = over
        self._finished = False

    def finish(self, error: BaseException | None) -> None:
        """Tell the end, once. Nobody wanting more is no failure."""
        if not self._finished:
            self._finished = True
            self._over(None if isinstance(error, GeneratorExit) else error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)  # what a provider's stream has beside its pieces

    def __del__(self) -> None:
        # Not `self._finished` alone: a stream that failed to be made has nothing.
        if not self.__dict__.get("_finished", True):
            self.finish(None)


class Stream(_Watched):
    """A stream of pieces."""

    _iterator: Iterator[Any] | None = None

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        try:
            piece = next(self._pieces())
        except StopIteration:
            self.finish(None)
            raise
        except BaseException as error:
            self.finish(error)
            raise
        self._look(piece)
        return piece

    def _pieces(self) -> Iterator[Any]:
        if self._iterator is None:
            self._iterator = iter(self._source)
        return self._iterator

    def close(self) -> None:
        """End it, and what it reads."""
        close = getattr(self._source, "close", None)
        try:
            if close is not None:
                close()
        finally:
            self.finish(None)

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncStream(_Watched):
    """A stream of pieces that are awaited."""

    _iterator: AsyncIterator[Any] | None = None

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        try:
            piece = await self._pieces().__anext__()
        except StopAsyncIteration:
            self.finish(None)
            raise
        except BaseException as error:
            self.finish(error)
            raise
        self._look(piece)
        return piece

    def _pieces(self) -> AsyncIterator[Any]:
        if self._iterator is None:
            self._iterator = self._source.__aiter__()
        return self._iterator

    async def aclose(self) -> None:
        """End it, and what it reads."""
        close = getattr(self._source, "aclose", None) or getattr(self._source, "close", None)
        try:
            if close is not None and (waiting := close()) is not None:
                await waiting
        finally:
            self.finish(None)

    close = aclose

    async def __aenter__(self) -> AsyncStream:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
