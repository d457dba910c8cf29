"""The codes and the words in which servers put their errors -> our classes; pure."""

import re

from bot.errors import BotError, DeafModel, ModelAuth, ModelUnavailable, OutOfCredit, RateLimited, RequestTooLarge

KINDS_BY_CODE: dict[str, type[BotError]] = {
    **dict.fromkeys(
        ("insufficientquota", "creditbalanceexhausted", "billinghardlimitreached", "billingnotactive",
         "insufficientcredits", "insufficientbalance", "insufficientfunds", "paymentrequired", "arrearage"),
        OutOfCredit,
    ),
    **dict.fromkeys(("modelnotfound", "deploymentnotfound", "modelaccessdenied", "modelnotexist"), ModelUnavailable),
    **dict.fromkeys(
        ("invalidapikey", "invalidauthentication", "accountdeactivated", "authenticationerror", "unauthenticated",
         "unauthorized", "permissiondenied", "invalidapikeyerror", "permissiondeniederror",
         "nodbconnection"),  # LiteLLM's word for a key that it does not know, where it has no database
        ModelAuth,
    ),
    **dict.fromkeys(("requesttoolarge", "requestentitytoolarge", "payloadtoolarge"), RequestTooLarge),
    **dict.fromkeys(
        ("ratelimitexceeded", "ratelimiterror", "slowdown", "requests", "tokens", "throttling", "throttlingratequota",
         "throttlingallocationquota", "resourceexhausted", "toomanyrequests"),
        RateLimited,
    ),
}  # fmt: skip
"""By the letters and digits of the code or type, in lower case: servers spell them differently."""
KINDS_BY_MESSAGE: tuple[tuple[re.Pattern[str], type[BotError]], ...] = (
    (re.compile(r"audio inputs? (?:is|are) not supported|does not support audio|at most 0 audio"), DeafModel),
    (re.compile(r"insufficient (?:balance|credit|fund|quota)|out of credits?\b|exceeded your current quota|"
                r"payment required|credit balance|not enough credits?\b|add (?:more )?credits"), OutOfCredit),
    (re.compile(r"(?:invalid|incorrect|missing|wrong|no) (?:api[ _-]?key|token|auth)|unauthori[sz]ed|"
                r"authentication (?:error|failed|required)"), ModelAuth),
    (re.compile(r"rate[ -]?limit|too many requests"), RateLimited),
    (re.compile(r"model\b.{0,120}\b(?:not found|does not exist|not a valid|is not available)|"
                r"(?:not a valid|invalid) model\b"), ModelUnavailable),
)  # fmt: skip
"""Where neither code nor status decides."""
AUDIO_CODES = {"unsupportedformat", "invalidaudio", "audiodecodefailed", "invalidfileformat"}
TOO_LONG_CODES = {"contextlengthexceeded", "exceedcontextsizeerror"}
TOO_LONG_WORDS = re.compile(r"context (?:length|size|window)|contextwindowexceeded")
