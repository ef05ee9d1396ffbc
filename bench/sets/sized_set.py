"""Another number of rows of a set: python sized_set.py SET DIRECTORY --rows N [--noise 0.3]

For costs against the number of rows. The first N rows of SET (a directory that another script made);
beyond its rows, copies of them with noise: each copy is moved by a random vector of `noise` times
its length, which puts it about as far off as a near row is. Same queries, new truth.
"""
import argparse
from pathlib import Path

import numpy as np

from vector_files import read_vectors, write_set

SEED = 42
SLICE_ROWS = 65_536


def sized(base, count, noise, random):
    """[count, d] float16 rows."""
    out = np.empty((count, base.shape[1]), dtype=np.float16)
    kept = min(count, len(base))
    out[:kept] = base[:kept]
    for first in range(kept, count, SLICE_ROWS):
        part = out[first : first + SLICE_ROWS]
        rows = np.asarray(base[np.arange(first, first + len(part)) % len(base)], dtype=np.float32)
        away = random.standard_normal(rows.shape, dtype=np.float32) / np.sqrt(rows.shape[1])
        part[:] = rows + noise * np.linalg.norm(rows, axis=1, keepdims=True) * away
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("set", type=Path)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--noise", type=float, default=0.3)
    parser.add_argument("--metric", default="cosine", choices=("cosine", "dot", "l2"))
    given = parser.parse_args()
    base = next(given.set.glob("base.?bin"))
    queries = np.asarray(read_vectors(given.set / base.name.replace("base", "queries")))
    rows = sized(read_vectors(base), given.rows, given.noise, np.random.default_rng(SEED))
    copies = max(0, given.rows - len(read_vectors(base)))
    about = f"{given.rows:,} rows of {given.set.name}, {copies:,} of them copies moved by {given.noise}."
    write_set(given.directory, rows, queries, given.metric, about, ".hbin")


if __name__ == "__main__":
    main()
