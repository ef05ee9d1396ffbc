package io.arbalest.server.flight;

import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.arbalest.engine.ElementType;
import io.arbalest.engine.Metric;
import io.arbalest.store.Dataset;
import io.arbalest.store.DatasetStatus;
import io.arbalest.store.IdType;
import io.arbalest.store.Store;
import io.arbalest.store.filter.IndexKind;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/** The figures of the action {@code status}, as JSON. */
final class ServerStatus {
  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .addMixIn(Metric.class, WireNamed.class)
          .addMixIn(ElementType.class, WireNamed.class)
          .addMixIn(IdType.class, WireNamed.class)
          .addMixIn(IndexKind.class, WireNamed.class)
          .build();

  private final Store store;
  private final IntSupplier calls;
  private final LongSupplier callMemory;
  private final long startNanos = System.nanoTime();

  ServerStatus(Store store, IntSupplier calls, LongSupplier callMemory) {
    this.store = store;
    this.calls = calls;
    this.callMemory = callMemory;
  }

  JsonNode ofServer() {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("uptime_ms", (System.nanoTime() - startNanos) / 1_000_000);
    json.put("calls", calls.getAsInt());
    json.put("call_memory_bytes", callMemory.getAsLong());
    ArrayNode datasets = json.putArray("datasets");
    for (Dataset dataset : store.datasets()) {
      datasets.add(of(dataset.status()));
    }
    return json;
  }

  JsonNode of(DatasetStatus status) {
    return MAPPER.valueToTree(status);
  }

  /** Enums are written by their names on the wire. */
  private interface WireNamed {
    @JsonValue
    String wireName();
  }
}
