"""Scalable Vector Search: a Vamana graph of degree 2 * M over LVQ codes (the argument).

lvq4x8: 4 bits to traverse and 8 of the residual to rerank, packed for AVX-512 ("turbo"): what its
documents name the fastest. lvq8: 8 bits, no second level. leanvec: rows projected to half their
components, 4 bits each, reranked by 8-bit rows; meant for 512 components and more.
"""
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import svs

from peer import Peer, serve

LEANVEC_DIMENSION_MIN = 512


def parts(path):
    """The three directories of a saved index, in the order that the library names them."""
    return [str(Path(path) / part) for part in ("config", "graph", "rows")]


class Svs(Peer):
    version = version("scalable-vs")

    def __init__(self, variant):
        self.variant = variant

    def build(self, base, metric, M, ef_construction, threads):
        # Its documents: alpha 1.2 where distances are minimised, 0.95 for inner products.
        alpha = 1.2 if metric == "l2" else 0.95
        parameters = svs.VamanaBuildParameters(
            graph_max_degree=2 * M, window_size=ef_construction, alpha=alpha
        )
        with tempfile.TemporaryDirectory() as directory:
            # Compressing loaders read files only.
            path = str(Path(directory) / "base.fvecs")
            svs.write_vecs(base, path)
            file = svs.VectorDataLoader(path, svs.DataType.float32, base.shape[1])
            self.index = svs.Vamana.build(
                parameters,
                self.loader(file, base.shape[1]),
                self.distance(metric),
                num_threads=threads,
            )
        self.row_bytes = {"lvq4x8": 1.5, "lvq8": 1, "leanvec": 1.25}[self.variant] * base.shape[1]
        self.degree = 2 * M

    def distance(self, metric):
        return svs.DistanceType.L2 if metric == "l2" else svs.DistanceType.MIP

    def loader(self, file, dimension):
        if self.variant == "leanvec":
            if dimension < LEANVEC_DIMENSION_MIN:
                raise ValueError(
                    f"LeanVec is meant for {LEANVEC_DIMENSION_MIN} components and more, not {dimension}"
                )
            return svs.LeanVecLoader(
                file, dimension // 2, svs.LeanVecKind.lvq4, svs.LeanVecKind.lvq8
            )
        bits = {"lvq4x8": (4, 8), "lvq8": (8, 0)}[self.variant]
        return svs.LVQLoader(file, *bits, strategy=svs.LVQStrategy.Turbo)

    def save(self, path):
        Path(path).mkdir()
        self.index.save(*parts(path))
        return True

    def load(self, path, metric, dimension):
        config, graph, rows = parts(path)
        if self.variant == "leanvec":
            loader = svs.LeanVecLoader(rows)
        else:
            loader = svs.LVQLoader(rows, strategy=svs.LVQStrategy.Turbo)
        self.index = svs.Vamana(config, svs.GraphLoader(graph), loader, self.distance(metric))
        return self.index.size

    def bytes(self):
        # It does not say: codes, and 4 bytes a link with the length of each list.
        return self.index.size * (self.row_bytes + 4 * (self.degree + 1))

    def set_search(self, ef, threads):
        parameters = self.index.search_parameters
        # The window steers; what the buffer holds beside it is reranked. A buffer of 20 is worth
        # its cost at the smallest windows, where 4 bits alone would end below 0.90.
        parameters.buffer_config = svs.SearchBufferConfig(ef, max(ef, 20))
        self.index.search_parameters = parameters
        self.index.num_threads = threads

    def search(self, queries, k, ef, threads):
        return self.index.search(queries, k)[0]


serve(Svs(sys.argv[1]))
