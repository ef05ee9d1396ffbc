package io.arbalest.bench.ann;

import io.arbalest.bench.Home;
import io.arbalest.bench.PythonEnvironment;
import io.arbalest.bench.ann.PeerProcess.PeerData;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Starts the peers that {@code --peers} names, each variant in a process of its own: Python
 * libraries in a virtual environment that it makes below build/, JVector and Lucene in a JVM. A
 * peer that cannot run is reported with the reason and the rest go on.
 */
public final class Peers {

  /** The peers there are, and the variants each enters with. */
  static final Map<String, List<String>> VARIANTS = variants();

  /** Those that {@code bench exact} is beside: no graph, so not for curves over ef. */
  static final List<String> EXACT = List.of("faiss/flat", "faiss/flat-skylakex");

  private static final List<String> GRAPHS =
      VARIANTS.entrySet().stream()
          .flatMap(peer -> peer.getValue().stream().map(v -> peer.getKey() + "/" + v))
          .toList();

  /** Further ones that filters and joins are beside: what may be best where a graph is not. */
  private static final List<String> WITHOUT_GRAPH =
      Stream.concat(Stream.of("faiss/ivf"), EXACT.stream()).toList();

  private static final Map<String, String> PACKAGES =
      Map.of(
          "hnswlib", "hnswlib",
          "usearch", "usearch",
          "faiss", "faiss-cpu",
          "svs", "scalable-vs",
          "ngt", "ngt");

  /** The Java that Lucene 10 is compiled for; its peer's source is compiled when it starts. */
  private static final int LUCENE_JAVA = 21;

  private static final int VECTOR_MODULE_JAVA = 20;
  private static final int NATIVE_ACCESS_JAVA = 22;

  private final Path scratch;
  private final PeerData data;
  private final KeptIndexes kept;
  private final Path java;
  private final Map<String, String> unavailable = new LinkedHashMap<>();

  /**
   * @param kept where indexes are kept between runs; null where each is built anew
   * @param java the java command for JVector and Lucene
   */
  public Peers(Path scratch, PeerData data, KeptIndexes kept, Path java) {
    this.scratch = scratch;
    this.data = data;
    this.kept = kept;
    this.java = java;
  }

  private static Map<String, List<String>> variants() {
    Map<String, List<String>> all = new LinkedHashMap<>();
    all.put("hnswlib", List.of("float32"));
    all.put("faiss", List.of("float32", "float16", "sq8"));
    all.put("usearch", List.of("float32", "float16"));
    all.put("svs", List.of("lvq4x8", "lvq8", "leanvec"));
    all.put("ngt", List.of("onng"));
    all.put("jvector", List.of("float32", "pq", "nvq"));
    all.put("lucene", List.of("float32", "int8"));
    return all;
  }

  /**
   * The entries of {@code --peers}: {@code all}, a peer with all its variants, or {@code
   * peer/variant}.
   *
   * @return {@code peer/variant} each, in the order they were named, none twice
   * @throws IllegalArgumentException naming what is not known, and what is
   */
  static List<String> expand(List<String> named) {
    return expand(named, GRAPHS);
  }

  /** The same with those that have no graph. */
  public static List<String> expandAll(List<String> named) {
    return expand(named, Stream.of(GRAPHS, WITHOUT_GRAPH).flatMap(List::stream).toList());
  }

  private static List<String> expand(List<String> named, List<String> every) {
    List<String> entries = new ArrayList<>();
    for (String name : named) {
      List<String> meant =
          every.stream()
              .filter(
                  entry -> name.equals("all") || entry.equals(name) || entry.startsWith(name + "/"))
              .toList();
      if (meant.isEmpty()) {
        throw new IllegalArgumentException(
            name + "; allowed: all, " + VARIANTS.keySet() + " or one of " + every);
      }
      entries.addAll(meant);
    }
    return entries.stream().distinct().toList();
  }

  /** Starts every entry of {@link #expand}. */
  public List<PeerProcess> start(List<String> entries) throws InterruptedException {
    List<PeerProcess> started = new ArrayList<>();
    for (String entry : entries) {
      String name = entry.substring(0, entry.indexOf('/'));
      String variant = entry.substring(name.length() + 1);
      try {
        List<String> command = new ArrayList<>(command(name));
        command.add(variant);
        started.add(new PeerProcess(name, variant, command, data, kept, scratch));
      } catch (IOException e) {
        unavailable.put(entry, e.getMessage());
      }
    }
    return started;
  }

  /** Those that did not start, and why. */
  public Map<String, String> unavailable() {
    return Collections.unmodifiableMap(unavailable);
  }

  private List<String> command(String name) throws IOException, InterruptedException {
    return switch (name) {
      case "jvector" -> jvector();
      case "lucene" -> lucene();
      default -> python(name);
    };
  }

  private List<String> jvector() throws IOException {
    List<String> command = jvm(System.getProperty("java.class.path"));
    command.add("io.arbalest.bench.peers.JVectorPeer");
    return command;
  }

  /** Lucene 10 in place of the Lucene 9 that the server searches text with. */
  private List<String> lucene() throws IOException {
    if (javaVersion() < LUCENE_JAVA) {
      throw new IOException(
          "Lucene 10 needs Java %d or newer; --peer-java is %d: %s"
              .formatted(LUCENE_JAVA, javaVersion(), java));
    }
    Path jars = Home.directory().resolve("bench").resolve("target").resolve("peers");
    String others =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> !Path.of(entry).getFileName().toString().startsWith("lucene-"))
            .collect(Collectors.joining(File.pathSeparator));
    List<String> command = jvm(jars.resolve("*") + File.pathSeparator + others);
    command.add(PythonEnvironment.sources().resolve("LucenePeer.java").toString());
    return command;
  }

  private List<String> jvm(String classPath) throws IOException {
    List<String> command = new ArrayList<>(List.of(java.toString(), "-Xmx5g"));
    int version = javaVersion();
    if (version >= VECTOR_MODULE_JAVA) {
      command.add("--add-modules=jdk.incubator.vector");
    }
    if (version >= NATIVE_ACCESS_JAVA) {
      command.add("--enable-native-access=ALL-UNNAMED");
    }
    command.addAll(List.of("-cp", classPath));
    return command;
  }

  private int javaVersion() throws IOException {
    Path release = java.toRealPath().getParent().getParent().resolve("release");
    try (Stream<String> lines = Files.lines(release)) {
      String version =
          lines
              .filter(line -> line.startsWith("JAVA_VERSION="))
              .findFirst()
              .orElseThrow(() -> new IOException(release + " does not say JAVA_VERSION"));
      return Integer.parseInt(version.replaceAll("^JAVA_VERSION=\"(\\d+).*", "$1"));
    }
  }

  private List<String> python(String name) throws IOException, InterruptedException {
    Path python = new PythonEnvironment(scratch).install(PACKAGES.get(name));
    return List.of(
        python.toString(), PythonEnvironment.sources().resolve(name + "_peer.py").toString());
  }
}
