"""The playground: the sandbox Discord, the App that `run` starts, and a local page to talk to it by.

    browser: microphone -> AudioWorklet -> WebSocket -> Visitor -> Opus -> DAVE -> UDP -> the bot
    the bot -> UDP -> DAVE -> Opus -> Loudspeaker (everyone mixed) -> WebSocket -> AudioWorklet -> speakers

visitor.py  the person in the browser      loudspeaker.py  what that person hears, as one stream
guests.py   people who say recordings      timeline.py     where the time of each turn went
house.py    everything that runs           view.py         what there is to see, as JSON
session.py  one page's connection          acts.py         what the page may ask for
server.py   the local web server, its guards and `run_playground`
page/       the front end: plain ES modules, no build step
"""
