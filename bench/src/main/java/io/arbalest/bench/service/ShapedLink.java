package io.arbalest.bench.service;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A link of 1 Gbit/s on this machine: two ends of a virtual Ethernet, one in a network namespace of
 * its own, each sending through a token bucket ({@code tc-tbf}). Its bucket is small, so that an
 * answer of some 100 KB does not go out at the speed of memory.
 *
 * <p>It takes root and the commands {@code ip} and {@code tc} (Debian: iproute2); where they, or
 * the kernel's modules, are missing, {@link #open} says so.
 */
final class ShapedLink implements AutoCloseable {
  private static final String SERVER_ADDRESS = "10.197.83.1";
  private static final String CLIENT_ADDRESS = "10.197.83.2";
  private static final List<String> SHAPE =
      List.of("root", "tbf", "rate", "1gbit", "burst", "16kb", "latency", "100ms");

  private final String namespace;
  private final String serverEnd;
  private final Thread atExit = new Thread(this::remove, "shaped-link");

  private ShapedLink(String suffix) {
    namespace = "arbalest-" + suffix;
    serverEnd = "arbs" + suffix; // a device's name has at most 15 characters
    Runtime.getRuntime().addShutdownHook(atExit);
  }

  /**
   * Makes the link.
   *
   * @throws IOException naming the command that failed and what it said; nothing is left behind
   */
  static ShapedLink open() throws IOException, InterruptedException {
    ShapedLink link = new ShapedLink(Long.toString(ProcessHandle.current().pid()));
    try {
      link.make();
      return link;
    } catch (IOException e) {
      link.close();
      throw e;
    }
  }

  private void make() throws IOException, InterruptedException {
    String clientEnd = serverEnd.replaceFirst("arbs", "arbc");
    run("ip", "netns", "add", namespace);
    run(
        "ip", "link", "add", serverEnd, "type", "veth", "peer", "name", clientEnd, "netns",
        namespace);
    run("ip", "address", "add", SERVER_ADDRESS + "/30", "dev", serverEnd);
    run("ip", "link", "set", serverEnd, "up");
    inside("ip", "address", "add", CLIENT_ADDRESS + "/30", "dev", clientEnd);
    inside("ip", "link", "set", clientEnd, "up");
    run(with(List.of("tc", "qdisc", "add", "dev", serverEnd), SHAPE));
    inside(with(List.of("tc", "qdisc", "add", "dev", clientEnd), SHAPE));
  }

  /** The address for the server to listen on. */
  String serverAddress() {
    return SERVER_ADDRESS;
  }

  /** What a command has to begin with to run at the client's end. */
  List<String> clientPrefix() {
    return List.of("ip", "netns", "exec", namespace);
  }

  private void inside(String... command) throws IOException, InterruptedException {
    run(with(clientPrefix(), List.of(command)));
  }

  private static String[] with(List<String> first, List<String> rest) {
    List<String> all = new ArrayList<>(first);
    all.addAll(rest);
    return all.toArray(String[]::new);
  }

  private static void run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    if (process.waitFor() != 0) {
      throw new IOException(String.join(" ", command) + ": " + said);
    }
  }

  /** Removes the link, as the end of the process does where this was not called. */
  @Override
  public void close() {
    Runtime.getRuntime().removeShutdownHook(atExit);
    remove();
  }

  /** One end goes with the other. */
  private void remove() {
    for (String[] command :
        List.of(
            new String[] {"ip", "link", "delete", serverEnd},
            new String[] {"ip", "netns", "delete", namespace})) {
      try {
        run(command);
      } catch (IOException e) {
        System.err.println("not removed: " + e.getMessage());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
