package io.arbalest.bench.report;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** What a figure was measured on: it stands beside every result. */
public final class MachineFacts {

  private MachineFacts() {}

  /** cpu, cores, memory_gib, os, java, load_average: in that order. */
  public static Map<String, Object> read() {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("cpu", cpu());
    facts.put("cores", Runtime.getRuntime().availableProcessors());
    facts.put("memory_gib", memoryGib());
    facts.put("os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    facts.put("arch", System.getProperty("os.arch"));
    facts.put(
        "java", System.getProperty("java.vm.name") + " " + System.getProperty("java.version"));
    facts.put("load_average", loadAverage());
    return facts;
  }

  /** How many tasks ran or waited for a core in the last minute, to two decimals. */
  public static double loadAverage() {
    double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    return Math.round(load * 100) / 100.0;
  }

  /** One line for people. */
  public static String line(Map<String, Object> facts) {
    return String.format(
        Locale.ROOT,
        "%s, %s cores, %s GiB, %s, %s, load %s",
        facts.get("cpu"),
        facts.get("cores"),
        facts.get("memory_gib"),
        facts.get("os"),
        facts.get("java"),
        facts.get("load_average"));
  }

  /** Memory of this process that is in RAM, once what nobody refers to is collected. */
  public static long residentBytes() {
    System.gc();
    String kib = field("/proc/self/status", "VmRSS").replace(" kB", "");
    return kib.isEmpty() ? 0 : 1024 * Long.parseLong(kib);
  }

  private static String cpu() {
    // x86 names its model; Arm kernels give an implementer and a part number instead.
    String model = field("/proc/cpuinfo", "model name");
    return model.isEmpty() ? "part " + field("/proc/cpuinfo", "CPU part") : model;
  }

  private static double memoryGib() {
    String kib = field("/proc/meminfo", "MemTotal").replace(" kB", "");
    return kib.isEmpty() ? 0 : Math.round(Long.parseLong(kib) / 1048576.0 * 10) / 10.0;
  }

  private static String field(String file, String name) {
    Path path = Path.of(file);
    if (!Files.isReadable(path)) {
      return "";
    }
    try (Stream<String> lines = Files.lines(path)) {
      return lines
          .filter(line -> line.startsWith(name))
          .findFirst()
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .orElse("");
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
  }
}
