"""Kikite (聞き手, "the listener"): a guest in a Discord voice channel who hears, answers aloud and writes along.

Ten words
---------
packet      an RTP datagram of one SSRC
frame       20 ms of one speaker's decoded audio
tick        20 ms, the clock of a call
utterance   one stretch of one person's speech
turn        the utterances the bot answers at once
reply       what the engine streams back
playback    the reply on its way to the loudspeaker
barge-in    someone speaks over it
call        the bot in one voice channel
floor       the right to speak
(Epoch means only the DAVE/MLS key epoch.)

Rooms, along the trip of the sound
----------------------------------
app.py          composition root: settings -> App; drain
config.py       Settings; nothing reads the environment at import
errors/         the tree of errors
audio.py        rates, frames, WAV                    speakable/   text as it is said aloud
forms/          what a setting looks like that was typed wrong: secret_forms.py, setting_forms.py
addresses/      what a server's address says
children/       what every child process gets and gives up
types/          values that cross a room's wall         ports/   what a room asks of another

cli/            `python -m bot`: main.py, jobs.py, people.py, sealing.py, backups.py; hints.py, exits.py, wording.py
chat/           Discord as people see it: client, commands/, panel, transcript/, corrections, minutes/
ops/            health, metrics, traces, logs, doctor, shard slots, retention, what ends a process (stop_signals.py)
jobs/           work outside a call: ask, analyze, podcast, catch-up, minutes/
call/           one call, from hearing to what is remembered of it:
    manager.py      guild -> Call: join, move, leave, return
    session.py      one call's life: over lost links, through a crash, to its end
    beginning.py    what a call begins with, less what people take back meanwhile
    call.py         the bot in one voice channel: builds its parts, runs them in one TaskGroup, drains, leaves
    conversation.py every 20 ms: hear, decide, act; owns the CallState       ticks.py  the clock of all calls
    listener.py     everyone's segmenter, and the floor above them
    responder.py    answers one turn after the other
    turns.py        what waits, the next turn         attention.py   whether the bot is addressed
    interpreter.py  what is said again in another language
    launcher.py     sends the request, if affordable  preemptive.py  the answer asked for ahead
    wait_sentence.py  a short sentence while a tool takes long
    answer.py       one turn's answer, to its last sound     reply_stream.py  what arrived of it
    outcomes.py     closes an answer: line, verdicts, times  accounts.py  what it cost
    budget_news.py  what people are told of that
    tool_rounds.py  what answers with tools cost beyond their first request
    rebuffer.py     lets a slow server's answer sound in few long stretches
    interrupted.py  what is answered again if it was an echo that stopped the answer
    replay.py       the last answer, to be said again        stop_words.py  words that ask for silence
    typed_lines.py  what people write, read aloud in turn    own_voices.py  who wants that, in which voice
    echoed_words.py what the bot said lately, taken out of what people are thought to have said
    transcripts.py  writes down what people said, beside the answer
    own_words.py    and what the bot said, if the model sent no words
    record.py       what was said, in the order of speaking  holdings.py  lets go of what people take back
    progress.py     an answer's words while it sounds
    captions.py     what people say, while they say it      growing_speech.py  which part is to be written next
    dictation.py    asks for the words of an utterance
    heard_parts.py  what is being said, written down part by part for a transcriber that streams
    caption_translations.py  captions in other languages    extras.py  what both cost
    display.py      bounded queue to the text chat    shown.py  what it shows, as values
    verdicts.py     what became of the last utterances       undecoded_speech.py  what could not be heard
    idle_timer.py   how long it has a reason to stay  context.py  what the parts share
    services.py     the rooms behind their ports, the clocks
    spellings.py    names as people put them right, for the transcriber
    meeting_times.py  which calls are one meeting
    settings.py     how a call is held                preferences.py  how each server and channel wants it
    access.py        who may call it, be answered, cost money, and how much
    auto_join_blocks.py  where people sent it away    counters.py     what the metrics count
privacy/        a person's own decisions: consent, erasure (every holder of their words), export
billing/        what requests cost: tokens, prices, budget, report
voice/          datagrams <-> frames
    receive/        UDP, RTP, SSRCs, jitter buffer, decoder
    send/           playback, pacer, speaking flag
    link/           entering a channel, the connection, its watchdog and recovery
talk/           frames -> turns: echo, crosstalk, VAD, segmenter, floor, addressing, history, labels
engine/         turns -> replies: prompt, the OpenAI stream, transcription
    cascade/        words -> an answer in text -> speech, clause by clause
    local/          hears and speaks without a server, in child processes
tools/          what the model may look up or do, and who may have it done: registry.py runs it, rounds.py asks on;
                server_child.py uses each server of tools in a process of its own
files/          files that people send -> sound, text; box.py opens each in a process of its own, forked
                from one that has the libraries (template.py, child.py)
store/          what is remembered: tables, repository, migrations, sealing, the outbox

Beside the product, in the same wheel:
sandbox/        a loopback Discord and model server, people, the demo and the playground

Doors: imports point this way only (checked by import-linter)
-------------------------------------------------------------
cli -> sandbox -> app -> chat | ops -> jobs -> call (manager -> call -> conversation …)
    -> privacy -> voice | talk | engine | files | store | tools (no door between these) -> billing -> ports -> types
    -> audio, config, speakable, children -> forms -> addresses, errors
"""

__version__ = "0.1.0"
