package io.arbalest.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.arbalest.server.cli.ArbalestCommand;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every command, as a person types it. */
class CliTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @TempDir Path directory;
  private LiveServer live;

  @BeforeEach
  void start() throws IOException {
    live = LiveServer.start(directory.resolve("data"));
  }

  @AfterEach
  void stop() {
    live.close();
  }

  private record Run(int exitCode, String out, String err) {
    List<String> lines() {
      return out.lines().toList();
    }
  }

  private static Run run(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exitCode =
        ArbalestCommand.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
    return new Run(exitCode, out.toString(), err.toString());
  }

  /** Runs a command against the live server; it must succeed. */
  private Run ok(String command, String... arguments) {
    List<String> all = new ArrayList<>(List.of(command, "--server", live.server().uri()));
    all.addAll(List.of(arguments));
    Run run = run(all.toArray(String[]::new));
    assertThat(run.exitCode()).as(run.err()).isZero();
    return run;
  }

  private Path words() throws IOException {
    return Files.writeString(
        directory.resolve("words.jsonl"),
        """
        {"key":"east","vector":[1,0],"n":1}
        {"key":"north","vector":[0,1],"n":2}
        {"key":"north-east","vector":[1,1],"n":3}
        """);
  }

  @Test
  void putsSearchesScansAndDeletes() throws IOException {
    Run put =
        ok("put", "--dataset", "w", "--metric", "l2", "--id-column", "key", words().toString());
    assertThat(put.out()).contains("put 3 rows into w").contains("3 rows in all");

    assertThat(ok("datasets").lines())
        .containsExactly(
            "dataset\trows\tdimension\tmetric\telement\tid", "w\t3\t2\tl2\tfloat16\tutf8");
    assertThat(MAPPER.readTree(ok("datasets", "--json").out()).get("rows").intValue()).isEqualTo(3);

    Run search = ok("search", "--dataset", "w", "--vector", "[1,0.9]", "-k", "2", "--columns", "n");
    assertThat(search.lines().get(0)).isEqualTo("query\tid\tdistance\tn");
    assertThat(search.lines().get(1)).startsWith("0\tnorth-east\t").endsWith("\t3");
    assertThat(search.lines()).hasSize(3);
    assertThat(search.err()).startsWith("strategy ");
    Run json = ok("search", "--dataset", "w", "--id", "east", "-k", "1", "--json", "--exact");
    JsonNode hit = MAPPER.readTree(json.out());
    assertThat(hit.get("id").textValue()).isEqualTo("east");
    assertThat(hit.get("distance").doubleValue()).isZero();

    assertThat(ok("scan", "--dataset", "w", "--limit", "1", "--vectors-as", "float32").out())
        .isEqualTo("{\"id\":\"east\",\"n\":1,\"vector\":[1.0,0.0]}\n");

    String filter = "{\"field\":\"n\",\"op\":\"between\",\"value\":[1.5, 3]}";
    assertThat(ok("scan", "--dataset", "w", "--filter", filter).lines())
        .containsExactly("{\"id\":\"north\",\"n\":2}", "{\"id\":\"north-east\",\"n\":3}");
    Run filtered = ok("search", "--dataset", "w", "--id", "east", "-k", "3", "--filter", filter);
    assertThat(filtered.lines()).hasSize(3);
    assertThat(filtered.err()).startsWith("strategy exact-filtered");

    assertThat(ok("delete", "--dataset", "w", "east", "west").out())
        .startsWith("deleted 1 of 2 ids");
    assertThat(ok("delete", "--dataset", "w", "--filter", "{\"not\":" + filter + "}").out())
        .startsWith("deleted 0 rows");
    assertThat(ok("status", "--dataset", "w").out())
        .contains("live: 2")
        .contains("state: ok")
        .contains("column: n")
        .contains("index: auto");
    assertThat(MAPPER.readTree(ok("status", "--json").out()).at("/datasets/0/live").intValue())
        .isEqualTo(2);
    assertThat(ok("delete", "--dataset", "w", "--drop").out()).isEqualTo("dropped w\n");
    assertThat(ok("datasets").lines()).hasSize(1);
  }

  @Test
  void addsColumns() throws IOException {
    ok("put", "--dataset", "w", "--id-column", "key", words().toString());
    List<String> wider = ok("add-columns", "--dataset", "w", "year=int32", "a=b=utf8").lines();
    assertThat(wider)
        .containsExactly(
            "column\ttype\tindex", "n\tint64\tauto", "year\tint32\tauto", "a=b\tutf8\tauto");
    assertThat(ok("scan", "--dataset", "w", "--limit", "1").out())
        .isEqualTo("{\"id\":\"east\",\"n\":1,\"year\":null,\"a=b\":null}\n");
    // One that is there stays as it is: not in another type, and not named twice.
    assertThat(ok("add-columns", "--dataset", "w", "year=int32", "tags=list<utf8>").lines())
        .hasSize(5)
        .last()
        .isEqualTo("tags\tlist<utf8>\tauto");
    String[] add = {"add-columns", "--server", live.server().uri(), "--dataset", "w", ""};
    for (List<String> wrong :
        List.of(
            List.of("1", "'year'", "year=utf8"),
            List.of("1", "found 'int', allowed bool, ", "x=int"),
            List.of("2", "columns: found 'year', allowed NAME=TYPE such as year=int32", "year"),
            List.of("2", "columns: found '=utf8', allowed NAME=TYPE", "=utf8"),
            List.of("2", "columns: found 'x=', allowed NAME=TYPE", "x="))) {
      add[5] = wrong.get(2);
      fails(Integer.parseInt(wrong.get(0)), wrong.get(1), add);
    }
    fails(2, "'x' twice", "add-columns", "--dataset", "w", "x=utf8", "x=bool");
    fails(2, "NAME=TYPE", "add-columns", "--dataset", "w");
    assertThat(live.client().describe("w").get("columns")).hasSize(4);
  }

  @Test
  void searchesByText() throws IOException {
    ok("put", "--dataset", "w", "--text-columns", "key", "--id-column", "n", words().toString());
    Run text = ok("search", "--dataset", "w", "--text", "North!", "--columns", "key");
    assertThat(text.lines()).hasSize(3);
    assertThat(text.lines().get(1)).endsWith("\tnorth");
    assertThat(text.err()).startsWith("strategy text");
    Run hybrid =
        ok("search", "--dataset", "w", "--vector", "[1,0]", "--text", "north", "--alpha", "0.9");
    assertThat(hybrid.err()).startsWith("strategy hybrid");
    assertThat(hybrid.lines().get(1)).startsWith("0\t1\t");
    fails(2, "found none of --vector", "search", "--dataset", "w");
  }

  @Test
  void everyFormatGoesOutAndComesIn() throws IOException {
    ok("put", "--dataset", "w", "--id-column", "n", words().toString());
    for (String name : List.of("o.npy", "o.fbin", "o.hbin", "o.arrow", "o.jsonl", "o.csv")) {
      Path file = directory.resolve(name);
      ok("scan", "--dataset", "w", "--out", file.toString());
      String dataset = "from-" + name;
      ok("put", "--dataset", dataset, file.toString());
      assertThat(live.client().info(dataset).rows()).as(name).isEqualTo(3);
      Run self = ok("search", "--dataset", dataset, "--vectors", file.toString(), "-k", "1");
      List<String> hits = self.lines().subList(1, 4);
      for (String line : hits) {
        String[] cells = line.split("\t");
        // Files of vectors number their queries from 0, as put numbered their rows.
        assertThat(cells[0]).as(name + ": " + line).isEqualTo(cells[1]);
        assertThat(Double.parseDouble(cells[2])).isLessThan(1e-3);
      }
    }
  }

  @Test
  void failuresAreOneLineAndACode() throws IOException {
    fails(1, "NOT_FOUND: ", "scan", "--server", live.server().uri(), "--dataset", "x");
    fails(1, "no such file", "put", "--dataset", "x", directory.resolve("x.npy").toString());
    fails(1, "unknown ending", "put", "--dataset", "x", directory.resolve("x.doc").toString());
    fails(1, "UNAVAILABLE", "datasets", "--server", "grpc://127.0.0.1:1");
    fails(2, "--server", "datasets", "--server", "http://x");
    fails(2, "Missing required option: '--dataset=NAME'", "scan");
    fails(2, "--vector", "search", "--dataset", "x");
    fails(2, "allowed a JSON array", "search", "--dataset", "x", "--vector", "1,2");
    fails(1, "filter: found 'n=1'", "search", "--dataset", "x", "--id", "1", "--filter", "n=1");
    fails(2, "explode", "explode");
    fails(2, "no column 'vector'", "put", "--dataset", "x", noVector().toString());
    fails(2, "data: missing", "serve");
    fails(2, "sync: found 'never'", "serve", "--data", "x", "--sync", "never");
    fails(2, "port: found 70000", "serve", "--data", "x", "--port", "70000");
    Path config = Files.writeString(directory.resolve("c.json"), "{\"prot\":1}");
    fails(2, "unknown key 'prot'", "serve", "--data", "x", "--config", config.toString());
    assertThat(Files.exists(directory.resolve("x"))).isFalse();
  }

  private Path noVector() throws IOException {
    return Files.writeString(directory.resolve("n.csv"), "id,embedding\n1,\"[1,2]\"\n");
  }

  private static void fails(int code, String message, String... arguments) {
    Run run = run(arguments);
    assertThat(run.exitCode()).as(String.join(" ", arguments) + ": " + run.err()).isEqualTo(code);
    assertThat(run.err().lines()).as(run.err()).hasSize(1);
    assertThat(run.err()).startsWith("arbalest: ").contains(message);
  }

  @Test
  void explainsTheCpuAndHelps() {
    assertThat(run("cpu").out()).contains("kernel set:").contains("in use");
    Run help = run("--help");
    assertThat(help.exitCode()).isZero();
    assertThat(help.out())
        .contains("serve", "put", "search", "scan", "datasets", "delete", "status", "cpu")
        .contains("add-columns");
    assertThat(run("serve", "--help").out()).contains("--http-port");
    assertThat(run("--version").out()).startsWith("arbalest ");
  }

  @Test
  void serveLogsJsonAndSaysOneLine() throws Exception {
    Path log = directory.resolve("log");
    try (ChildServer server =
        ChildServer.start(
            directory.resolve("other"), log, "--http-port", "0", "--log-format", "json")) {
      assertThat(run("datasets", "--server", server.uri()).exitCode()).isZero();
      assertThat(server.terminate()).isEqualTo(143);
    }
    List<String> lines = Files.readAllLines(log, StandardCharsets.UTF_8);
    List<String> messages = new ArrayList<>();
    for (String line : lines) {
      if (line.startsWith("{")) {
        messages.add(MAPPER.readTree(line).path("message").asText());
      }
    }
    assertThat(messages).anyMatch(m -> m.contains("serving")).anyMatch(m -> m.contains("stopped"));
  }

  @Test
  void asAProcessItEndsWithTheSameCodes() throws Exception {
    List<String> command = new ArrayList<>(ChildServer.javaCommand());
    command.addAll(List.of("io.arbalest.server.Main", "scan"));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(2);
    assertThat(text).contains("arbalest: Missing required option");
  }
}
