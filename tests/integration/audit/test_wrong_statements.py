"""What no second try can mend is told at once: it must not look like a database that is away."""

import asyncpg
import pytest
from chancery_contracts.failures import Retry


@pytest.mark.parametrize(("sql", "arguments"), [("SELECT $1::text", ()), ("SELECT $1::bigint", ("seven",)), ("SELECT $1::int", (2**40,))])
async def test_arguments_that_do_not_fit_are_no_passing_fault(audit, sql, arguments):
    with pytest.raises((asyncpg.InterfaceError, asyncpg.DataError)):
        await audit.run(sql, *arguments)


async def test_a_connection_that_is_gone_is_one(audit):
    with pytest.raises(Retry):
        async with audit.database.statement() as connection:
            connection.terminate()
            await connection.fetchval("SELECT 1")
