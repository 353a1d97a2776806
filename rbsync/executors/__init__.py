"""Those who read files and convert masks: threads, processes, or the workers of a Dask cluster.

Work that leaves this process is a list of calls of pure functions, as many as make a task of some
size, handed to any `concurrent.futures.Executor`. Loaded by those who ask for it: a plan of one
machine uses threads, and loads none of this but `tasks`.
"""

from __future__ import annotations

__all__: list[str] = []
