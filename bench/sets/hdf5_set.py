"""A set of ann-benchmarks: python hdf5_set.py FILE.hdf5 DIRECTORY [--queries N]

Its `train`, `test` and `neighbors` become base, queries and truth; the distances are computed anew,
as Arbalest defines them. `angular` is cosine, `euclidean` is l2.
"""
import argparse
from pathlib import Path

import h5py
import numpy as np

from vector_files import write_set

METRICS = {"angular": "cosine", "euclidean": "l2", "dot": "dot", "ip": "dot"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--queries", type=int, help="the first so many (default: all)")
    given = parser.parse_args()
    with h5py.File(given.file) as file:
        named = file.attrs.get("distance", "none")
        if named not in METRICS:
            raise SystemExit(f"{given.file}: distance {named}; allowed: {', '.join(METRICS)}")
        base = np.asarray(file["train"], dtype=np.float32)
        queries = np.asarray(file["test"][: given.queries], dtype=np.float32)
        neighbors = np.asarray(file["neighbors"][: given.queries], dtype=np.int64)
    about = f"{given.file.name} of ann-benchmarks."
    write_set(given.directory, base, queries, METRICS[named], about, neighbors=neighbors)


if __name__ == "__main__":
    main()
