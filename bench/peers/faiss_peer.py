"""Faiss HNSW: flat float32 or scalar-quantised float16 rows (the argument)."""
import sys

import faiss

from peer import Peer, serve

METRICS = {
    "cosine": faiss.METRIC_INNER_PRODUCT,
    "dot": faiss.METRIC_INNER_PRODUCT,
    "l2": faiss.METRIC_L2,
}


class Faiss(Peer):
    version = faiss.__version__

    def __init__(self, variant):
        self.variant = variant

    def build(self, base, metric, M, ef_construction, threads):
        self.index = None
        faiss.omp_set_num_threads(threads)
        d = base.shape[1]
        if self.variant == "float16":
            index = faiss.IndexHNSWSQ(d, faiss.ScalarQuantizer.QT_fp16, M, METRICS[metric])
        else:
            index = faiss.IndexHNSWFlat(d, M, METRICS[metric])
        index.hnsw.efConstruction = ef_construction
        index.train(base)
        index.add(base)
        self.index = index

    def bytes(self):
        return len(faiss.serialize_index(self.index))

    def set_search(self, ef, threads):
        self.index.hnsw.efSearch = ef
        faiss.omp_set_num_threads(threads)

    def search(self, queries, k, ef, threads):
        return self.index.search(queries, k)[1]


serve(Faiss(sys.argv[1]))
