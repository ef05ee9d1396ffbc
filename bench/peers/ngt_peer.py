"""NGT: an ANNG of 2 * M edges, refined into an ONNG: what its documents advise without QBG, whose
builder is a command that the wheel does not hold.

NGT has no ef: a search goes on while candidates are within (1 + epsilon) of the k-th best. So an ef
stands for an epsilon here, from -0.05 at 10 to 0.14 at 256, which spans the same recalls.
Its Python module searches a batch on one thread, whatever it is asked.
"""
import math
import os
import shutil
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

# Its batches are no faster on more threads here, and waiting threads cost single queries dear.
os.environ["OMP_NUM_THREADS"] = "1"

import ngtpy  # noqa: E402
import numpy as np  # noqa: E402

from peer import Peer, serve  # noqa: E402

# Over rows of length 1, L2 finds what cosine finds and NGT's graph is made for it.
METRICS = {"cosine": "L2", "dot": "Inner product", "l2": "L2"}


class Ngt(Peer):
    version = version("ngt") + ", searches on one thread whatever is asked"

    def build(self, base, metric, M, ef_construction, threads):
        # Its files, until the next build or the end: what save copies.
        self.files = tempfile.TemporaryDirectory()
        first, self.refined = (str(Path(self.files.name) / name) for name in ("anng", "onng"))
        ngtpy.create(
            first,
            dimension=base.shape[1],
            edge_size_for_creation=2 * M,
            distance_type=METRICS[metric],
        )
        index = ngtpy.Index(first)
        index.batch_insert(base, num_threads=threads)
        index.save()
        index.close()
        optimizer = ngtpy.Optimizer(
            num_of_outgoings=M // 2, num_of_incomings=4 * M, log_disabled=True
        )
        # What it would tune is set by epsilon here; the tuning did not end within minutes.
        optimizer.set_processing_modes(
            search_parameter_optimization=False,
            prefetch_parameter_optimization=False,
            accuracy_table_generation=False,
        )
        optimizer.execute(first, self.refined)
        self.index = ngtpy.Index(self.refined, read_only=True)
        # Its files are the memory image: it says nothing else of bytes.
        self.file_bytes = sum(file.stat().st_size for file in Path(self.refined).iterdir())

    def save(self, path):
        shutil.copytree(self.refined, path)
        return True

    def load(self, path, metric, dimension):
        self.index = ngtpy.Index(path, read_only=True)
        return self.index.get_num_of_objects()

    def bytes(self):
        return self.file_bytes

    def set_search(self, ef, threads):
        self.index.set(epsilon=-0.05 + 0.04 * math.log2(ef / 10))

    def search(self, queries, k, ef, threads):
        if len(queries) == 1:
            return np.array([self.index.search(queries[0], k, with_distance=False)])
        found = ngtpy.BatchResults()
        self.index.batch_search(queries, found, k, with_distance=False)
        return found.get_ids().reshape(len(queries), k)


serve(Ngt())
