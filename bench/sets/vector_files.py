"""The files that `bench ann` reads, and the exact answers of a query set.

.fbin: uint32 n, uint32 d, n*d float32; .hbin the same with float16; .ibin truth: uint32 n,
uint32 k, n*k uint32 rows of the base, nearest first, n*k float32 distances. Little endian.
"""
from pathlib import Path

import numpy as np

TRUTH_K = 100
DTYPES = {".fbin": "<f4", ".hbin": "<f2"}

# Rows and queries that the exact search multiplies at a time: bounds its memory.
SLICE_ROWS = 65_536
SLICE_QUERIES = 1_000


def write_vectors(path, rows):
    """Writes [n, d] of any float type in the type that the file's ending says."""
    with open(path, "wb") as file:
        np.array(rows.shape, dtype="<u4").tofile(file)
        np.ascontiguousarray(rows, dtype=DTYPES[Path(path).suffix]).tofile(file)


def read_vectors(path):
    """The [n, d] rows of a file, mapped and not read, in the type the file has."""
    n, d = np.fromfile(path, dtype="<u4", count=2)
    return np.memmap(path, DTYPES[Path(path).suffix], "r", 8, (int(n), int(d)))


def write_truth(path, ids, distances):
    with open(path, "wb") as file:
        np.array(ids.shape, dtype="<u4").tofile(file)
        np.ascontiguousarray(ids, dtype="<u4").tofile(file)
        np.ascontiguousarray(distances, dtype="<f4").tofile(file)


def normalised(rows):
    rows = np.asarray(rows, dtype=np.float32)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-30)


def exact(base, queries, metric, k=TRUTH_K):
    """The k nearest rows of each query [n, k] and their distances, as Arbalest defines distance:
    squared L2, 1 - cosine, -dot."""
    parts = [
        exact_of(base, queries[first : first + SLICE_QUERIES], metric, min(k, len(base)))
        for first in range(0, len(queries), SLICE_QUERIES)
    ]
    return np.vstack([part[0] for part in parts]), np.vstack([part[1] for part in parts])


def exact_of(base, queries, metric, k):
    """Candidates come from float32 products, a slice of the base at a time; a few more than k are
    kept, and their order is decided by distances in double."""
    keep = min(len(base), k + 32)
    asked = normalised(queries) if metric == "cosine" else np.asarray(queries, np.float32)
    ids = np.empty((len(queries), 0), dtype=np.int64)
    scores = np.empty((len(queries), 0), dtype=np.float32)
    for first in range(0, len(base), SLICE_ROWS):
        rows = np.asarray(base[first : first + SLICE_ROWS], dtype=np.float32)
        rows = normalised(rows) if metric == "cosine" else rows
        score = -(asked @ rows.T)
        if metric == "l2":
            score = 2 * score + np.einsum("ij,ij->i", rows, rows)
        near = smallest(score, keep)
        ids = np.hstack([ids, near + first])
        scores = np.hstack([scores, np.take_along_axis(score, near, axis=1)])
        best = smallest(scores, keep)
        ids = np.take_along_axis(ids, best, axis=1)
        scores = np.take_along_axis(scores, best, axis=1)
    distances = distances_of(base, queries, ids, metric)
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(ids, order, axis=1), np.take_along_axis(distances, order, axis=1)


def smallest(scores, count):
    """Where the `count` smallest of each row are, in no order; all where there are fewer."""
    if scores.shape[1] <= count:
        return np.broadcast_to(np.arange(scores.shape[1]), scores.shape)
    return np.argpartition(scores, count - 1, axis=1)[:, :count]


def distances_of(base, queries, ids, metric):
    """[n, k] distances, in double, of the rows that `ids` names."""
    return np.stack([doubles(base[row], one, metric) for row, one in zip(ids, queries)])


def doubles(rows, query, metric):
    """Distances of [n, d] rows to one query, in double."""
    rows, query = np.asarray(rows, np.float64), np.asarray(query, np.float64)
    if metric == "l2":
        return np.square(rows - query).sum(axis=1)
    dot = rows @ query
    if metric == "dot":
        return -dot
    return 1 - dot / np.maximum(np.linalg.norm(rows, axis=1) * np.linalg.norm(query), 1e-300)


def write_set(directory, base, queries, metric, about, suffix=".fbin", neighbors=None):
    """base, queries, truth.ibin and a README that says where they come from.

    `neighbors` [n, k] are the nearest rows where the source of the data knows them."""
    directory.mkdir(parents=True, exist_ok=True)
    names = {"base" + suffix: base, "queries" + suffix: queries}
    for name, rows in names.items():
        write_vectors(directory / name, rows)
    # The truth is of the rows as they were written: rounding moves neighbors.
    base, queries = (read_vectors(directory / name) for name in names)
    if neighbors is None:
        ids, distances = exact(base, queries, metric)
    else:
        ids, distances = neighbors, distances_of(base, queries, neighbors, metric)
    write_truth(directory / "truth.ibin", ids, distances)
    readme = (
        f"{about}\n{len(base):,} rows and {len(queries):,} queries of {base.shape[1]}, metric"
        f" {metric}; truth: the {ids.shape[1]} nearest.\n\n"
        f"./arbalest bench ann --base {directory}/base{suffix} --queries {directory}/queries{suffix}"
        f" --truth {directory}/truth.ibin --metric {metric}\n"
    )
    (directory / "README").write_text(readme)
    print(readme, end="")
