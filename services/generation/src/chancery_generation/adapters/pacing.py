"""The real passing of time, and real chance."""

import asyncio
import random
import time


class RealPacing:
    """Monotonic clock, asyncio's sleep, the process's random numbers (jitter needs no secrecy)."""

    def monotonic_s(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Waits."""
        await asyncio.sleep(seconds)

    def draw(self) -> float:
        """A random number in [0, 1)."""
        return random.random()  # noqa: S311
