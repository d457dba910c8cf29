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
cli.py          the commands of `python -m bot`; the only sys.exit
errands.py      the jobs as such commands, for people without Discord
config.py       Settings; nothing reads the environment at import
app.py          composition root: settings -> App; signals; drain
upkeep.py       what is done now and then: retention, servers that sent the bot away
calls.py        guild -> Call: join, move, leave, come back; one guarded task per call
call/           one call, from hearing to books:
    call.py         ears, mouth and scribe in one TaskGroup; owns the CallState
    ticks.py        its clock: every 20 ms            stay.py         how long it has a reason to go on
    ears.py         everyone's segmenter, and the floor above them
    mouth.py        takes one waiting turn at a time: meant? affordable? then the reply
    attention.py    whether the bot is meant          prepared.py     the answer asked for ahead
    reply.py        one turn's answer, from the request to its last sound
    encore.py       the last answer, to be said again hush.py           words that ask for silence
    transcripts.py  writes down what people said, beside the reply
    record.py       what has been said, in the order of speaking
    books.py        closes an answer: cost, what was heard of it, verdicts
    scribe.py       bounded queues to the text chat and to the store
    why.py          what became of the last utterances  missed.py     what could not be heard

Shared by all calls:
services.py     the rooms behind their ports, the clocks
preferences.py  how each server and channel wants its calls
away.py         where people sent it away
people.py       a person's say from the command line: export, forget
trust.py        one TLS context for Discord and the model
usage.py        what a turn may cost: caps, reservations
owed.py         what the store could not be given yet: outlives the calls
tally.py        what the metrics count
types.py        what crosses a room's wall          ports.py   what a room asks of another
errors.py       the tree of errors                  audio.py   rates, frames, WAV

Rooms:
voice/          datagrams <-> frames: RTP, AEAD, DAVE, jitter, Opus, playback, pacer, link
talk/           frames -> turns: VAD, segmenter, floor, addressing, history
engine/         turns -> replies: prompt, the OpenAI stream, transcription, pricing
store/          what is remembered: tables, repository, migrations, sealing
chat/           Discord as people see it: client, commands, panel, transcript
jobs/           audio work outside a call: ask, analyze, podcast, catch-up, any audio file
ops/            health, metrics, traces, logs, doctor, slots of shards
sandbox/        a loopback Discord and model server, people, the demo and the playground

Doors: imports point this way only (checked by import-linter)
-------------------------------------------------------------
cli -> sandbox | errands -> app -> chat | ops -> jobs -> calls -> call (call -> mouth -> books -> reply …) -> usage
    -> voice | talk | engine | store (no door between these four) -> ports -> types -> audio, errors, config
"""

__version__ = "0.1.0"
