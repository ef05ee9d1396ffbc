package io.arbalest.store.schema;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.arbalest.store.DatasetSpec;
import io.arbalest.store.StoreException;
import io.arbalest.store.disk.Disk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * {@code schema.json}: what a dataset is, for people and programs. Fields: {@code format_version},
 * {@code name}, and {@code schema}, the Arrow schema in Arrow's own JSON, whose metadata has the
 * metric, the element type and the graph's parameters.
 */
public final class SchemaFile {
  public static final String NAME = "schema.json";
  private static final String UNFINISHED = NAME + ".tmp";
  private static final int VERSION = 1;
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private SchemaFile() {}

  /** Writes the file, durable but for its name. */
  public static void write(Disk disk, Path directory, DatasetSpec spec) throws IOException {
    disk.writeFile(directory.resolve(NAME), bytes(spec));
  }

  private static byte[] bytes(DatasetSpec spec) throws IOException {
    ObjectNode json = JSON.createObjectNode();
    json.put("format_version", VERSION);
    json.put("name", spec.name());
    json.set("schema", JSON.readTree(spec.arrowSchema().toJson()));
    return JSON.writeValueAsBytes(json);
  }

  /**
   * Writes the file in the place of another, durable when this returns; after a crash there is one
   * or the other.
   */
  public static void replace(Disk disk, Path directory, DatasetSpec spec) throws IOException {
    Path unfinished = directory.resolve(UNFINISHED);
    if (disk.exists(unfinished)) {
      disk.delete(unfinished); // by an attempt that failed
    }
    disk.writeFile(unfinished, bytes(spec));
    disk.rename(unfinished, directory.resolve(NAME));
    disk.syncDirectory(directory);
  }

  /**
   * Reads the file.
   *
   * @throws StoreException CORRUPT naming the file if it cannot be understood
   */
  public static DatasetSpec read(Path directory) throws IOException {
    Path file = directory.resolve(NAME);
    try {
      JsonNode json = JSON.readTree(Files.readAllBytes(file));
      int version = json.path("format_version").asInt();
      if (version != VERSION) {
        throw StoreException.corrupt(
            "%s: format version %d, this program reads %d", file, version, VERSION);
      }
      Schema schema = Schema.fromJSON(json.path("schema").toString());
      return DatasetSpec.fromArrow(json.path("name").asText(), schema);
    } catch (JsonProcessingException | NoSuchFileException e) {
      throw new StoreException(StoreException.Category.CORRUPT, file + ": " + e.getMessage(), e);
    } catch (StoreException e) {
      throw e.category() == StoreException.Category.CORRUPT
          ? e
          : new StoreException(StoreException.Category.CORRUPT, file + ": " + e.getMessage(), e);
    }
  }
}
