package io.arbalest.server.cli;

import io.arbalest.server.ArbalestServer;
import io.arbalest.server.Limits;
import io.arbalest.server.ServerOptions;
import io.arbalest.store.CacheOptions;
import io.arbalest.store.ShadowOptions;
import io.arbalest.store.StoreException;
import io.arbalest.store.StoreException.Category;
import io.arbalest.store.StoreOptions;
import io.arbalest.store.SyncMode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code arbalest serve}: the server, until it is told to stop. */
@Command(
    name = "serve",
    description = {
      "Runs the server. SIGTERM and Ctrl-C let calls under way finish.",
      "There is no authentication: it listens on the loopback address unless told otherwise."
    },
    mixinStandardHelpOptions = true)
final class ServeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(names = "--data", paramLabel = "DIR", description = "Where the datasets live.")
  private Path data;

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      description = "Address to listen on. Default: " + ServerOptions.HOST_DEFAULT)
  private String host;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      description = "Flight; 0 for any. Default: " + ServerOptions.PORT_DEFAULT)
  private Integer port;

  @Option(
      names = "--http-port",
      paramLabel = "PORT",
      description =
          "Metrics and health; 0 for any, -1 for none. Default: " + ServerOptions.HTTP_PORT_DEFAULT)
  private Integer httpPort;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "Properties or .json; the options' names without dashes.")
  private Path config;

  @Option(
      names = "--sync",
      paramLabel = "MODE",
      description =
          "always: acknowledged writes survive power loss; interval[:MS]: they survive a crash of"
              + " the process. Default: always")
  private String sync;

  @Option(
      names = "--log-format",
      paramLabel = "FORMAT",
      description = "console or json. Default: console")
  private String logFormat;

  @Option(names = "--index-threads", paramLabel = "N", description = "Threads that build graphs.")
  private Integer indexThreads;

  @Option(names = "--kernel-set", paramLabel = "NAME", description = "See: arbalest cpu.")
  private String kernelSet;

  @Option(
      names = "--cache-bytes",
      paramLabel = "N",
      description =
          "Heap for remembered answers; 0 for none. Default: 256 MiB or an eighth of the heap")
  private Long cacheBytes;

  @Option(
      names = "--filter-cache-bytes",
      paramLabel = "N",
      description =
          "Memory for the rows that filters selected; 0 for none. Default: 128 MiB or a sixteenth"
              + " of the heap")
  private Long filterCacheBytes;

  @Option(
      names = "--shadow-share",
      paramLabel = "SHARE",
      description =
          "Queries that are answered exactly as well, in the background, to measure recall; 0 for"
              + " none. Default: 0.001")
  private Double shadowShare;

  @Override
  public Integer call() throws IOException, InterruptedException {
    ServeConfig settings = new ServeConfig();
    ServerOptions options;
    try {
      if (config != null) {
        settings.load(config);
      }
      override(settings);
      configureLogging(settings);
      options = options(settings);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    } catch (StoreException e) {
      if (e.category() != Category.INVALID_ARGUMENT) {
        throw e;
      }
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
    serve(options);
    return 0;
  }

  private void serve(ServerOptions options) throws IOException, InterruptedException {
    CountDownLatch stopped = new CountDownLatch(1);
    try (ArbalestServer server = ArbalestServer.start(options)) {
      // The hook is what SIGTERM runs; the process ends when it returns.
      Thread stopper = new Thread(() -> stop(server, stopped), "arbalest-stop");
      Runtime.getRuntime().addShutdownHook(stopper);
      PrintWriter out = spec.commandLine().getOut();
      out.println(ready(options, server));
      out.flush();
      stopped.await();
    }
  }

  private static void stop(ArbalestServer server, CountDownLatch stopped) {
    server.close();
    stopped.countDown();
  }

  private static String ready(ServerOptions options, ArbalestServer server) {
    String http =
        server.httpPort() == ServerOptions.NO_HTTP
            ? ""
            : " http://" + options.host() + ":" + server.httpPort();
    return "arbalest ready: "
        + server.uri()
        + http
        + " data "
        + options.store().directory().toAbsolutePath();
  }

  private void override(ServeConfig settings) {
    settings.override("data", data);
    settings.override("host", host);
    settings.override("port", port);
    settings.override("http-port", httpPort);
    settings.override("sync", sync);
    settings.override("log-format", logFormat);
    settings.override("index-threads", indexThreads);
    settings.override("kernel-set", kernelSet);
    settings.override("cache-bytes", cacheBytes);
    settings.override("filter-cache-bytes", filterCacheBytes);
    settings.override("shadow-share", shadowShare);
  }

  private static void configureLogging(ServeConfig settings) {
    String format = settings.text("log-format", "console");
    if (!format.equals("console") && !format.equals("json")) {
      throw new IllegalArgumentException(
          "log-format: found '" + format + "', allowed console, json");
    }
    Logging.configure(Logging.Format.valueOf(format.toUpperCase(Locale.ROOT)), true);
  }

  private static ServerOptions options(ServeConfig settings) {
    String directory = settings.text("data");
    if (directory == null) {
      throw new IllegalArgumentException("data: missing; name a directory with --data");
    }
    return new ServerOptions(
        storeOptions(settings, Path.of(directory)),
        settings.text("host", ServerOptions.HOST_DEFAULT),
        settings.integer("port", ServerOptions.PORT_DEFAULT),
        settings.integer("http-port", ServerOptions.HTTP_PORT_DEFAULT),
        limits(settings));
  }

  private static StoreOptions storeOptions(ServeConfig settings, Path directory) {
    StoreOptions defaults = StoreOptions.of(directory);
    return defaults
        .withSync(SyncMode.parse(settings.text("sync", "always")))
        .withIndexThreads(settings.integer("index-threads", defaults.indexThreads()))
        .withPendingRows(
            settings.number("pending-rows-soft", defaults.pendingRowsSoft()),
            settings.number("pending-rows-hard", defaults.pendingRowsHard()))
        .withWalSegmentBytes(settings.integer("wal-segment-bytes", defaults.walSegmentBytes()))
        .withSnapshotWalBytes(settings.number("snapshot-wal-bytes", defaults.snapshotWalBytes()))
        .withKernelSet(settings.text("kernel-set"))
        .withCache(
            new CacheOptions(
                settings.number("cache-bytes", defaults.cache().bytesMax()),
                Duration.ofMillis(
                    settings.number("cache-ttl-ms", defaults.cache().timeToLive().toMillis()))))
        .withFilterCacheBytes(settings.number("filter-cache-bytes", defaults.filterCacheBytes()))
        .withShadow(
            new ShadowOptions(
                settings.fraction("shadow-share", defaults.shadow().share()),
                settings.fraction("shadow-core-share", defaults.shadow().coreShare())));
  }

  private static Limits limits(ServeConfig settings) {
    Limits defaults = Limits.DEFAULT;
    return new Limits(
        settings.integer("inbound-message-bytes", defaults.inboundMessageBytes()),
        settings.integer("header-bytes", defaults.headerBytes()),
        settings.integer("calls", defaults.calls()),
        settings.integer("calls-per-connection", defaults.callsPerConnection()),
        settings.integer("outgoing-batch-bytes", defaults.outgoingBatchBytes()),
        settings.integer("output-buffer-bytes", defaults.outputBufferBytes()),
        settings.integer("slow-reader-ms", defaults.slowReaderMillis()),
        settings.number("call-memory-bytes", defaults.callMemoryBytes()),
        settings.integer("puts-in-flight", defaults.putsInFlight()),
        settings.integer("drain-ms", defaults.drainMillis()));
  }
}
