"""How the people of the demo and of the playground agree to be heard: by the button of the call's panel."""

from sandbox.guild.components import find
from sandbox.guild.entities import User
from sandbox.people.outcome import CommandOutcome
from sandbox.server import Sandbox

CONSENT_BUTTON_ID = "kikite:talk"


async def press_consent(sandbox: Sandbox, user: User, channel_id: int) -> CommandOutcome | None:
    """Press the consent button of a channel's newest panel. Return None if there is no panel."""
    for message in reversed(sandbox.messages(channel_id)):
        if find(message.components, CONSENT_BUTTON_ID):
            return await sandbox.click(user, message, CONSENT_BUTTON_ID)
    return None
