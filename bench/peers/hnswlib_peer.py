"""hnswlib: float32, inner product over normalised rows for cosine, threads always explicit.

A filter is a function that its module calls for every row it comes by, through Python: what that
costs is in its figures. bytes.__getitem__ is the cheapest there is, a call without a Python frame.
"""
import hnswlib
import numpy as np
from importlib.metadata import version

from peer import Peer, serve

SPACES = {"cosine": "ip", "dot": "ip", "l2": "l2"}


class Hnswlib(Peer):
    version = version("hnswlib")
    no_filters = None

    def build(self, base, metric, M, ef_construction, threads):
        index = hnswlib.Index(space=SPACES[metric], dim=base.shape[1])
        index.init_index(max_elements=len(base), M=M, ef_construction=ef_construction)
        index.add_items(base, np.arange(len(base)), num_threads=threads)
        self.index = index

    def save(self, path):
        self.index.save_index(path)
        return True

    def load(self, path, metric, dimension):
        self.index = hnswlib.Index(space=SPACES[metric], dim=dimension)
        self.index.load_index(path)
        return self.index.get_current_count()

    def bytes(self):
        # The file is the memory image: level-0 blocks (links, vector, label) and upper links.
        return self.index.index_file_size()

    def set_search(self, ef, threads):
        self.index.set_ef(ef)
        self.index.set_num_threads(threads)

    def search(self, queries, k, ef, threads):
        return self.index.knn_query(queries, k=k, num_threads=threads)[0]

    def filter(self, rows, ef):
        flags = np.unpackbits(rows, bitorder="little")
        return int(flags.sum()), flags.tobytes().__getitem__

    def filtered(self, queries, k, filter):
        matching, is_member = filter
        if matching == 0:
            return np.empty((len(queries), 0), dtype=np.int64)
        # It answers k rows a query or none at all.
        return self.index.knn_query(queries, k=min(k, matching), num_threads=1, filter=is_member)[0]


serve(Hnswlib())
