package io.arbalest.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import picocli.CommandLine;

/** A bench over a few random rows, from the repository's root as the launcher would run it. */
public final class SmallRun {
  public static final int ROWS = 500;
  public static final int QUERIES = 20;

  private static final String HOME = "arbalest.home";
  private static final int DIMENSION = 16;

  private final Path directory;

  /**
   * @param directory for the rows, the queries and what is written
   */
  public SmallRun(Path directory) throws IOException {
    this.directory = directory;
    write(directory.resolve("base.fbin"), ROWS, 1);
    write(directory.resolve("queries.fbin"), QUERIES, 2);
  }

  private static void write(Path file, int rows, long seed) throws IOException {
    Random random = new Random(seed);
    ByteBuffer bytes = ByteBuffer.allocate(8 + rows * DIMENSION * 4).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(rows).putInt(DIMENSION);
    for (int i = 0; i < rows * DIMENSION; i++) {
      bytes.putFloat((float) random.nextGaussian());
    }
    Files.write(file, bytes.array());
  }

  /** Runs a command that must succeed, and returns what it wrote as JSON. */
  public JsonNode report(String command, String... options) throws IOException {
    assertThat(exitCode(command, options)).isZero();
    return new ObjectMapper().readTree(directory.resolve("out.json").toFile());
  }

  /** Runs a command. */
  public int exitCode(String command, String... options) {
    List<String> arguments = new ArrayList<>();
    arguments.add(command);
    arguments.add("--base=" + directory.resolve("base.fbin"));
    arguments.add("--queries=" + directory.resolve("queries.fbin"));
    arguments.add("--metric=l2");
    arguments.add("--json=" + directory.resolve("out.json"));
    arguments.addAll(List.of(options));
    String before = System.getProperty(HOME);
    // Tests run in bench/, the peers' files are below the repository's root.
    System.setProperty(HOME, Path.of("..").toAbsolutePath().normalize().toString());
    try {
      return new CommandLine(new BenchCommand()).execute(arguments.toArray(String[]::new));
    } finally {
      if (before == null) {
        System.clearProperty(HOME);
      } else {
        System.setProperty(HOME, before);
      }
    }
  }
}
