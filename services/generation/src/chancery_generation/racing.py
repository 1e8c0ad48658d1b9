"""Two calls at once: a second model is asked where the first is silent for too long. The first answer wins, the other is given up."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from chancery_generation.calling import Begun
from chancery_generation.domain.completion import CallResult
from chancery_generation.ports import Pacing

Running = tuple[Begun, "asyncio.Task[CallResult]"]


@dataclass(frozen=True, slots=True)
class Finish:
    """How one of the calls ended. `superseded`: the other one was answered first."""

    begun: Begun
    result: CallResult
    superseded: bool


async def race(first: Running, hedge_after_s: float, pacing: Pacing, second: Callable[[], Awaitable[Running | None]]) -> list[Finish]:
    """`second` begins the other call, if there can be one. The winner stands first; where none answered, the first call does.

    Whatever goes wrong, no call is left running.
    """
    running = [first]
    try:
        if not await _ends(first[1], hedge_after_s, pacing) and (other := await second()) is not None:
            running.append(other)
        winner = await _first_answer([task for _, task in running])
    finally:
        for _, task in running:
            task.cancel()
    await asyncio.wait([task for _, task in running])
    finishes = [_finish(one, number, winner) for number, one in enumerate(running)]
    return sorted(finishes, key=lambda finish: winner is not None and finish.begun is not running[winner][0])


def _finish(one: Running, number: int, winner: int | None) -> Finish:
    """A call that failed by itself was not superseded."""
    begun, task = one
    result = CallResult("unknown") if task.cancelled() else task.result()
    return Finish(begun, result, winner is not None and number != winner and result.outcome in ("unknown", "answered"))


async def _ends(task: "asyncio.Task[CallResult]", within_s: float, pacing: Pacing) -> bool:
    timer = asyncio.ensure_future(pacing.sleep(within_s))
    try:
        await asyncio.wait({task, timer}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        timer.cancel()
    return task.done()


async def _first_answer(running: Sequence["asyncio.Task[CallResult]"]) -> int | None:
    """Which call was answered first; none where all failed."""
    pending = set(running)
    while pending:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        for number, task in enumerate(running):
            if task in done and task.result().outcome == "answered":
                return number
    return None
