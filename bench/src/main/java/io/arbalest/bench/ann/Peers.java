package io.arbalest.bench.ann;

import io.arbalest.bench.PythonEnvironment;
import io.arbalest.bench.ann.PeerProcess.PeerData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Starts the peers that {@code --peers} names: Python libraries in a virtual environment that it
 * makes below build/, JVector in a JVM of its own. A peer that cannot run is reported with the
 * reason and the rest go on.
 */
final class Peers {

  /** The peers there are, and the variants each enters with. */
  static final Map<String, List<String>> VARIANTS = variants();

  private static final Map<String, String> PACKAGES =
      Map.of("hnswlib", "hnswlib", "usearch", "usearch", "faiss", "faiss-cpu");

  private final Path scratch;
  private final PeerData data;
  private final Path java;
  private final List<String> unavailable = new ArrayList<>();

  /**
   * @param java the java command for JVector
   */
  Peers(Path scratch, PeerData data, Path java) {
    this.scratch = scratch;
    this.data = data;
    this.java = java;
  }

  private static Map<String, List<String>> variants() {
    Map<String, List<String>> all = new LinkedHashMap<>();
    all.put("hnswlib", List.of("float32"));
    all.put("jvector", List.of("float32"));
    all.put("usearch", List.of("float16", "float32"));
    all.put("faiss", List.of("float32", "float16"));
    return all;
  }

  /** Starts every variant of the peers named. */
  List<Contender> start(List<String> names) throws InterruptedException {
    List<Contender> started = new ArrayList<>();
    for (String name : names) {
      try {
        List<String> command = name.equals("jvector") ? jvector() : python(name);
        for (String variant : VARIANTS.get(name)) {
          List<String> full = new ArrayList<>(command);
          full.add(variant);
          started.add(new PeerProcess(name, variant, full, data, scratch));
        }
      } catch (IOException e) {
        unavailable.add(name + ": " + e.getMessage());
      }
    }
    return started;
  }

  /** {@code name: reason} of the peers that did not start. */
  List<String> unavailable() {
    return List.copyOf(unavailable);
  }

  private List<String> jvector() throws IOException {
    List<String> command = new ArrayList<>(List.of(java.toString(), "-Xmx3g"));
    int version = javaVersion();
    if (version >= 20) {
      command.add("--add-modules=jdk.incubator.vector");
    }
    if (version >= 22) {
      command.add("--enable-native-access=ALL-UNNAMED");
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add("io.arbalest.bench.peers.JVectorPeer");
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
