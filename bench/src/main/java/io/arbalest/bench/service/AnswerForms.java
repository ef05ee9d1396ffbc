package io.arbalest.bench.service;

import io.arbalest.bench.ScratchDirectory;
import io.arbalest.client.ArbalestClient;
import io.arbalest.client.PutOptions;
import io.arbalest.client.PutStream;
import io.arbalest.client.ResultStream;
import io.arbalest.client.SearchQuery;
import io.arbalest.server.ArbalestServer;
import io.arbalest.server.ServerOptions;
import io.arbalest.server.cli.io.VectorColumns;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;

/**
 * What the form of the vectors in an answer costs: bytes on the wire, and the time of a call as its
 * client sees it, over loopback and over a link of 1 Gbit/s. The rows are made up, in clusters; a
 * query is the id of a row, so that the answer is nearly all that goes over the wire.
 */
final class AnswerForms {
  private static final int DIMENSION = 1536;
  private static final int K = 100;
  private static final int ROWS = 5_000;
  private static final int BATCH_ROWS = 500;
  private static final int CLUSTERS = 50;
  private static final int CALLS = 100;
  private static final int CALLS_COUNTED = 50;
  private static final String BASIS = "float32";
  private static final List<String> FORMS = List.of("sq8", "float16", BASIS, "none");

  private final ServiceReport report;
  private double recall;

  AnswerForms(ServiceReport report) {
    this.report = report;
  }

  /** Measures all forms; a link that cannot be made is reported with the reason. */
  void measure() throws IOException, InterruptedException {
    try (ScratchDirectory scratch = ScratchDirectory.temporary("arbalest-bench-forms-")) {
      try (ArbalestServer server = serve(scratch.path(), ServerOptions.HOST_DEFAULT)) {
        fill(server);
        add("bytes of an answer on the wire", "bytes", countBytes(server));
        recall = recall(server);
        add("median over loopback", "us", times(server, List.of()));
      }
      String over = "median over 1 Gbit/s";
      try (ShapedLink link = ShapedLink.open();
          ArbalestServer server = serve(scratch.path(), link.serverAddress())) {
        add(over, "us", times(server, link.clientPrefix()));
      } catch (IOException e) {
        report.notRun(over, e.getMessage());
      }
    }
  }

  private static ArbalestServer serve(Path data, String host) throws IOException {
    return ArbalestServer.start(
        ServerOptions.of(data).withHost(host).withPorts(0, ServerOptions.NO_HTTP));
  }

  private static void fill(ArbalestServer server) {
    Random random = new Random(1);
    float[][] centers = new float[CLUSTERS][DIMENSION];
    for (float[] center : centers) {
      addNoise(center, 1, random);
    }
    try (ArbalestClient client = ArbalestClient.connect(server.uri());
        VectorSchemaRoot like = batch(centers, 0, random, client.allocator());
        PutStream stream = client.openPut(ServiceData.DATASET, like, PutOptions.DEFAULT)) {
      for (int first = 0; first < ROWS; first += BATCH_ROWS) {
        try (VectorSchemaRoot batch = batch(centers, first, random, client.allocator())) {
          stream.put(batch);
        }
      }
      stream.finish();
      client.flush(ServiceData.DATASET);
      client.freeze(ServiceData.DATASET);
    }
  }

  private static VectorSchemaRoot batch(
      float[][] centers, int first, Random random, BufferAllocator allocator) {
    float[][] rows = new float[BATCH_ROWS][];
    for (int row = 0; row < rows.length; row++) {
      rows[row] = centers[random.nextInt(CLUSTERS)].clone();
      addNoise(rows[row], 0.5, random);
    }
    FieldVector ids = VectorColumns.ids(first, BATCH_ROWS, allocator);
    FieldVector vectors = VectorColumns.of(rows, 0, BATCH_ROWS, allocator);
    return VectorSchemaRoot.of(ids, vectors);
  }

  private static void addNoise(float[] vector, double deviation, Random random) {
    for (int i = 0; i < vector.length; i++) {
      vector[i] += (float) (deviation * random.nextGaussian());
    }
  }

  private static double recall(ArbalestServer server) {
    List<Long> found = new ArrayList<>();
    List<Long> truth = new ArrayList<>();
    try (ArbalestClient client = ArbalestClient.connect(server.uri())) {
      for (int call = 0; call < CALLS_COUNTED; call++) {
        SearchQuery query =
            query("none").like(FormsClient.id(call, ROWS)).timeout(Duration.ofMinutes(1));
        collect(client, query, found);
        collect(client, query.exact(true), truth);
      }
    }
    return FlightCalls.recall(found, truth, K);
  }

  private static void collect(ArbalestClient client, SearchQuery query, List<Long> ids) {
    try (ResultStream results = client.search(query)) {
      while (results.next()) {
        FlightCalls.collect(results, ids);
      }
    }
  }

  private static SearchQuery query(String form) {
    return SearchQuery.of(ServiceData.DATASET).k(K).ef(K).vectorsAs(form);
  }

  private static Map<String, Double> countBytes(ArbalestServer server) throws IOException {
    Map<String, Double> bytes = new LinkedHashMap<>();
    try (CountingRelay relay = new CountingRelay(server.port());
        ArbalestClient client = ArbalestClient.connect(relay.uri())) {
      for (String form : FORMS) {
        SearchQuery query = query(form);
        FormsClient.get(client, query.like(0), K); // the connection's own bytes come first
        long before = relay.bytes();
        for (int call = 0; call < CALLS_COUNTED; call++) {
          FormsClient.get(client, query.like(FormsClient.id(call, ROWS)), K);
        }
        bytes.put(form, (double) (relay.bytes() - before) / CALLS_COUNTED);
      }
    }
    return bytes;
  }

  /** Medians by form, measured by a process that the prefix puts at its end of the link. */
  private static Map<String, Double> times(ArbalestServer server, List<String> prefix)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(prefix);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--add-opens=java.base/java.nio=ALL-UNNAMED", "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.add(FormsClient.class.getName());
    command.addAll(List.of(server.uri(), "" + K, "" + ROWS, "" + CALLS));
    command.addAll(FORMS);
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    Map<String, Double> medians = new LinkedHashMap<>();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] words = line.split(" ");
        if (words.length == 3 && FORMS.contains(words[0])) {
          medians.put(words[0], Double.valueOf(words[1]));
        }
      }
    }
    if (process.waitFor() != 0 || medians.size() != FORMS.size()) {
      throw new IOException(
          "the client ended with exit code " + process.exitValue() + " and told " + medians);
    }
    return medians;
  }

  private void add(String what, String unit, Map<String, Double> byForm) {
    byForm.forEach(
        (form, value) -> {
          ServiceRow row =
              ServiceRow.of(
                  "k = %d, d = %d, %s: %s".formatted(K, DIMENSION, form, what), unit, value);
          row = unit.equals("us") ? row.withRecall(recall) : row;
          report.add(form.equals(BASIS) ? row : row.against(BASIS, byForm.get(BASIS)));
        });
  }
}
