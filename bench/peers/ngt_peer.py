"""NGT: an ANNG of 2 * M edges, refined into an ONNG: what its documents advise without QBG, whose
builder is a command that the wheel does not hold.

NGT has no ef: a search goes on while candidates are within (1 + epsilon) of the k-th best. So an ef
stands for an epsilon here, from 0 at 10 to 0.28 at 512, which spans the same recalls.
"""
import math
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import ngtpy
import numpy as np

from peer import Peer, serve

# Over rows of length 1, L2 finds what cosine finds and NGT's graph is made for it.
METRICS = {"cosine": "L2", "dot": "Inner product", "l2": "L2"}


class Ngt(Peer):
    version = version("ngt")

    def build(self, base, metric, M, ef_construction, threads):
        with tempfile.TemporaryDirectory() as directory:
            first, refined = str(Path(directory) / "anng"), str(Path(directory) / "onng")
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
            optimizer.execute(first, refined)
            self.index = ngtpy.Index(refined, read_only=True)

    def bytes(self):
        return self.index.get_size_of_object_repository() + self.index.get_size_of_graph_repository()

    def set_search(self, ef, threads):
        self.index.set(epsilon=0.05 * math.log2(ef / 10))
        self.before = self.index.get_num_of_distance_computations()

    def search(self, queries, k, ef, threads):
        return np.array([self.index.search(one, k, with_distance=False) for one in queries])

    def distances(self):
        return self.index.get_num_of_distance_computations() - self.before


serve(Ngt())
