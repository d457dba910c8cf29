"""Interactions: opened by people, answered by the bot within 3 s, followed up for 15 minutes.

Source: Discord's developer documentation, "Receiving and Responding to Interactions".
"""

import asyncio
import secrets
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from sandbox.guild import component_rules, payload
from sandbox.guild.board import Board
from sandbox.guild.commands import SUBCOMMAND, SUBCOMMAND_GROUP
from sandbox.guild.compose import Author, Composer, MessageBody
from sandbox.guild.entities import GuildChannel, User
from sandbox.guild.fault import Form, Json, acknowledged, invalid_token, unknown
from sandbox.guild.hub import Hub
from sandbox.guild.invocation import channel_object
from sandbox.guild.knobs import Knobs
from sandbox.guild.message import ChatMessage, MessageFlag
from sandbox.guild.permissions import ALL_PERMISSIONS, P
from sandbox.guild.world import World


class Trigger(IntEnum):
    """Interaction types: what a person did."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL = 5


class Callback(IntEnum):
    """Interaction callback types: how the bot answers first."""

    MESSAGE = 4
    DEFERRED = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    CHOICES = 8
    MODAL = 9


_ALLOWED_CALLBACKS = {
    Trigger.COMMAND: (Callback.MESSAGE, Callback.DEFERRED, Callback.MODAL),
    Trigger.COMPONENT: tuple(set(Callback) - {Callback.CHOICES}),
    Trigger.AUTOCOMPLETE: (Callback.CHOICES,),
    Trigger.MODAL: (Callback.MESSAGE, Callback.DEFERRED, Callback.DEFERRED_UPDATE, Callback.UPDATE),
}


OWN_APP_PERMISSIONS = int(P.EMBED_LINKS | P.ATTACH_FILES | P.MENTION_EVERYONE | P.SEND_VOICE_MESSAGES)
"""What an app may do that a person brought along."""


@dataclass(slots=True, eq=False)
class Interaction:
    id: int
    token: str
    kind: Trigger
    user: User
    channel: GuildChannel
    data: Json
    opened: float
    "seconds on the loop's clock"
    source: ChatMessage | None = None
    "component, or modal opened by a component: the message that holds it"
    by_user: bool = False
    "the person brought the app along (USER_INSTALL); else the server has it (GUILD_INSTALL)"
    callback: Callback | None = None
    "type of the first response"
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    "set once there is something to see: at once, or when a deferred response is filled"
    original: ChatMessage | None = None
    waiting: bool = False
    "deferred, and the original still shows that the bot is thinking"
    followups: list[ChatMessage] = field(default_factory=list)
    modal: Json | None = None
    choices: list[Json] | None = None


class Interactions:
    """The recent interactions by id and by token."""

    def __init__(self, world: World, hub: Hub, board: Board, composer: Composer, knobs: Knobs) -> None:
        self._world = world
        self._hub = hub
        self._board = board
        self._composer = composer
        self._knobs = knobs
        self._by_id: dict[int, Interaction] = {}
        self._by_token: dict[str, Interaction] = {}

    def open(
        self,
        kind: Trigger,
        user: User,
        channel: GuildChannel,
        data: Json,
        source: ChatMessage | None = None,
        *,
        by_user: bool = False,
    ) -> Interaction:
        """Send INTERACTION_CREATE to the guild's shard."""
        now = asyncio.get_running_loop().time()
        token = secrets.token_urlsafe(120)
        made = Interaction(self._world.snowflake(), token, kind, user, channel, data, now, source, by_user)
        self._drop_expired(now)
        self._by_id[made.id] = self._by_token[made.token] = made
        self._hub.tell("INTERACTION_CREATE", self._payload(made), channel.guild_id)
        return made

    def respond(self, interaction_id: int, token: str, body: MessageBody) -> Interaction:
        """Accept the first response.

        Raises RestFault 10062 after 3 s or for a wrong token, 40060 for a second response.
        """
        found = self._by_id.get(interaction_id)
        if found is None or found.token != token:
            raise unknown("interaction")
        if found.callback is not None:
            raise acknowledged()
        if asyncio.get_running_loop().time() - found.opened > self._knobs.response_window:
            raise unknown("interaction")
        kind = body.json.get("type")
        if kind not in _ALLOWED_CALLBACKS[found.kind] or (kind in (6, 7) and found.source is None):
            form = Form()
            form.choice("type", tuple(sorted(int(item) for item in _ALLOWED_CALLBACKS[found.kind])))
            form.check()
        self._answer(found, Callback(kind), MessageBody(body.json.get("data") or {}, body.files))
        found.callback = Callback(kind)
        found.answered.set()
        if found.callback not in (Callback.DEFERRED, Callback.DEFERRED_UPDATE):
            found.settled.set()
        return found

    def _answer(self, found: Interaction, kind: Callback, body: MessageBody) -> None:
        if kind is Callback.MESSAGE:
            message = self._message(found, found.source if found.kind is not Trigger.COMMAND else None)
            self._composer.fill(message, body, self._author(found))
            found.original = self._posted(found, message)
        elif kind is Callback.DEFERRED:
            message = self._message(found, found.source if found.kind is not Trigger.COMMAND else None)
            message.flags = int(MessageFlag.LOADING) | int(body.json.get("flags") or 0) & MessageFlag.EPHEMERAL
            found.original, found.waiting = self._posted(found, message), True
        elif kind is Callback.DEFERRED_UPDATE:
            found.original = found.source
        elif kind is Callback.UPDATE:
            assert found.source is not None
            self._composer.change(found.source, body, self._author(found))
            found.original = found.source
            self._board.edited(found.source)
        elif kind is Callback.CHOICES:
            found.choices = _choices(body.json.get("choices"))
        else:
            found.modal = _modal(body.json)

    def by_token(self, application_id: int, token: str) -> Interaction:
        """Return the interaction of a webhook path.

        Raises RestFault 10015 for another application or an unanswered interaction, 50027 for an expired token.
        """
        found = self._by_token.get(token)
        if application_id != self._world.application_id:
            raise unknown("Webhook")
        if found is None or asyncio.get_running_loop().time() - found.opened > self._knobs.token_life:
            raise invalid_token()
        if found.callback is None:
            raise unknown("Webhook")
        return found

    def message(self, found: Interaction, message_id: str) -> ChatMessage:
        """Return the original ("@original") or a follow-up. Raises RestFault 10008."""
        if message_id == "@original":
            message = found.original
        else:
            own = [*found.followups, *([found.original] if found.original else [])]
            message = next((item for item in own if str(item.id) == message_id), None)
        if message is None or message.deleted:
            raise unknown("Message")
        return message

    def edit(self, found: Interaction, message: ChatMessage, body: MessageBody) -> ChatMessage:
        """Edit a response; the first edit of a deferred one makes it visible."""
        first = message is found.original and found.waiting
        self._composer.change(message, body, self._author(found), first=first)
        if first:
            found.waiting = False
        self._board.edited(message, visibly=not first)
        found.settled.set()
        return message

    def follow_up(self, found: Interaction, body: MessageBody) -> ChatMessage:
        """Post a follow-up; the first one after a deferred response replaces it and keeps its visibility."""
        if found.waiting and found.original is not None:
            return self.edit(found, found.original, body)
        message = self._message(found, found.original or found.source)
        self._composer.fill(message, body, self._author(found))
        found.followups.append(self._posted(found, message))
        found.settled.set()
        return message

    def delete(self, found: Interaction, message: ChatMessage) -> None:
        self._board.delete(message)
        found.waiting = False
        found.settled.set()

    def callback_json(self, found: Interaction) -> Json:
        """Return the response for `with_response=true`."""
        about: Json = {"id": str(found.id), "type": int(found.kind)}
        resource: Json = {"type": int(found.callback or 0)}
        if found.original is not None:
            about["response_message_id"] = str(found.original.id)
            about["response_message_loading"] = found.waiting
            about["response_message_ephemeral"] = found.original.ephemeral
            if found.callback in (Callback.MESSAGE, Callback.UPDATE):
                resource["message"] = self._board.json(found.original)
        return {"interaction": about, "resource": resource}

    def _message(self, found: Interaction, answered: ChatMessage | None) -> ChatMessage:
        message = ChatMessage(
            self._world.snowflake(),
            found.channel.id,
            found.channel.guild_id,
            self._world.bot,
            self._world.timestamp(),
            token=found.token,
        )
        menu = found.kind is Trigger.COMMAND and found.data["type"] != 1
        message.kind = (23 if menu else 20) if found.kind is Trigger.COMMAND and answered is None else 0
        if answered is not None:
            message.kind, message.reference_id = 19, answered.id
        message.interaction = {
            "id": str(found.id),
            "type": int(found.kind),
            "user": payload.user(found.user),
            "authorizing_integration_owners": _owners(found),
        }
        if found.kind is Trigger.COMMAND:
            message.interaction |= {"name": _full_name(found.data), "command_type": found.data["type"]}
        return message

    def _posted(self, found: Interaction, message: ChatMessage) -> ChatMessage:
        if message.ephemeral:
            message.seen_by = found.user.id
        return self._board.post(message)

    def _author(self, found: Interaction) -> Author:
        """A response needs no permission; a voice message needs the bot's own (an assumption)."""
        own = self._world.allowed(self._world.bot.id, found.channel) & P.SEND_VOICE_MESSAGES
        return Author(self._world.bot, ALL_PERMISSIONS & ~P.SEND_VOICE_MESSAGES | own, interaction=True)

    def _payload(self, made: Interaction) -> Json:
        world, channel = self._world, made.channel
        guild = world.guild_of(channel)
        allowed = world.allowed(made.user.id, channel)
        data: Json = {
            "version": 1,
            "type": int(made.kind),
            "token": made.token,
            "id": str(made.id),
            "application_id": str(world.application_id),
            "data": made.data,
            "locale": made.user.locale,
            "channel_id": str(channel.id),
            "channel": channel_object(channel, allowed),
            "app_permissions": str(OWN_APP_PERMISSIONS if made.by_user else world.allowed(world.bot.id, channel)),
            "attachment_size_limit": 10_485_760,
            "entitlements": [],
            "entitlement_sku_ids": [],
            "authorizing_integration_owners": _owners(made),
            "context": 0 if guild else 1,
        }
        if guild is None:
            data["user"] = payload.user(made.user)
        else:
            data |= {
                "guild_id": str(guild.id),
                "guild": {"id": str(guild.id), "locale": guild.preferred_locale, "features": []},
                "guild_locale": guild.preferred_locale,
                "member": payload.member(guild.members[made.user.id]) | {"permissions": str(allowed)},
            }
        if made.source is not None:
            data["message"] = self._board.json(made.source)
        return data

    def _drop_expired(self, now: float) -> None:
        for old in [item for item in self._by_id.values() if now - item.opened > 2 * self._knobs.token_life]:
            del self._by_id[old.id], self._by_token[old.token]


def _full_name(data: Json) -> str:
    """Return a command's name, including subcommand group and subcommand."""
    options = data.get("options") or []
    below = options[0] if options and options[0]["type"] in (SUBCOMMAND, SUBCOMMAND_GROUP) else None
    return f"{data['name']} {_full_name(below)}" if below else str(data["name"])


def _owners(of: Interaction) -> Json:
    """Return who installed the app: by installation type, the server's id ("0" in a direct message) or the person's."""
    return {"1": str(of.user.id)} if of.by_user else {"0": str(of.channel.guild_id or 0)}


def _choices(given: Any) -> list[Json]:
    form = Form()
    if form.count(["data", "choices"], given, 0, 25):
        for index, choice in enumerate(given):
            form.length(["data", "choices", index, "name"], choice.get("name"), 1, 100)
            if isinstance(choice.get("value"), str):
                form.length(["data", "choices", index, "value"], choice["value"], 1, 100)
    form.check()
    return given


def _modal(data: Json) -> Json:
    form = Form()
    form.length(["data", "title"], data.get("title"), 1, 45)
    form.length(["data", "custom_id"], data.get("custom_id"), 1, 100)
    component_rules.check_modal(form, data.get("components"))
    form.check()
    return data
