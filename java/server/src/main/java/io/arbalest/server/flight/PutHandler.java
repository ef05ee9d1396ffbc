package io.arbalest.server.flight;

import io.arbalest.store.Dataset;
import io.arbalest.store.DatasetSpec;
import io.arbalest.store.Store;
import io.arbalest.store.StoreException;
import io.arbalest.store.StoreException.Category;
import io.arbalest.store.WriteReceipt;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightProducer.StreamListener;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.PutResult;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * DoPut: hands each batch to the store as it arrives and acknowledges it when it is durable.
 * Reading goes on meanwhile, up to {@code Limits.putsInFlight} batches ahead of the
 * acknowledgements, so that many batches share one sync of the log.
 */
final class PutHandler {
  private final Room room;

  PutHandler(Room room) {
    this.room = room;
  }

  /** Reads to the stream's end, in the calling thread. */
  void run(Call call, FlightStream stream, StreamListener<PutResult> results) {
    try (BufferAllocator allocator = room.callAllocator(call)) {
      AckWriter acks = new AckWriter(call, room, results, allocator);
      try {
        read(call, new Inbound(call, stream), acks);
      } finally {
        acks.awaitLast();
      }
      acks.throwIfFailed();
    } catch (Throwable e) {
      results.onError(Errors.toFlight(e, call));
      return;
    }
    results.onCompleted();
  }

  private void read(Call call, Inbound inbound, AckWriter acks) {
    Put put = new Put(inbound);
    Integer rows;
    do {
      if (!call.awaitReady(room.limits().slowReaderMillis())) {
        throw new StoreException(
            Category.DEADLINE_EXCEEDED,
            "the acknowledgements were not read for %d ms (slow_reader_ms)"
                .formatted(room.limits().slowReaderMillis()));
      }
      acks.awaitRoom();
      rows = inbound.next(put::taken);
      if (rows != null) {
        acks.add(put.submit(), rows);
      } else if (!acks.isFailed()) {
        put.createIfNew();
      }
    } while (rows != null);
  }

  /** Opens the dataset, and creates it from the schema of its first batch. */
  private static Dataset openOrCreate(Store store, String name, Schema schema) {
    DatasetSpec.checkName(name);
    try {
      Dataset dataset = store.dataset(name);
      dataset.checkPutSchema(schema);
      return dataset;
    } catch (StoreException e) {
      if (e.category() != Category.NOT_FOUND) {
        throw e;
      }
    }
    try {
      return store.create(DatasetSpec.fromArrow(name, schema));
    } catch (StoreException e) {
      if (e.category() != Category.ALREADY_EXISTS) {
        throw e;
      }
      // Another put created it in between.
      Dataset dataset = store.dataset(name);
      dataset.checkPutSchema(schema);
      return dataset;
    }
  }

  private static String datasetName(FlightDescriptor descriptor) {
    List<String> path = descriptor.isCommand() ? List.of() : descriptor.getPath();
    if (path.size() != 1) {
      throw StoreException.invalid(
          "descriptor: found %s, allowed a path of one name, the dataset",
          descriptor.isCommand() ? "a command" : "a path of " + path.size() + " names");
    }
    return path.get(0);
  }

  /** One stream's way into its dataset. */
  private final class Put {
    private final Inbound inbound;
    private Dataset dataset;
    private VectorSchemaRoot batch;

    Put(Inbound inbound) {
      this.inbound = inbound;
    }

    /** Remembers the checked batch: Flight keeps it until the next is read. */
    int taken(VectorSchemaRoot root) {
      batch = root;
      return root.getRowCount();
    }

    CompletableFuture<WriteReceipt> submit() {
      open();
      return dataset.put(batch);
    }

    /** A stream of a schema and no batch creates the dataset. */
    void createIfNew() {
      if (dataset == null) {
        open();
      }
    }

    private void open() {
      if (dataset == null) {
        Schema schema = inbound.schema();
        if (schema == null) {
          throw StoreException.invalid("stream: found no schema, allowed a schema and batches");
        }
        dataset = openOrCreate(room.store(), datasetName(inbound.descriptor()), schema);
      }
    }
  }
}
