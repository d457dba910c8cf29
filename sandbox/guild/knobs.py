"""What a test may turn: how strict, how slow and how broken the sandbox is. The defaults are Discord's own."""

import re
from dataclasses import dataclass, field

MESSAGE_CONTENT_INTENT = 1 << 15
GUILD_MEMBERS_INTENT = 1 << 1
GUILD_PRESENCES_INTENT = 1 << 8
PRIVILEGED_INTENTS = MESSAGE_CONTENT_INTENT | GUILD_MEMBERS_INTENT | GUILD_PRESENCES_INTENT


@dataclass(slots=True)
class Failure:
    """REST answers this instead, `times` times, to requests whose "METHOD /path" matches."""

    pattern: str
    "regular expression searched in e.g. `POST /channels/123/messages`"
    status: int = 500
    times: int = 1
    body: str = "upstream connect error or disconnect/reset before headers"
    "what stands before Discord answers in plain text, not in JSON"
    after: bool = False
    "True: the request is carried out all the same, and only its answer is lost"

    def matches(self, request: str) -> bool:
        return self.times > 0 and re.search(self.pattern, request) is not None


@dataclass(slots=True)
class Knobs:
    shards: int = 1
    "what GET /gateway/bot recommends"
    max_concurrency: int = 1
    identify_spacing: float = 0.0
    "seconds between IDENTIFYs of one concurrency slot, else INVALID_SESSION; Discord's is 5"
    privileged: int = 0
    "privileged intents switched on in the developer portal (MESSAGE_CONTENT, …); others close with 4014"
    heartbeat_interval: float = 41.25
    "seconds"
    resume_window: float = 60.0
    "seconds a session that lost its connection can be resumed; its voice state stays that long"
    replay_buffer: int = 1000
    "events kept for RESUME"
    gateway_delay: float = 0.0
    "seconds every gateway message to the client is late"
    rest_delay: float = 0.0
    "seconds every answer is late"
    failures: list[Failure] = field(default_factory=list)
    rate_limits: bool = True
    "False: limits are announced in the headers but never enforced"
    global_limit: int = 50
    "requests per second"
    response_window: float = 3.0
    "seconds an interaction may wait for its first response"
    token_life: float = 900.0
    "seconds an interaction's token is good for"
    swallow_voice: bool = False
    "op 4 is never answered, as in an outage"
