"""What is remembered of a voice channel's talk: in the store, on its way there, and in the call that is on."""

from collections.abc import Sequence

from bot.chat.host import Host
from bot.chat.permissions import VocalChannel
from bot.errors import StoreError
from bot.talk.labels import labelled
from bot.types import Message, Turn


async def remembered(host: Host, channel: VocalChannel, limit: int) -> Sequence[Message]:
    """Return the newest lines of a channel, oldest first, each with its speaker's present label.

    Raises StoreError when the store does not work and there is nothing else.
    """
    call = host.calls.get(channel.guild.id)
    here = call is not None and call.venue.channel_id == channel.id
    own = call.record.before(Turn(0, channel.id, (), 0.0)) if call is not None and here else ()
    own = (*host.services.outbox.pending_lines(channel.id), *own)
    try:
        stored = await host.services.store.history(channel.id, limit)
    except StoreError:
        if not own:
            raise
        stored = []
    talk = {message.id: message for message in (*stored, *own)}
    return labelled(sorted(talk.values(), key=lambda message: message.at), *host.labels_in(channel))
