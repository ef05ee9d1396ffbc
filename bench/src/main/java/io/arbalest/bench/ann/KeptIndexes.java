package io.arbalest.bench.ann;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.arbalest.bench.ann.PeerProcess.PeerData;
import io.arbalest.bench.report.MachineFacts;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * Indexes that peers keep in a directory, so that a later run loads what an earlier one built. An
 * index is a file or a directory named by what it is of, and beside it a JSON file says what its
 * build had cost. That file is written last and holds all that the index depends on, so that an
 * index of other data under the same name, of another version, or half written is never loaded.
 */
public final class KeptIndexes {

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final int CHECKSUM_BUFFER_BYTES = 1 << 20;

  private final Path directory;
  private final PeerData data;
  private final int rows;
  private final int dimension;
  private String checksum;

  /**
   * @param directory made when the first index is kept
   * @param rows of {@code data.base()}
   * @param dimension of its rows
   */
  KeptIndexes(Path directory, PeerData data, int rows, int dimension) {
    this.directory = directory.toAbsolutePath();
    this.data = data;
    this.rows = rows;
    this.dimension = dimension;
  }

  int rows() {
    return rows;
  }

  /**
   * The place of one index.
   *
   * @param version of the library; another one builds anew
   * @param threads of the build; any number of them may search it
   * @throws IOException if the data, whose checksum is taken once, cannot be read
   */
  Place place(String system, String variant, String version, int threads) throws IOException {
    String base = data.base().getFileName().toString();
    ObjectNode identity = MAPPER.createObjectNode();
    identity.put("system", system).put("variant", variant).put("version", version);
    identity.put("base", base).put("base_crc32c", checksum());
    identity.put("rows", rows).put("dim", dimension).put("metric", data.metric());
    identity.put("M", data.m()).put("ef_construction", data.efConstruction());
    identity.put("threads", threads);
    String name =
        String.join(
            "_",
            system + "-" + variant,
            base + "-" + rows + "x" + dimension,
            data.metric(),
            "M" + data.m(),
            "efc" + data.efConstruction(),
            "t" + threads);
    return new Place(directory.resolve(name), identity);
  }

  private synchronized String checksum() throws IOException {
    if (checksum == null) {
      CRC32C sum = new CRC32C();
      byte[] buffer = new byte[CHECKSUM_BUFFER_BYTES];
      try (InputStream in = Files.newInputStream(data.base())) {
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
          sum.update(buffer, 0, count);
        }
      }
      checksum = "%08x".formatted(sum.getValue());
    }
    return checksum;
  }

  /** Where one index is kept, or would be. */
  static final class Place {

    private static final String INDEX = "index";
    private static final String BUILD = "build";

    private final Path index;
    private final Path facts;
    private final ObjectNode identity;

    private Place(Path index, ObjectNode identity) {
      this.index = index;
      this.facts = index.resolveSibling(index.getFileName() + ".json");
      this.identity = identity;
    }

    /** The file or directory that the peer writes and reads. */
    Path index() {
      return index;
    }

    /** What the build of the index here had cost; empty where there is none that may be loaded. */
    Optional<Contender.Build> read() throws IOException {
      if (!Files.exists(facts) || !Files.exists(index)) {
        return Optional.empty();
      }
      JsonNode found = MAPPER.readTree(facts.toFile());
      if (!identity.equals(found.path(INDEX))) {
        return Optional.empty();
      }
      JsonNode build = found.path(BUILD);
      return Optional.of(
          new Contender.Build(
              build.path("seconds").asDouble(),
              build.path("bytes").asLong(),
              build.path("resident_bytes").asLong(),
              new Contender.Kept(
                  build.path("ended").asText(), build.path("load_average").asDouble())));
    }

    /** Removes what is here, so that an index can be written. */
    void clear() throws IOException {
      // The facts first: an index without them counts for nothing.
      Files.deleteIfExists(facts);
      if (Files.exists(index)) {
        List<Path> all;
        try (Stream<Path> below = Files.walk(index)) {
          all = below.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path path : all) {
          Files.delete(path);
        }
      }
      Files.createDirectories(index.getParent());
    }

    /** Says what the build of the index that is here now had cost: from now on it is kept. */
    void write(Contender.Build built) throws IOException {
      ObjectNode kept = MAPPER.createObjectNode();
      kept.set(INDEX, identity);
      kept.putObject(BUILD)
          .put("seconds", built.seconds())
          .put("bytes", built.bytes())
          .put("resident_bytes", built.residentBytes())
          .put("ended", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString())
          .put("load_average", MachineFacts.loadAverage());
      Files.writeString(
          facts, MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(kept) + "\n");
    }
  }
}
