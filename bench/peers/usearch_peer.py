"""USearch: float16 or float32 rows (the argument), inner product over normalised rows for cosine."""
import sys

import numpy as np
import usearch
from usearch.index import Index

from peer import Peer, serve

METRICS = {"cosine": "ip", "dot": "ip", "l2": "l2sq"}
DTYPES = {"float16": ("f16", np.float16), "float32": ("f32", np.float32)}


class Usearch(Peer):
    no_filters = "its Python module hands no predicate to the library's filtered_search"

    def __init__(self, variant):
        self.name, self.dtype = DTYPES[variant]
        self.computed = 0

    @property
    def version(self):
        return f"{usearch.__version__}, {Index(ndim=8, dtype=self.name).hardware_acceleration}"

    def build(self, base, metric, M, ef_construction, threads):
        index = Index(
            ndim=base.shape[1],
            metric=METRICS[metric],
            dtype=self.name,
            connectivity=M,
            expansion_add=ef_construction,
        )
        index.add(np.arange(len(base)), base.astype(self.dtype), threads=threads)
        self.index = index

    def save(self, path):
        self.index.save(path)
        return True

    def load(self, path, metric, dimension):
        # Into memory: a view of the file would be another index than the one that was built.
        self.index = Index.restore(path, view=False)
        return len(self.index)

    def bytes(self):
        return self.index.memory_usage

    def prepared(self, queries):
        return queries.astype(self.dtype)

    def set_search(self, ef, threads):
        self.index.expansion_search = ef
        self.computed = 0

    def search(self, queries, k, ef, threads):
        matches = self.index.search(queries, k, threads=threads)
        self.computed += matches.computed_distances
        return np.atleast_2d(matches.keys)

    def distances(self):
        return self.computed


serve(Usearch(sys.argv[1]))
