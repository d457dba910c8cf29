"""Failures of the main gateway: the bot reconnects to the address that REST names, and people can continue."""

from tests.e2e.conftest import Harness, until


async def test_a_new_session_starts_at_the_address_that_rest_names(harness: Harness) -> None:
    async with harness.bot(shard_count=2):
        anna = await harness.sandbox.person("Anna")
        identified = harness.sandbox.gateway.identified
        harness.sandbox.gateway.send_all(9, False)
        await until(lambda: harness.sandbox.gateway.identified >= identified + 2, 30)
        outcome = await harness.join(anna)
        assert outcome.ephemeral
