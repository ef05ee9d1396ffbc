"""Faiss HNSW: flat float32, or rows scalar-quantised to float16 or 8 bits (the argument).

"ivf" is no graph but float32 rows in lists, each by the nearest of 4 * sqrt(rows) centroids; its
breadth is how many lists are searched. "flat" is exact search by products of matrices. Its BLAS
(OpenBLAS in the wheels) picks its kernels by the CPU's model and knows no later ones:
"flat-skylakex" names those for AVX-512. Under a filter the rows are taken one by one, without BLAS.

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
    no_filters = None
    version = f"{faiss.__version__}, {faiss.get_compile_options().strip()}"

    def __init__(self, variant):
        self.variant = variant
        self.flat = variant.startswith("flat")
        self.ivf = variant == "ivf"
        self.has_graph = not self.flat and not self.ivf
        self.singles_max = 50 if self.flat else None

    def build(self, base, metric, M, ef_construction, threads):
        faiss.omp_set_num_threads(threads)
        d = base.shape[1]
        if self.flat:
            index = faiss.IndexFlat(d, METRICS[metric])
        elif self.ivf:
            lists = max(1, int(4 * len(base) ** 0.5))
            index = faiss.index_factory(d, f"IVF{lists},Flat", METRICS[metric])
        elif self.variant == "float32":
            index = faiss.IndexHNSWFlat(d, M, METRICS[metric])
        else:
            index = faiss.IndexHNSWSQ(d, QUANTIZERS[self.variant], M, METRICS[metric])
        if self.has_graph:
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
        if self.ivf:
            # Rows with ids of 8 bytes, and the centroids.
            rows = self.index.ntotal * (self.index.code_size + 8)
            return rows + 4 * self.index.nlist * self.index.d
        # The rows, and 2 * M links of 4 bytes a row with offsets: what its file would hold.
        graph = self.index.hnsw
        links = 4 * graph.neighbors.size() + 8 * graph.offsets.size() + 4 * graph.levels.size()
        return self.index.ntotal * self.index.storage.sa_code_size() + links

    def set_search(self, ef, threads):
        faiss.omp_set_num_threads(threads)
        if self.ivf:
            self.index.nprobe = ef
        if self.has_graph:
            self.index.hnsw.efSearch = ef
            faiss.cvar.hnsw_stats.reset()

    def search(self, queries, k, ef, threads):
        return self.index.search(queries, k)[1]

    def breadths(self):
        if self.flat:
            return 1, 1
        return (1, None) if self.ivf else (None, None)

    def filter(self, rows, ef):
        selector = faiss.IDSelectorBitmap(rows)
        if self.flat:
            return faiss.SearchParameters(sel=selector)
        if self.ivf:
            return faiss.SearchParametersIVF(sel=selector, nprobe=ef)
        return faiss.SearchParametersHNSW(sel=selector, efSearch=ef)

    def filtered(self, queries, k, filter):
        return self.index.search(queries, k, params=filter)[1]

    def distances(self):
        return faiss.cvar.hnsw_stats.ndis if self.has_graph else None


serve(Faiss(sys.argv[1]))
