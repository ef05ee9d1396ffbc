"""Faiss HNSW: flat float32, or rows scalar-quantised to float16 or 8 bits (the argument).

"flat" is no graph but exact search by products of matrices. Its BLAS (OpenBLAS in the wheels) picks
its kernels by the CPU's model and knows no later ones: "flat-skylakex" names those for AVX-512.

8 bits are not reranked: they reach recall@10 0.99 by themselves at ef 128 on WordNet, and the index
that reranks (IndexRefine) keeps the float32 rows besides.
"""
import os
import sys

if sys.argv[1] == "flat-skylakex":
    os.environ["OPENBLAS_CORETYPE"] = "SkylakeX"  # read when the library is loaded

import faiss  # noqa: E402

from peer import Peer, serve  # noqa: E402

METRICS = {
    "cosine": faiss.METRIC_INNER_PRODUCT,
    "dot": faiss.METRIC_INNER_PRODUCT,
    "l2": faiss.METRIC_L2,
}
QUANTIZERS = {
    "float16": faiss.ScalarQuantizer.QT_fp16,
    "sq8": faiss.ScalarQuantizer.QT_8bit,
}


class Faiss(Peer):
    version = f"{faiss.__version__}, {faiss.get_compile_options().strip()}"

    def __init__(self, variant):
        self.variant = variant
        self.flat = variant.startswith("flat")
        self.singles_max = 50 if self.flat else None

    def build(self, base, metric, M, ef_construction, threads):
        faiss.omp_set_num_threads(threads)
        d = base.shape[1]
        if self.flat:
            index = faiss.IndexFlat(d, METRICS[metric])
        elif self.variant == "float32":
            index = faiss.IndexHNSWFlat(d, M, METRICS[metric])
        else:
            index = faiss.IndexHNSWSQ(d, QUANTIZERS[self.variant], M, METRICS[metric])
        if not self.flat:
            index.hnsw.efConstruction = ef_construction
        index.train(base)
        index.add(base)
        self.index = index

    def save(self, path):
        faiss.write_index(self.index, path)
        return True

    def load(self, path, metric, dimension):
        self.index = faiss.read_index(path)
        return self.index.ntotal

    def bytes(self):
        if self.flat:
            return self.index.ntotal * self.index.sa_code_size()
        # The rows, and 2 * M links of 4 bytes a row with offsets: what its file would hold.
        graph = self.index.hnsw
        links = 4 * graph.neighbors.size() + 8 * graph.offsets.size() + 4 * graph.levels.size()
        return self.index.ntotal * self.index.storage.sa_code_size() + links

    def set_search(self, ef, threads):
        faiss.omp_set_num_threads(threads)
        if self.flat:
            return
        self.index.hnsw.efSearch = ef
        faiss.cvar.hnsw_stats.reset()

    def search(self, queries, k, ef, threads):
        return self.index.search(queries, k)[1]

    def distances(self):
        return None if self.flat else faiss.cvar.hnsw_stats.ndis


serve(Faiss(sys.argv[1]))
