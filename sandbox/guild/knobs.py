"""What a test may change: how strict, slow or broken the sandbox is. The defaults are Discord's own."""

import re
from dataclasses import dataclass, field

MESSAGE_CONTENT_INTENT = 1 << 15
GUILD_MEMBERS_INTENT = 1 << 1
GUILD_PRESENCES_INTENT = 1 << 8
PRIVILEGED_INTENTS = MESSAGE_CONTENT_INTENT | GUILD_MEMBERS_INTENT | GUILD_PRESENCES_INTENT


@dataclass(slots=True)
class Failure:
    """REST or the CDN answers with this failure, `times` times, when "METHOD /path" matches.

    sandbox/rest/edge.py makes those that Discord's edge is known for.
    """

    pattern: str
    "regular expression searched in e.g. `POST /channels/123/messages`"
    status: int = 500
    times: int = 1
    body: str = "upstream connect error or disconnect/reset before headers"
    "what a proxy in front of Discord answers: plain text, not JSON"
    after: bool = False
    "True: the request is carried out, and only its response is lost"
    headers: dict[str, str] = field(default_factory=dict)
    "of the response; a Content-Type here replaces text/plain"
    cut: bool = False
    "the connection is reset: instead of the response, or in the middle of a file"
    seconds: float = 0.0
    "nothing is answered for this long before"

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
    "privileged intents enabled in the developer portal (MESSAGE_CONTENT_INTENT, …); others close with 4014"
    heartbeat_interval: float = 41.25
    "seconds"
    resume_window: float = 60.0
    "seconds a session that lost its connection can be resumed; its voice state stays that long"
    replay_buffer: int = 1000
    "events kept for RESUME"
    gateway_delay: float = 0.0
    "seconds by which every gateway message to the client is delayed"
    guild_delay: float = 0.0
    "seconds from READY, where each server is unavailable, to its GUILD_CREATE"
    rest_delay: float = 0.0
    "seconds by which every response is delayed"
    failures: list[Failure] = field(default_factory=list)
    rate_limits: bool = True
    "False: limits are announced in the headers but never enforced"
    global_limit: int = 50
    "requests per second"
    response_window: float = 3.0
    "seconds an interaction may wait for its first response"
    token_life: float = 900.0
    "seconds an interaction's token is valid"
    swallow_voice: bool = False
    "op 4 gets no answer, as in an outage"
