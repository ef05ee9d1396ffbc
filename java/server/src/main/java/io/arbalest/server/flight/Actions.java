package io.arbalest.server.flight;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.arbalest.engine.Codes;
import io.arbalest.engine.ElementType;
import io.arbalest.engine.Layout;
import io.arbalest.engine.Metric;
import io.arbalest.store.Dataset;
import io.arbalest.store.DatasetSpec;
import io.arbalest.store.DeleteReceipt;
import io.arbalest.store.IdType;
import io.arbalest.store.StoreException;
import io.arbalest.store.filter.ColumnIndex;
import io.arbalest.store.filter.IndexKind;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.arrow.flight.Action;
import org.apache.arrow.flight.ActionType;
import org.apache.arrow.flight.FlightProducer.StreamListener;
import org.apache.arrow.flight.Result;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.types.pojo.Field;

/** DoAction and ListActions: a JSON object in, a JSON object out. */
final class Actions {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final Set<String> NAMED = Set.of("dataset");

  private final Room room;
  private final ServerStatus status;
  private final Map<String, Entry> entries = new LinkedHashMap<>();

  Actions(Room room, ServerStatus status) {
    this.room = room;
    this.status = status;
    add(
        "create-dataset",
        "Creates an empty dataset: {\"dataset\",\"dimension\",\"metric\":\"cosine\","
            + "\"element\":\"float16\",\"id_type\":\"int64\",\"columns\":[{\"name\",\"type\"}],"
            + "\"m\":16,\"ef_construction\":200,\"codes\":\"sq8\",\"layout\":\"compact\","
            + "\"text_columns\":[name],\"cache\":true}",
        this::create);
    add(
        "add-columns",
        "Adds columns, null in the rows there are: {\"dataset\",\"columns\":[{\"name\",\"type\"}]}",
        this::addColumns);
    add("drop-dataset", "Removes a dataset and its files: {\"dataset\"}", this::drop);
    add("describe-dataset", "What a dataset is: {\"dataset\"}", this::describe);
    add(
        "delete",
        "Deletes rows: {\"dataset\",\"ids\":[...]} or {\"dataset\",\"filter\":{...}}",
        this::delete);
    add(
        "flush",
        "Waits until every acknowledged row is in the graph: {\"dataset\"}",
        fields -> onDataset(fields, Dataset::flush));
    add("freeze", "Packs the graph: {\"dataset\"}", fields -> onDataset(fields, Dataset::freeze));
    add(
        "snapshot",
        "Writes a snapshot and trims the log behind it: {\"dataset\"}",
        fields -> onDataset(fields, Dataset::snapshot));
    add(
        "status",
        "Figures of a dataset, or of the server and all datasets: {\"dataset\"} or {}",
        this::status);
  }

  List<ActionType> types() {
    List<ActionType> types = new ArrayList<>();
    entries.forEach((name, entry) -> types.add(new ActionType(name, entry.description())));
    return types;
  }

  /** Gives the action to a thread that may wait. */
  void accept(Call call, Action action, StreamListener<Result> listener) {
    room.threads().run(() -> answer(call, action, listener));
  }

  private void answer(Call call, Action action, StreamListener<Result> listener) {
    try {
      Entry entry = entries.get(action.getType());
      if (entry == null) {
        throw StoreException.invalid(
            "action: found '%s', allowed %s",
            action.getType(), String.join(", ", entries.keySet()));
      }
      byte[] body = action.getBody();
      Fields fields =
          Fields.parse(action.getType(), body.length == 0 ? new byte[] {'{', '}'} : body);
      JsonNode answer = entry.run().apply(fields);
      listener.onNext(new Result(answer.toString().getBytes(StandardCharsets.UTF_8)));
    } catch (Throwable e) {
      listener.onError(Errors.toFlight(e, call));
      return;
    }
    listener.onCompleted();
  }

  private JsonNode create(Fields fields) {
    fields.allow(
        Set.of(
            "dataset",
            "dimension",
            "metric",
            "element",
            "id_type",
            "columns",
            "m",
            "ef_construction",
            "codes",
            "layout",
            "text_columns",
            "cache"));
    DatasetSpec spec =
        new DatasetSpec(
            fields.text("dataset"),
            Metric.fromWireName(fields.text("metric", Metric.COSINE.wireName())),
            ElementType.fromWireName(fields.text("element", ElementType.FLOAT16.wireName())),
            IdType.fromWireName(fields.text("id_type", IdType.INT64.wireName())),
            (int) fields.integer("dimension", 1, Integer.MAX_VALUE),
            columns(fields),
            (int) fields.integer("m", 1, Integer.MAX_VALUE, DatasetSpec.M_DEFAULT),
            (int)
                fields.integer(
                    "ef_construction", 1, Integer.MAX_VALUE, DatasetSpec.EF_CONSTRUCTION_DEFAULT),
            Codes.fromWireName(fields.text("codes", DatasetSpec.CODES_DEFAULT.wireName())),
            Layout.fromWireName(fields.text("layout", DatasetSpec.LAYOUT_DEFAULT.wireName())),
            fields.texts("text_columns"),
            fields.flag("cache", true));
    return describe(room.store().create(spec));
  }

  private static List<Field> columns(Fields fields) {
    List<Field> columns = new ArrayList<>();
    for (Fields column : fields.objects("columns")) {
      column.allow(Set.of("name", "type", "index"));
      columns.add(
          TypeNames.field(
              column.name("type"),
              column.text("name"),
              column.text("type"),
              column.text("index", IndexKind.AUTO.wireName())));
    }
    return columns;
  }

  private JsonNode addColumns(Fields fields) {
    Dataset dataset = dataset(fields.allow(Set.of("dataset", "columns")));
    List<Field> columns = columns(fields);
    if (columns.isEmpty()) {
      throw StoreException.invalid("add-columns.columns: found none, allowed one or more");
    }
    dataset.addColumns(columns);
    return describe(dataset);
  }

  private JsonNode drop(Fields fields) {
    String name = fields.allow(NAMED).text("dataset");
    room.store().drop(name);
    return JSON.objectNode().put("dataset", name);
  }

  private JsonNode describe(Fields fields) {
    return describe(dataset(fields.allow(NAMED)));
  }

  private static JsonNode describe(Dataset dataset) {
    DatasetSpec spec = dataset.spec();
    ObjectNode json =
        JSON.objectNode()
            .put("dataset", spec.name())
            .put("metric", spec.metric().wireName())
            .put("element", spec.element().wireName())
            .put("id_type", spec.idType().wireName())
            .put("dimension", spec.dimension())
            .put("m", spec.m())
            .put("ef_construction", spec.efConstruction())
            .put("codes", spec.codes().wireName())
            .put("layout", spec.layout().wireName())
            .put("cache", spec.cache())
            .put("rows", dataset.rowCount());
    ArrayNode columns = json.putArray("columns");
    Iterator<ColumnIndex> indexes = dataset.status().metadataIndexes().iterator();
    for (Field column : spec.columns()) {
      ColumnIndex index = indexes.next();
      columns
          .addObject()
          .put("name", column.getName())
          .put("type", TypeNames.name(column))
          .put("index", index.index().wireName())
          .put("index_bytes", index.bytes());
    }
    ArrayNode textColumns = json.putArray("text_columns");
    spec.textColumns().forEach(textColumns::add);
    return json;
  }

  private JsonNode delete(Fields fields) {
    fields.allow(Set.of("dataset", "ids", "filter"));
    Dataset dataset = dataset(fields);
    if (fields.has("ids") == fields.has("filter")) {
      throw StoreException.invalid(
          "delete: found %s of ids, filter, allowed exactly one",
          fields.has("ids") ? "both" : "neither");
    }
    DeleteReceipt receipt;
    try {
      receipt =
          fields.has("ids")
              ? deleteIds(dataset, fields)
              : dataset.deleteMatching(FilterParser.optional(fields, "filter")).join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof StoreException cause ? cause : e;
    }
    room.metrics().rowsDeleted(receipt.deleted());
    return JSON.objectNode()
        .put("sequence", receipt.sequence())
        .put("deleted", receipt.deleted())
        .put("durable", receipt.durable());
  }

  private DeleteReceipt deleteIds(Dataset dataset, Fields fields) {
    IdType type = dataset.spec().idType();
    try (BufferAllocator allocator = room.callAllocator(Call.current());
        FieldVector ids = ids(fields.ids("ids"), type, fields.name("ids"), allocator)) {
      return dataset.delete(ids).join();
    }
  }

  private JsonNode onDataset(Fields fields, Consumer<Dataset> work) {
    Dataset dataset = dataset(fields.allow(NAMED));
    work.accept(dataset);
    return status.of(dataset.status());
  }

  private JsonNode status(Fields fields) {
    fields.allow(NAMED);
    return fields.has("dataset") ? status.of(dataset(fields).status()) : status.ofServer();
  }

  private Dataset dataset(Fields fields) {
    return room.store().dataset(fields.text("dataset"));
  }

  private static FieldVector ids(
      List<Object> ids, IdType type, String field, BufferAllocator allocator) {
    return switch (type) {
      case INT64 -> {
        BigIntVector vector = new BigIntVector(DatasetSpec.ID, allocator);
        try {
          vector.allocateNew(ids.size());
          for (int i = 0; i < ids.size(); i++) {
            vector.set(i, cast(Long.class, ids, i, field, type));
          }
          vector.setValueCount(ids.size());
        } catch (RuntimeException e) {
          vector.close();
          throw e;
        }
        yield vector;
      }
      case UTF8 -> {
        VarCharVector vector = new VarCharVector(DatasetSpec.ID, allocator);
        try {
          vector.allocateNew();
          for (int i = 0; i < ids.size(); i++) {
            String id = cast(String.class, ids, i, field, type);
            vector.setSafe(i, id.getBytes(StandardCharsets.UTF_8));
          }
          vector.setValueCount(ids.size());
        } catch (RuntimeException e) {
          vector.close();
          throw e;
        }
        yield vector;
      }
    };
  }

  private static <T> T cast(Class<T> wanted, List<Object> ids, int i, String field, IdType type) {
    Object id = ids.get(i);
    if (!wanted.isInstance(id)) {
      throw StoreException.invalid(
          "%s[%d]: found %s, allowed %s as the dataset's ids are",
          field, i, id instanceof Long ? "an integer" : "a string", type.wireName());
    }
    return wanted.cast(id);
  }

  private void add(String name, String description, Function<Fields, JsonNode> run) {
    entries.put(name, new Entry(description, run));
  }

  private record Entry(String description, Function<Fields, JsonNode> run) {}
}
