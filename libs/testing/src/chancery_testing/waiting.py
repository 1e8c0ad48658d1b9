"""Waiting on a condition with a deadline, instead of sleeping."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(condition: Callable[[], T | Awaitable[T]], within_s: float = 10.0, every_s: float = 0.02) -> T:
    """The first true result of `condition`. Raises AssertionError after `within_s` seconds, naming the condition."""
    deadline = asyncio.get_running_loop().time() + within_s
    while True:
        result = condition()
        value: T = await result if inspect.isawaitable(result) else result
        if value:
            return value
        if asyncio.get_running_loop().time() >= deadline:
            raise AssertionError(f"not within {within_s} s: {getattr(condition, '__name__', condition)}")
        await asyncio.sleep(every_s)
