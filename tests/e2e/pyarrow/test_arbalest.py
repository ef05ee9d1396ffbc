"""Drives a running Arbalest server with pyarrow: what another language sees of the wire.

usage: test_arbalest.py grpc://HOST:PORT
"""

import json
import sys

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.flight as flight

DIMENSION = 32


def vectors(array, element):
    """A fixed_size_list column of the rows of a two-dimensional array."""
    flat = pa.array(array.astype(element).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(flat, array.shape[1])


def put(client, name, table):
    """Puts batch by batch and returns the acknowledgements."""
    writer, reader = client.do_put(flight.FlightDescriptor.for_path(name), table.schema)
    acks = []
    with writer:
        for batch in table.to_batches():
            writer.write_batch(batch)
            ack = reader.read()
            if ack is None:  # the server ended the call; closing the writer tells why
                break
            acks.append(json.loads(ack.to_pybytes()))
        writer.done_writing()
    return acks


def get(client, kind, **fields):
    """The answer to a ticket, and the last app metadata."""
    reader = client.do_get(flight.Ticket(json.dumps({kind: fields}).encode()))
    batches, metadata = [], None
    for chunk in reader:
        if chunk.data is not None:
            batches.append(chunk.data)
        if chunk.app_metadata is not None:
            metadata = json.loads(chunk.app_metadata.to_pybytes())
    return pa.Table.from_batches(batches, reader.schema), metadata


def act(client, action, **fields):
    results = list(client.do_action(flight.Action(action, json.dumps(fields).encode())))
    assert len(results) == 1
    return json.loads(results[0].body.to_pybytes())


def refuses(error, message, call):
    try:
        call()
    except error as e:
        assert message in str(e), f"expected {message!r} in {e!r}"
        return
    raise AssertionError(f"no error where {error.__name__} was expected")


def nearest(base, query, k):
    """Exact cosine neighbours."""
    unit = base / np.linalg.norm(base, axis=1, keepdims=True)
    order = np.argsort(-(unit @ (query / np.linalg.norm(query))), kind="stable")
    return order[:k].tolist()


def test_put_and_search(client, element):
    name = f"py-{np.dtype(element).name}"
    random = np.random.default_rng(7)
    base = random.standard_normal((2000, DIMENSION)).astype(element)
    table = pa.table(
        {
            "id": pa.array(range(2000), pa.int64()),
            "vector": vectors(base, element),
            "word": [f"word {i}" if i % 3 else None for i in range(2000)],
            "tags": pa.array([["a", "b"] if i % 2 else [] for i in range(2000)]),
        }
    )
    acks = put(client, name, pa.Table.from_batches(table.to_batches(max_chunksize=500)))
    assert [ack["sequence"] for ack in acks] == [1, 2, 3, 4], acks
    assert all(ack["durable"] is True and ack["slow_down"] is False for ack in acks), acks
    act(client, "flush", dataset=name)

    info = client.get_flight_info(flight.FlightDescriptor.for_path(name))
    assert info.total_records == 2000 and len(info.endpoints) == 1
    vector = info.schema.field("vector").type
    assert vector.list_size == DIMENSION and vector.value_type == pa.float16(), vector
    rows = client.do_get(info.endpoints[0].ticket).read_all()
    assert rows.num_rows == 2000 and set(rows.schema.names) == {"id", "vector", "word", "tags"}

    wide = base.astype(np.float64)
    query = wide[42]
    found, how = get(
        client,
        "search",
        dataset=name,
        vector=query.tolist(),
        k=10,
        columns=["word", "tags"],
        vectors_as="float32",
    )
    assert found.schema.names == ["query", "id", "distance", "word", "tags", "vector"]
    assert found.schema.field("query").type == pa.uint32()
    assert found.schema.field("distance").type == pa.float32()
    assert found["id"][0].as_py() == 42 and found["word"][0].as_py() is None
    assert abs(found["distance"][0].as_py()) < 2e-3
    assert len(set(found["id"].to_pylist()) & set(nearest(wide, query, 10))) >= 9
    assert how["strategy"] == "graph" and how["visited"] > 0 and how["exhausted"] is False
    np.testing.assert_allclose(found["vector"][0].as_py(), query, rtol=1e-3, atol=1e-3)

    exact, how = get(client, "search", dataset=name, vectors=wide[:3].tolist(), k=5, exact=True)
    assert how["strategy"] == "exact"
    for i in range(3):
        ids = exact.filter(pc.equal(exact["query"], i))["id"].to_pylist()
        assert len(ids) == 5 and len(set(ids) & set(nearest(wide, wide[i], 5))) >= 4, ids
    sq8 = exact["vector"][0].as_py()
    decoded = sq8["offset"] + sq8["scale"] * np.array(sq8["codes"])
    assert np.abs(decoded - wide[exact["id"][0].as_py()]).max() < 0.02 * np.abs(wide).max()
    return name, wide


def test_upsert_and_delete(client, name, wide):
    ids = pa.array([5], pa.int64())
    put(client, name, pa.table({"id": ids, "vector": vectors(-wide[5:6], np.float32)}))
    found, _ = get(client, "search", dataset=name, vector=(-wide[5]).tolist(), k=1)
    assert found["id"].to_pylist() == [5]
    found, _ = get(client, "search", dataset=name, vector=wide[5].tolist(), k=50)
    assert 5 not in found["id"].to_pylist()
    assert act(client, "delete", dataset=name, ids=[5, 6, 12345])["deleted"] == 2
    found, _ = get(client, "search", dataset=name, vector=(-wide[5]).tolist(), k=100)
    assert not {5, 6} & set(found["id"].to_pylist())
    scanned, _ = get(client, "scan", dataset=name, vectors_as="none")
    assert scanned.num_rows == 1998 and scanned.schema.names == ["id"]
    assert not {5, 6} & set(scanned["id"].to_pylist())


def test_exchange(client, name, wide):
    command = json.dumps({"dataset": name, "k": 3, "vectors_as": "none"}).encode()
    writer, reader = client.do_exchange(flight.FlightDescriptor.for_command(command))
    keys = [f"q{i}" for i in range(100, 120)]
    schema = pa.schema([("query", pa.string()), ("vector", pa.list_(pa.float32(), DIMENSION))])
    answers = []
    with writer:
        writer.begin(schema)
        for start in range(0, 20, 5):
            rows = slice(100 + start, 105 + start)
            batch = pa.record_batch(
                [pa.array(keys[start : start + 5]), vectors(wide[rows], np.float32)], schema=schema
            )
            writer.write_batch(batch)
            answers.append(reader.read_chunk().data)
        writer.done_writing()
        refuses(StopIteration, "", reader.read_chunk)
    found = pa.Table.from_batches(answers)
    assert found["query"].to_pylist() == [key for key in keys for _ in range(3)]
    assert found["id"].to_pylist()[::3] == list(range(100, 120))


def test_exchange_tells_bad_queries_by_row(client, name, wide):
    command = json.dumps({"dataset": name, "k": 2, "columns": ["word"]}).encode()
    for element in (np.float16, np.float32, np.float64):
        queries = wide[200:206].astype(element)
        queries[1, 3] = np.nan
        queries[4] = 0
        batch = pa.record_batch({"vector": vectors(queries, element)})
        writer, reader = client.do_exchange(flight.FlightDescriptor.for_command(command))
        with writer:
            writer.begin(batch.schema)
            writer.write_batch(batch)
            writer.done_writing()
            found = reader.read_all()
        assert found.schema.names == ["query", "id", "distance", "word", "vector", "error"]
        assert found["query"].to_pylist() == [0, 0, 1, 2, 2, 3, 3, 4, 5, 5]
        assert found["id"][0].as_py() == 200 and found["id"][8].as_py() == 205
        for row in found.to_pylist():
            bad = row["query"] in (1, 4)
            assert all((row[name] is None) == bad for name in ("id", "distance", "vector")), row
            assert (row["error"] is not None) == bad, row
        assert "component 3: found NaN" in found["error"][2].as_py()
        assert "zero vector" in found["error"][7].as_py()


def test_utf8_ids(client):
    base = np.eye(4, dtype=np.float32)
    schema = pa.schema(
        [("id", pa.string()), ("vector", pa.list_(pa.float32(), 4))],
        metadata={"arbalest.metric": "l2", "arbalest.element": "float32"},
    )
    rows = [pa.array(list("abcd")), vectors(base, np.float32)]
    put(client, "py-text", pa.table(rows, schema=schema))
    found, _ = get(client, "search", dataset="py-text", id="c", k=2)
    assert found["id"][0].as_py() == "c" and found["distance"].to_pylist() == [0.0, 2.0]
    about = act(client, "describe-dataset", dataset="py-text")
    assert (about["metric"], about["element"], about["id_type"]) == ("l2", "float32", "utf8")
    act(client, "drop-dataset", dataset="py-text")


def test_errors(client, name):
    refuses(pa.ArrowInvalid, "search.kk", lambda: get(client, "search", dataset=name, id=1, kk=1))
    nowhere = {"field": "nowhere", "op": "=", "value": 1}
    lost = {"dataset": name, "id": 1, "filter": nowhere}
    refuses(pa.ArrowInvalid, "nowhere", lambda: get(client, "search", **lost))
    refuses(KeyError, "'nowhere'", lambda: get(client, "scan", dataset="nowhere"))
    one = pa.array([1], pa.int64())
    flat = pa.table({"id": one, "vector": vectors(np.ones((1, 3)), np.float32)})
    refuses(pa.ArrowInvalid, "vector", lambda: put(client, name, flat))
    bad = np.ones((3, DIMENSION), np.float32)
    bad[2, 7] = np.nan
    ids = pa.array([1, 2, 3], pa.int64())
    nan = pa.table({"id": ids, "vector": vectors(bad, np.float32)})
    refuses(pa.ArrowInvalid, "row 2", lambda: put(client, name, nan))
    names = pa.array(["x"]).dictionary_encode()
    encoded = pa.table({"id": names, "vector": vectors(np.ones((1, 3)), np.float32)})
    refuses(pa.ArrowInvalid, "id", lambda: put(client, "py-encoded", encoded))
    listed = {info.descriptor.path[0].decode() for info in client.list_flights()}
    assert name in listed and "py-text" not in listed
    actions = {action.type for action in client.list_actions()}
    assert {"create-dataset", "delete", "flush", "snapshot", "status"} <= actions


def main():
    client = flight.connect(sys.argv[1])
    for element in (np.float32, np.float16):
        name, wide = test_put_and_search(client, element)
        test_upsert_and_delete(client, name, wide)
        test_exchange(client, name, wide)
        test_exchange_tells_bad_queries_by_row(client, name, wide)
        test_errors(client, name)
    test_utf8_ids(client)
    print(f"pyarrow {pa.__version__}: put, upsert, delete, search, exchange, scan, errors: ok")


if __name__ == "__main__":
    main()
