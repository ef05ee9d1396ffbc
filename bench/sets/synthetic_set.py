"""Rows with few degrees of freedom:
python synthetic_set.py DIRECTORY [--rows 200000] [--dimension 1536] [--latent 32]

Embeddings of that width have an intrinsic dimension of tens, so independent components would be
unlike them and no graph could search them. Here a latent point of 32 dimensions, around one of 64
centres, goes through a random smooth map: 1536 sums of 384 tanh units. A little noise of full
dimension is added. The README of the set states the local intrinsic dimension that is measured;
by the same measure WordNet's embeddings have 20 and the word vectors of word_set.py 26.

The set of filtered searches: --rows 1000000 --dimension 96 --latent 20.
"""
import argparse
from pathlib import Path

import numpy as np

from vector_files import exact, normalised, write_set

SEED = 1536
UNITS, CENTRES = 384, 64
SPREAD = 1.0  # of the points around a centre, as wide as the centres lie
NOISE = 0.2  # length of the noise, as a share of the row's
SLICE_ROWS = 8_192


def rows(random, count, dimension, latent_dimension):
    """[count, dimension] float16 rows of length 1."""
    centres = random.standard_normal((CENTRES, latent_dimension), dtype=np.float32)
    inner = random.standard_normal((latent_dimension, UNITS), dtype=np.float32)
    inner = inner / np.sqrt(latent_dimension)
    outer = random.standard_normal((UNITS, dimension), dtype=np.float32) / np.sqrt(UNITS)
    out = np.empty((count, dimension), dtype=np.float16)
    for first in range(0, count, SLICE_ROWS):
        part = out[first : first + SLICE_ROWS]
        latent = centres[random.integers(CENTRES, size=len(part))]
        latent = latent + SPREAD * random.standard_normal(latent.shape, dtype=np.float32)
        smooth = normalised(np.tanh(latent @ inner) @ outer)
        noise = random.standard_normal(smooth.shape, dtype=np.float32) / np.sqrt(dimension)
        part[:] = normalised(smooth + NOISE * noise)
    return out


def intrinsic_dimension(base, queries):
    """The maximum-likelihood estimate of Levina and Bickel (2004) over the 100 nearest rows of each
    query, the mean of the inverses inverted as MacKay and Ghahramani correct it."""
    distances = np.sqrt(np.maximum(exact(base, queries, "l2")[1], 1e-12))
    inverse = np.log(distances[:, -1:] / distances[:, :-1]).mean(axis=1)
    return 1 / inverse.mean()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--queries", type=int, default=1_000)
    parser.add_argument("--dimension", type=int, default=1536)
    parser.add_argument("--latent", type=int, default=32)
    given = parser.parse_args()
    random = np.random.default_rng(SEED)
    made = rows(random, given.queries + given.rows, given.dimension, given.latent)
    queries, base = made[: given.queries], made[given.queries :]
    about = (
        f"A random smooth map of {given.latent} latent dimensions around {CENTRES} centres to"
        f" {given.dimension}, with {NOISE:.0%} noise, seed {SEED}; local intrinsic dimension of the 100 nearest:"
        f" {intrinsic_dimension(base, queries):.1f}."
    )
    write_set(given.directory, base, queries, "cosine", about, ".hbin")


if __name__ == "__main__":
    main()
