"""The main gateway, as it fails: the bot comes back to the address that REST names, and people can go on."""

from tests.e2e.conftest import House, until


async def test_a_session_that_ended_is_begun_anew_where_rest_says(house: House) -> None:
    async with house.bot(shard_count=2):
        anna = await house.sandbox.person("Anna")
        identified = house.sandbox.gateway.identified
        house.sandbox.gateway.send_all(9, False)
        await until(lambda: house.sandbox.gateway.identified >= identified + 2, 30)
        outcome = await house.join(anna)
        assert outcome.ephemeral
