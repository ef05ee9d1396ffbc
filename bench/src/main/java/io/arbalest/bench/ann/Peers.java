package io.arbalest.bench.ann;

import io.arbalest.bench.Home;
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
    Path sources = Home.directory().resolve("bench").resolve("peers");
    Path environment = Home.scratch().resolve("peers-venv");
    Path python = environment.resolve("bin").resolve("python");
    if (!Files.isExecutable(python)) {
      System.err.println("making a Python environment in " + environment);
      run(List.of("python3", "-m", "venv", environment.toString()), "python3 -m venv");
    }
    Path marker = environment.resolve(name + ".installed");
    if (!Files.exists(marker)) {
      System.err.println("installing " + name);
      List<String> install = new ArrayList<>(List.of(python.toString(), "-m", "pip"));
      install.addAll(List.of("install", "--quiet", "--no-binary", "hnswlib", "--prefer-binary"));
      install.addAll(pinned(sources.resolve("requirements.txt"), name));
      run(install, "pip install " + name);
      Files.createFile(marker);
    }
    return List.of(python.toString(), sources.resolve(name + "_peer.py").toString());
  }

  /** The requirement lines of numpy and of one peer: versions are pinned in that file alone. */
  private static List<String> pinned(Path requirements, String name) throws IOException {
    List<String> wanted = List.of("numpy==", PACKAGES.get(name) + "==");
    try (Stream<String> lines = Files.lines(requirements)) {
      List<String> found =
          lines.filter(line -> wanted.stream().anyMatch(line::startsWith)).toList();
      if (found.size() != wanted.size()) {
        throw new IOException(requirements + " does not pin " + wanted);
      }
      return found;
    }
  }

  private void run(List<String> command, String what) throws IOException, InterruptedException {
    Path log = scratch.resolve("install.log");
    int code =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start()
            .waitFor();
    if (code != 0) {
      List<String> lines = Files.readAllLines(log).stream().filter(l -> !l.isBlank()).toList();
      String last = lines.isEmpty() ? "it printed nothing" : lines.get(lines.size() - 1);
      throw new IOException(what + " failed with exit code " + code + ": " + last);
    }
  }
}
