"""The line protocol that every Python peer speaks: one JSON object a line, in and out.

Requests, and what comes back:
  {"do":"open","base":FILE,"queries":FILE,"metric":"cosine"|"dot"|"l2","M":..,"ef_construction":..}
      -> {"version":"0.8.0"}
  {"do":"build","threads":..}            -> {"seconds":..,"bytes":..}; replaces the last build
  {"do":"search","ef":..,"k":..,"threads":..,"seconds_min":..,"out":FILE}
      -> {"queries":..,"seconds":..,"p50_us":..,"p99_us":..}
      FILE gets one answer of the whole batch: uint32 ids [queries, k], little endian.
  end of input                           -> the process ends
A failure answers {"error": message} and leaves the peer usable.

Only the peer's own batch call is timed, so neither this protocol nor Python's cost per query is in
its queries per second; the latencies are of single calls and hold Python's few microseconds.
The files are .fbin: uint32 n, uint32 d, then n*d float32.
"""
import json
import sys
import time

import numpy as np


class Peer:
    """What a peer library has to say. Vectors under cosine arrive normalised: use inner product."""

    version = "?"

    def build(self, base, metric, M, ef_construction, threads):
        """Builds a new index over base [n, d] float32, dropping the last; nothing else is timed."""
        raise NotImplementedError

    def bytes(self):
        """Memory of the index, vectors included, by the library's own account."""
        raise NotImplementedError

    def set_search(self, ef, threads):
        """Sets what the library keeps as state; called before the clock starts."""
        raise NotImplementedError

    def search(self, queries, k, ef, threads):
        """The ids [queries, k] of the nearest rows."""
        raise NotImplementedError


def read_fbin(path):
    n, d = np.fromfile(path, dtype="<u4", count=2)
    return np.fromfile(path, dtype="<f4", offset=8, count=int(n) * int(d)).reshape(n, d)


def normalised(rows):
    return np.ascontiguousarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


class Session:
    """The state between requests."""

    def __init__(self, peer):
        self.peer = peer

    def open(self, request):
        self.base = read_fbin(request["base"])
        self.queries = read_fbin(request["queries"])
        self.metric = request["metric"]
        if self.metric == "cosine":
            self.base, self.queries = normalised(self.base), normalised(self.queries)
        self.M, self.ef_construction = request["M"], request["ef_construction"]
        return {"version": self.peer.version}

    def build(self, request):
        start = time.perf_counter()
        self.peer.build(self.base, self.metric, self.M, self.ef_construction, request["threads"])
        seconds = time.perf_counter() - start
        return {"seconds": seconds, "bytes": int(self.peer.bytes())}

    def search(self, request):
        k, ef, threads = request["k"], request["ef"], request["threads"]
        self.peer.set_search(ef, threads)
        ids = self.peer.search(self.queries, k, ef, threads)
        np.ascontiguousarray(ids, dtype="<u4").tofile(request["out"])
        answered = 0
        start = time.perf_counter()
        while True:
            self.peer.search(self.queries, k, ef, threads)
            answered += len(self.queries)
            seconds = time.perf_counter() - start
            if seconds >= request["seconds_min"]:
                break
        self.peer.set_search(ef, 1)
        single = []
        for row in range(len(self.queries)):
            one = self.queries[row : row + 1]
            before = time.perf_counter()
            self.peer.search(one, k, ef, 1)
            single.append(time.perf_counter() - before)
        p50, p99 = np.percentile(np.array(single) * 1e6, [50, 99])
        return {"queries": answered, "seconds": seconds, "p50_us": p50, "p99_us": p99}


def serve(peer):
    """Answers requests until the end of input."""
    session = Session(peer)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"open": session.open, "build": session.build, "search": session.search}[
                request["do"]
            ](request)
        except Exception as failure:  # the harness decides what a failed peer means
            answer = {"error": f"{type(failure).__name__}: {failure}"}
        print(json.dumps(answer), flush=True)
