"""Failures on demand: what a script says goes wrong, goes wrong.

A script is YAML or JSON: ``faults: [...]``, or the list alone. Of the rules that fit a request,
the first whose turn it is plays; every rule counts the requests that fit it, from 1.

    faults:
      - {kind: createDatapoint, nth: 3, do: status, status: 503}
      - {kind: createDatapoint, every: 10, do: drop}
      - {kind: itemsUploadPresign, do: status, status: 429, retry_after: 2, times: 1}
      - {kind: PUT, chance: 0.2, seed: 7, do: close}
      - {kind: tasksPaged, nth: [1, 2], do: errors, message: try again}
      - {kind: "*", nth: 5, do: delay, seconds: 1.5}
      - {kind: project, do: alter, at: data.project.tdType, to: IMAGE_OF_TOMORROW}
      - {kind: tasksPaged, do: alter, at: data.tasksPaged.entries.0.datapoint}

``kind`` is a root field (``createDatapoint``), ``POST`` for every operation, ``PUT`` or ``GET``
for files, ``*`` for everything, or a list of those. When: ``nth`` (a number or several),
``every`` n-th, ``chance`` from 0 to 1 with a ``seed``, always without any of them; at most
``times`` times. ``seconds``, up to an hour, waits first, whatever ``do`` does:

======== ==================================================================================
delay    nothing but wait
status   answers ``status``, with ``Retry-After: retry_after`` when that is given; 204 and 304
         have no body
errors   answers 200 with the GraphQL error ``message``
html     answers 200 with a web page, as proxies do
truncate answers half of the JSON as if it were whole
cut      answers the head and half of the body, then closes the connection
drop     has its effect, then closes the connection without a word
alter    answers with another value ``at`` one place of its JSON: ``to``, null by default, or
         none at all with ``remove: true``. The place is a path of members and numbers of
         entries, ``*`` for all of them; what is not there is left as it is
close    closes the connection when ``bytes`` of the request's body have arrived, no effect
======== ==================================================================================

With ``after: true``, ``status``, ``errors`` and ``html`` come after the effect instead of it.
"""
