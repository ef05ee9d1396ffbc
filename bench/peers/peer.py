"""The line protocol that every peer speaks: one JSON object a line, in and out.

Requests, and what comes back:
  {"do":"open","base":FILE,"queries":FILE,"metric":"cosine"|"dot"|"l2","M":..,"ef_construction":..}
      -> {"version":"0.8.0"}
  {"do":"build","threads":..}
      -> {"seconds":..,"bytes":..,"resident_bytes":..}; replaces the last build
  {"do":"save","path":PATH}
      -> {"saved":true}: the index is at PATH, a file or a directory, where nothing was before;
         {"saved":false}: the peer cannot keep an index, and wrote nothing
  {"do":"load","path":PATH}
      -> {"rows":..} of the index that "save" wrote there, which takes the place of a build
  {"do":"search","ef":..,"k":..,"threads":..,"seconds_min":..,"out":FILE}
      -> {"queries":..,"seconds":..,"p50_us":..,"p99_us":..,"distances":.. or null}
      The two latencies are of single queries on one thread; with more threads they are left out.
      FILE gets one answer of the whole batch: uint32 ids [queries, k], little endian.
  {"do":"filter","parts":FILE}
      -> {"ef_min":.. or null,"ef_max":.. or null}: breadths worth asking for; null where any is
      FILE holds, little endian: uint32 parts, and of each uint32 queries, uint32 bytes, the numbers
      of its queries (uint32), and a bitmap of the rows that may answer them, a bit a row, lowest
      first; no bytes: all rows may. A peer without filters answers with an error that says so.
  {"do":"filtered","ef":..,"k":..,"out":FILE}
      -> {"mean_us":..,"distances":.. or null}: processor time a query on one thread, in one call
      for the queries of a part, under the filters given last. FILE as above; uint32 max where fewer
      than k were found, and for queries of no part.
  end of input                           -> the process ends
A failure answers {"error": message} and leaves the peer usable. Whether a file is of the data, the
settings and the version at hand, and what its build had cost, is the caller's to know.

Only the peer's own batch call is timed, so neither this protocol nor Python's cost per query is in
its queries per second; the latencies are of single calls and hold Python's few microseconds.
The files are .fbin, .hbin (uint32 n, uint32 d, then n*d float32 or float16) or .npy.
"""
import ctypes
import gc
import json
import os
import re
import sys
import time
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parent.parent / "sets"))
from vector_files import normalised, read_vectors  # noqa: E402


PASSES_MAX = 16


class Peer:
    """What a peer library has to say. Vectors under cosine arrive normalised: use inner product."""

    version = "?"
    index = None
    singles_max = None  # queries to take latencies of, where all of them would take minutes
    no_filters = "its Python module takes no filter"  # None where it does: see filtered

    def build(self, base, metric, M, ef_construction, threads):
        """Sets self.index to a new index over base [n, d] float32; nothing else is timed."""
        raise NotImplementedError

    def save(self, path):
        """Writes self.index to path, which does not exist; False where the library cannot."""
        return False

    def load(self, path, metric, dimension):
        """Sets self.index to what save wrote at path; returns the number of its rows."""
        raise NotImplementedError

    def bytes(self):
        """Memory of the index, vectors included, by the library's own account."""
        raise NotImplementedError

    def prepared(self, queries):
        """Queries as search takes them: what of their form is not the library's work."""
        return queries

    def set_search(self, ef, threads):
        """Sets what the library keeps as state; called before the clock starts."""
        raise NotImplementedError

    def search(self, queries, k, ef, threads):
        """The ids [queries, k] of the rows nearest to what prepared returned."""
        raise NotImplementedError

    def breadths(self):
        """The least and the greatest ef that a filtered search knows; None: k, and no limit."""
        return None, None

    def filter(self, rows, ef):
        """The library's own form of a filter, for filtered; made before the clock starts.

        rows: uint8, bit r of it, lowest first, says whether row r matches."""
        raise NotImplementedError

    def filtered(self, queries, k, filter):
        """The ids [queries, up to k] of the nearest rows that match, -1 for none; one thread."""
        raise NotImplementedError

    def distances(self):
        """Distances computed since set_search by the library's own count; None where it has none."""
        return None


def read_rows(path):
    """[n, d] float32 of a file that `bench ann` takes."""
    rows = np.load(path) if path.endswith(".npy") else read_vectors(path)
    return np.ascontiguousarray(rows, dtype=np.float32)


def read_parts(path):
    """What "filter" hands over: of each part its queries, and its rows or None for all."""
    words = np.fromfile(path, dtype="<u4", count=1)
    parts, at = [], 4
    for _ in range(words[0]):
        queries, size = np.fromfile(path, dtype="<u4", count=2, offset=at)
        numbers = np.fromfile(path, dtype="<u4", count=queries, offset=at + 8)
        at += 8 + 4 * int(queries)
        rows = np.fromfile(path, dtype=np.uint8, count=size, offset=at)
        parts.append((numbers, rows if size else None))
        at += int(size)
    return parts


def resident_bytes():
    """Memory of this process that is in RAM, once what was freed has gone back to the system."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return 1024 * int(re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())[1])


class Session:
    """The state between requests."""

    def __init__(self, peer):
        self.peer = peer

    def open(self, request):
        self.base = request["base"]
        self.metric = request["metric"]
        self.queries = self.rows(request["queries"])
        self.prepared = {}
        self.M, self.ef_construction = request["M"], request["ef_construction"]
        return {"version": self.peer.version}

    def rows(self, path):
        rows = read_rows(path)
        return np.ascontiguousarray(normalised(rows)) if self.metric == "cosine" else rows

    def build(self, request):
        self.peer.index = None
        before = resident_bytes()
        # Read for each build and let go: between builds only what the library keeps is in memory.
        base = self.rows(self.base)
        start = time.perf_counter()
        self.peer.build(base, self.metric, self.M, self.ef_construction, request["threads"])
        seconds = time.perf_counter() - start
        del base
        grown = resident_bytes() - before
        return {"seconds": seconds, "bytes": int(self.peer.bytes()), "resident_bytes": grown}

    def save(self, request):
        return {"saved": bool(self.peer.save(request["path"]))}

    def load(self, request):
        self.peer.index = None
        rows = self.peer.load(request["path"], self.metric, self.queries.shape[1])
        return {"rows": int(rows)}

    def search(self, request):
        k, ef, threads = request["k"], request["ef"], request["threads"]
        self.peer.set_search(ef, threads)
        once = self.repeated(1)
        start = time.perf_counter()
        ids = self.peer.search(once, k, ef, threads)
        passes = passes_of_a_call(request["seconds_min"], time.perf_counter() - start)
        distances = self.peer.distances()
        np.ascontiguousarray(ids, dtype="<u4").tofile(request["out"])
        queries = self.repeated(passes)
        answered = 0
        start = time.perf_counter()
        while True:
            self.peer.search(queries, k, ef, threads)
            answered += len(queries)
            seconds = time.perf_counter() - start
            if seconds >= request["seconds_min"]:
                break
        answer = {
            "queries": answered,
            "seconds": seconds,
            "distances": None if distances is None else distances / len(self.queries),
        }
        if threads == 1:
            answer["p50_us"], answer["p99_us"] = np.percentile(self.single(k, ef), [50, 99])
        return answer

    def filter(self, request):
        if self.peer.no_filters:
            raise NotImplementedError(self.peer.no_filters)
        self.parts = read_parts(request["parts"])
        ef_min, ef_max = self.peer.breadths()
        return {"ef_min": ef_min, "ef_max": ef_max}

    def filtered(self, request):
        k, ef = request["k"], request["ef"]
        ids = np.full((len(self.queries), k), -1, dtype=np.int64)
        self.peer.set_search(ef, 1)
        nanos, asked = 0, 0
        for numbers, rows in self.parts:
            queries = self.peer.prepared(self.queries[numbers])
            filter = None if rows is None else self.peer.filter(rows, ef)
            start = time.process_time_ns()
            if filter is None:
                found = self.peer.search(queries, k, ef, 1)
            else:
                found = self.peer.filtered(queries, k, filter)
            nanos += time.process_time_ns() - start
            ids[numbers, : found.shape[1]] = found
            asked += len(numbers)
        ids.astype("<u4").tofile(request["out"])
        distances = self.peer.distances()
        return {
            "mean_us": nanos / 1e3 / asked,
            "distances": None if distances is None else distances / asked,
        }

    def repeated(self, passes):
        """The queries, so many times behind each other, as the peer takes them."""
        if passes not in self.prepared:
            self.prepared[passes] = self.peer.prepared(np.tile(self.queries, (passes, 1)))
        return self.prepared[passes]

    def single(self, k, ef):
        """Microseconds of each query by itself, on one thread."""
        queries = self.repeated(1)
        micros = []
        for row in range(len(queries))[: self.peer.singles_max]:
            before = time.perf_counter()
            self.peer.search(queries[row : row + 1], k, ef, 1)
            micros.append(1e6 * (time.perf_counter() - before))
        return micros


def passes_of_a_call(seconds_min, seconds):
    """Passes over the queries that a call holds, so that it takes about seconds_min if one takes
    seconds: where a call begins and ends its threads wait for each other, which a thread of
    Arbalest does once a turn. A power of two, at most PASSES_MAX."""
    passes = 1
    while passes < PASSES_MAX and 2 * passes * seconds <= seconds_min:
        passes *= 2
    return passes


def serve(peer):
    """Answers requests until the end of input."""
    # The protocol owns standard output: what a library prints there goes to standard error.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    session = Session(peer)
    requests = {
        "open": session.open,
        "build": session.build,
        "save": session.save,
        "load": session.load,
        "search": session.search,
        "filter": session.filter,
        "filtered": session.filtered,
    }
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = requests[request["do"]](request)
        except Exception as failure:  # the harness decides what a failed peer means
            answer = {"error": f"{type(failure).__name__}: {failure}"}
        print(json.dumps(answer), file=answers, flush=True)
