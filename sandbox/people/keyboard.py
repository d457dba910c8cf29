"""What people do with keyboard and mouse: write, use commands and menus, press buttons, fill in forms."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from sandbox.guild import commands, components, invocation
from sandbox.guild.components import C
from sandbox.guild.compose import Author, MessageBody, Upload
from sandbox.guild.entities import GuildChannel, User
from sandbox.guild.fault import Json
from sandbox.guild.interactions import Interaction, Trigger
from sandbox.guild.invocation import Place, Refused, Value
from sandbox.guild.message import Attachment, ChatMessage, MessageFlag, content_type
from sandbox.guild.permissions import P
from sandbox.parts import SandboxParts
from sandbox.people.outcome import CommandOutcome, NoAnswer
from sandbox.rest.messages import Messages


class Keyboard:
    """Every method does what a client does; what a client does not allow raises Refused."""

    def __init__(self, parts: SandboxParts) -> None:
        self._parts = parts
        self._messages = Messages(parts)

    async def command(
        self,
        user: User,
        name: str,
        options: Mapping[str, Value],
        channel: GuildChannel,
        *,
        by_user: bool = False,
        timed_out: float = 0.0,
    ) -> CommandOutcome:
        """Use a slash command, "call status" with its subcommand, and wait for the first response.

        `by_user`: as an app of their own. `timed_out`: a moderator times them out for so many seconds just as they
        press enter. Raises Refused, or NoAnswer when the bot does not respond in time.
        """
        place = self._place(user, channel)
        command, path = self._find(user, channel, name, commands.CHAT_COMMAND, by_user=by_user)
        data = invocation.command_data(command, path, options, place)
        self._time_out(place, timed_out)
        return await self._send(Trigger.COMMAND, user, channel, data, by_user=by_user)

    async def complete(
        self, user: User, name: str, focused: str, typed: Mapping[str, Value], channel: GuildChannel
    ) -> CommandOutcome:
        """Type into an option with autocomplete; `typed` holds the options filled in so far."""
        place = self._place(user, channel)
        command, path = self._find(user, channel, name, commands.CHAT_COMMAND)
        data = invocation.partial_data(command, path, {focused: "", **typed}, focused, place)
        return await self._send(Trigger.AUTOCOMPLETE, user, channel, data)

    async def menu(
        self, user: User, name: str, target: ChatMessage | User, channel: GuildChannel, *, timed_out: float = 0.0
    ) -> CommandOutcome:
        """Choose a menu entry on a message or a person; `timed_out` as for `command`."""
        kind = commands.MESSAGE_COMMAND if isinstance(target, ChatMessage) else commands.USER_COMMAND
        place = self._place(user, channel)
        command, _ = self._find(user, channel, name, kind)
        resolved: Json = {}
        if isinstance(target, ChatMessage):
            resolved["messages"] = {str(target.id): self._parts.board.json(target)}
        elif place.guild is not None:
            invocation.people(resolved, place.guild, target.id)
        data = {"id": command["id"], "name": name, "type": kind, "target_id": str(target.id), "resolved": resolved}
        self._time_out(place, timed_out)
        return await self._send(Trigger.COMMAND, user, channel, data)

    async def click(
        self, user: User, message: ChatMessage, custom_id: str, values: Sequence[str] = ()
    ) -> CommandOutcome:
        """Press a button, or choose `values` in a select."""
        channel = self._channel(message.channel_id)
        unseen = message.ephemeral and message.seen_by != user.id
        if message.deleted or unseen or not self._parts.world.may_read(user.id, channel):
            raise Refused("there is no such message")
        found = components.find(message.components, custom_id)
        if found is None:
            there = [item["custom_id"] for item in components.walk(message.components) if "custom_id" in item]
            raise Refused(f"no component {custom_id!r}; there are {there}")
        if found.get("disabled"):
            raise Refused(f"{custom_id!r} is disabled")
        data: Json = {"custom_id": custom_id, "component_type": found["type"], "id": found.get("id", 0)}
        if found["type"] in components.SELECTS:
            data |= self._selection(found, values, message)
        return await self._send(Trigger.COMPONENT, user, channel, data, message)

    async def submit(self, outcome: CommandOutcome, fields: Mapping[str, str | Sequence[str]]) -> CommandOutcome:
        """Fill in the form that an outcome opened, by custom id, and send it."""
        modal, opened = outcome.modal, outcome.interaction
        if modal is None:
            raise Refused("no form was opened")
        self._place(opened.user, opened.channel)
        left = dict(fields)
        filled = [_filled(component, left) for component in modal["components"]]
        if left:
            raise Refused(f"the form has no field {', '.join(left)}")
        data = {"custom_id": modal["custom_id"], "components": filled}
        return await self._send(Trigger.MODAL, opened.user, opened.channel, data, opened.source)

    def write(
        self,
        user: User,
        channel: GuildChannel,
        text: str,
        files: Iterable[tuple[str, bytes]] = (),
        *,
        reply_to: ChatMessage | None = None,
        forward: ChatMessage | None = None,
        voice_seconds: float | None = None,
    ) -> ChatMessage:
        """Write into a channel; with `voice_seconds` the one file is a voice message."""
        allowed = self._parts.world.allowed(user.id, channel)
        writes = P.SEND_MESSAGES_IN_THREADS if channel.is_thread else P.SEND_MESSAGES
        if not allowed & P.VIEW_CHANNEL or not allowed & writes:
            raise Refused("there is no input field here")
        body = MessageBody({"content": text})
        body.files = {number: Upload(name, data, content_type(name)) for number, (name, data) in enumerate(files)}
        if reply_to is not None:
            body.json["message_reference"] = {"message_id": str(reply_to.id)}
        if forward is not None:
            origin = {"channel_id": str(forward.channel_id), "message_id": str(forward.id)}
            body.json["message_reference"] = {"type": 1, **origin}
        if voice_seconds is not None:
            body.json["flags"] = int(MessageFlag.IS_VOICE_MESSAGE)
            body.json["attachments"] = [{"id": "0", "duration_secs": voice_seconds, "waveform": "AAAA"}]
        return self._messages.post(channel, body, Author(user, allowed))

    def file(self, name: str, data: bytes, channel: GuildChannel) -> Attachment:
        """Pick a file for a command's option."""
        made = Attachment(self._parts.world.snowflake(), name, data, content_type(name), channel.id, ephemeral=True)
        self._parts.cdn.files[made.id] = made
        return made

    async def _send(
        self,
        kind: Trigger,
        user: User,
        channel: GuildChannel,
        data: Json,
        source: ChatMessage | None = None,
        *,
        by_user: bool = False,
    ) -> CommandOutcome:
        opened = self._parts.interactions.open(kind, user, channel, data, source, by_user=by_user)
        await self._answered(opened)
        return CommandOutcome(opened)

    async def _answered(self, opened: Interaction) -> None:
        try:
            async with asyncio.timeout(self._parts.knobs.response_window):
                await opened.answered.wait()
        except TimeoutError:
            raise NoAnswer("The application did not respond") from None

    def _find(
        self, user: User, channel: GuildChannel, name: str, kind: int, *, by_user: bool = False
    ) -> tuple[Json, tuple[str, ...]]:
        world = self._parts.world
        allowed = world.allowed(user.id, channel)
        if not allowed & P.USE_APPLICATION_COMMANDS:
            raise Refused("application commands may not be used here")
        if channel.guild_id in world.foreign and not by_user:
            raise Refused("this server has no such application")
        command, path = invocation.find(self._parts.registry.visible(channel.guild_id), name, kind)
        if not commands.offered(command, direct=channel.guild_id is None, by_user=by_user):
            raise Refused(f"/{name} is not offered here")
        needed = command["default_member_permissions"]
        if needed is not None and (int(needed) & ~allowed or int(needed) == 0) and not allowed & P.ADMINISTRATOR:
            raise Refused(f"/{name} needs permissions {needed}")
        return command, path

    def _time_out(self, place: Place, seconds: float) -> None:
        """Time the caller out after their client has offered the command."""
        if seconds and place.guild is not None:
            place.guild.members[place.caller.id].timed_out_until = self._parts.world.clock() + seconds

    def _place(self, user: User, channel: GuildChannel) -> Place:
        guild = self._parts.world.guild_of(channel)
        there = [person.id for person in channel.recipients] if guild is None else guild.members
        if user.id not in there:
            raise Refused("they are not there")
        return Place(self._parts.world, guild, self._parts.cdn, user)

    def _selection(self, select: Json, values: Sequence[str], message: ChatMessage) -> Json:
        low, high = select.get("min_values", 1), select.get("max_values", 1)
        if not low <= len(values) <= high:
            raise Refused(f"choose {low} to {high}")
        if select["type"] == C.STRING_SELECT:
            offered = [option["value"] for option in select["options"]]
            if unknown := [value for value in values if value not in offered]:
                raise Refused(f"{unknown} is not offered; there are {offered}")
            return {"values": list(values)}
        resolved: Json = {}
        guild = self._parts.world.guild_of(self._channel(message.channel_id))
        for value in values:
            if select["type"] == C.CHANNEL_SELECT:
                channel = self._channel(int(value))
                resolved.setdefault("channels", {})[value] = invocation.channel_object(channel, 0)
            elif guild is not None and int(value) in guild.members:
                invocation.people(resolved, guild, int(value))
        return {"values": list(values), "resolved": resolved}

    def _channel(self, channel_id: int) -> GuildChannel:
        channel = self._parts.world.channel(channel_id)
        if channel is None:
            raise Refused("there is no such channel")
        return channel


def _filled(component: Json, fields: dict[str, str | Sequence[str]]) -> Json:
    """Return a form's component as it is submitted; removes the fields it uses from `fields`."""
    kind = component["type"]
    answer: Json = {"type": kind, "id": component.get("id", 0)}
    if kind == C.LABEL:
        return answer | {"component": _filled(component["component"], fields)}
    if kind == C.ROW:
        return answer | {"components": [_filled(item, fields) for item in component["components"]]}
    if kind == C.TEXT:
        return answer
    given = fields.pop(component["custom_id"], component.get("value") or "")
    if component.get("required", True) and not given:
        raise Refused(f"{component['custom_id']} must be filled in")
    answer["custom_id"] = component["custom_id"]
    if kind == C.TEXT_INPUT:
        text = str(given)
        if not (component.get("min_length") or 0) <= len(text) <= (component.get("max_length") or 4000) and text:
            raise Refused(f"{component['custom_id']} is too short or too long")
        return answer | {"value": text}
    return answer | {"values": [given] if isinstance(given, str) else list(given)}
